/* SPDX-License-Identifier: Apache-2.0 */
/* epochs.c - DESIGN.md section 7: tokens have an epoch, and sets of different epochs never agree. So a
 * prohibition that has no tokens of the epoch asked under would not be seen: whatever here is in doubt
 * refuses. */
#include "epochs.h"
#include "retention.h"
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* A count reads every record, and whoever asks under the old key brings it about: it is not made again
 * sooner, nor takes more than one part in so many of the time, whether it found some or failed. */
#define COUNT_AGAIN_MS  60000
#define COUNT_SHARE     100
#define SETTLE_STEP     64    /* records of one turn: some 50 ms */
#define SETTLE_AGAIN_MS 60000 /* after a step that could not be kept */
#define LAGGARDS_MAX    64    /* agencies that an error names */

void epochs_changed(struct core *c)
{
    const struct policy_epoch *now =
        c->bundle ? bundle_epoch_in(c->bundle, POLICY_EPOCH_CURRENT) : NULL;

    json_decref(c->tokens_status);
    c->tokens_status = NULL;
    c->epochs = (struct epochs){ .lacking = LACKING_UNKNOWN, .stuck = c->epochs.stuck, .hold_ms = c->epochs.hold_ms };
    retokens_current(c->store, now ? (struct token_epoch){ now->scheme, now->epoch }
                                   : (struct token_epoch){ .scheme = 0 });
}

/* Where no message was to blame the step may be: a disk that is full for it has room for the next batch without it. */
void epochs_take_back(struct core *c)
{
    bool held = c->epochs.stepped && !c->batch.blamed;

    epochs_changed(c);
    if (held)
        c->epochs.hold_ms = c->mono_ms + SETTLE_AGAIN_MS;
}

/* --- the epoch of a message --- */

struct seen {
    struct token_epoch e; /* of its first token */
    bool mixed;
};

static void seen_token(struct seen *s, const struct token *t)
{
    struct token_epoch e = { t->scheme, t->epoch };

    if (!t->kind)
        return;
    if (!s->e.scheme)
        s->e = e;
    s->mixed = s->mixed || !token_epoch_same(s->e, e);
}

static void seen_set(struct seen *s, const struct token_set *set)
{
    for (uint8_t i = 0; i < set->n; i++)
        seen_token(s, &set->tokens[i]);
}

static void seen_homes(struct seen *s, const struct msg_home *homes, uint8_t n)
{
    for (uint8_t i = 0; i < n; i++)
        seen_token(s, &homes[i].token);
}

static void seen_insight(struct seen *s, const struct msg_insight_query *q)
{
    seen_set(s, &q->subject);
    seen_token(s, &q->household);
    if (q->has_parameter)
        seen_token(s, &q->parameter);
    seen_homes(s, q->homes, q->n_homes);
}

static void seen_eligibility(struct seen *s, const struct msg_eligibility_query *q)
{
    seen_set(s, &q->subject);
    seen_token(s, &q->household);
    seen_homes(s, q->homes, q->n_homes);
}

static void seen_about(struct seen *s, const struct token_set *subject, bool has_home,
                       const struct token *home)
{
    seen_set(s, subject);
    if (has_home)
        seen_token(s, home);
}

/* Every token that a message of an agency may hold. */
static struct seen seen_in(const struct msg *m)
{
    struct seen s = { .mixed = false };

    if (m->type == MSG_INSIGHT_QUERY)
        seen_insight(&s, &m->insight_query);
    else if (m->type == MSG_INVOLVEMENT_QUERY)
        seen_set(&s, &m->involvement_query.subject);
    else if (m->type == MSG_ELIGIBILITY_QUERY)
        seen_eligibility(&s, &m->eligibility_query);
    else if (m->type == MSG_CONSENT)
        seen_set(&s, &m->consent.subject);
    else if (m->type == MSG_WITHDRAWAL)
        seen_set(&s, &m->withdrawal.subject);
    else if (m->type == MSG_SHIELD)
        seen_set(&s, &m->shield.subject);
    else if (m->type == MSG_DISPUTE)
        seen_set(&s, &m->dispute.subject);
    else if (m->type == MSG_OVERRIDE)
        seen_about(&s, &m->override.subject, m->override.has_parameter, &m->override.parameter);
    else if (m->type == MSG_CONCERN)
        seen_about(&s, &m->concern.subject, m->concern.has_household, &m->concern.household);
    else if (m->type == MSG_REFERRAL)
        seen_about(&s, &m->referral.subject, m->referral.has_household, &m->referral.household);
    else if (m->type == MSG_WATCH)
        seen_about(&s, &m->watch.subject, m->watch.has_household, &m->watch.household);
    else if (m->type == MSG_WATCH_CHANGE && m->watch_change.has_household)
        seen_token(&s, &m->watch_change.household);
    else if (m->type == MSG_CORRECTION)
        seen_about(&s, &m->correction.subject, m->correction.household.kind != 0,
                   &m->correction.household);
    else if (m->type == MSG_STATEMENT)
        seen_set(&s, &m->statement.subject);
    return s;
}

/* --- whether every prohibition is seen under the previous epoch --- */

struct counting {
    struct token_epoch e;
    int64_t n;
};

static int count_visit(void *ctx, const struct survey_record *r)
{
    struct counting *k = ctx;

    k->n += survey_forbids(r) && !survey_has(r, k->e);
    return 0;
}

static void count_lacking(struct core *c, struct token_epoch e)
{
    struct counting k = { .e = e };
    struct store_txn *t = batch_txn(c);
    int64_t began = c->clock.mono_ms(), wait;
    int r;

    if (!t)
        return; /* unknown: refused */
    r = retokens_survey(t, c->day, count_visit, &k);
    wait = (c->clock.mono_ms() - began) * COUNT_SHARE;
    c->epochs.again_ms = c->mono_ms + (wait > COUNT_AGAIN_MS ? wait : COUNT_AGAIN_MS);
    if (r < 0) {
        log_error("epochs-not-counted", "error=%d", -r);
        return;
    }
    c->epochs.lacking = k.n;
    c->epochs.counted_on = c->day;
}

static bool previous_complete(struct core *c, const struct policy_epoch *p)
{
    struct epochs *e = &c->epochs;
    bool due = c->mono_ms >= e->again_ms;

    if (e->lacking == LACKING_UNKNOWN ? due : e->lacking > 0 && (due || e->counted_on != c->day))
        count_lacking(c, (struct token_epoch){ p->scheme, p->epoch });
    return e->lacking == 0;
}

static const struct policy_epoch *epoch_listed(const struct core *c, struct token_epoch e)
{
    return c->bundle ? bundle_epoch(c->bundle, e.scheme, e.epoch) : NULL;
}

bool epochs_complete(struct core *c, const struct token_set *subject)
{
    const struct policy_epoch *e = epoch_listed(c, token_set_epoch(subject));

    if (!e || e->state == POLICY_EPOCH_NEXT)
        return false;
    return e->state == POLICY_EPOCH_CURRENT || previous_complete(c, e);
}

/* What is answered from, or asked beside, what is kept by token: concerns lodged since are not there
 * under the old key, and both halves of a differencing pair could be asked on one day. */
static bool remembered(const struct core *c)
{
    uint16_t q;

    if (c->in.type != MSG_INSIGHT_QUERY)
        return false;
    q = bundle_question(c->bundle, c->in.insight_query.question);
    return q != POLICY_NONE && (bundle_differences(c->bundle, q) ||
                                bundle_question_at(c->bundle, q)->kind == QUESTION_THRESHOLD);
}

const char *epochs_query_wrong(struct core *c)
{
    struct seen s = seen_in(&c->in);
    const struct policy_epoch *e;

    if (s.mixed)
        return "mixed-epochs";
    if (!c->bundle || !s.e.scheme)
        return NULL; /* there is no policy, or it is about nobody: refused for that */
    e = epoch_listed(c, s.e);
    if (!e || e->state == POLICY_EPOCH_NEXT)
        return "token-epoch";
    if (e->state == POLICY_EPOCH_PREVIOUS && (remembered(c) || !previous_complete(c, e)))
        return "token-epoch";
    return NULL;
}

const char *epochs_lodge_wrong(struct core *c)
{
    struct seen s = seen_in(&c->in);
    const struct policy_epoch *e;

    if (s.mixed)
        return "mixed-epochs";
    if (!c->bundle || !s.e.scheme)
        return NULL;
    e = epoch_listed(c, s.e);
    if (e && c->in.type == MSG_CORRECTION)
        return NULL; /* it looks back: what was asked under another key is found by that key alone */
    return e && e->state == POLICY_EPOCH_CURRENT ? NULL : "token-epoch";
}

void epochs_lodged(struct core *c)
{
    const struct msg *m = &c->in;
    bool forbids = (m->type == MSG_CONSENT && m->consent.decision == CONSENT_REFUSED) ||
                   (m->type == MSG_WITHDRAWAL && m->withdrawal.subject.n) ||
                   m->type == MSG_SHIELD || m->type == MSG_DISPUTE;

    if (forbids && c->epochs.lacking != LACKING_UNKNOWN)
        c->epochs.lacking++; /* it has been lodged under the current one alone */
}

void epochs_carried(struct core *c, const struct survey_record *before, struct token_epoch to)
{
    const struct policy_epoch *p =
        c->bundle ? bundle_epoch_in(c->bundle, POLICY_EPOCH_PREVIOUS) : NULL;
    bool previous = p && token_epoch_same((struct token_epoch){ p->scheme, p->epoch }, to);

    if (previous && c->epochs.lacking > 0 && survey_forbids(before) && !survey_has(before, to))
        c->epochs.lacking--;
}

/* --- before another policy is put in force --- */

struct laggard { /* an agency whose records are not carried */
    char agency[64];
    unsigned refusals, withdrawals, disputes, shields, concerns;
};
struct looking {
    const struct core *c;
    const struct bundle *b;
    struct token_epoch e;
    size_t n, more;
    struct laggard at[LAGGARDS_MAX];
};

/* A concern counts while its agency may speak and the policy knows it: else nobody weighs it. */
bool epochs_holds_up(const struct core *c, const struct bundle *b, const struct survey_record *r)
{
    uint16_t slot;

    if (r->over || r->kind != SUBJECTS_CONCERN)
        return survey_forbids(r);
    slot = agencies_find(&c->agencies, r->lodger);
    return slot != AGENCY_NONE && agency_active(&c->agencies.slots[slot]) &&
           bundle_agency(b, r->lodger) != POLICY_NONE;
}

const char *epochs_scheme(uint8_t scheme)
{
    return scheme == TOKEN_OBLIVIOUS ? "oblivious" : "hmac";
}

static struct laggard *look_laggard(struct looking *l, const char *agency)
{
    for (size_t i = 0; i < l->n; i++) {
        if (!strcmp(l->at[i].agency, agency))
            return &l->at[i];
    }
    if (l->n == LAGGARDS_MAX)
        return NULL;
    memcpy(l->at[l->n].agency, agency, sizeof(l->at[0].agency));
    return &l->at[l->n++];
}

static int look_visit(void *ctx, const struct survey_record *r)
{
    struct looking *l = ctx;
    struct laggard *who;

    if (!epochs_holds_up(l->c, l->b, r) || survey_has(r, l->e))
        return 0;
    who = look_laggard(l, r->lodger);
    if (!who) {
        l->more++;
        return 0;
    }
    who->refusals += r->refusal;
    who->withdrawals += r->withdrawal;
    who->disputes += r->kind == SUBJECTS_DISPUTE;
    who->shields += r->kind == SUBJECTS_SHIELD;
    who->concerns += r->kind == SUBJECTS_CONCERN;
    return 0;
}

static json_t *look_list(const struct looking *l)
{
    json_t *list = json_array();

    for (size_t i = 0; i < l->n; i++) {
        const struct laggard *w = &l->at[i];

        (void)json_array_append_new(
            list, json_pack("{s:s, s:i, s:i, s:i, s:i, s:i}", "agency", w->agency, "refusals",
                            (int)w->refusals, "withdrawals", (int)w->withdrawals, "disputes",
                            (int)w->disputes, "shields", (int)w->shields, "concerns",
                            (int)w->concerns));
    }
    return list;
}

static void look_count(struct buf *text, unsigned n, const char *noun, bool *first)
{
    if (!n)
        return;
    buf_printf(text, "%s%u %s%s", *first ? " " : ", ", n, noun, n == 1 ? "" : "s");
    *first = false;
}

static void look_words(const struct looking *l, struct buf *text)
{
    for (size_t i = 0; i < l->n; i++) {
        const struct laggard *w = &l->at[i];
        bool first = true;

        buf_printf(text, "%s%s:", i ? "; " : "", w->agency);
        look_count(text, w->refusals, "refusal", &first);
        look_count(text, w->withdrawals, "withdrawal", &first);
        look_count(text, w->disputes, "dispute", &first);
        look_count(text, w->shields, "shield", &first);
        look_count(text, w->concerns, "concern", &first);
    }
    if (l->more)
        buf_printf(text, "; and %zu of other agencies", l->more);
    buf_put_u8(text, 0);
}

static json_t *look_error(const struct looking *l)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    json_t *error;

    buf_init(&text, 16384);
    look_words(l, &text);
    error = local_error("tokens-not-carried", 75,
                        "not everything that forbids or counts has tokens of %s epoch %u yet: "
                        "almoner tokens status says whom to call (%s)",
                        epochs_scheme(l->e.scheme), (unsigned)l->e.epoch,
                        buf_status(&text) ? "many agencies" : (const char *)text.data);
    if (error)
        (void)json_object_set_new(error, "not_carried", look_list(l));
    return error;
}

/* Has the policy that is to come the same epochs, in the same states? */
static bool same_epochs(const struct bundle *a, const struct bundle *b)
{
    for (uint8_t s = POLICY_EPOCH_CURRENT; s <= POLICY_EPOCH_PREVIOUS; s++) {
        const struct policy_epoch *x = bundle_epoch_in(a, s), *y = bundle_epoch_in(b, s);

        if (!x != !y || (x && (x->scheme != y->scheme || x->epoch != y->epoch)))
            return false;
    }
    return true;
}

json_t *epochs_refuse(struct core *c, const struct bundle *b)
{
    const struct policy_epoch *old, *now = bundle_epoch_in(b, POLICY_EPOCH_CURRENT);
    struct looking l = { .c = c, .b = b, .e = { now->scheme, now->epoch } };
    struct store_txn *t = batch_txn(c);
    int r;

    if (c->bundle && same_epochs(c->bundle, b))
        return NULL;
    old = c->bundle ? bundle_epoch_in(c->bundle, POLICY_EPOCH_CURRENT) : NULL;
    if (old && !bundle_epoch(b, old->scheme, old->epoch))
        return local_error("current-epoch-dropped", 65,
                           "tokens: the epoch that is current now must stay as \"previous\" first: "
                           "agencies ask and lodge under it");
    r = t ? retokens_survey(t, c->day, look_visit, &l) : -EIO;
    if (r < 0) {
        batch_fail(c, r, "epochs");
        return local_error("internal", 70, "the change could not be made");
    }
    return l.n || l.more ? look_error(&l) : holds_refuse(c, t, b);
}

/* --- what an epoch leaves behind --- */

static struct token_epochs epochs_listed(const struct bundle *b)
{
    struct token_epochs e = { .n = 0 };

    for (uint8_t s = POLICY_EPOCH_CURRENT; s <= POLICY_EPOCH_PREVIOUS; s++) {
        const struct policy_epoch *p = bundle_epoch_in(b, s);

        if (p)
            e.at[e.n++] = (struct token_epoch){ p->scheme, p->epoch };
    }
    return e;
}

bool epochs_unsettled(const struct core *c)
{
    return c->bundle && !c->epochs.settled && !c->epochs.stuck && !c->stopping && c->mono_ms >= c->epochs.hold_ms;
}

/* In steps, so that nobody waits for it: what is not yet erased cannot be asked for all the same. */
void epochs_tick(struct core *c)
{
    struct token_epochs e;
    struct store_txn *t;
    int r;

    c->epochs.stepped = false;
    if (!epochs_unsettled(c) || c->batch.error || (t = batch_txn(c)) == NULL)
        return;
    c->epochs.stepped = true;
    e = epochs_listed(c->bundle);
    r = retokens_settle(t, &e, SETTLE_STEP, &c->epochs.settled);
    c->batch.wrote = true;
    if (r < 0) {
        c->epochs.stuck = r == -EBADMSG; /* anything else may be better in a minute */
        log_error("epochs-not-settled", "error=%d", -r);
        batch_fail(c, r, "epochs");
        return;
    }
    if (c->epochs.settled)
        log_info("epochs-settled", "epochs=%u", (unsigned)e.n);
}
