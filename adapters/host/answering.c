/* SPDX-License-Identifier: Apache-2.0 */
/* answering.c - the queue, the memory of answers given, and what is said of what the source said.
 */
#include "host/answering.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "lib/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX 256
#define STEP_MAX                                                                                   \
    32 /* put in one turn of the loop: the local socket and the lease wait no longer than that */
#define GIVEN_MAX 1024 /* answers remembered */
#define MARGIN_MS                                                                                  \
    250 /* before the broker's deadline: the way back takes a while; or an eighth of it */
#define TRIES_MAX                                                                                  \
    3 /* of a question that has hours: a worker that fell over it is not the end of it */
#define AGAIN_MS  5000 /* between them */
#define AGAIN_MAX 8

enum slot_state { SLOT_FREE = 0, SLOT_NEW, SLOT_PUT };
struct slot {
    uint8_t state; /* enum slot_state */
    bool by_hand, found; /* whom or what it is about is in our rows */
    uint8_t tries, again;
    uint32_t ticket;
    uint64_t number; /* the order in which they came */
    struct id id;
    int64_t due_ms;    /* after it nobody waits for an answer */
    int64_t answer_by; /* what is not known by then is "cannot say" */
    int64_t not_before_ms;
    name_t purpose;
    struct msg_question question;
};
struct given {
    struct id question, id;
    name_t purpose; /* the Question's; "" given by hand after its Question was forgotten: then it is kept */
    struct msg_answer answer;
};
struct answering {
    struct answering_setup setup;
    struct slot slots[QUEUE_MAX];
    size_t n;
    uint64_t last_number;
    uint32_t last_ticket;
    struct given given[GIVEN_MAX]; /* a ring: the oldest is forgotten */
    size_t next_given;
    struct msg *out;
};

_Static_assert((int)ALM_YES == ANSWER_YES && (int)ALM_NO == ANSWER_NO &&
                   (int)ALM_NOT_KNOWN == ANSWER_NOT_KNOWN &&
                   (int)ALM_CANNOT_SAY == ANSWER_CANNOT_SAY,
               "values of the wire");
_Static_assert((int)ALM_AMBIGUOUS == CAUSE_AMBIGUOUS && (int)ALM_PARTIAL == CAUSE_PARTIAL &&
                   (int)ALM_STALE == CAUSE_STALE && (int)ALM_FAILED == CAUSE_FAILED &&
                   (int)ALM_UNSUPPORTED == CAUSE_UNSUPPORTED,
               "causes of the wire");
_Static_assert((int)ALM_INVOLVED == RELATION_INVOLVED &&
                   (int)ALM_WAS_INVOLVED == RELATION_WAS_INVOLVED &&
                   (int)ALM_SAME_HOME == RELATION_SAME_HOME &&
                   (int)ALM_REFERRAL == RELATION_REFERRAL,
               "relationships of the wire");
_Static_assert(ALM_KEY_LEN == sizeof(((struct id *)0)->octets), "a question's key is its id");

int answering_new(const struct answering_setup *setup, struct answering **out)
{
    struct answering *a = calloc(1, sizeof(*a));

    if (!a)
        return -ENOMEM;
    a->setup = *setup;
    a->out = calloc(1, sizeof(*a->out));
    if (!a->out) {
        free(a);
        return -ENOMEM;
    }
    *out = a;
    return 0;
}

struct answering *answering_free(struct answering *a)
{
    if (!a)
        return NULL;
    crypto_wipe(a->slots, sizeof(a->slots));
    free(a->out);
    free(a);
    return NULL;
}

/* --- the queue --- */
static void slot_free(struct answering *a, struct slot *s)
{
    crypto_wipe(s, sizeof(*s)); /* "A holder that does not know the person forgets the tokens and
                                   logs none." */
    a->n--;
}

static struct slot *slot_find(struct answering *a, const struct id *id)
{
    for (size_t i = 0; i < QUEUE_MAX; i++) {
        if (a->slots[i].state != SLOT_FREE && id_equal(&a->slots[i].id, id))
            return &a->slots[i];
    }
    return NULL;
}

static struct slot *slot_new(struct answering *a)
{
    for (size_t i = 0; i < QUEUE_MAX; i++) {
        if (a->slots[i].state == SLOT_FREE)
            return &a->slots[i];
    }
    return NULL;
}

void answering_take(struct answering *a, const struct msg *question, int64_t now_ms)
{
    const struct msg_question *q = &question->question;
    int64_t margin = q->deadline_ms / 8 < MARGIN_MS ? q->deadline_ms / 8 : MARGIN_MS;
    struct slot *s = slot_find(a, &question->id);
    char id[ID_TEXT];

    if (s) { /* put again while it is under way: one answer, told as often; one that has hours has
                an outbox to be told from */
        s->again += !s->by_hand && s->again < AGAIN_MAX;
        return;
    }
    s = slot_new(a);
    if (!s) {
        id_format(&question->id, id);
        log_warn("question-dropped", "question=%s reason=queue-full", id);
        return;
    }
    *s = (struct slot){ .state = SLOT_NEW,
                        .by_hand = q->deadline_ms > ANSWERING_BY_HAND_MS,
                        .number = ++a->last_number,
                        .id = question->id,
                        .due_ms = now_ms + q->deadline_ms,
                        .answer_by = now_ms + q->deadline_ms - margin,
                        .question = *q };
    memcpy(s->purpose, question->purpose, sizeof(s->purpose));
    a->n++;
}

size_t answering_count(const struct answering *a)
{
    return a->n;
}

static struct slot *slot_oldest(struct answering *a, int64_t now_ms)
{
    struct slot *best = NULL;

    for (size_t i = 0; i < QUEUE_MAX; i++) {
        struct slot *s = &a->slots[i];

        if (s->state == SLOT_NEW && s->not_before_ms <= now_ms &&
            (!best || s->number < best->number))
            best = s;
    }
    return best;
}

/* --- what is said --- */
static void cannot_say(struct msg_answer *out, enum cannot_say_cause cause, int32_t data_as_of)
{
    memset(out, 0, sizeof(*out));
    out->value = ANSWER_CANNOT_SAY;
    out->cause = (uint8_t)cause;
    out->data_as_of = data_as_of;
    out->since = CIVIL_NONE;
}

static void answer_text(char out[static ALM_TEXT_MAX], const char *own, const char *configured)
{
    if (text_copy(out, ALM_TEXT_MAX, own[0] ? own : configured) != 0)
        out[0] = '\0';
}

/* Who states it by hand, and when: both or neither. */
static void answer_sign(const struct alm_answer *answer, struct msg_answer *out)
{
    if (!answer->by[0] || answer->by_ms <= 0 ||
        text_copy(out->by, sizeof(out->by), answer->by) != 0)
        return;
    out->by_ms = answer->by_ms;
}

/* day: what the source's state says, for a backend that names no day of its own. */
static void answer_compose(const struct answering *a, bool involvement,
                           const struct alm_answer *answer, int32_t day, struct msg_answer *out)
{
    int32_t data_day = answer->data_as_of == ALM_DAY_NONE ? day : answer->data_as_of;

    if (answer->value < ALM_YES || answer->value >= ALM_CANNOT_SAY) {
        cannot_say(out, answer->cause ? (enum cannot_say_cause)answer->cause : CAUSE_FAILED,
                   data_day);
        answer_sign(answer, out);
        return;
    }
    memset(out, 0, sizeof(*out));
    answer_sign(answer, out);
    out->value = answer->value;
    out->data_as_of = data_day;
    out->since = CIVIL_NONE;
    if (!involvement || answer->value != ALM_YES)
        return;
    answer_text(out->service, answer->service, "");
    answer_text(out->contact_route, answer->contact_route, a->setup.contact_route);
    answer_text(out->lead_professional, answer->lead_professional, a->setup.lead_professional);
    out->since = answer->since;
}

static const struct given *given_find(const struct answering *a, const struct id *question)
{
    for (size_t i = 0; i < GIVEN_MAX; i++) {
        if (id_equal(&a->given[i].question, question))
            return &a->given[i];
    }
    return NULL;
}

static int answer_send(struct answering *a, const struct given *g, bool durable)
{
    int r = a->setup.prepare(a->setup.ctx, a->out);

    if (r != 0)
        return r;
    a->out->id = g->id;
    a->out->in_reply_to = g->question;
    a->out->answer = g->answer;
    return durable ? a->setup.keep(a->setup.ctx, a->out) : a->setup.send(a->setup.ctx, a->out, g->purpose);
}

/* Return: whether it went, or lies in the outbox. */
static bool given_send(struct answering *a, const struct given *g, bool durable)
{
    struct given plain = *g;
    char id[ID_TEXT];
    int r = answer_send(a, g, durable);

    id_format(&g->question, id);
    if (r == -EINVAL) { /* a text in the rows that cannot be sent, such as a line break in a
                           service's name */
        cannot_say(&plain.answer, CAUSE_FAILED, g->answer.data_as_of);
        log_error("answer-not-sendable", "question=%s", id);
        r = answer_send(a, &plain, durable);
    }
    if (r == -EEXIST)
        r = 0; /* it lies in the outbox already */
    if (r != 0)
        log_warn("answer-not-sent", "question=%s error=%s", id, LOG_Q(strerror(-r)));
    else
        log_line(LOG_DEBUG, "answered", "question=%s",
                 id); /* never what: that is the audit's and the asker's */
    return r == 0;
}

static void slot_answer(struct answering *a, struct slot *s, const struct msg_answer *answer)
{
    struct given *g = &a->given[a->next_given];

    *g = (struct given){ .question = s->id, .answer = *answer };
    memcpy(g->purpose, s->purpose, sizeof(g->purpose));
    if (id_new(clock_wall_ms(), &g->id) == 0) {
        a->next_given = (a->next_given + 1) % GIVEN_MAX;
        for (int i = 0; i <= s->again; i++) /* failure is logged; the broker says it for us */
            (void)given_send(a, g, s->by_hand);
    } else {
        memset(g, 0, sizeof(*g));
    }
    slot_free(a, s);
}

static void slot_cannot_say(struct answering *a, struct slot *s, enum cannot_say_cause cause)
{
    struct msg_answer answer;

    cannot_say(&answer, cause, a->setup.data_day(a->setup.ctx, s->question.as_of));
    slot_answer(a, s, &answer);
}

/* --- to the source --- */
/* Homes are looked for only under keys for which the index is whole: else "not ours" would be said
 * of what was not looked at. */
static bool homes_ready(const struct index *x, const struct msg_question *q)
{
    if (q->subject_kind == SUBJECT_HOUSEHOLD && !index_ready_for(x, &q->household))
        return false;
    if (q->has_parameter && !index_ready_for(x, &q->parameter))
        return false;
    for (size_t i = 0; i < q->n_homes; i++) {
        if (!index_ready_for(x, &q->homes[i].token))
            return false;
    }
    return true;
}

/* Tokens become our own references; what we do not hold becomes nothing. Return: whether the person
 * is one, or not known. */
static enum index_known question_resolve(const struct index *x, const struct slot *s,
                                         struct alm_place places[static HOMES_MAX],
                                         struct alm_question *out)
{
    const struct msg_question *q = &s->question;
    enum index_known known = INDEX_UNKNOWN;
    size_t person;

    *out =
        (struct alm_question){ .key = s->id.octets,
                               .by_hand = s->by_hand,
                               .purpose = "",
                               .asker = q->asking_agency[0] ? q->asking_agency : q->asking_sector,
                               .involvement = q->involvement,
                               .id = q->question,
                               .as_of = q->as_of,
                               .places = places };
    if (!homes_ready(x, q))
        return INDEX_NOT_READY;
    out->about_household = q->subject_kind == SUBJECT_HOUSEHOLD;
    if (out->about_household)
        ask_place(x, &q->household, CIVIL_NONE, CIVIL_NONE, &out->household);
    else
        known = index_find(x, &q->subject, false, &person);
    if (known == INDEX_ONE)
        out->person = index_person_ref(x, person);
    out->has_parameter = q->has_parameter;
    if (q->has_parameter)
        ask_place(x, &q->parameter, CIVIL_NONE, CIVIL_NONE, &out->parameter);
    for (size_t i = 0; i < q->n_homes; i++)
        ask_place(x, &q->homes[i].token, q->homes[i].from, q->homes[i].until,
                  &places[out->n_places++]);
    return known;
}

/* Return: whether it was dealt with; else it waits (no rows yet, too much is under way). */
static bool slot_put(struct answering *a, struct slot *s, int64_t now_ms)
{
    const struct index *x = a->setup.index(a->setup.ctx);
    struct alm_place places[HOMES_MAX];
    struct alm_question q;
    enum index_known known;
    int r;

    if (!x)
        return false;
    known = question_resolve(x, s, places, &q);
    if (known == INDEX_NOT_READY && s->by_hand) { /* there are hours for the index to become whole */
        s->not_before_ms = now_ms + AGAIN_MS;
        return true;
    }
    if (known != INDEX_ONE &&
        known != INDEX_UNKNOWN) { /* possible, many, conflict; or not whole yet */
        slot_cannot_say(a, s, known == INDEX_NOT_READY ? CAUSE_FAILED : CAUSE_AMBIGUOUS);
        return true;
    }
    q.within_ms = s->answer_by - now_ms;
    s->ticket = ++a->last_ticket;
    s->found = q.about_household ? q.household.n > 0 : q.person != NULL;
    s->state = SLOT_PUT; /* with its tokens: it may have to be looked for again */
    r = a->setup.put(a->setup.ctx, s->ticket, &q, s->answer_by);
    if (r == 0)
        return true;
    if (r == -ENOSYS)
        slot_cannot_say(a, s, CAUSE_UNSUPPORTED);
    else
        slot_cannot_say(a, s, CAUSE_FAILED);
    return true;
}

static struct slot *slot_by_ticket(struct answering *a, uint32_t ticket)
{
    for (size_t i = 0; i < QUEUE_MAX; i++) {
        if (a->slots[i].state == SLOT_PUT && a->slots[i].ticket == ticket)
            return &a->slots[i];
    }
    return NULL;
}

/* Rows of yesterday do not say what is so today, whatever day a backend names. */
static void answer_age(const struct answering *a, bool found, struct msg_answer *said)
{
    int32_t day = a->setup.rows_day ? a->setup.rows_day(a->setup.ctx, found) : ALM_DAY_NONE;

    if (day != ALM_DAY_NONE && (said->data_as_of == CIVIL_NONE || said->data_as_of > day))
        said->data_as_of = day;
}

void answering_came(struct answering *a, uint32_t ticket, int r, const struct alm_answer *answer)
{
    struct slot *s = slot_by_ticket(a, ticket);
    struct msg_answer said;
    char id[ID_TEXT];

    if (!s)
        return;
    id_format(&s->id, id);
    if (r == 0 && answer) {
        answer_compose(a, s->question.involvement, answer,
                       a->setup.data_day(a->setup.ctx, s->question.as_of), &said);
        answer_age(a, s->found, &said);
        slot_answer(a, s, &said);
    } else if (r == -ESTALE) {
        s->state = SLOT_NEW; /* our own references, of rows that serve no longer: looked for again */
    } else if (r == ALM_LATER) {
        log_info("question-by-hand", "question=%s", id);
        slot_free(a, s); /* it lies with the backend; ready brings it back */
    } else if (s->by_hand && ++s->tries < TRIES_MAX) {
        s->state = SLOT_NEW;
        s->not_before_ms = clock_mono_ms() + AGAIN_MS;
    } else {
        log_warn("question-failed", "question=%s error=%s", id, LOG_Q(strerror(-r)));
        slot_cannot_say(a, s, CAUSE_FAILED);
    }
}

bool answering_ready(struct answering *a, const struct alm_ready *ready)
{
    const struct alm_answer *said = &ready->answer;
    bool involvement = said->service[0] || said->contact_route[0] || said->lead_professional[0] ||
                       said->since != ALM_DAY_NONE;
    struct given g = { 0 };
    const struct given *before;
    char id[ID_TEXT];

    memcpy(g.question.octets, ready->key, ALM_KEY_LEN);
    id_format(&g.question, id);
    before = given_find(a, &g.question);
    if (before)
        return given_send(a, before, true);
    if (id_new(clock_wall_ms(), &g.id) != 0)
        return false;
    /* Whether it was about who is involved is no longer known here: such an answer says so itself.
     */
    answer_compose(a, involvement, &ready->answer,
                   a->setup.data_day(a->setup.ctx, civil_today(clock_wall_ms())), &g.answer);
    if (!given_send(a, &g, true))
        return false;
    a->given[a->next_given] = g; /* put again, it is this same Answer */
    a->next_given = (a->next_given + 1) % GIVEN_MAX;
    log_info("answered-by-hand", "question=%s", id);
    return true;
}

/* --- the loop's turn --- */
static void slot_drop(struct answering *a, struct slot *s)
{
    char id[ID_TEXT];

    id_format(&s->id, id);
    log_warn("question-dropped", "question=%s reason=deadline", id);
    slot_free(a, s);
}

/* What was put is told by the source; what was not waits for rows. */
static void answering_overdue(struct answering *a, int64_t now_ms)
{
    for (size_t i = 0; i < QUEUE_MAX; i++) {
        struct slot *s = &a->slots[i];

        if (s->state == SLOT_NEW && s->due_ms <= now_ms)
            slot_drop(a, s);
        else if (s->state == SLOT_NEW && s->answer_by <= now_ms)
            slot_cannot_say(a, s, CAUSE_FAILED);
    }
}

bool answering_step(struct answering *a, int64_t now_ms)
{
    struct slot *s;

    if (a->n == 0)
        return false;
    answering_overdue(a, now_ms);
    for (int i = 0; i < STEP_MAX; i++) {
        const struct given *g;

        s = slot_oldest(a, now_ms);
        if (!s)
            return false;
        g = given_find(a, &s->id);
        if (g) {
            (void)given_send(a, g, s->by_hand);
            slot_free(a, s);
        } else if (!slot_put(a, s, now_ms)) {
            return false;
        }
    }
    return slot_oldest(a, now_ms) != NULL;
}

int64_t answering_due_ms(const struct answering *a)
{
    int64_t due = INT64_MAX;

    for (size_t i = 0; i < QUEUE_MAX && a->n; i++) {
        const struct slot *s = &a->slots[i];
        int64_t at = s->not_before_ms > 0 && s->not_before_ms < s->answer_by ? s->not_before_ms
                                                                             : s->answer_by;

        if (s->state == SLOT_NEW && at < due)
            due = at;
    }
    return due;
}
