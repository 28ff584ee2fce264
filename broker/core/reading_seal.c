/* SPDX-License-Identifier: Apache-2.0 */
/* reading_seal.c - what a reading's leaf keeps under seal: whom it was about, and the words of a family report. Its tags find it,
 * so that whoever was read about, or read up on, can learn who did. */
#include "local/token_json.h"
#include "stages.h"
#include "store/ledger_keys.h"

#include <errno.h>
#include <string.h>

#define WORDS_MAX 501

static const char *const causes[] = { "", "third-party", "serious-harm" };

/* One set for each key and kind of subject, as every other record has them. */
static void seal_set(struct core *c, const struct token_json *t, const struct token *of)
{
    struct token_set set = { .unborn = t->unborn };

    for (uint8_t i = 0; i < t->n && set.n < TOKEN_SET_MAX; i++)
        if (t->tokens[i].scheme == of->scheme && t->tokens[i].epoch == of->epoch)
            set.tokens[set.n++] = t->tokens[i];
    record_tokens(c, &set);
    crypto_wipe(&set, sizeof(set));
}

static int seal_tokens(struct core *c, const json_t *o)
{
    ALM_CLEANUP(token_json_wipe) struct token_json t;
    char why[160];

    if (!o)
        return 0;
    if (token_json_read(o, &t, why, sizeof(why)))
        return -EINVAL;
    for (uint8_t i = 0; i < t.n; i++) {
        bool before = false;

        for (uint8_t k = 0; k < i; k++)
            before = before || (t.tokens[k].scheme == t.tokens[i].scheme &&
                                t.tokens[k].epoch == t.tokens[i].epoch);
        if (!before)
            seal_set(c, &t, &t.tokens[i]);
    }
    return 0;
}

static int seal_practitioner(struct core *c, const json_t *o)
{
    char agency[64], ref[sizeof(name_t)];
    uint64_t tag = 0;
    int r;

    if (!o)
        return 0;
    if (local_get_text(o, "agency", agency, sizeof(agency)) ||
        local_get_text(o, "reference", ref, sizeof(ref)))
        return -EINVAL;
    r = ledger_tag_practitioner(c->store, agency, ref, &tag);
    if (!r)
        r = ledger_tag_add(&c->private, tag);
    if (r)
        return r;
    buf_put_u8(&c->sealed, 'W');
    buf_put_u32(&c->sealed, (uint32_t)(4 + strlen(agency) + 4 + strlen(ref)));
    buf_put_text(&c->sealed, agency);
    buf_put_text(&c->sealed, ref);
    return 0;
}

static int seal_redaction(struct core *c, const json_t *o)
{
    char text[WORDS_MAX], cause[16];
    int64_t leaf;
    uint8_t n = 0;

    if (local_get_int(o, "leaf", 0, INT64_MAX, &leaf) ||
        local_get_text(o, "cause", cause, sizeof(cause)) ||
        local_get_text(o, "text", text, sizeof(text)))
        return -EINVAL;
    for (uint8_t i = 1; i < ALM_LEN(causes); i++)
        if (!strcmp(causes[i], cause))
            n = i;
    buf_put_u8(&c->sealed, 'D');
    buf_put_u32(&c->sealed, (uint32_t)(8 + 1 + 4 + strlen(text)));
    buf_put_u64(&c->sealed, (uint64_t)leaf);
    buf_put_u8(&c->sealed, n);
    buf_put_text(&c->sealed, text);
    return n ? 0 : -EINVAL;
}

static int seal_family(struct core *c, const json_t *o)
{
    char text[WORDS_MAX];
    const json_t *list = json_object_get(o, "redactions");
    int r = 0;

    if (!o)
        return 0;
    if (local_get_text(o, "safe_contact", text, sizeof(text)))
        return -EINVAL;
    buf_put_u8(&c->sealed, 'F');
    buf_put_u32(&c->sealed, (uint32_t)(4 + strlen(text)));
    buf_put_text(&c->sealed, text);
    for (size_t i = 0; !r && i < json_array_size(list); i++)
        r = seal_redaction(c, json_array_get(list, i));
    return r;
}

int reading_seal(struct core *c, const struct ledger_clear *begun, const json_t *sealed)
{
    int r;

    (void)begun; /* taken so that it cannot be called before the record is begun */
    r = seal_tokens(c, json_object_get(sealed, "tokens"));
    if (!r)
        r = seal_practitioner(c, json_object_get(sealed, "practitioner"));
    return r ? r : seal_family(c, json_object_get(sealed, "family"));
}
