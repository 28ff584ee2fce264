/* SPDX-License-Identifier: Apache-2.0 */
/* fields.c - single keys of a group. */
#include "compile/fields.h"
#include "base/bytes.h"
#include "base/clock.h"
#include <string.h>

static const struct conf_node *child_of(const struct field *f, const char *key, bool required)
{
    const struct conf_node *n = conf_child(f->group, key);

    if (!n && required)
        conf_fail(f->m->e, f->group, "%s \"%s\": %s is missing", f->noun, f->id, key);
    return n;
}

const char *field_text(const struct field *f, const char *key, const char *fallback)
{
    const struct conf_node *n = child_of(f, key, !fallback);
    const char *text = NULL;

    if (!n || !conf_string(n, f->m->e, &text))
        return fallback ? fallback : "";
    if (!fallback && !*text)
        conf_fail(f->m->e, n, "%s \"%s\": %s is empty", f->noun, f->id, key);
    if (strlen(text) > LAYOUT_TEXT_MAX) {
        conf_fail(f->m->e, n, "%s \"%s\": %s is longer than %d bytes", f->noun, f->id, key,
                  LAYOUT_TEXT_MAX);
        return "";
    }
    if (!utf8_valid(text, strlen(text))) {
        conf_fail(f->m->e, n, "%s \"%s\": %s is not UTF-8 text", f->noun, f->id, key);
        return "";
    }
    return text;
}

static void fail_word(const struct field *f, const struct conf_node *n, const char *key,
                      const struct word *words)
{
    ALM_CLEANUP(buf_deinit) struct buf list = { 0 };

    buf_init(&list, 400);
    for (size_t i = 0; words[i].word; i++)
        buf_printf(&list, "%s\"%s\"", i ? ", " : "", words[i].word);
    buf_put_u8(&list, 0);
    conf_fail(f->m->e, n, "%s \"%s\": %s must be one of %s", f->noun, f->id, key,
              buf_status(&list) == 0 ? (const char *)list.data : "the words of the manual");
}

uint8_t field_word(const struct field *f, const char *key, const struct word *words,
                   const char *fallback)
{
    const struct conf_node *n = conf_child(f->group, key);
    const char *text = fallback;

    if (!n && !fallback) {
        fail_word(f, f->group, key, words);
        return words[0].value;
    }
    if (n && !conf_string(n, f->m->e, &text))
        return words[0].value;
    for (size_t i = 0; words[i].word; i++)
        if (strcmp(words[i].word, text) == 0)
            return words[i].value;
    fail_word(f, n ? n : f->group, key, words);
    return words[0].value;
}

bool field_bool(const struct field *f, const char *key, bool fallback)
{
    const struct conf_node *n = conf_child(f->group, key);
    bool v = fallback;

    if (n && !conf_bool(n, f->m->e, &v))
        return fallback;
    return v;
}

int64_t field_int(const struct field *f, const char *key, int64_t min, int64_t max,
                  int64_t fallback)
{
    const struct conf_node *n = child_of(f, key, fallback == FIELD_REQUIRED);
    int64_t v = fallback == FIELD_REQUIRED ? min : fallback;

    if (n && !conf_int(n, f->m->e, min, max, &v))
        return min;
    return v;
}

int32_t field_day(const struct field *f, const char *key, bool required)
{
    const struct conf_node *n = child_of(f, key, required);
    const char *text = NULL;
    int32_t day;

    if (!n || !conf_string(n, f->m->e, &text))
        return POLICY_DAY_NONE;
    if (civil_parse(text, &day) < 0) {
        conf_fail(f->m->e, n, "%s \"%s\": %s must be a day that exists, as \"2026-05-03\"", f->noun,
                  f->id, key);
        return POLICY_DAY_NONE;
    }
    return day;
}

static uint16_t resolve(const struct field *f, const char *key, enum names_kind kind,
                        const struct conf_node *n)
{
    const struct names *names = &f->m->names[kind];
    const char *id = NULL;
    uint16_t i;

    if (!conf_string(n, f->m->e, &id))
        return POLICY_NONE;
    i = names_find(names, id);
    if (i == POLICY_NONE)
        conf_fail(f->m->e, n,
                  "%s \"%s\": %s names an unknown %s \"%.63s\"; declare it or correct the id",
                  f->noun, f->id, key, names->noun, id);
    return i;
}

uint16_t field_ref(const struct field *f, const char *key, enum names_kind kind, bool required)
{
    const struct conf_node *n = child_of(f, key, required);

    return n ? resolve(f, key, kind, n) : POLICY_NONE;
}

const struct conf_node *field_list(const struct field *f, const char *key)
{
    const struct conf_node *n = conf_child(f->group, key);

    if (n && conf_type_of(n) != CONF_LIST) {
        conf_fail(f->m->e, n, "%s \"%s\": %s must be a list", f->noun, f->id, key);
        return NULL;
    }
    return n;
}

bool field_bits(const struct field *f, const char *key, enum names_kind kind, uint64_t *words)
{
    const struct conf_node *list = field_list(f, key);

    for (size_t i = 0; list && i < conf_len(list); i++) {
        uint16_t bit = resolve(f, key, kind, conf_at(list, i));

        if (bit == POLICY_NONE)
            continue;
        if ((words[bit / 64] >> (bit % 64)) & 1)
            conf_fail(f->m->e, conf_at(list, i), "%s \"%s\": %s names the same %s twice", f->noun,
                      f->id, key, f->m->names[kind].noun);
        words[bit / 64] |= UINT64_C(1) << (bit % 64);
    }
    return conf_child(f->group, key) != NULL;
}

uint16_t field_refs(const struct field *f, const char *key, enum names_kind kind, uint16_t *out,
                    uint16_t max)
{
    const struct conf_node *list = field_list(f, key);
    uint16_t n = 0;

    for (size_t i = 0; list && i < conf_len(list); i++) {
        uint16_t ref = resolve(f, key, kind, conf_at(list, i));

        if (ref == POLICY_NONE)
            continue;
        if (n == max) {
            conf_fail(f->m->e, conf_at(list, i), "%s \"%s\": at most %u in %s", f->noun, f->id,
                      (unsigned)max, key);
            break;
        }
        out[n++] = ref;
    }
    return n;
}

void field_order(const struct field *f, int32_t from, int32_t until)
{
    if (from != POLICY_DAY_NONE && until != POLICY_DAY_NONE && from > until)
        conf_fail(f->m->e, conf_child(f->group, "to"), "%s \"%s\": to is before from", f->noun,
                  f->id);
}

bool field_is(const struct field *f, const char *key, const char *text)
{
    const struct conf_node *n = conf_child(f->group, key);
    const char *value = NULL;

    if (!n || conf_type_of(n) != CONF_STRING || !conf_string(n, f->m->e, &value))
        return false;
    return strcmp(value, text) == 0;
}

uint32_t field_words(const struct field *f, const char *key, const struct word *words)
{
    const struct conf_node *list = field_list(f, key);
    uint32_t out = 0;

    for (size_t i = 0; list && i < conf_len(list); i++) {
        const struct conf_node *n = conf_at(list, i);
        const struct word *w = words;
        const char *text = NULL;

        if (!conf_string(n, f->m->e, &text))
            continue;
        while (w->word && strcmp(w->word, text) != 0)
            w++;
        if (!w->word)
            fail_word(f, n, key, words);
        else if ((out >> w->value) & 1)
            conf_fail(f->m->e, n, "%s \"%s\": %s has \"%s\" twice", f->noun, f->id, key, w->word);
        else
            out |= UINT32_C(1) << w->value;
    }
    return out;
}

const char *field_role(const struct field *f, const char *key)
{
    uint16_t role = field_ref(f, key, NAMES_ROLE, true);

    return role == POLICY_NONE ? "" : f->m->names[NAMES_ROLE].items[role].id;
}

void field_refuse(const struct field *f, const char *const keys[], const char *why)
{
    for (; *keys; keys++)
        if (conf_child(f->group, *keys))
            conf_fail(f->m->e, conf_child(f->group, *keys), "%s \"%s\": %s %s", f->noun, f->id,
                      *keys, why);
}
