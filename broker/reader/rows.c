/* SPDX-License-Identifier: Apache-2.0 */
/* rows.c - a record as JSON: its clear part by name for people, or its exact octets for whoever
 * verifies. What is sealed leaves only as the ciphertext that the leaf commits to. */
#include "base/clock.h"
#include "reader.h"
#include "wire/msg.h"
#include <stdlib.h>
#include <string.h>

static const char *word(const char *const *words, size_t n, unsigned value)
{
    return value < n && words[value] ? words[value] : "";
}

/* The class of what came of it; the answer itself is sealed. A newer core's numbers are not guessed. */
static const char *outcome_word(const struct ledger_clear *c)
{
    switch (c->event) {
    case EVENT_DECIDED:
        return c->outcome == 1 ? "permitted" : "";
    case EVENT_REFUSED:
        return "refused";
    case EVENT_DISCLOSED:
        return c->outcome == 1 ? "told" : "";
    default:
        return "";
    }
}

static json_t *row_holders(const struct ledger_clear *c)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < c->n_holders && i < ALM_LEN(c->holders); i++)
        (void)json_array_append_new(list, json_string(c->holders[i]));
    return list;
}

static void row_ids(json_t *o, const struct ledger_clear *c)
{
    char message[ID_TEXT] = "";

    if (!id_is_zero(&c->message))
        id_format(&c->message, message);
    (void)json_object_set_new(o, "message", json_string(message));
    (void)json_object_set_new(
        o, "about", c->about == UINT64_MAX ? json_null() : json_integer((json_int_t)c->about));
}

json_t *row_clear(const struct ledger_record *r)
{
    static const char *const told[] = { "", "reason", "no-consent-line", "hidden" };
    static const char *const complete[] = { "", "all", "most", "some", "none" };
    const struct ledger_clear *c = &r->clear;
    char at[25], day[CIVIL_TEXT];
    json_t *o;

    clock_format_utc(c->at_ms, at);
    civil_format(c->civil_day, day);
    o = json_pack("{s:I, s:s, s:s, s:s, s:s}", "leaf", (json_int_t)r->leaf, "at", at, "day", day,
                  "mode", c->mode == MODE_LIVE ? "live" : "exercise", "event",
                  ledger_event_word(c->event));
    if (!o)
        return NULL;
    row_ids(o, c);
    const struct {
        const char *key, *text;
    } texts[] = {
        { "agency", c->agency },
        { "role", c->role },
        { "purpose", c->purpose },
        { "question", c->question },
        { "basis", c->basis },
        { "rule", c->rule },
        { "reason", c->reason },
        { "outcome", outcome_word(c) },
        { "told", word(told, ALM_LEN(told), c->told) },
        { "completeness", word(complete, ALM_LEN(complete), c->completeness) },
        { "policy", c->policy },
        { "officer", c->officer },
        { "detail", c->detail },
    };
    for (size_t i = 0; i < ALM_LEN(texts); i++)
        (void)json_object_set_new(o, texts[i].key, json_string(texts[i].text));
    (void)json_object_set_new(o, "holders", row_holders(c));
    (void)json_object_set_new(o, "n_holders", json_integer(c->n_holders));
    return o;
}

static int set_base64(json_t *o, const char *key, struct bytes octets)
{
    size_t size = (octets.len + 2) / 3 * 4 + 1;
    char *text = malloc(size);
    int rc = -1;

    if (text && base64_encode(octets.data, octets.len, text, size) >= 0)
        rc = json_object_set_new(o, key, json_string(text));
    free(text);
    return rc;
}

json_t *row_octets(const struct ledger_record *r)
{
    json_t *o = json_pack("{s:I}", "leaf", (json_int_t)r->leaf);
    int rc;

    if (!o)
        return NULL;
    rc = set_base64(o, "nonce", bytes_of(r->nonce, sizeof(r->nonce))) ||
         set_base64(o, "clear", r->clear_octets);
    if (!rc && r->erased) /* its hash stays, so that the leaf still proves */
        rc = set_base64(o, "sealed_hash", bytes_of(r->sealed_hash, sizeof(r->sealed_hash)));
    else if (!rc)
        rc = set_base64(o, "sealed", r->sealed_octets);
    if (!rc)
        return o;
    json_decref(o);
    return NULL;
}

size_t row_size(const struct ledger_record *r, bool octets)
{
    return octets ? 200 + (r->clear_octets.len + r->sealed_octets.len) * 4 / 3
                  : 1024 + r->clear_octets.len;
}
