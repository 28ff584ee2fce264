/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - the structs of a caller as a request of the local socket. What a field may hold is
 * the adapter's to check. */
#include "client/client.h"

#include "base/bytes.h"

#include <string.h>

struct request request_new(struct alm_client *c, const char *op)
{
    struct request r = { .client = c, .o = json_object(), .result = ALM_CALL_DONE };

    client_begin(c);
    request_text(&r, "op", op);
    return r;
}

static void no_memory(struct request *r)
{
    if (r->result == ALM_CALL_DONE)
        r->result = client_fail(r->client, ALM_CALL_MEMORY, "memory", "not enough memory");
}

void request_fault(struct request *r, const char *text)
{
    if (r->result == ALM_CALL_DONE)
        r->result = client_fail(r->client, ALM_CALL_ARGUMENT, "argument", "%s", text);
}

/* Return: a new reference, or NULL after noting why. */
static json_t *text_json(struct request *r, const char *key, const char *text)
{
    json_t *v = json_string(text);

    if (v)
        return v;
    if (r->result == ALM_CALL_DONE && !utf8_valid(text, strlen(text)))
        r->result = client_fail(r->client, ALM_CALL_ARGUMENT, "not-utf8", "%s is not UTF-8", key);
    no_memory(r);
    return NULL;
}

static void put(struct request *r, json_t *o, const char *key, const char *text)
{
    json_t *v = text && *text ? text_json(r, key, text) : NULL;

    if (v && json_object_set_new(o, key, v) != 0)
        no_memory(r);
}

void request_text(struct request *r, const char *key, const char *text)
{
    put(r, r->o, key, text);
}

void request_number(struct request *r, const char *key, uint64_t n)
{
    if (n > INT64_MAX)
        request_fault(r, "a number past the greatest there is");
    else if (n && json_object_set_new(r->o, key, json_integer((json_int_t)n)) != 0)
        no_memory(r);
}

void request_list(struct request *r, const char *key, const char *const *words)
{
    json_t *list = words && *words ? json_array() : NULL;

    if (!words || !*words)
        return;
    for (; list && *words; words++) {
        json_t *v = text_json(r, key, *words);

        if (v && json_array_append_new(list, v) != 0)
            no_memory(r);
    }
    if (json_object_set_new(r->o, key, list) != 0)
        no_memory(r);
}

void request_practice(struct request *r, const struct alm_practice *p)
{
    if (!p) {
        request_fault(r, "practice is missing: who asks, as what and why");
        return;
    }
    request_text(r, "practitioner", p->practitioner);
    request_text(r, "role", p->role);
    request_text(r, "purpose", p->purpose);
    request_text(r, "basis", p->basis);
    request_text(r, "login", p->login);
    request_text(r, "case", p->case_ref);
}

static json_t *home_json(struct request *r, const struct alm_typed_home *h, bool dated)
{
    json_t *o = json_object();

    if (!o)
        no_memory(r);
    put(r, o, "address", h->address);
    put(r, o, "postcode", h->postcode);
    put(r, o, "ref", h->ref);
    if (dated) {
        put(r, o, "from", h->from);
        put(r, o, "until", h->until);
    }
    return o;
}

void request_home(struct request *r, const char *key, const struct alm_typed_home *home)
{
    if (home && json_object_set_new(r->o, key, home_json(r, home, false)) != 0)
        no_memory(r);
}

void request_person(struct request *r, const struct alm_typed_person *p)
{
    json_t *o, *homes;

    if (!p)
        return;
    if (p->n_homes && !p->homes) {
        request_fault(r, "n_homes says that there are homes, and homes is NULL");
        return;
    }
    o = json_object();
    homes = json_array();
    put(r, o, "given_name", p->given_name);
    put(r, o, "family_name", p->family_name);
    put(r, o, "date_of_birth", p->date_of_birth);
    put(r, o, "nhs_number", p->nhs_number);
    put(r, o, "upn", p->upn);
    if (p->unborn && json_object_set_new(o, "unborn", json_true()) != 0)
        no_memory(r);
    for (size_t i = 0; i < p->n_homes; i++) {
        if (json_array_append_new(homes, home_json(r, &p->homes[i], true)) != 0)
            no_memory(r);
    }
    if (json_object_set_new(o, "homes", homes) != 0)
        no_memory(r);
    if (json_object_set_new(r->o, "subject", o) != 0)
        no_memory(r);
}

enum alm_result request_call(struct request *r, int extra_ms)
{
    enum alm_result result = r->result;

    if (result == ALM_CALL_DONE)
        result = client_exchange(r->client, r->o, extra_ms);
    json_decref(r->o);
    r->o = NULL;
    return result;
}
