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
