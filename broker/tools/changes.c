/* SPDX-License-Identifier: Apache-2.0 */
/* changes.c - each entry as JSON, key by key, and the keys that differ. */
#include "changes.h"
#include "base/civil.h"
#include "base/crypto.h"
#include "engine/catalogue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *day_json(int32_t day)
{
    char text[CIVIL_TEXT];

    civil_format(day == POLICY_DAY_NONE ? CIVIL_NONE : day, text);
    return json_string(text);
}

static json_t *agency_json(const struct bundle *b, uint16_t i)
{
    const struct policy_agency *a = bundle_agency_at(b, i);

    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:b, s:b, s:b, s:i}", "name", a->name, "sector",
                     a->sector, "regime", a->regime, "organisation",
                     bundle_agency_at(b, a->organisation)->id, "controller", a->controller,
                     "contact", a->contact, "sensitive", a->sensitive, "hub", a->hub,
                     "shield_owner", a->shield_owner, "desk_hours", (int)a->desk_hours);
}

static json_t *gateway_json(const struct bundle *b, uint16_t i)
{
    struct policy_gateway g = bundle_gateway_at(b, i);

    return json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:i, s:o, s:o}", "title", g.title, "statute",
                     g.statute, "section", g.section, "regime", g.regime, "kind", (int)g.kind,
                     "countries", (int)g.countries, "conditions", (int)g.conditions, "from",
                     day_json(g.from), "to", day_json(g.until));
}

static json_t *protocol_json(const struct bundle *b, uint16_t i)
{
    struct policy_protocol p = bundle_protocol_at(b, i);

    return json_pack("{s:s, s:o, s:o, s:o, s:b}", "title", p.title, "from", day_json(p.from), "to",
                     day_json(p.until), "review", day_json(p.review), "unsigned_queries",
                     p.unsigned_queries);
}

static json_t *purpose_json(const struct bundle *b, uint16_t i)
{
    const struct policy_purpose *p = bundle_purpose_at(b, i);

    return json_pack("{s:s, s:s, s:s, s:b, s:b}", "title", p->title, "protocol", p->protocol,
                     "parent", p->parent == POLICY_NONE ? "" : bundle_purpose_at(b, p->parent)->id,
                     "consent", p->consent, "pinning", p->pinning);
}

static json_t *factors_json(const struct bundle *b, const struct policy_composite *c)
{
    json_t *list = json_array();

    for (uint8_t i = 0; c && i < c->n; i++)
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:i}", "question",
                                              bundle_question_at(b, c->factors[i].question)->id,
                                              "weight", (int)c->factors[i].weight));
    return list;
}

/* "all" where the rule lists none. */
static json_t *categories_json(const struct bundle *b, uint64_t bits)
{
    json_t *list = json_array();

    if (bits == UINT64_MAX)
        (void)json_array_append_new(list, json_string("all"));
    for (uint16_t i = 0; bits != UINT64_MAX && i < bundle_n_categories(b); i++)
        if ((bits >> i) & 1)
            (void)json_array_append_new(list, json_string(bundle_category_id(b, i)));
    return list;
}

static json_t *threshold_json(const struct bundle *b, const struct policy_threshold *t)
{
    return json_pack("{s:b, s:i, s:i, s:i, s:o, s:b, s:b, s:b, s:i, s:s, s:i}", "household",
                     t->household, "levels", (int)t->levels, "min_agencies", (int)t->min_agencies,
                     "window_days", (int)t->window_days, "categories",
                     categories_json(b, t->categories), "independent", t->independent,
                     "own_concerns_count", t->own_count, "contributors_named", t->named, "bypass",
                     (int)t->bypass, "decide_role", t->decide_role, "decide_hours",
                     (int)t->decide_hours);
}

static json_t *question_json(const struct bundle *b, uint16_t i)
{
    const struct policy_question *q = bundle_question_at(b, i);
    json_t *o = json_pack("{s:s, s:s, s:s, s:i, s:I, s:I, s:b, s:b, s:b}", "wording", q->wording,
                          "owner", q->owner, "decision", q->decision, "kind", (int)q->kind,
                          "look_back_days", (json_int_t)q->look_back_days, "deadline_ms",
                          (json_int_t)q->deadline_ms, "uses_homes", q->uses_homes, "household",
                          q->household, "unknown_cannot_say", q->unknown_cannot_say);

    if (!o)
        return NULL;
    if (q->kind == QUESTION_THRESHOLD)
        (void)json_object_set_new(o, "counts", threshold_json(b, &q->threshold));
    (void)json_object_set_new(o, "pin_days", json_integer(q->pin_days));
    (void)json_object_set_new(o, "stage", json_integer(q->stage));
    (void)json_object_set_new(o, "factors", factors_json(b, q->composite));
    (void)json_object_set_new(o, "needed",
                              json_integer(q->composite ? (json_int_t)q->composite->needed : 0));
    return o;
}

static json_t *needs_json(const struct bundle *b, const struct policy_service *s)
{
    json_t *list = json_array();

    for (uint8_t i = 0; i < s->n_needs; i++)
        (void)json_array_append_new(list, json_string(bundle_need_id(b, s->needs[i])));
    return list;
}

static json_t *areas_json(const struct bundle *b, const struct policy_service *s)
{
    json_t *list = json_array();

    for (uint8_t i = 0; i < s->n_areas; i++)
        (void)json_array_append_new(list, json_string(bundle_area_id(b, s->areas[i])));
    return list;
}

static json_t *criteria_json(const struct bundle *b, const struct policy_service *s)
{
    json_t *list = json_array();

    for (uint8_t i = 0; i < s->n_criteria; i++)
        (void)json_array_append_new(list,
                                    json_pack("{s:s, s:b}", "question",
                                              bundle_question_at(b, s->criteria[i].question)->id,
                                              "wanted", s->criteria[i].wanted));
    return list;
}

static json_t *permits_json(const struct bundle *b, uint16_t service)
{
    json_t *list = json_array();

    for (uint16_t i = 0; i < bundle_n_permits(b, service); i++) {
        struct policy_permit p = bundle_permit_at(b, service, i);

        (void)json_array_append_new(
            list, json_pack("{s:s, s:s, s:i, s:I, s:o, s:o, s:s}", "agency",
                            bundle_agency_at(b, p.agency)->id, "role", bundle_role_at(b, p.role),
                            "steps", (int)p.steps, "pounds", (json_int_t)p.pounds, "from",
                            day_json(p.from), "to", day_json(p.until), "agreed", p.agreed));
    }
    return list;
}

static json_t *service_json(const struct bundle *b, uint16_t i)
{
    const struct policy_service *s = bundle_service_at(b, i);

    return json_pack("{s:s, s:s, s:s, s:i, s:o, s:o, s:o, s:o}", "title", s->title, "agency",
                     bundle_agency_at(b, s->agency)->id, "contact", s->contact, "kinds",
                     (int)s->kinds, "needs", needs_json(b, s), "areas", areas_json(b, s),
                     "criteria", criteria_json(b, s), "permissions", permits_json(b, i));
}

/* An area's arm of the evaluation. */
static json_t *area_json(const struct bundle *b, uint16_t i)
{
    static const char *const arms[] = { "", "pilot", "control" };

    return json_pack("{s:s}", "evaluation", arms[bundle_area_arm(b, i)]);
}

static json_t *wording_json(const struct bundle *b, uint16_t i)
{
    int32_t from, until;

    (void)bundle_wording_at(b, i, &from, &until);
    return json_pack("{s:o, s:o}", "from", day_json(from), "to", day_json(until));
}

/* A word: it is there, or it is not. */
static json_t *word_json(const struct bundle *b, uint16_t i)
{
    (void)b;
    (void)i;
    return json_object();
}

static json_t *referrals_json(const struct bundle *b, uint16_t i)
{
    const struct policy_referral_rules *r = bundle_referral_rules(b);
    json_t *made = json_array();

    (void)i;
    for (size_t k = 0; k < ALM_LEN(r->made); k++)
        (void)json_array_append_new(made, json_integer(r->made[k]));
    return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:o}", "decide_days", (int)r->decide_days,
                     "info_days", (int)r->info_days, "feedback_days", (int)r->feedback_days,
                     "expire_days", (int)r->expire_days, "undelivered_days",
                     (int)r->undelivered_days, "loop_days", (int)r->loop_days, "decide_role",
                     r->decide_role, "needs_by_kind", made);
}

static json_t *limits_json(const struct bundle *b, uint16_t i)
{
    const struct policy_limits *l = bundle_limits(b);
    const struct policy_concern_rules *c = bundle_concern_rules(b);

    (void)i;
    return json_pack("{s:I, s:I, s:I, s:i, s:i}", "practitioner", (json_int_t)l->practitioner,
                     "agency", (json_int_t)l->agency, "subject", (json_int_t)l->subject,
                     "concern_most_days", (int)c->most_days, "concern_closed_days",
                     (int)c->closed_days);
}

/* A change of key is carried by all agencies: an officer acknowledges it. */
static json_t *tokens_json(const struct bundle *b, uint16_t i)
{
    static const char *const schemes[] = { "", "hmac", "oblivious" };
    static const char *const states[] = { "", "current", "next", "previous" };
    const struct policy_tokens *t = bundle_tokens(b);
    json_t *o = json_pack("{s:s}", "keyholder", t->keyholder == POLICY_NONE ? "" : bundle_agency_at(b, t->keyholder)->id);

    (void)i;
    for (uint8_t s = POLICY_EPOCH_CURRENT; o && s <= POLICY_EPOCH_PREVIOUS; s++) {
        const struct policy_epoch *e = bundle_epoch_in(b, s);
        char hex[2 * sizeof(e->public_key) + 1] = "";

        if (e && e->scheme == POLICY_OBLIVIOUS)
            hex_encode(e->public_key, sizeof(e->public_key), hex);
        (void)json_object_set_new(o, states[s],
                                  e ? json_pack("{s:s, s:i, s:s}", "scheme", schemes[e->scheme],
                                                "epoch", (int)e->epoch, "public_key", hex)
                                    : json_string(""));
    }
    return o;
}

static json_t *witnesses_json(const struct bundle *b, uint16_t i)
{
    const struct policy_witnesses *w = bundle_witnesses(b);
    json_t *agencies = json_array();

    (void)i;
    for (uint8_t k = 0; k < w->n; k++)
        (void)json_array_append_new(agencies,
                                    json_string(bundle_agency_at(b, w->agencies[k])->id));
    return json_pack("{s:o, s:i, s:i, s:i}", "agencies", agencies, "need", (int)w->need,
                     "outage_hours", (int)w->outage_hours, "every_seconds", (int)w->every_s);
}

/* One key a clock, in days, whether written or usual: so an officer sees which was lengthened. */
json_t *changes_retention(const struct bundle *b)
{
    static const char *const parts[] = { "", " at-risk", " alleged" };
    static const char *const outcomes[] = { "", " founded", " unfounded" };
    json_t *o = json_object();

    for (uint8_t class = 1; o && class <= RETENTION_CLASSES; class ++)
        for (uint8_t k = 0; k < (class == RETENTION_CONCERNS ? 9 : 1); k++) {
            char key[64];

            (void)snprintf(key, sizeof(key), "%s%s%s", retention_class_word(class), parts[k / 3],
                           outcomes[k % 3]);
            (void)json_object_set_new(
                o, key, json_integer(bundle_retention_days(b, class, k / 3, k % 3)));
        }
    return o;
}

static json_t *retention_json(const struct bundle *b, uint16_t i)
{
    const struct policy_retention *r = bundle_retention(b);
    json_t *o = changes_retention(b);

    (void)i;
    (void)json_object_set_new(o, "backup_days", json_integer(r->backup_days));
    (void)json_object_set_new(o, "receipts_days", json_integer(r->receipts_days));
    return o;
}

static json_t *office_hours_json(const struct bundle *b, uint16_t i)
{
    const struct policy_office_hours *h = bundle_office_hours(b);

    (void)i;
    return json_pack("{s:i, s:i, s:i}", "from_minute", (int)h->from_min, "until_minute",
                     (int)h->until_min, "days", (int)h->days);
}

/* What stands once. */
static size_t one(const struct bundle *b)
{
    (void)b;
    return 1;
}

static json_t *rules_json(const struct bundle *b, uint16_t i)
{
    const struct policy_consent_rules *c = bundle_consent_rules(b);
    const struct policy_composite_rules *k = bundle_composite_rules(b);
    const struct policy_override_rules *o = bundle_override_rules(b);
    json_t *capacities = json_array();

    (void)i;
    for (size_t n = 1; n < ALM_LEN(c->capacities); n++)
        (void)json_array_append_new(capacities, json_pack("[b, i, i]", c->capacities[n].able,
                                                          (int)c->capacities[n].from_age,
                                                          (int)c->capacities[n].before_age));
    return json_pack("{s:s, s:o, s:b, s:i, s:i, s:i, s:i, s:i, s:i, s:i}", "partnership",
                     bundle_name(b), "capacities", capacities, "witness_verbal", c->witness_verbal,
                     "grace_days", (int)c->grace_days, "keep_days", (int)k->keep_days, "differ_by",
                     (int)k->differ_by, "override_approvers", (int)o->approvers,
                     "override_most_hours", (int)o->most_hours, "override_review_hours",
                     (int)o->review_hours, "override_unreviewed_limit", (int)o->unreviewed_limit);
}

static const char *agency_id(const struct bundle *b, uint16_t i)
{
    return bundle_agency_at(b, i)->id;
}

static const char *gateway_id(const struct bundle *b, uint16_t i)
{
    return bundle_gateway_at(b, i).id;
}

static const char *protocol_id(const struct bundle *b, uint16_t i)
{
    return bundle_protocol_at(b, i).id;
}

static const char *purpose_id(const struct bundle *b, uint16_t i)
{
    return bundle_purpose_at(b, i)->id;
}

static const char *question_id(const struct bundle *b, uint16_t i)
{
    return bundle_question_at(b, i)->id;
}

static const char *rules_id(const struct bundle *b, uint16_t i)
{
    (void)b;
    (void)i;
    return "partnership";
}

static const char *service_id(const struct bundle *b, uint16_t i)
{
    return bundle_service_at(b, i)->id;
}

static const char *wording_id(const struct bundle *b, uint16_t i)
{
    int32_t from, until;

    return bundle_wording_at(b, i, &from, &until);
}

static const struct kind {
    const char *word;
    size_t (*count)(const struct bundle *b);
    const char *(*id)(const struct bundle *b, uint16_t i);
    json_t *(*json)(const struct bundle *b, uint16_t i);
    bool binds; /* whatever it says is a term, not a word */
} kinds[] = {
    { "agency", bundle_n_agencies, agency_id, agency_json, false },
    { "gateway", bundle_n_gateways, gateway_id, gateway_json, false },
    { "protocol", bundle_n_protocols, protocol_id, protocol_json, false },
    { "purpose", bundle_n_purposes, purpose_id, purpose_json, false },
    { "question", bundle_n_questions, question_id, question_json, false },
    { "rules", one, rules_id, rules_json, true },
    { "category", bundle_n_categories, bundle_category_id, word_json, true },
    { "need", bundle_n_needs, bundle_need_id, word_json, true },
    { "area", bundle_n_areas, bundle_area_id, area_json, true },
    { "service", bundle_n_services, service_id, service_json, true },
    { "wording", bundle_n_wordings, wording_id, wording_json, true },
    { "referrals", one, rules_id, referrals_json, true },
    { "limits", one, rules_id, limits_json, true },
    { "tokens", one, rules_id, tokens_json, true },
    { "witnesses", one, rules_id, witnesses_json, true },
    { "retention", one, rules_id, retention_json, true },
    { "office-hours", one, rules_id, office_hours_json, true },
};

/* Keys of purposes and questions that decide something which no cell shows. */
static const char *const terms[] = { "counts",  "factors", "needed",         "pin_days",
                                     "pinning", "stage",   "look_back_days", "unknown_cannot_say",
                                     NULL };

static bool is_term(const struct kind *k, const char *key)
{
    for (size_t i = 0; terms[i] && !k->binds; i++)
        if (strcmp(terms[i], key) == 0)
            return true;
    return k->binds;
}

/* What an officer acknowledges: the first digits of the hash of all that the change says. */
static void give_group(json_t *change)
{
    char *text = json_dumps(change, JSON_COMPACT | JSON_SORT_KEYS);
    char hex[2 * POLICY_HASH_LEN + 1];
    uint8_t hash[POLICY_HASH_LEN];

    if (text && crypto_sha256(bytes_of((const uint8_t *)text, strlen(text)), hash) == 0) {
        hex_encode(hash, sizeof(hash), hex);
        (void)json_object_set_new(change, "group", json_stringn(hex, CHANGE_GROUP_TEXT));
    }
    free(text);
}

static void add(json_t *out, const struct kind *k, const char *id, const char *key, json_t *before,
                json_t *after)
{
    json_t *change = json_pack("{s:s, s:s, s:s, s:O?, s:O?}", "kind", k->word, "id", id, "key", key,
                               "before", before, "after", after);

    if (change && is_term(k, key))
        give_group(change);
    (void)json_array_append_new(out, change);
}

static void compare(json_t *out, const struct kind *k, const char *id, json_t *a, json_t *b)
{
    const char *key;
    json_t *v;

    json_object_foreach(a, key, v)
    {
        if (!json_equal(v, json_object_get(b, key)))
            add(out, k, id, key, v, json_object_get(b, key));
    }
}

static int find(const struct kind *k, const struct bundle *b, const char *id)
{
    for (size_t i = 0; i < k->count(b); i++)
        if (strcmp(k->id(b, (uint16_t)i), id) == 0)
            return (int)i;
    return -1;
}

static void compare_kind(json_t *out, const struct kind *k, const struct bundle *a,
                         const struct bundle *b)
{
    json_t *entry = json_string("(entry)");

    for (size_t i = 0; i < k->count(a); i++) {
        const char *id = k->id(a, (uint16_t)i);
        int there = find(k, b, id);
        json_t *x = k->json(a, (uint16_t)i), *y = there < 0 ? NULL : k->json(b, (uint16_t)there);

        if (there < 0)
            add(out, k, id, "gone", entry, NULL);
        else
            compare(out, k, id, x, y);
        json_decref(x);
        json_decref(y);
    }
    for (size_t i = 0; i < k->count(b); i++)
        if (find(k, a, k->id(b, (uint16_t)i)) < 0)
            add(out, k, k->id(b, (uint16_t)i), "new", NULL, entry);
    json_decref(entry);
}

json_t *changes_of(const struct bundle *a, const struct bundle *b)
{
    json_t *out = json_array();

    for (size_t i = 0; out && i < ALM_LEN(kinds); i++)
        compare_kind(out, &kinds[i], a, b);
    return out;
}
