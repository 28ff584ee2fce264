/* SPDX-License-Identifier: Apache-2.0 */
/* deliver_town.c - see deliver_town.h. */
#include "deliver_town.h"

#include <stdio.h>
#include <string.h>

#define MINUTE_MS 60000

const int one_officer[] = { 0, -1 }, two_officers[] = { 0, 1, -1 };

/* Episodes are another test's: here a firing stands until the test says that it does not. */
const char *firings_end;
bool __wrap_firing_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why);
bool __wrap_firing_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why)
{
    (void)c;
    (void)slot;
    assert_int_equal(d->kind, DELIVERY_FIRING);
    *why = firings_end;
    return !firings_end;
}

int two_hubs(void **state)
{
    firings_end = NULL;
    town_hubs = 1u << TOWN_POLICE;
    return town_setup(state);
}

uint16_t slot_of(struct town *t, enum town_agency a)
{
    return agencies_find(&t->core->agencies, town_names[a]);
}

/* Everything put since the last turn leaves, and what it brought about is heard. */
void put_done(struct town *t)
{
    deliver_due(t->core);
    assert_int_equal(batch_finish(t->core), 0);
    town_turn(t);
}

void put_notice(struct town *t, enum town_agency to, unsigned n)
{
    struct id about;

    assert_int_equal(id_new(town_wall, &about), 0);
    for (unsigned i = 0; i < n; i++)
        notice_put(t->core, slot_of(t, to), NOTICE_OVERDUE, &about, "note %u", i);
}

struct msg_firing *firing(struct town *t, const char *area, uint8_t severity)
{
    struct msg_firing *f = &deliver_begin(t->core, DELIVERY_FIRING, NULL)->firing;

    t->core->delivery.has_firing = true;
    f->episode = t->core->delivery.event;
    (void)snprintf(f->rule, sizeof(f->rule), "worries");
    (void)snprintf(f->title, sizeof(f->title), "Two agencies have reported concerns");
    (void)snprintf(f->category, sizeof(f->category), "neglect");
    (void)snprintf(f->area, sizeof(f->area), "%s", area);
    f->subject_kind = SUBJECT_PERSON;
    town_person(TOWN_TESS, &f->subject);
    f->severity = severity;
    f->fired_on = TOWN_DAY;
    return f;
}

unsigned put_firing(struct town *t, const char *area, uint8_t severity)
{
    const struct deliver_terms terms = { .leaf = LEAF_NONE };
    unsigned n = 0;

    (void)firing(t, area, severity);
    for (uint16_t slot = 0; slot < t->core->agencies.n; slot++)
        n += deliver_firing(t->core, slot, &terms);
    return n;
}

struct msg *subscribe_msg(struct town *t, const char *stream, uint16_t credit)
{
    struct msg *m = town_msg(t, MSG_SUBSCRIBE);

    (void)snprintf(m->subscribe.stream, sizeof(m->subscribe.stream), "%s", stream);
    m->subscribe.credit = credit;
    return m;
}

const char *say(struct town *t, enum town_agency from, struct msg *m)
{
    static char word[64];

    town_forget(t);
    town_say(t, from, m);
    town_turn(t);
    (void)snprintf(word, sizeof(word), "%s", town_refusal(t, from));
    return word;
}

void subscribed(struct town *t, enum town_agency who, const char *stream, uint16_t credit)
{
    assert_string_equal(say(t, who, subscribe_msg(t, stream, credit)), "");
    assert_int_equal(town_heard(t, who, MSG_RECEIPT), 1);
    town_forget(t);
}

void ack(struct town *t, enum town_agency who, const char *stream, uint64_t seq)
{
    struct msg *m = town_msg(t, MSG_ACK);

    (void)snprintf(m->ack.stream, sizeof(m->ack.stream), "%s", stream);
    m->ack.seq = seq;
    town_say(t, who, m);
}

/* Acknowledged, and what it set free is heard. */
const char *acked(struct town *t, enum town_agency who, const char *stream, uint64_t seq)
{
    town_forget(t);
    ack(t, who, stream, seq);
    town_turn(t);
    return town_refusal(t, who);
}

void comes_back(struct town *t, enum town_agency who)
{
    town_forget(t);
    town_hello(t, who);
    town_turn(t);
}

/* Three leases missed; the others go on sending theirs. */
void falls_silent(struct town *t, enum town_agency who)
{
    town_mono += 20000;
    for (int a = 0; a < TOWN_N; a++) {
        if (a != (int)who)
            town_say(t, (enum town_agency)a, town_lease(t));
    }
    town_turn(t);
    town_forget(t);
}

void head_signed(struct town *t)
{
    t->core->heads.signed_ms = town_mono; /* the signer is not these tests' business */
}

/* Everybody goes on saying that they are there. */
void minute_passes(struct town *t)
{
    for (int i = 0; i < 6; i++) {
        town_mono += MINUTE_MS / 6;
        head_signed(t);
        for (int a = 0; a < TOWN_N; a++)
            town_say(t, (enum town_agency)a, town_lease(t));
        town_turn(t);
    }
}

const struct queue_now *queue(struct town *t, enum town_agency who, const char *stream)
{
    const struct queue *q = queue_find(t->core, slot_of(t, who), stream);

    assert_non_null(q);
    return &q->now;
}

/* The seqs that were heard of a stream, as text: "1 2 3"; '+' after one that was delivered before.
 */
const char *seqs(struct town *t, enum town_agency who, const char *stream)
{
    static char text[4096];
    size_t at = 0;

    text[0] = '\0';
    for (size_t i = 0; i < t->n_heard; i++) {
        struct wire_envelope e;
        uint8_t type;

        if (t->heard[i].to != who)
            continue;
        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_peek(e.body, &type), WIRE_OK);
        if (type != MSG_DELIVER)
            continue;
        assert_int_equal(wire_decode(e.body, &t->msg), WIRE_OK);
        if (strcmp(t->msg.deliver.stream, stream) != 0)
            continue;
        at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%llu%s", at ? " " : "",
                               (unsigned long long)t->msg.deliver.seq,
                               t->msg.deliver.again ? "+" : "");
    }
    return text;
}
