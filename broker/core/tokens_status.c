/* SPDX-License-Identifier: Apache-2.0 */
/* tokens_status.c - how far a change of key is, agency by agency: counts of records, never whom they are
 * about. For operators and officers: it says whom to call. */
#include "epochs.h"
#include "stages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STATUS_KEEP_MS 5000 /* a count of all records is not made again sooner */

/* In the order in which they are told. */
enum sort {
    SORT_REFUSAL = 0,
    SORT_WITHDRAWAL,
    SORT_DISPUTE,
    SORT_SHIELD,
    SORT_CONCERN,
    SORT_CONSENT,
    SORT_REFERRAL,
    SORT_WATCH,
    SORT_COUNT
};
static const char *const sort_words[SORT_COUNT] = {
    [SORT_REFUSAL] = "refusals",   [SORT_WITHDRAWAL] = "withdrawals", [SORT_DISPUTE] = "disputes",
    [SORT_SHIELD] = "shields",     [SORT_CONCERN] = "concerns",       [SORT_CONSENT] = "consents",
    [SORT_REFERRAL] = "referrals", [SORT_WATCH] = "watches",
};

static enum sort sort_of(const struct survey_record *r)
{
    switch (r->kind) {
    case SUBJECTS_SHIELD:
        return SORT_SHIELD;
    case SUBJECTS_DISPUTE:
        return SORT_DISPUTE;
    case SUBJECTS_CONCERN:
        return SORT_CONCERN;
    case SUBJECTS_REFERRAL:
        return SORT_REFERRAL;
    case SUBJECTS_WATCH:
        return SORT_WATCH;
    case SUBJECTS_CONSENT:
    case SUBJECTS_LODGER:
    case SUBJECTS_OVERRIDE:
    case SUBJECTS_EPISODE:
    case SUBJECTS_RECALL:
    case SUBJECTS_STATEMENT:
        break;
    }
    return r->refusal ? SORT_REFUSAL : r->withdrawal ? SORT_WITHDRAWAL : SORT_CONSENT;
}

struct carried { /* of one agency */
    char agency[64];
    unsigned done[SORT_COUNT], left[SORT_COUNT], holds_up;
};
struct tally_all {
    struct core *c;
    struct token_epoch to;
    struct carried *at; /* owned; AGENCIES_MAX + as many that are enrolled no more */
    size_t n, most;
};

static struct carried *tally_for(struct tally_all *t, const char *agency)
{
    for (size_t i = 0; i < t->n; i++) {
        if (!strcmp(t->at[i].agency, agency))
            return &t->at[i];
    }
    if (t->n == t->most)
        return NULL;
    text_cut(t->at[t->n].agency, sizeof(t->at[0].agency), agency);
    return &t->at[t->n++];
}

static int tally_visit(void *ctx, const struct survey_record *r)
{
    struct tally_all *t = ctx;
    struct carried *k = r->over ? NULL : tally_for(t, r->lodger);
    bool done = survey_has(r, t->to);

    if (!k)
        return 0;
    k->done[sort_of(r)] += done;
    k->left[sort_of(r)] += !done;
    k->holds_up += !done && epochs_holds_up(t->c, t->c->bundle, r);
    return 0;
}

/* What is to be done about an agency, as a word. */
static const char *carried_word(const struct carried *k, const struct agency *a)
{
    unsigned left = 0;

    for (size_t i = 0; i < SORT_COUNT; i++)
        left += k->left[i];
    if (!left)
        return "done";
    if (!k->holds_up)
        return "left-behind";
    if (!a || a->index == POLICY_NONE)
        return "gone"; /* nobody speaks for it */
    if (!agency_active(a))
        return "suspended";
    return a->presence == PRESENCE_HERE ? "carrying" : "call";
}

static json_t *carried_records(const struct carried *k)
{
    json_t *o = json_object();

    for (size_t i = 0; o && i < SORT_COUNT; i++)
        (void)json_object_set_new(o, sort_words[i],
                                  json_pack("{s:i, s:i}", "carried", (int)k->done[i],
                                            "not_carried", (int)k->left[i]));
    return o;
}

static json_t *carried_json(struct core *c, const struct carried *k)
{
    uint16_t slot = agencies_find(&c->agencies, k->agency);
    const struct agency *a = slot == AGENCY_NONE ? NULL : &c->agencies.slots[slot];
    uint16_t index = bundle_agency(c->bundle, k->agency);
    char day[CIVIL_TEXT] = "";

    if (a && a->budget.day)
        civil_format((int32_t)a->budget.day, day);
    return json_pack(
        "{s:s, s:s, s:b, s:s, s:s, s:i, s:o}", "agency", k->agency, "contact",
        index == POLICY_NONE ? "" : bundle_agency_at(c->bundle, index)->contact, "connected",
        a && a->presence == PRESENCE_HERE, "last_seen", day, "to_do", carried_word(k, a),
        "holds_up", (int)k->holds_up, "records", carried_records(k));
}

static json_t *epochs_json(const struct bundle *b)
{
    static const char *const states[] = { "", "current", "next", "previous" };
    const struct policy_tokens *t = bundle_tokens(b);
    json_t *list = json_array();

    for (uint8_t i = 0; i < t->n; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s, s:i, s:s}", "scheme", epochs_scheme(t->epochs[i].scheme),
                            "epoch", (int)t->epochs[i].epoch, "state", states[t->epochs[i].state]));
    return list;
}

static json_t *status_list(struct tally_all *t)
{
    json_t *list = json_array();

    for (size_t i = 0; i < t->n; i++)
        (void)json_array_append_new(list, carried_json(t->c, &t->at[i]));
    return list;
}

/* Those who are enrolled and have lodged nothing too: what lies in an outbox nobody else knows. */
static void status_enrolled(struct tally_all *t)
{
    for (uint16_t s = 0; s < t->c->agencies.n; s++) {
        if (t->c->agencies.slots[s].reg.standing)
            (void)tally_for(t, t->c->agencies.slots[s].reg.id);
    }
}

static json_t *status_made(struct tally_all *t)
{
    struct core *c = t->c;
    uint16_t holder = bundle_tokens(c->bundle)->keyholder;
    unsigned holds_up = 0;

    for (size_t i = 0; i < t->n; i++)
        holds_up += t->at[i].holds_up;
    return json_pack("{s:b, s:o, s:s, s:i, s:s, s:b, s:i, s:o}", "ok", 1, "epochs",
                     epochs_json(c->bundle), "carried_to_scheme", epochs_scheme(t->to.scheme),
                     "carried_to_epoch", (int)t->to.epoch, "keyholder",
                     holder == POLICY_NONE ? "" : bundle_agency_at(c->bundle, holder)->id,
                     "erased", c->epochs.settled, "holds_up", (int)holds_up, "agencies",
                     status_list(t));
}

static json_t *status_count(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    const struct policy_epoch *to = bundle_epoch_in(c->bundle, POLICY_EPOCH_NEXT);
    struct tally_all t = { .c = c, .most = 2 * AGENCIES_MAX };
    json_t *reply = NULL;
    int r;

    if (!to)
        to = bundle_epoch_in(c->bundle, POLICY_EPOCH_CURRENT);
    t.to = (struct token_epoch){ to->scheme, to->epoch };
    t.at = calloc(t.most, sizeof(*t.at));
    r = t.at ? store_begin(c->store, false, &txn) : -ENOMEM;
    if (!r) {
        status_enrolled(&t);
        r = retokens_survey(txn, c->day, tally_visit, &t);
    }
    if (!r)
        reply = status_made(&t);
    free(t.at);
    return reply ? reply : local_error("internal", 70, "the records could not be counted");
}

json_t *tokens_status(struct core *c)
{
    if (!c->bundle)
        return local_error("no-policy", 69, "no policy is in force");
    if (!c->tokens_status || c->mono_ms - c->tokens_status_ms > STATUS_KEEP_MS ||
        !json_is_true(json_object_get(c->tokens_status, "ok"))) {
        json_decref(c->tokens_status);
        c->tokens_status = status_count(c);
        c->tokens_status_ms = c->mono_ms;
    }
    return json_deep_copy(c->tokens_status);
}
