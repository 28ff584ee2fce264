/* SPDX-License-Identifier: Apache-2.0 */
/* override.c - overrides as they are asked for, approved, reviewed, shown and vetoed, and as facts
 * of a decision (DOMAIN.md section 3). Whom an override lets ask is the engine's business; here is
 * who may do which step, and when it is over.
 *
 *   asked for --approve--> in force --hours pass--> over
 *      |  immediate danger:   | refuse (taken back), veto, review "not justified": ended
 *      +--- at once in force -+ */
#include "stages.h"

#include "change.h"
#include "due.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HOUR_MS         (INT64_C(3600) * 1000)
#define ALONE_REVIEW_H  24 /* "post-review <= 24 h" */
#define BUSY_NO_HEAD_MS 10000

/* Wall time that does not go back while this process lives: a clock put back makes no override
 * last longer. */
static int64_t override_now(struct core *c)
{
    int64_t ran;

    if (!c->override_mono_ms) {
        c->override_mono_ms = c->mono_ms;
        c->override_wall_ms = c->wall_ms;
    }
    ran = c->override_wall_ms + (c->mono_ms - c->override_mono_ms);
    return ran > c->wall_ms ? ran : c->wall_ms;
}

static bool override_ended(const struct override_record *r)
{
    return r->vetoed || r->approval == APPROVAL_REFUSE || r->finding == FINDING_NOT_JUSTIFIED;
}

static bool override_in_time(const struct override_record *r, int64_t now)
{
    return r->from_ms && r->from_ms <= now && now < r->until_ms;
}

static uint16_t override_question(const struct core *c, const struct msg_override *o)
{
    return o->involvement ? POLICY_NONE : bundle_question(c->bundle, o->question);
}

static uint16_t override_index(const struct core *c, const struct work *w)
{
    return c->agencies.slots[w->agency].index;
}

/* --- facts --- */

struct gathering {
    struct core *c;
    const struct ask *ask;
    int64_t now;
};

static uint32_t override_conditions(const struct msg_override *o)
{
    return (o->para18 ? CONDITION_PARA18_REASON : 0u) |
           (o->necessity[0] ? CONDITION_NECESSITY : 0u);
}

static bool override_approved(const struct core *c, const struct override_record *r)
{
    uint16_t slot = agencies_find(&c->agencies, r->approver);

    return r->approval == APPROVAL_APPROVE && slot != AGENCY_NONE &&
           agency_active(&c->agencies.slots[slot]);
}

static bool override_same_home(const struct ask *ask, const struct msg_override *o)
{
    if (ask->has_parameter != o->has_parameter)
        return false;
    return !o->has_parameter || (ask->parameter.kind == o->parameter.kind &&
                                 ask->parameter.scheme == o->parameter.scheme &&
                                 ask->parameter.epoch == o->parameter.epoch &&
                                 memcmp(ask->parameter.value, o->parameter.value, TOKEN_LEN) == 0);
}

/* Those that are over say nothing any more, and must not crowd out one that is not. */
static int override_visit(void *ctx, const struct override_record *r)
{
    struct gathering *g = ctx;
    struct core *c = g->c;

    c->footing.lasts = false; /* it begins and ends by the hour, and nobody puts anything then */
    if (c->facts.n_overrides == POLICY_OVERRIDES_MAX || !override_in_time(r, g->now) ||
        override_ended(r) || strcmp(r->agency, c->agencies.slots[g->ask->agency].reg.id) != 0 ||
        strcmp(r->purpose, g->ask->purpose) != 0)
        return 0;
    c->override_refs[c->facts.n_overrides].id = r->id;
    c->override_refs[c->facts.n_overrides].leaf = r->leaf;
    c->overrides[c->facts.n_overrides++] = (struct override_fact){
        .match = match_strict(&r->override.subject, &g->ask->subject) == MATCH_YES ? FACT_STRICT
                                                                                   : FACT_BROAD,
        .agency = c->facts.agency,
        .purpose = c->facts.purpose,
        .question = override_question(c, &r->override),
        .gateway = bundle_gateway(c->bundle, r->gateway),
        .same_parameter = override_same_home(g->ask, &r->override),
        .in_time = true,
        .approved = override_approved(c, r),
        .immediate_danger = r->override.immediate_danger,
        .conditions = override_conditions(&r->override),
    };
    return 0;
}

void overrides_gather(struct core *c, const struct ask *ask, struct store_txn *t)
{
    struct gathering g = { .c = c, .ask = ask, .now = override_now(c) };

    c->facts.overrides = c->overrides;
    if (!bundle_override_open(c->bundle, c->facts.purpose, c->facts.question))
        return;
    if (overrides_about(t, &ask->subject, override_visit, &g))
        c->facts.incomplete = true;
}

/* By its own leaf, and by its id for those who may unseal. */
void override_used(struct core *c, struct ledger_clear *l)
{
    const struct decision *d = &c->decision;

    if (d->basis != GATEWAY_OVERRIDE || !d->overridden || d->overridden > c->facts.n_overrides)
        return;
    (void)snprintf(l->detail, sizeof(l->detail), "by the override of leaf %llu",
                   (unsigned long long)c->override_refs[d->overridden - 1].leaf);
    record_id(c, l, &c->override_refs[d->overridden - 1].id);
}

/* --- what every step has in common --- */

/* Return: true with c->override_record read; else the sender was told. */
static bool override_find(struct core *c, struct work *w, const struct id *id)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? overrides_get(t, id, &c->override_record) : -EIO;

    if (!c->bundle) {
        lodge_refuse(c, w, "no-policy");
        return false;
    }
    if (r == -ENOENT) {
        lodge_refuse(c, w, "unknown-override");
        return false;
    }
    if (r)
        batch_fail(c, r, "override");
    return r == 0;
}

static uint16_t override_requester(const struct core *c)
{
    return bundle_agency(c->bundle, c->override_record.agency);
}

static bool override_mine(const struct core *c, const struct work *w)
{
    return !bundle_same_organisation(c->bundle, override_index(c, w), override_requester(c))
               ? false
               : override_index(c, w) != POLICY_NONE;
}

static bool override_may_approve(const struct core *c, const struct work *w)
{
    const struct override_record *r = &c->override_record;

    return bundle_override_approver(c->bundle, override_index(c, w),
                                    bundle_purpose(c->bundle, r->purpose),
                                    override_question(c, &r->override));
}

/* References are an agency's own, but somebody who works for two of them is one person. */
static bool override_by(const struct core *c, const char *ref)
{
    return ref[0] && strcmp(c->in.practitioner.ref, ref) == 0;
}

static void override_done(struct core *c, struct work *w, uint8_t event)
{
    struct override_record *r = &c->override_record;
    struct ledger_clear *l = lodge_record(c, w, event, r->purpose);
    struct store_txn *t = batch_txn(c);

    text_cut(l->question, sizeof(l->question),
             r->override.involvement ? "who-is-involved" : r->override.question);
    text_cut(l->basis, sizeof(l->basis), r->gateway);
    l->about = r->leaf;
    record_id(c, l, &r->id);
    if (event == EVENT_OVERRIDE_REQUESTED) {
        record_tokens(c, &r->override.subject);
        l->about = LEAF_NONE;
        if (r->override.immediate_danger)
            text_cut(l->detail, sizeof(l->detail), "one person alone: immediate danger");
    }
    if (event == EVENT_OVERRIDE_REVIEWED)
        text_cut(l->detail, sizeof(l->detail),
                 r->finding == FINDING_JUSTIFIED ? "justified" : "not justified");
    w->receipt.leaf = lodge_recorded(c, w);
    if (event == EVENT_OVERRIDE_REQUESTED)
        r->leaf = w->receipt.leaf;
    if (t)
        overrides_put(t, r);
}

static void override_enter(struct core *c, int64_t now, unsigned review_h)
{
    struct override_record *r = &c->override_record;
    struct due d = { .kind = DUE_REVIEW, .about = r->id };

    r->from_ms = now;
    r->until_ms = now + r->override.hours * HOUR_MS;
    r->review_due_ms = now + review_h * HOUR_MS;
    memcpy(d.agency, r->agency, sizeof(d.agency));
    d.due_ms = due_in_hours(c, review_h);
    text_cut(d.text, sizeof(d.text), "Have the override reviewed, by a third person.");
    due_put(c, &d);
}

/* --- asking for one --- */

struct counting {
    int64_t now;
    unsigned waiting, overdue;
};

static int override_count(void *ctx, const struct override_record *r)
{
    struct counting *k = ctx;

    k->waiting++;
    k->overdue += r->review_due_ms <= k->now;
    return 0;
}

/* NULL: it may be asked for; else why not. */
static const char *override_wrong(struct core *c, const struct work *w)
{
    const struct policy_override_rules *rules = bundle_override_rules(c->bundle);
    const struct msg_override *o = &c->in.override;
    struct counting k = { .now = override_now(c) };
    uint16_t purpose = bundle_purpose(c->bundle, c->in.purpose);
    struct store_txn *t = batch_txn(c);
    int r;

    if (!o->involvement && override_question(c, o) == POLICY_NONE)
        return "override-not-allowed";
    if (!bundle_override_open(c->bundle, purpose, override_question(c, o)))
        return "override-not-allowed";
    if (!bundle_override_gateway(c->bundle, bundle_gateway(c->bundle, c->in.basis), c->day))
        return "override-gateway";
    if (o->hours > rules->most_hours)
        return "override-too-long";
    if (o->immediate_danger && !bundle_override_alone(c->bundle, purpose))
        return "override-not-alone";
    r = t ? overrides_unreviewed(t, c->agencies.slots[w->agency].reg.id, override_count, &k) : -EIO;
    if (r) {
        batch_fail(c, r, "override");
        return "internal";
    }
    return k.overdue >= rules->unreviewed_limit ? "unreviewed-overrides" : NULL;
}

static bool override_id_free(struct core *c, struct work *w)
{
    struct store_txn *t = batch_txn(c);
    int r = t ? overrides_get(t, &w->id, &c->override_record) : -EIO;

    if (r == -ENOENT)
        return lodge_id_free(c, w);
    if (r)
        batch_fail(c, r, "override");
    else
        intake_reject(c, w, "id-reused");
    return false;
}

void override_take(struct core *c, struct work *w)
{
    struct override_record *r = &c->override_record;
    const char *wrong;

    if (!lodge_begin(c, w) || !lodge_party(c, w, c->in.purpose))
        return;
    wrong = override_wrong(c, w);
    if (wrong) {
        if (!c->batch.error)
            lodge_refuse(c, w, wrong);
        return;
    }
    if (!override_id_free(c, w))
        return;
    memset(r, 0, sizeof(*r));
    r->id = w->id;
    text_cut(r->agency, sizeof(r->agency), c->agencies.slots[w->agency].reg.id);
    memcpy(r->practitioner, c->in.practitioner.ref, sizeof(name_t));
    memcpy(r->role, c->in.practitioner.role, sizeof(name_t));
    memcpy(r->purpose, c->in.purpose, sizeof(name_t));
    memcpy(r->gateway, c->in.basis, sizeof(name_t));
    r->override = c->in.override;
    r->requested_ms = override_now(c);
    if (r->override.immediate_danger)
        override_enter(c, r->requested_ms, ALONE_REVIEW_H);
    override_done(c, w, EVENT_OVERRIDE_REQUESTED);
}

/* --- approving and refusing --- */

static const char *approval_wrong(struct core *c, const struct work *w)
{
    const struct override_record *r = &c->override_record;
    const struct msg_approval *a = &c->in.approval;
    const char *me = c->agencies.slots[w->agency].reg.id;
    int64_t now = override_now(c);
    int64_t asked_until = r->requested_ms + bundle_override_rules(c->bundle)->most_hours * HOUR_MS;

    if (override_mine(c, w))
        return "same-organisation";
    if (!override_may_approve(c, w))
        return "not-an-approver";
    if (override_by(c, r->practitioner))
        return "same-practitioner";
    if (override_ended(r) || now >= (r->from_ms ? r->until_ms : asked_until))
        return "override-over";
    if (r->approval && (a->decision == APPROVAL_APPROVE || strcmp(r->approver, me) != 0))
        return "already-decided";
    return a->decision == APPROVAL_APPROVE && !a->senior ? "not-senior" : NULL;
}

void approval_take(struct core *c, struct work *w)
{
    struct override_record *r = &c->override_record;
    const struct msg_approval *a = &c->in.approval;
    const char *wrong;

    if (!lodge_begin(c, w) || !override_find(c, w, &a->override))
        return;
    wrong = approval_wrong(c, w);
    if (wrong) {
        lodge_refuse(c, w, wrong);
        return;
    }
    r->approval = a->decision;
    text_cut(r->approver, sizeof(r->approver), c->agencies.slots[w->agency].reg.id);
    memcpy(r->approver_ref, c->in.practitioner.ref, sizeof(name_t));
    r->approved_ms = override_now(c);
    memcpy(r->approval_reason, a->reason, sizeof(r->approval_reason));
    if (a->decision == APPROVAL_APPROVE && !r->from_ms)
        override_enter(c, r->approved_ms, bundle_override_rules(c->bundle)->review_hours);
    override_done(
        c, w, a->decision == APPROVAL_APPROVE ? EVENT_OVERRIDE_APPROVED : EVENT_OVERRIDE_REFUSED);
}

/* --- reviewing --- */

/* What one person did alone is reviewed by somebody outside their organisation: "at least one
 * outside the requesting team". */
static const char *review_wrong(struct core *c, const struct work *w)
{
    const struct override_record *r = &c->override_record;
    const char *me = c->agencies.slots[w->agency].reg.id;
    bool mine = override_mine(c, w);

    if (!mine && strcmp(r->approver, me) != 0 && !override_may_approve(c, w) &&
        !bundle_hub(c->bundle, override_index(c, w)))
        return "unknown-override";
    if (override_by(c, r->practitioner) || override_by(c, r->approver_ref))
        return "same-practitioner";
    if (mine && r->approval != APPROVAL_APPROVE)
        return "same-organisation";
    if (!r->review_due_ms)
        return "nothing-to-review";
    return r->finding ? "already-decided" : NULL;
}

void review_take(struct core *c, struct work *w)
{
    struct override_record *r = &c->override_record;
    const char *wrong;

    if (!lodge_begin(c, w) || !override_find(c, w, &c->in.override_review.override))
        return;
    wrong = review_wrong(c, w);
    if (wrong) {
        lodge_refuse(c, w, wrong);
        return;
    }
    r->finding = c->in.override_review.finding;
    text_cut(r->reviewer, sizeof(r->reviewer), c->agencies.slots[w->agency].reg.id);
    memcpy(r->reviewer_ref, c->in.practitioner.ref, sizeof(name_t));
    r->reviewed_ms = override_now(c);
    due_done(c, DUE_REVIEW, &r->id, r->agency);
    memcpy(r->review_reason, c->in.override_review.reason, sizeof(r->review_reason));
    override_done(c, w, EVENT_OVERRIDE_REVIEWED);
}

/* --- showing --- */

static uint8_t override_state(struct core *c)
{
    const struct override_record *r = &c->override_record;
    int64_t now = override_now(c);

    if (r->vetoed)
        return OVERRIDE_VETOED;
    if (r->finding == FINDING_NOT_JUSTIFIED)
        return OVERRIDE_NOT_JUSTIFIED;
    if (r->approval == APPROVAL_REFUSE)
        return OVERRIDE_REFUSED;
    if (r->from_ms)
        return override_in_time(r, now) ? OVERRIDE_IN_FORCE : OVERRIDE_OVER;
    return now < r->requested_ms + bundle_override_rules(c->bundle)->most_hours * HOUR_MS
               ? OVERRIDE_WAITING
               : OVERRIDE_OVER;
}

static void override_fill(struct core *c, struct msg_override_view *v)
{
    const struct override_record *r = &c->override_record;
    const struct msg_override *o = &r->override;

    v->override = r->id;
    v->state = override_state(c);
    memcpy(v->agency, r->agency, sizeof(v->agency));
    memcpy(v->purpose, r->purpose, sizeof(v->purpose));
    memcpy(v->basis, r->gateway, sizeof(v->basis));
    memcpy(v->question, o->question, sizeof(v->question));
    v->para18 = o->para18;
    v->harm = o->harm;
    v->likelihood = o->likelihood;
    v->immediacy = o->immediacy;
    v->told = o->told;
    memcpy(v->not_told, o->not_told, sizeof(v->not_told));
    memcpy(v->necessity, o->necessity, sizeof(v->necessity));
    memcpy(v->proportionality, o->proportionality, sizeof(v->proportionality));
    v->hours = o->hours;
    v->immediate_danger = o->immediate_danger;
    v->requested_ms = r->requested_ms;
    v->until_ms = r->until_ms;
    memcpy(v->approver, r->approver, sizeof(v->approver));
    v->review_due_ms = r->review_due_ms;
    v->finding = r->finding;
}

static bool override_query_may(struct core *c, struct work *w)
{
    if (receipts_find(c, c->agencies.slots[w->agency].reg.id, &w->id, w->envelope.body,
                      &w->receipt) != RECEIPT_NEW) {
        intake_reject(c, w, "already-asked");
        return false;
    }
    if (!heads_fresh(c)) {
        limits_count(c, w->agency, LIMITED_NO_HEAD);
        tell_busy(c, w->agency, &w->id, BUSY_NO_HEAD_MS);
        return false;
    }
    return lodge_practitioner(c, w) && override_find(c, w, &c->in.override_query.override);
}

/* To others it is not there. */
void override_query_take(struct core *c, struct work *w)
{
    const char *me = c->agencies.slots[w->agency].reg.id;
    const struct override_record *r = &c->override_record;
    struct ledger_clear *l;

    if (!override_query_may(c, w))
        return;
    if (strcmp(r->agency, me) != 0 && strcmp(r->approver, me) != 0 && !override_may_approve(c, w) &&
        !bundle_hub(c->bundle, override_index(c, w))) {
        lodge_refuse(c, w, "unknown-override");
        return;
    }
    override_fill(c, &tell_begin(c, MSG_OVERRIDE_VIEW, &w->id)->override_view);
    if (tell_send(c, w->agency)) {
        lodge_refuse(c, w, "internal");
        return;
    }
    l = lodge_record(c, w, EVENT_DISCLOSED, r->purpose);
    l->about = r->leaf;
    text_cut(l->question, sizeof(l->question), "override");
    record_id(c, l, &r->id);
    w->receipt.leaf = record_end(c);
    receipts_put(c, me, &w->id, &w->receipt);
}

/* --- officers --- */

/* "IG officer can veto, not grant alone" */
json_t *change_override_veto(struct core *c, struct change *ch)
{
    struct store_txn *t = batch_txn(c);
    char text[ID_TEXT];
    struct id id;
    int r;

    if (local_get_text(ch->body, "override", text, sizeof(text)) || id_parse(text, &id) ||
        local_get_text(ch->body, "reason", ch->reason, sizeof(ch->reason)) || !ch->reason[0])
        return local_error("bad-change", 65, "\"override\" (its id) and \"reason\" must be given");
    r = t ? overrides_get(t, &id, &c->override_record) : -EIO;
    if (r == -ENOENT)
        return local_error("unknown-override", 65, "there is no override %s", text);
    if (r) {
        batch_fail(c, r, "override");
        return local_error("internal", 70, "the override could not be read");
    }
    c->override_record.vetoed = true;
    overrides_put(t, &c->override_record);
    c->batch.wrote = true;
    text_cut(ch->agency, sizeof(ch->agency), c->override_record.agency);
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s", text);
    return NULL;
}

json_t *overrides_status(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    json_t *list = json_array();
    int r = store_begin(c->store, false, &t);

    for (uint16_t s = 0; r == 0 && s < c->agencies.n; s++) {
        struct counting k = { .now = override_now(c) };

        r = overrides_unreviewed(t, c->agencies.slots[s].reg.id, override_count, &k);
        if (r == 0 && k.waiting)
            json_array_append_new(list, json_pack("{s:s,s:i,s:i}", "agency",
                                                  c->agencies.slots[s].reg.id, "unreviewed",
                                                  (int)k.waiting, "overdue", (int)k.overdue));
    }
    if (r == 0)
        return list;
    json_decref(list);
    return json_null(); /* not known, which is not "none" */
}
