/* SPDX-License-Identifier: Apache-2.0 */
/* sealed.c - see sealed.h. */
#include "sealed.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/id.h"
#include <errno.h>
#include <string.h>

#define VERSION  1
#define TEXT_MAX 2048 /* bytes of any text in it, with NUL */

typedef int sealed_block(void *ctx, uint8_t tag, struct cursor *at);

/* Return: 0; -EBADMSG; what visit gave. */
static int blocks_each(struct bytes plain, sealed_block *visit, void *ctx)
{
    struct cursor c = cursor_of(plain);
    int rc = 0;

    if (cursor_u8(&c) != VERSION)
        return -EBADMSG;
    while (!rc && !c.failed && c.left) {
        uint8_t tag = cursor_u8(&c);
        struct cursor block = cursor_of(cursor_take(&c, cursor_u32(&c)));

        if (c.failed)
            return -EBADMSG;
        rc = visit(ctx, tag, &block);
        if (!rc && block.failed)
            rc = -EBADMSG;
    }
    return rc ? rc : (c.failed ? -EBADMSG : 0);
}

/* --- by name --- */

struct naming {
    json_t *o;
    enum sealed_what what;
    bool involvement;
};

static const char *word(const char *const *words, size_t n, unsigned value)
{
    return value < n && words[value] ? words[value] : "";
}
static const char *const logins[] = { "", "password", "two-factor", "smartcard" };
static const char *const answers[] = { "", "yes", "no", "not-known", "cannot-say" };
static const char *const values[] = { "", "yes", "no", "cannot-say" };
static const char *const statements[] = { "para18-reason", "public-task-statement",
                                          "not-more-detrimental", "necessity" };
static const char *const causes[] = { "", "third-party", "serious-harm" };

static int put_text(json_t *o, const char *key, struct cursor *at)
{
    char text[TEXT_MAX];
    int rc;

    cursor_text(at, text, sizeof(text));
    rc = json_object_set_new(o, key, json_string(text));
    crypto_wipe(text, sizeof(text));
    return rc ? -ENOMEM : 0;
}

static int put_when(json_t *o, const char *key, int64_t ms)
{
    char text[25];

    clock_format_utc(ms, text);
    return json_object_set_new(o, key, json_string(text)) ? -ENOMEM : 0;
}

static int name_asker(const struct naming *n, struct cursor *at)
{
    int rc = put_text(n->o, "practitioner", at);

    if (rc)
        return rc;
    return json_object_set_new(n->o, "login",
                               json_string(word(logins, ALM_LEN(logins), cursor_u8(at))))
               ? -ENOMEM
               : 0;
}

static int name_statements(const struct naming *n, struct cursor *at)
{
    unsigned bits = cursor_u16(at);
    json_t *list = json_array();

    for (size_t i = 0; list && i < ALM_LEN(statements); i++)
        if (bits & (1u << i))
            (void)json_array_append_new(list, json_string(statements[i]));
    return json_object_set_new(n->o, "statements", list) ? -ENOMEM : 0;
}

static int name_answers(const struct naming *n, struct cursor *at)
{
    unsigned count = cursor_u16(at);
    json_t *list = json_array();

    for (unsigned i = 0; list && i < count && !at->failed; i++) {
        char agency[64];
        bool answered;

        cursor_text(at, agency, sizeof(agency));
        answered = cursor_u8(at) != 0;
        (void)json_array_append_new(
            list, json_pack("{s:s, s:b, s:s}", "agency", agency, "answered", answered, "value",
                            word(answers, ALM_LEN(answers), cursor_u8(at))));
    }
    if (json_object_set_new(n->o, "answers", list))
        return -ENOMEM;
    return json_object_set_new(
               n->o, "told",
               json_string(n->involvement ? "list"
                                          : word(values, ALM_LEN(values), cursor_u8(at))))
               ? -ENOMEM
               : 0;
}

static int name_id(const struct naming *n, struct cursor *at)
{
    struct bytes octets = cursor_take(at, ID_LEN);
    char text[ID_TEXT];
    struct id id;

    if (at->failed)
        return 0;
    memcpy(id.octets, octets.data, ID_LEN);
    id_format(&id, text);
    return json_object_set_new(n->o, "id", json_string(text)) ? -ENOMEM : 0;
}

static int name_by(const struct naming *n, struct cursor *at)
{
    json_t *by = json_object();
    int rc = by ? put_text(by, "reference", at) : -ENOMEM;

    if (!rc)
        rc = put_when(by, "at", cursor_i64(at));
    if (json_object_set_new(n->o, "by", by))
        return -ENOMEM;
    return rc;
}

static int name_competence(const struct naming *n, struct cursor *at)
{
    json_t *o = json_object();
    char day[CIVIL_TEXT];
    int rc = o ? put_text(o, "by", at) : -ENOMEM;

    if (!rc)
        rc = put_text(o, "role", at);
    if (!rc) {
        civil_format(cursor_i32(at), day);
        rc = json_object_set_new(o, "on", json_string(day)) ? -ENOMEM : 0;
    }
    if (json_object_set_new(n->o, "competence", o))
        return -ENOMEM;
    return rc;
}

static int name_redaction(const struct naming *n, struct cursor *at)
{
    json_t *list = json_object_get(n->o, "redactions"), *o = json_object();
    uint64_t leaf = cursor_u64(at);
    uint8_t cause = cursor_u8(at);
    int rc = o ? put_text(o, "text", at) : -ENOMEM;

    if (!list) {
        list = json_array();
        (void)json_object_set_new(n->o, "redactions", list);
    }
    if (!rc && (json_object_set_new(o, "leaf", json_integer((json_int_t)leaf)) ||
                json_object_set_new(o, "cause", json_string(word(causes, ALM_LEN(causes), cause)))))
        rc = -ENOMEM;
    return json_array_append_new(list, o) ? -ENOMEM : rc;
}

static int name_text(const struct naming *n, const char *key, struct cursor *at)
{
    return put_text(n->o, key, at);
}

static int name_block(void *ctx, uint8_t tag, struct cursor *at)
{
    const struct naming *n = ctx;

    if (tag == 'P')
        return name_asker(n, at);
    if (tag == 'C')
        return name_text(n, "case", at);
    if (tag == 'R' && n->what & SEALED_CLAIM)
        return name_text(n, "reason", at);
    if (n->what != SEALED_ALL)
        return 0;
    switch (tag) {
    case 'S':
        return name_statements(n, at);
    case 'A':
        return name_answers(n, at);
    case 'I':
        return name_id(n, at);
    case 'B':
        return name_by(n, at);
    case 'J':
        return name_competence(n, at);
    case 'F':
        return name_text(n, "safe_contact", at);
    case 'D':
        return name_redaction(n, at);
    default:
        return 0; /* tokens: never; and what a newer writer has */
    }
}

json_t *sealed_json(struct bytes plain, enum sealed_what what, bool involvement)
{
    struct naming n = { .o = json_object(), .what = what, .involvement = involvement };

    if (!n.o || blocks_each(plain, name_block, &n) == 0)
        return n.o;
    json_decref(n.o);
    return NULL;
}

/* --- tokens --- */

struct tokens_at {
    sealed_tokens_visit *visit;
    void *ctx;
};

static int tokens_block(void *ctx, uint8_t tag, struct cursor *at)
{
    const struct tokens_at *w = ctx;
    struct token_set set = { 0 };
    uint8_t n;
    int rc;

    if (tag != 'T')
        return 0;
    set.unborn = cursor_u8(at) != 0;
    n = cursor_u8(at);
    if (n > TOKEN_SET_MAX)
        return -EBADMSG;
    for (; set.n < n; set.n++) {
        struct token *t = &set.tokens[set.n];
        struct bytes value;

        t->kind = cursor_u8(at);
        t->scheme = cursor_u8(at);
        t->epoch = cursor_u16(at);
        value = cursor_take(at, TOKEN_LEN);
        if (at->failed)
            return -EBADMSG;
        memcpy(t->value, value.data, TOKEN_LEN);
    }
    rc = w->visit(w->ctx, &set);
    crypto_wipe(&set, sizeof(set));
    return rc;
}

int sealed_tokens(struct bytes plain, sealed_tokens_visit *visit, void *ctx)
{
    struct tokens_at w = { visit, ctx };

    return blocks_each(plain, tokens_block, &w);
}

/* --- who said nothing --- */

static int silent_block(void *ctx, uint8_t tag, struct cursor *at)
{
    unsigned count;

    if (tag != 'A')
        return 0;
    count = cursor_u16(at);
    for (unsigned i = 0; i < count && !at->failed; i++) {
        char agency[64];
        bool answered;

        cursor_text(at, agency, sizeof(agency));
        answered = cursor_u8(at) != 0;
        (void)cursor_u8(at);
        if (!answered && !at->failed && json_array_append_new(ctx, json_string(agency)))
            return -ENOMEM;
    }
    return 0;
}

int sealed_silent(struct bytes plain, json_t *list)
{
    return blocks_each(plain, silent_block, list);
}
