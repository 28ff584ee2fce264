/* SPDX-License-Identifier: Apache-2.0 */
/* request.c - one reader per kind of field; the operations call them in turn. */
#include "host/request.h"

#include "base/clock.h"
#include "host/words.h"
#include "local/local.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const json_t *field(const json_t *o, const char *key)
{
    const json_t *v = json_object_get(o, key);

    if (!v || json_is_null(v) || (json_is_string(v) && !*json_string_value(v)))
        return NULL;
    return v;
}

json_t *request_only(const json_t *o, const char *const known[])
{
    const char *key;
    json_t *value;

    json_object_foreach((json_t *)o, key, value)
    {
        size_t i = 0;

        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (!known[i])
            return local_error(
                "unknown-field", EX_USAGE,
                "unknown field \"%.40s\"; fields here are those that adapters/README.md names",
                key);
    }
    return NULL;
}

static json_t *missing(const char *key)
{
    return local_error("missing-field", EX_USAGE, "%s is missing", key);
}

json_t *request_text(const json_t *o, const char *key, bool required, char *out, size_t out_size)
{
    int r;

    out[0] = '\0';
    if (!field(o, key))
        return required ? missing(key) : NULL;
    r = local_get_text(o, key, out, out_size);
    if (r == 0)
        return NULL;
    return local_error("bad-field", EX_DATAERR, "%s must be a text of at most %zu bytes", key,
                       out_size - 1);
}

static bool name_valid(const char *name)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

    return strchr(first, name[0]) && strspn(name, rest) == strlen(name);
}

json_t *request_name(const json_t *o, const char *key, bool required, name_t out)
{
    json_t *wrong = request_text(o, key, required, out, NAME_MAX_LEN);

    if (wrong || !out[0] || name_valid(out))
        return wrong;
    return local_error("bad-field", EX_DATAERR,
                       "%s is an id: small letters, digits, '.', '_' and '-'", key);
}

json_t *request_day(const json_t *o, const char *key, bool required, int32_t *out)
{
    *out = CIVIL_NONE;
    if (!field(o, key))
        return required ? missing(key) : NULL;
    if (local_get_day(o, key, out) == 0)
        return NULL;
    return local_error("bad-date", EX_DATAERR, "%s must be a day that exists, written YYYY-MM-DD",
                       key);
}

json_t *request_flag(const json_t *o, const char *key, bool *out)
{
    *out = false;
    if (!field(o, key) || local_get_bool(o, key, out) == 0)
        return NULL;
    return local_error("bad-field", EX_DATAERR, "%s is true or false", key);
}

json_t *request_word(const json_t *o, const char *key, int which, bool required, uint8_t *out)
{
    char word[32], list[WORDS_LIST_MAX];
    json_t *wrong = request_text(o, key, required, word, sizeof(word));

    *out = 0;
    if (wrong || !word[0] || words_number((enum words)which, word, out))
        return wrong;
    return local_error("bad-field", EX_DATAERR, "%s is one of: %s", key,
                       words_list((enum words)which, list));
}

bool request_has(const json_t *o, const char *key)
{
    return field(o, key) != NULL;
}

json_t *request_number(const json_t *o, const char *key, int64_t min, int64_t max, int64_t fallback,
                       int64_t *out)
{
    const json_t *v = field(o, key);
    const char *text = json_string_value(v);
    char *end = NULL;
    long long n = json_integer_value(v);

    *out = fallback;
    if (!v)
        return NULL;
    if (text) {
        errno = 0;
        n = strtoll(text, &end, 10);
    }
    if ((text && (errno || end == text || *end)) || (!text && !json_is_integer(v)) || n < min ||
        n > max)
        return local_error("bad-field", EX_DATAERR, "%s is a number from %lld to %lld", key,
                           (long long)min, (long long)max);
    *out = n;
    return NULL;
}

json_t *request_bits(const json_t *o, const char *key, int which, uint16_t *out)
{
    const json_t *list = field(o, key);
    char words[WORDS_LIST_MAX];

    *out = 0;
    for (size_t i = 0; list && i < json_array_size(list); i++) {
        const json_t *v = json_array_get(list, i);
        uint8_t number = 0;

        if (!json_is_string(v) || !words_number((enum words)which, json_string_value(v), &number) ||
            number > 16)
            return local_error("bad-field", EX_DATAERR, "%s is a list of: %s", key,
                               words_list((enum words)which, words));
        *out |= (uint16_t)(1u << (number - 1));
    }
    if (list && !json_is_array(list))
        return local_error("bad-field", EX_DATAERR, "%s is a list of: %s", key,
                           words_list((enum words)which, words));
    return NULL;
}

json_t *request_statements(const json_t *o, uint16_t *out)
{
    return request_bits(o, "statements", WORDS_STATEMENT, out);
}

json_t *request_names(const json_t *o, const char *key, name_t *out, size_t max, uint8_t *n)
{
    const json_t *list = field(o, key);

    *n = 0;
    if (!list)
        return NULL;
    if (!json_is_array(list) || json_array_size(list) > max)
        return local_error("bad-field", EX_DATAERR, "%s is a list of at most %zu ids", key, max);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));

        if (!name || !name[0] || !name_valid(name) || text_copy(out[*n], NAME_MAX_LEN, name) != 0)
            return local_error("bad-field", EX_DATAERR, "%s names something that is no id", key);
        (*n)++;
    }
    return NULL;
}

json_t *request_key(const json_t *o, const char *key, bool required, uint8_t out[static 32])
{
    char text[65];
    json_t *wrong = request_text(o, key, required, text, sizeof(text));

    if (wrong || !text[0])
        return wrong;
    return hex_decode(text, out, 32) == 0
               ? NULL
               : local_error("bad-field", EX_DATAERR, "%s is 64 hex characters", key);
}

static json_t *scope_name(const char *key, const json_t *v, struct msg_scope *out)
{
    const char *name = json_string_value(v);

    if (!name || json_string_length(v) != strlen(name))
        return local_error("bad-field", EX_DATAERR, "%s is a list of agencies' ids, or [\"*\"]",
                           key);
    if (strcmp(name, "*") == 0) {
        out->any = true;
        return NULL;
    }
    if (out->n == SCOPE_MAX)
        return local_error("bad-field", EX_DATAERR, "%s names more than %d agencies", key,
                           SCOPE_MAX);
    if (!name_valid(name) || text_copy(out->agencies[out->n], NAME_MAX_LEN, name) != 0)
        return local_error("bad-field", EX_DATAERR, "%s names something that is no agency's id",
                           key);
    out->n++;
    return NULL;
}

json_t *request_scope(const json_t *o, const char *key, struct msg_scope *out)
{
    const json_t *list = field(o, key);

    memset(out, 0, sizeof(*out));
    if (!list)
        return NULL;
    if (!json_is_array(list))
        return local_error("bad-field", EX_DATAERR, "%s is a list of agencies' ids, or [\"*\"]",
                           key);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *wrong = scope_name(key, json_array_get(list, i), out);

        if (wrong)
            return wrong;
    }
    if (out->any && out->n)
        return local_error("bad-field", EX_DATAERR, "%s is either \"*\" or named agencies", key);
    return NULL;
}

json_t *request_id(const json_t *o, const char *key, bool *has, struct id *out)
{
    char text[ID_TEXT];
    json_t *wrong = request_text(o, key, false, text, sizeof(text));

    *has = false;
    if (wrong || !text[0])
        return wrong;
    if (id_parse(text, out) != 0 || !id_is_v7(out))
        return local_error("bad-id", EX_DATAERR,
                           "%s is an id like 0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b: the command that lodged it "
                           "printed it, and the list of what waits shows it",
                           key);
    *has = true;
    return NULL;
}

static bool ref_valid(const char *ref)
{
    for (; *ref; ref++) {
        if (*ref < 0x21 || *ref > 0x7e)
            return false;
    }
    return true;
}

/* A role is the asker's to state; a lodger that states none acts simply as a practitioner. */
#define ROLE_OF_LODGER "practitioner"

static json_t *practitioner_read(const json_t *o, bool asking, struct msg_practitioner *p)
{
    json_t *wrong = request_text(o, "practitioner", asking, p->ref, sizeof(p->ref));

    if (!wrong && !ref_valid(p->ref))
        wrong = local_error(
            "bad-field", EX_DATAERR,
            "practitioner is an opaque reference: letters, digits and signs, no spaces");
    if (!wrong)
        wrong = request_name(o, "role", asking, p->role);
    if (!wrong)
        wrong = request_word(o, "login", WORDS_LOGIN, false, &p->login);
    if (wrong)
        return wrong;
    if (!p->ref[0]) {
        memset(p, 0, sizeof(*p)); /* nobody in particular lodges: a batch */
        return NULL;
    }
    p->login = p->login ? p->login : LOGIN_PASSWORD;
    if (!p->role[0])
        memcpy(p->role, ROLE_OF_LODGER, sizeof(ROLE_OF_LODGER));
    return NULL;
}

json_t *request_practice(const json_t *o, bool asking, struct msg *m)
{
    json_t *wrong = practitioner_read(o, asking, &m->practitioner);

    if (!wrong)
        wrong = request_name(o, "purpose", asking, m->purpose);
    if (!wrong)
        wrong = request_name(o, "basis", false, m->basis);
    if (!wrong)
        wrong = request_text(o, "case", false, m->case_ref, sizeof(m->case_ref));
    if (!wrong && !ref_valid(m->case_ref))
        wrong = local_error("bad-field", EX_DATAERR,
                            "case is an opaque reference: letters, digits and signs, no spaces");
    return wrong;
}

static json_t *home_fields(const json_t *h, bool dates, struct asked_home *out)
{
    static const char *const known[] = { "address", "postcode", "ref", "from", "until", NULL };
    static const char *const known_dateless[] = { "address", "postcode", "ref", NULL };
    json_t *wrong;

    memset(out, 0, sizeof(*out));
    out->from = out->until = CIVIL_NONE;
    if (!json_is_object(h))
        return local_error("bad-field", EX_DATAERR, "a home is {\"address\", \"postcode\", ...}");
    wrong = request_only(h, dates ? known : known_dateless);
    if (!wrong)
        wrong = request_text(h, "address", false, out->address, sizeof(out->address));
    if (!wrong)
        wrong = request_text(h, "postcode", false, out->postcode, sizeof(out->postcode));
    if (!wrong)
        wrong = request_text(h, "ref", false, out->ref, sizeof(out->ref));
    if (!wrong && dates)
        wrong = request_day(h, "from", false, &out->from);
    if (!wrong && dates)
        wrong = request_day(h, "until", false, &out->until);
    if (!wrong && out->from != CIVIL_NONE && out->until != CIVIL_NONE && out->until < out->from)
        wrong = local_error("bad-date", EX_DATAERR, "a home ends before it begins");
    return wrong;
}

json_t *request_home(const json_t *o, const char *key, bool *given, struct asked_home *out)
{
    json_t *wrong;

    *given = field(o, key) != NULL;
    if (!*given)
        return NULL;
    wrong = home_fields(json_object_get(o, key), false, out);
    if (!wrong && !out->postcode[0])
        wrong = local_error(
            "no-postcode", EX_DATAERR,
            "%s needs address and postcode: an address without a postcode cannot be asked about",
            key);
    return wrong;
}

static json_t *homes_read(const json_t *subject, struct asked_subject *out)
{
    const json_t *list = field(subject, "homes");

    if (!list)
        return NULL;
    if (!json_is_array(list) || json_array_size(list) > HOMES_MAX)
        return local_error("bad-field", EX_DATAERR, "homes is a list of at most %d", HOMES_MAX);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *wrong = home_fields(json_array_get(list, i), true, &out->homes[i]);

        if (wrong)
            return wrong;
        out->n_homes++;
    }
    return NULL;
}

static json_t *person_read(const json_t *s, struct asked_subject *out)
{
    static const char *const known[] = { "given_name", "family_name", "date_of_birth", "nhs_number",
                                         "upn",        "unborn",      "homes",         NULL };
    json_t *wrong = json_is_object(s)
                        ? request_only(s, known)
                        : local_error("bad-field", EX_DATAERR, "subject is an object");

    if (!wrong)
        wrong = request_text(s, "given_name", true, out->given, sizeof(out->given));
    if (!wrong)
        wrong = request_text(s, "family_name", true, out->family, sizeof(out->family));
    if (!wrong)
        wrong = request_day(s, "date_of_birth", true, &out->born);
    if (!wrong)
        wrong = request_text(s, "nhs_number", false, out->nhs, sizeof(out->nhs));
    if (!wrong)
        wrong = request_text(s, "upn", false, out->upn, sizeof(out->upn));
    if (!wrong)
        wrong = request_flag(s, "unborn", &out->unborn);
    return wrong ? wrong : homes_read(s, out);
}

json_t *request_subject(const json_t *o, bool household_too, bool optional, bool *given,
                        struct asked_subject *out)
{
    bool person = field(o, "subject") != NULL, household = field(o, "household") != NULL;

    memset(out, 0, sizeof(*out));
    out->born = CIVIL_NONE;
    *given = person || household;
    if (!*given)
        return optional
                   ? NULL
                   : local_error(
                         "missing-field", EX_USAGE,
                         "say whom it is about: --given, --family and --born, or --subject FILE");
    if (person && household)
        return local_error("two-subjects", EX_USAGE,
                           "a question is about a person or a household, not both");
    if (person)
        return person_read(json_object_get(o, "subject"), out);
    if (!household_too)
        return local_error("no-household", EX_USAGE,
                           "this is about a person; for a family, ask once per person");
    out->household = true;
    return request_home(o, "household", &household, &out->home);
}
