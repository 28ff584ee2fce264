/* SPDX-License-Identifier: Apache-2.0 */
/* fhir.c - one kept consent as FHIR R4 Consent (hl7.org/fhir/R4/consent.html) and as a receipt.
 *
 * No name and no identifier goes into either: people are this agency's own references, agencies are
 * their ids. "patient" must be there (invariant ppc-2 for privacy consents): our reference of the
 * person, or, where our rows know nobody of these identifiers, "the subject of this consent". */
#include "host/fhir.h"

#include "base/attr.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define ACT_CODE      "http://terminology.hl7.org/CodeSystem/v3-ActCode"
#define PARTICIPATION "http://terminology.hl7.org/CodeSystem/v3-ParticipationType"
#define URN_MAX       512

static const char *text_at(const json_t *o, const char *key)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text ? text : "";
}

static bool is(const json_t *o, const char *key, const char *value)
{
    return strcmp(text_at(o, key), value) == 0;
}

/* Days are YYYY-MM-DD: their order is that of the texts. "" is no day. */
static bool before(const char *day, const char *than)
{
    return *day && strcmp(day, than) < 0;
}

const char *receipt_status(const struct receipt_facts *f)
{
    const char *withdrawn = f->withdrawn_on;

    if (!f->confirmed)
        return "draft";
    if (is(f->kept, "decision", "not-possible"))
        return "proposed";
    if ((*withdrawn && strcmp(withdrawn, f->today) <= 0) ||
        before(text_at(f->kept, "expires_on"), f->today))
        return "inactive";
    if (is(f->kept, "decision", "refused"))
        return "rejected";
    return before(text_at(f->kept, "able_until"), f->today) ? "inactive" : "active";
}

/* --- parts --- */

/* urn:almoner:ORIGIN:what */
static json_t *urn(const json_t *kept, const char *what)
{
    char text[URN_MAX];

    (void)snprintf(text, sizeof(text), "urn:almoner:%.200s:%.200s", text_at(kept, "origin"), what);
    return json_string(text);
}

static json_t *coded(const char *system, const char *code)
{
    return json_pack("{s:[{s:s,s:s}]}", "coding", "system", system, "code", code);
}

/* By this agency's own reference. */
static json_t *person(const json_t *kept, const char *type, const char *ref)
{
    char what[URN_MAX];

    (void)snprintf(what, sizeof(what), "%.64s:reference", text_at(kept, "agency"));
    return json_pack("{s:s,s:{s:o,s:s}}", "type", type, "identifier", "system", urn(kept, what),
                     "value", ref);
}

static json_t *patient(const json_t *kept)
{
    if (*text_at(kept, "person_ref"))
        return person(kept, "Patient", text_at(kept, "person_ref"));
    return json_pack("{s:s,s:{s:o,s:s}}", "type", "Patient", "identifier", "system",
                     urn(kept, "subject-of-consent"), "value", text_at(kept, "id"));
}

static json_t *agency(const json_t *kept, const char *id)
{
    if (strcmp(id, "*") == 0)
        return json_pack("{s:s,s:s}", "type", "Organization", "display",
                         "every party of the protocol for this purpose");
    return json_pack("{s:s,s:{s:o,s:s},s:s}", "type", "Organization", "identifier", "system",
                     urn(kept, "agency"), "value", id, "display", id);
}

static void actors_add(const json_t *kept, const char *key, const char *role, json_t *to)
{
    const json_t *list = json_object_get(kept, key), *id;
    size_t i;

    json_array_foreach((json_t *)list, i, id)
    {
        (void)json_array_append_new(to,
                                    json_pack("{s:o,s:o}", "role", coded(PARTICIPATION, role),
                                              "reference", agency(kept, json_string_value(id))));
    }
}

/* Set only where there is something to say: FHIR has no empty values. */
static void set_text(json_t *o, const char *key, const char *text)
{
    if (*text)
        (void)json_object_set_new(o, key, json_string(text));
}

/* Who agrees (the grantor): in FHIR the performer. */
static json_t *performer(const json_t *kept)
{
    const char *giver = text_at(kept, "giver_ref");

    if (is(kept, "capacity", "self") || is(kept, "capacity", "gillick"))
        return json_pack("[o]", patient(kept));
    if (is(kept, "capacity", "local-authority"))
        return json_pack("[{s:s,s:s}]", "type", "Organization", "display",
                         *giver ? giver : "the local authority, under a care order");
    if (is(kept, "capacity", "best-interests"))
        return json_pack("[o]", person(kept, "Practitioner", text_at(kept, "competence_by")));
    if (*giver)
        return json_pack("[o]", person(kept, "RelatedPerson", giver));
    return json_pack("[{s:s,s:s}]", "type", "RelatedPerson", "display", text_at(kept, "capacity"));
}

static json_t *provision(const struct receipt_facts *f)
{
    const json_t *kept = f->kept;
    const char *end = *f->withdrawn_on ? f->withdrawn_on : text_at(kept, "expires_on");
    json_t *actors = json_array(), *sensitive = json_array(), *p;

    actors_add(kept, "recipients", "PRCP", actors);
    actors_add(kept, "sources", "CST", actors);
    actors_add(kept, "sensitive_sources", "CST", sensitive);
    p = json_pack("{s:s,s:{s:s},s:[{s:o,s:s}]}", "type",
                  is(kept, "decision", "refused") ? "deny" : "permit", "period", "start",
                  text_at(kept, "given_on"), "purpose", "system", urn(kept, "purpose"), "code",
                  text_at(kept, "purpose"));
    if (p) {
        set_text(json_object_get(p, "period"), "end", end);
        if (json_array_size(actors))
            (void)json_object_set(p, "actor", actors);
        if (json_array_size(sensitive)) /* named one by one: a provision within */
            (void)json_object_set_new(p, "provision",
                                      json_pack("[{s:s,s:O}]", "type",
                                                is(kept, "decision", "refused") ? "deny" : "permit",
                                                "actor", sensitive));
    }
    json_decref(actors);
    json_decref(sensitive);
    return p;
}

static json_t *verification(const json_t *kept)
{
    json_t *v =
        json_pack("{s:b,s:s}", "verified", 1, "verificationDate", text_at(kept, "given_on"));

    if (v && *text_at(kept, "witness"))
        (void)json_object_set_new(v, "verifiedWith",
                                  person(kept, "RelatedPerson", text_at(kept, "witness")));
    return json_pack("[o]", v);
}

static void extension_add(const json_t *kept, const char *key, const char *type, json_t *to)
{
    char what[64];

    if (!*text_at(kept, key))
        return;
    (void)snprintf(what, sizeof(what), "consent-%.50s", key);
    (void)json_array_append_new(
        to, json_pack("{s:o,s:s}", "url", urn(kept, what), type, text_at(kept, key)));
}

/* What FHIR has no place for. */
static json_t *extensions(const json_t *kept)
{
    static const struct {
        const char *key, *type;
    } rows[] = {
        { "capacity", "valueCode" },          { "method", "valueCode" },
        { "review_on", "valueDate" },         { "able_from", "valueDate" },
        { "able_until", "valueDate" },        { "competence_by", "valueString" },
        { "competence_role", "valueString" }, { "competence_on", "valueDate" },
        { "conditions", "valueString" },      { "family", "valueString" },
        { "stage", "valueString" },           { "not_possible", "valueString" },
    };
    json_t *list = json_array();

    for (size_t i = 0; list && i < ALM_LEN(rows); i++)
        extension_add(kept, rows[i].key, rows[i].type, list);
    return list;
}

/* Of the wording that was explained. */
static void policy_add(const json_t *kept, json_t *to)
{
    char what[128];

    if (!*text_at(kept, "wording"))
        return;
    (void)snprintf(what, sizeof(what), "wording:%.64s", text_at(kept, "wording"));
    (void)json_object_set_new(to, "policy", json_pack("[{s:o}]", "uri", urn(kept, what)));
}

json_t *receipt_fhir(const struct receipt_facts *f)
{
    const json_t *kept = f->kept;
    bool refused = is(kept, "decision", "refused");
    char uuid[64];
    json_t *o;

    (void)snprintf(uuid, sizeof(uuid), "urn:uuid:%.40s", text_at(kept, "id"));
    o = json_pack(
        "{s:s,s:s,s:[{s:s,s:s}],s:s,s:o,s:[o],s:o,s:s,s:o,s:[o],s:{s:[{s:s,s:s}],s:s},s:o}",
        "resourceType", "Consent", "id", text_at(kept, "id"), "identifier", "system",
        "urn:ietf:rfc:3986", "value", uuid, "status", receipt_status(f), "scope",
        coded("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy"), "category",
        coded(ACT_CODE, "IDSCL"), "patient", patient(kept), "dateTime", text_at(kept, "given_on"),
        "performer", performer(kept), "organization", agency(kept, text_at(kept, "agency")),
        "policyRule", "coding", "system", ACT_CODE, "code", refused ? "OPTOUT" : "OPTIN", "text",
        "agreement under the common-law duty of confidence; the lawful basis under data "
        "protection law is recorded with each request",
        "provision", provision(f));
    if (!o)
        return NULL;
    if (is(kept, "mode", "exercise")) /* nobody may take a rehearsal's for a real one */
        (void)json_object_set_new(o, "meta",
                                  json_pack("{s:[{s:s,s:s,s:s}]}", "tag", "system",
                                            "http://terminology.hl7.org/CodeSystem/v3-ActReason",
                                            "code", "HTEST", "display", "test health data"));
    set_text(o, "language", text_at(kept, "language"));
    policy_add(kept, o);
    if (*text_at(kept, "witness") || *text_at(kept, "competence_by"))
        (void)json_object_set_new(o, "verification", verification(kept));
    (void)json_object_set_new(o, "extension", extensions(kept));
    return o;
}

/* --- the receipt --- */

/* The word of the standard's event types; "given explicitly" by whoever signs or speaks. */
static const char *event_type(const struct receipt_facts *f)
{
    const char *status = receipt_status(f);

    if (*f->withdrawn_on && strcmp(status, "inactive") == 0)
        return "withdrawn";
    if (strcmp(status, "inactive") == 0)
        return "lapsed";
    if (is(f->kept, "decision", "refused"))
        return "refused";
    return is(f->kept, "decision", "not-possible") ? "not-asked" : "given";
}

static json_t *receipt_purpose(const json_t *kept)
{
    return json_pack("{s:s,s:s,s:O,s:O,s:O,s:s,s:s,s:s}", "purpose", text_at(kept, "purpose"),
                     "lawful_basis", "consent (duty of confidence)", "recipient_third_parties",
                     json_object_get(kept, "recipients"), "sources",
                     json_object_get(kept, "sources"), "sensitive_sources",
                     json_object_get(kept, "sensitive_sources"), "retention_period",
                     *text_at(kept, "expires_on") ? text_at(kept, "expires_on") : "until withdrawn",
                     "jurisdiction", "GB", "withdrawal_method",
                     "tell any agency of the protocol; it takes effect at once");
}

static json_t *receipt_event(const struct receipt_facts *f)
{
    const json_t *kept = f->kept;

    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "event_time",
                     *f->withdrawn_on ? f->withdrawn_on : text_at(kept, "given_on"), "event_type",
                     event_type(f), "event_state", receipt_status(f), "consent_type", "explicit",
                     "method", text_at(kept, "method"), "entity_id",
                     *text_at(kept, "giver_ref") ? text_at(kept, "giver_ref")
                                                 : text_at(kept, "capacity"),
                     "validity_duration", text_at(kept, "expires_on"));
}

json_t *receipt_27560(const struct receipt_facts *f)
{
    const json_t *kept = f->kept;
    const char *who = *text_at(kept, "person_ref") ? text_at(kept, "person_ref") : "";

    return json_pack("{s:s,s:s,s:s,s:s,s:[o],s:[{s:s,s:s}],s:[o],s:O}", "schema_version",
                     "ISO/IEC TS 27560:2023", "record_id", text_at(kept, "id"), "receipt_id",
                     text_at(kept, "id"), "pii_principal_id", who, "processing",
                     receipt_purpose(kept), "party_identification", "party_id",
                     text_at(kept, "agency"), "party_role", "pii_controller", "event",
                     receipt_event(f), "record", (json_t *)kept);
}
