/* SPDX-License-Identifier: Apache-2.0 */
/* carry.c - from the book to Retokens. Restartable at any point: what has no receipt is made again, and
 * the broker takes the same tokens twice. */
#include "host/carry.h"

#include "base/log.h"
#include "host/about.h"
#include "host/keyring.h"

#include <errno.h>
#include <string.h>

#define STEP_MAX      4  /* made in one turn of the loop */
#define UNDER_WAY_MAX 32 /* in the outbox, which is for others too */

/* The broker's words (broker/core/retoken.c) for a record that is not there any more. */
static bool record_gone(const char *reason)
{
    return strcmp(reason, "unknown-record") == 0 || strcmp(reason, "record-over") == 0;
}

bool carry_settled(struct host *h, const struct id *id, const struct msg *said)
{
    struct book_entry *e = book_sent(h->book, id);
    bool is_next;
    const struct tokens_key *next = ring_carry_to(h->ring, &is_next);
    char record[ID_TEXT];
    int r;

    if (!e)
        return false;
    id_format(&e->record, record);
    if (said->type == MSG_RECEIPT) {
        r = book_carried(h->book, e, e->sent_scheme, e->sent_epoch); /* whatever the next key is by now */
        if (r != 0)
            log_error("record-not-carried", "record=%s error=%s", record, LOG_Q(strerror(-r)));
        return true;
    }
    memset(&e->sent, 0, sizeof(e->sent));
    if (record_gone(said->refusal.reason)) {
        struct id gone = e->record;

        book_end(h->book, &gone);
        return true;
    }
    /* Another key is the one to carry to by now: made anew under that. */
    e->lost = strcmp(said->refusal.reason, "token-epoch") != 0 ||
              (next && next->scheme == e->sent_scheme && next->epoch == e->sent_epoch);
    if (e->lost)
        log_error("record-not-carried", "record=%s reason=%s text=%s", record,
                  said->refusal.reason,
                  LOG_Q("withdraw it and lodge it anew, with all that is known of the person"));
    return true;
}

/* Return: 0, h->out made; -EAGAIN; -EBUSY; -errno; an alm_fault. */
static int retoken_make(struct host *h, const struct book_entry *e, const struct tokens_key *key)
{
    ALM_CLEANUP(book_subject_wipe) struct book_subject s;
    struct asker a = host_asker(h);
    struct msg_retoken *m = &h->out->retoken;
    struct about about;
    const char *which;
    int r = book_read(h->book, e, &s), o = 0;

    a.key = key;
    if (r != 0)
        return r;
    r = about_make(&a, &s, &about, &which);
    if (r != 0 && r != -EAGAIN)
        return r;
    if (session_prepare(h->session, MSG_RETOKEN, h->out) != 0)
        return -EIO;
    if (s.origin[0]) {
        o = tokens_origin(key, s.origin, m->origin);
        m->has_origin = true;
    }
    m->record_kind = e->kind;
    m->record = e->record;
    m->subject = about.subject;
    m->has_household = about.has_household && s.had_home;
    if (m->has_household)
        m->household = about.household;
    return r ? r : o;
}

/* Return: 0 lodged; -EAGAIN, -EBUSY later; else it cannot be. */
static int carry_one(struct host *h, struct book_entry *e, const struct tokens_key *key)
{
    char record[ID_TEXT];
    int r = retoken_make(h, e, key);

    if (r == 0)
        r = session_lodge(h->session, h->out);
    if (r == 0) {
        e->sent = h->out->id;
        e->sent_scheme = key->scheme;
        e->sent_epoch = key->epoch;
    }
    if (r == 0 || r == -EAGAIN || r == -EBUSY || r == -ENOBUFS || r == -ENOSPC || r == -EIO)
        return r;
    e->lost = true;
    id_format(&e->record, record);
    log_error("record-not-carried", "record=%s error=%s", record,
              LOG_Q(r > 0 ? alm_fault_text((enum alm_fault)r) : strerror(-r)));
    return 0;
}

bool carry_step(struct host *h)
{
    bool is_next;
    const struct tokens_key *next = ring_carry_to(h->ring, &is_next);
    const struct index *x = source_index(h->source);
    size_t under_way = book_n_sent(h->book);

    if (!next || !x || !index_ready(x, next) || !book_unlocked(h->book) ||
        !session_ready(h->session) || host_day(h) == CIVIL_NONE)
        return false;
    for (int i = 0; i < STEP_MAX && under_way < UNDER_WAY_MAX; i++) {
        struct book_entry *e = book_due(h->book, next->scheme, next->epoch, h->outbox);
        int r;

        if (!e)
            return false;
        r = carry_one(h, e, next);
        crypto_wipe(h->out, sizeof(*h->out));
        if (r != 0)
            return false;
        under_way++; /* or lost: seen in the next turn */
    }
    return under_way < UNDER_WAY_MAX;
}

/* --- what lay in the outbox --- */
struct parts { /* of a message that is about somebody, and goes into the book */
    struct token_set *subject;
    struct token *household;
    bool *has_household;
    uint8_t *origin; /* a concern's; NULL: none */
};

static bool parts_of(struct msg *m, struct parts *p)
{
    *p = (struct parts){ NULL, NULL, NULL, NULL };
    switch (m->type) {
    case MSG_CONSENT:
        p->subject = &m->consent.subject;
        break;
    case MSG_DISPUTE:
        p->subject = &m->dispute.subject;
        break;
    case MSG_WITHDRAWAL:
        p->subject = &m->withdrawal.subject;
        break;
    case MSG_SHIELD:
        p->subject = &m->shield.subject;
        break;
    case MSG_CONCERN:
        *p = (struct parts){ &m->concern.subject, &m->concern.household, &m->concern.has_household,
                             m->concern.has_origin ? m->concern.origin : NULL };
        break;
    case MSG_REFERRAL:
        *p = (struct parts){ &m->referral.subject, &m->referral.household,
                             &m->referral.has_household, NULL };
        break;
    case MSG_WATCH:
        *p = (struct parts){ &m->watch.subject, &m->watch.household, &m->watch.has_household, NULL };
        break;
    default:
        return false;
    }
    return true;
}

static bool parts_are(const struct parts *p, const struct tokens_key *key)
{
    return p->subject->n ? tokens_key_is(key, &p->subject->tokens[0])
                         : p->household && *p->has_household && tokens_key_is(key, p->household);
}

/* Return: 0; -EAGAIN, -EBUSY later; -errno; an alm_fault. */
static int parts_make(struct host *h, const struct tokens_key *key, const struct book_subject *s,
                      struct parts *p)
{
    struct asker a = host_asker(h);
    struct about about;
    const char *which;
    int r, o = 0;

    a.key = key;
    r = about_make(&a, s, &about, &which);
    if (r != 0 && r != -EAGAIN)
        return r;
    if (p->origin)
        o = tokens_origin(key, s->origin, p->origin);
    if (r != 0 || o != 0)
        return r ? r : o;
    *p->subject = about.subject;
    if (p->household) {
        *p->has_household = about.has_household && s->had_home;
        *p->household = *p->has_household ? about.household : (struct token){ .kind = 0 };
    }
    return 0;
}

/* Book first: killed before the outbox has the new one, the old is refused once more. */
static int record_anew(struct host *h, const struct book_entry *e, const struct tokens_key *key)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    ALM_CLEANUP(book_subject_wipe) struct book_subject s;
    struct wire_envelope envelope;
    struct parts p;
    uint8_t type;
    int r = book_read(h->book, e, &s);

    buf_init(&frame, WIRE_FRAME_MAX);
    if (r == 0)
        r = outbox_frame(h->outbox, &e->record, &type, &frame);
    if (r == 0 && (wire_open(buf_view(&frame), &envelope) != WIRE_OK ||
                   wire_decode(envelope.body, h->out) != WIRE_OK || !parts_of(h->out, &p)))
        r = -EBADMSG;
    if (r != 0 || parts_are(&p, key)) /* the broker's catalogue is on its way */
        return r ? r : -EAGAIN;
    r = parts_make(h, key, &s, &p);
    if (r == 0)
        r = book_note(h->book, &e->record, e->kind, e->until, key, &s);
    return r ? r : session_relodge(h->session, h->out);
}

bool carry_anew(struct host *h, const struct id *id, const struct msg *said)
{
    const struct tokens_key *key = ring_anew(h->ring);
    const struct book_entry *e = book_find(h->book, id);
    char record[ID_TEXT];
    int r;

    if (said->type != MSG_REFUSAL || strcmp(said->refusal.reason, "token-epoch") != 0 || !e)
        return false;
    if (!key || !book_unlocked(h->book) || host_day(h) == CIVIL_NONE)
        return true;
    r = record_anew(h, e, key);
    crypto_wipe(h->out, sizeof(*h->out));
    id_format(id, record);
    if (r == 0)
        log_info("record-made-anew", "record=%s epoch=%u", record, key->epoch);
    if (r == 0 || r == -EAGAIN || r == -EBUSY || r == -ENOSPC || r == -EIO)
        return true;
    log_error("record-not-carried", "record=%s error=%s", record,
              LOG_Q(r > 0 ? alm_fault_text((enum alm_fault)r) : strerror(-r)));
    return false;
}
