/* SPDX-License-Identifier: Apache-2.0 */
/* reseek.c - when a consent must be looked at again: its lodger's list of what is due.
 *
 * "On the 16th and 18th birthday parental consent lapses; re-seek" (DOMAIN.md section 2): the
 * broker knows that day and no birth date. Asking again, whatever comes of it, settles it. */
#include "stages.h"

#include "due.h"

#include <string.h>

static bool earlier(int32_t day, int32_t than)
{
    return day != CIVIL_NONE && (than == CIVIL_NONE || day < than);
}

/* Another gives it only until the young person can. */
static bool reseek_lapses(const struct msg_consent *m)
{
    return m->capacity == CAPACITY_PARENT || m->capacity == CAPACITY_LOCAL_AUTHORITY;
}

void reseek_put(struct core *c, const struct consent_record *r)
{
    const struct msg_consent *m = &r->consent;
    struct due d = { .kind = DUE_REVIEW, .about = r->id };
    int32_t lapses = reseek_lapses(m) ? m->able_until : CIVIL_NONE;
    bool lapse = earlier(lapses, m->review_on);
    int32_t on = lapse ? lapses : m->review_on;

    if (m->decision != CONSENT_GRANTED || on == CIVIL_NONE || on < c->day ||
        earlier(m->expires_on, on) || r->withdrawn_on != CIVIL_NONE)
        return;
    memcpy(d.agency, r->lodger, sizeof(d.agency));
    d.due_ms = due_end_of(c, on);
    text_cut(d.text, sizeof(d.text),
             lapse ? "From tomorrow this consent is the young person's own to give: ask them."
                   : "Review the consent with whoever gave it.");
    due_put(c, &d);
}

void reseek_done(struct core *c, const struct consent_record *r)
{
    due_done(c, DUE_REVIEW, &r->id, r->lodger);
}

struct answering {
    struct core *c;
    const struct consent_record *by;
};

static int reseek_earlier(void *ctx, const struct consent_record *r)
{
    struct answering *a = ctx;

    if (!r->is_withdrawal && !id_equal(&r->id, &a->by->id) &&
        strcmp(r->lodger, a->by->lodger) == 0 &&
        match_strict(&r->consent.subject, &a->by->consent.subject) == MATCH_YES)
        reseek_done(a->c, r);
    return 0;
}

void reseek_answered(struct core *c, const struct consent_record *by)
{
    struct answering a = { c, by };
    struct store_txn *t = batch_txn(c);
    int r = t ? consents_about(t, c->store, &by->consent.subject, by->consent.purpose,
                               reseek_earlier, &a)
              : 0;

    if (r)
        batch_fail(c, r, "reseek");
}
