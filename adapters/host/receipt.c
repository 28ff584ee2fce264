/* SPDX-License-Identifier: Apache-2.0 */
/* receipt.c - what was lodged as a consent, kept beside the outbox, so that a receipt can be given
 * of it later: the broker keeps no reference of ours, and lists little.
 *
 *   FOLDER/ID.json   one consent, as this agency may read it: references, never a name, a birth
 *                    date or an identifier */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "host/fhir.h"
#include "host/ops.h"
#include "host/reply.h"
#include "host/request.h"
#include "host/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define KEPT_MAX 65536 /* bytes of a record */

static int kept_path(const struct host *h, const struct id *id, char out[static PATH_MAX])
{
    char text[ID_TEXT];
    int n;

    id_format(id, text);
    n = snprintf(out, PATH_MAX, "%s/%s.json", h->config.consents, text);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static json_t *scope_json(const struct msg_scope *s)
{
    json_t *list = json_array();

    if (s->any)
        (void)json_array_append_new(list, json_string("*"));
    for (uint8_t i = 0; i < s->n; i++)
        (void)json_array_append_new(list, json_string(s->agencies[i]));
    return list;
}

static void kept_days(const struct msg_consent *c, json_t *o)
{
    const struct {
        const char *key;
        int32_t day;
    } days[] = {
        { "given_on", c->given_on },     { "expires_on", c->expires_on },
        { "review_on", c->review_on },   { "able_from", c->able_from },
        { "able_until", c->able_until }, { "competence_on", c->competence_on },
    };

    for (size_t i = 0; i < ALM_LEN(days); i++)
        (void)json_object_set_new(o, days[i].key, reply_day(days[i].day));
}

static json_t *kept_json(const struct host *h)
{
    const struct msg *m = h->out;
    const struct msg_consent *c = &m->consent;
    char id[ID_TEXT], family[ID_TEXT] = "", stage[4] = "";
    json_t *o;

    id_format(&m->id, id);
    if (c->has_family)
        id_format(&c->family, family);
    if (c->stage)
        (void)snprintf(stage, sizeof(stage), "%u", c->stage);
    o = json_pack(
        "{s:i,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:s,"
        "s:s,s:s,s:s,s:s,s:s}",
        "v", 1, "id", id, "agency", h->config.agency, "origin", h->config.origin, "mode",
        h->config.mode, "decision", words_of(WORDS_DECISION, c->decision), "purpose", c->purpose,
        "capacity", words_of(WORDS_CAPACITY, c->capacity), "giver_ref", c->giver_ref, "person_ref",
        h->person, "recipients", scope_json(&c->recipients), "sources", scope_json(&c->sources),
        "sensitive_sources", scope_json(&c->sensitive_sources), "method",
        words_of(WORDS_METHOD, c->method), "wording", c->wording_version, "competence_by",
        c->competence_by, "competence_role", c->competence_role, "witness", c->witness, "language",
        c->language, "conditions", c->conditions, "safe_contact", c->safe_contact, "family", family,
        "stage", stage, "not_possible", c->not_possible, "practitioner", m->practitioner.ref,
        "role", m->practitioner.role, "case", m->case_ref);
    if (o)
        kept_days(c, o);
    return o;
}

/* A consent is lodged even where no record of it can be kept: the receipt is a convenience. */
void receipt_keep(const struct host *h)
{
    char path[PATH_MAX];
    json_t *o = kept_json(h);
    char *text = o ? json_dumps(o, JSON_INDENT(2)) : NULL;
    int r = kept_path(h, &h->out->id, path);

    if (r == 0)
        r = text ? file_mkdirs(h->config.consents, 0700) : -ENOMEM;
    if (r == 0)
        r = file_write(path, bytes_str(text), 0600);
    if (r != 0)
        log_error("consent-not-kept", "error=%s", LOG_Q(strerror(-r)));
    free(text);
    json_decref(o);
}

/* NULL, with *wrong set. */
static json_t *kept_read(const struct host *h, const struct id *id, json_t **wrong)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    char path[PATH_MAX];
    json_t *o = NULL;
    int r = kept_path(h, id, path);

    buf_init(&b, KEPT_MAX);
    if (r == 0)
        r = file_read(path, KEPT_MAX, &b);
    if (r == 0) {
        o = json_loadb((const char *)b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
        if (!json_is_object(o) || json_integer_value(json_object_get(o, "v")) != 1)
            r = -EBADMSG;
    }
    if (r == 0)
        return o;
    json_decref(o);
    *wrong = r == -ENOENT
                 ? local_error("unknown-consent", EX_NOINPUT,
                               "no consent of this id was lodged here: almoner consent list")
                 : local_error("consent-not-read", EX_IOERR, "its record cannot be read: %s",
                               strerror(-r));
    return NULL;
}

/* --- the operation: what is kept here, and how the broker says that it stands --- */

static void list_ask(struct msg *query, uint16_t page, const json_t *o)
{
    (void)o;
    query->consent_list_query.page = page;
}

static uint16_t list_add(json_t *list, const struct msg *m)
{
    reply_consents_add(list, &m->consent_list);
    return m->consent_list.pages;
}

static const json_t *listed(const json_t *list, const char *id)
{
    const json_t *entry;
    size_t i;

    json_array_foreach((json_t *)list, i, entry)
    {
        const char *of = json_string_value(json_object_get(entry, "id"));

        if (of && strcmp(of, id) == 0)
            return entry;
    }
    return NULL;
}

static json_t *receipt_whole(struct host *h, struct pending *p)
{
    const char *id = json_string_value(json_object_get(p->request, "consent"));
    const json_t *entry = listed(p->list, id ? id : "");
    const char *withdrawn = json_string_value(json_object_get(entry, "withdrawn_on"));
    struct receipt_facts f = { .withdrawn_on = withdrawn ? withdrawn : "",
                               .confirmed = entry != NULL };
    char today[CIVIL_TEXT];
    json_t *wrong = NULL, *kept;
    struct id of;

    if (!id || id_parse(id, &of) != 0)
        return local_error("internal", EX_SOFTWARE, "the consent's id was lost");
    kept = kept_read(h, &of, &wrong);
    if (!kept)
        return wrong;
    civil_format(host_day(h), today);
    f.kept = kept;
    f.today = today;
    if (json_is_true(json_object_get(p->request, "fhir")))
        ops_reply_now(h, p->client,
                      json_pack("{s:b,s:s,s:s,s:o}", "ok", 1, "kind", "consent-fhir", "status",
                                receipt_status(&f), "fhir", receipt_fhir(&f)));
    else
        ops_reply_now(h, p->client,
                      json_pack("{s:b,s:s,s:s,s:o}", "ok", 1, "kind", "consent-receipt", "status",
                                receipt_status(&f), "receipt", receipt_27560(&f)));
    json_decref(kept);
    return NULL;
}

static json_t *op_receipt(struct host *h, uint64_t client, const json_t *o)
{
    static const struct paged how = { MSG_CONSENT_LIST_QUERY, MSG_CONSENT_LIST, list_ask,  list_add,
                                      receipt_whole,          "consents",       "consents" };
    static const char *const keys[] = { OPS_PRACTICE, "consent", "fhir", NULL };
    const struct pending of = ops_first(h, client, o);
    json_t *wrong = request_only(o, keys), *kept;
    struct id id;
    bool has = false, fhir;

    if (!wrong)
        wrong = request_flag(o, "fhir", &fhir);
    if (!wrong)
        wrong = request_id(o, "consent", &has, &id);
    if (!wrong && !has)
        wrong = ops_missing("consent is missing: the id that the grant printed");
    if (wrong)
        return wrong;
    kept = kept_read(h, &id, &wrong);
    if (!kept)
        return wrong;
    json_decref(kept);
    return ops_pages(h, &of, &how);
}

static const struct op receipts[] = {
    { "consent-receipt", op_receipt, false },
};
const struct op_table ops_receipts = { receipts, ALM_LEN(receipts) };
