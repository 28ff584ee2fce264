/* SPDX-License-Identifier: Apache-2.0 */
/* tokens.c - the group tokens: which keys of match tokens are in use, and who holds an oblivious one. */
#include "compile/fields.h"
#include "engine/tokens.h"
#include <string.h>

#define KEY_TEXT (2 * sizeof(((struct policy_epoch *)0)->public_key))

static const struct word schemes[] = { { "hmac", POLICY_HMAC },
                                       { "oblivious", POLICY_OBLIVIOUS },
                                       { NULL, 0 } };
static const struct word states[] = { { "current", POLICY_EPOCH_CURRENT },
                                      { "next", POLICY_EPOCH_NEXT },
                                      { "previous", POLICY_EPOCH_PREVIOUS },
                                      { NULL, 0 } };

static const char *word_for(const struct word *words, uint8_t value)
{
    while (words->word && words->value != value)
        words++;
    return words->word ? words->word : "";
}

/* The public half: adapters check the keyholder's every answer against it. */
static void read_key(const struct field *f, struct policy_epoch *e)
{
    const struct conf_node *n = conf_child(f->group, "public_key");
    const char *text = NULL;

    if (e->scheme == POLICY_HMAC) {
        if (n)
            conf_fail(f->m->e, n, "%s \"%s\": public_key is for the scheme \"oblivious\"", f->noun,
                      f->id);
        return;
    }
    if (!n) {
        conf_fail(f->m->e, f->group,
                  "%s \"%s\": public_key is missing: the keyholder's, as \"almoner tokens key\" "
                  "prints it",
                  f->noun, f->id);
        return;
    }
    if (!conf_string(n, f->m->e, &text))
        return;
    if (strlen(text) != KEY_TEXT || strspn(text, "0123456789abcdef") != KEY_TEXT ||
        strspn(text, "0") == KEY_TEXT ||
        hex_decode(text, e->public_key, sizeof(e->public_key)) < 0)
        conf_fail(f->m->e, n, "%s \"%s\": public_key must be %zu digits of 0-9 and a-f, not all 0",
                  f->noun, f->id, KEY_TEXT);
}

static void read_epoch(const struct field *tokens, const struct conf_node *n,
                       struct policy_tokens *t)
{
    static const char *const known[] = { "scheme", "epoch", "state", "public_key", NULL };
    struct field f = { .m = tokens->m, .group = n, .noun = "epoch of", .id = "tokens" };
    struct policy_epoch e = { .scheme = 0 };

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(f.m->e, n,
                  "an epoch is written as { scheme = \"hmac\"; epoch = 1; state = \"current\"; }");
        return;
    }
    conf_only(n, f.m->e, known);
    e.scheme = field_word(&f, "scheme", schemes, NULL);
    e.epoch = (uint16_t)field_int(&f, "epoch", 1, UINT16_MAX, FIELD_REQUIRED);
    e.state = field_word(&f, "state", states, NULL);
    read_key(&f, &e);
    for (uint8_t i = 0; i < t->n; i++) {
        if (t->epochs[i].state == e.state)
            conf_fail(f.m->e, n, "tokens: two epochs are \"%s\"; there is one of each state",
                      word_for(states, e.state));
        if (t->epochs[i].scheme == e.scheme && t->epochs[i].epoch == e.epoch)
            conf_fail(f.m->e, n, "tokens: epoch %u of scheme \"%s\" is listed twice",
                      (unsigned)e.epoch, word_for(schemes, e.scheme));
    }
    if (t->n < POLICY_EPOCHS_MAX)
        t->epochs[t->n++] = e;
}

/* So that the same policy gives the same bytes, whatever the order of its lines. */
static void sort_epochs(struct policy_tokens *t)
{
    for (uint8_t i = 1; i < t->n; i++)
        for (uint8_t k = i; k > 0 && t->epochs[k].state < t->epochs[k - 1].state; k--) {
            struct policy_epoch swap = t->epochs[k];

            t->epochs[k] = t->epochs[k - 1];
            t->epochs[k - 1] = swap;
        }
}

static bool has(const struct policy_tokens *t, uint8_t state, uint8_t scheme)
{
    for (uint8_t i = 0; i < t->n; i++)
        if ((!state || t->epochs[i].state == state) && (!scheme || t->epochs[i].scheme == scheme))
            return true;
    return false;
}

void read_tokens(struct model *m)
{
    static const char *const known[] = { "keyholder", "epochs", NULL };
    struct field f = { .m = m, .group = m->tokens, .noun = "tokens", .id = "rules" };
    struct policy_tokens *t = &m->l.tokens;
    const struct conf_node *list;

    *t = tokens_usual;
    if (!m->tokens)
        return;
    conf_only(f.group, m->e, known);
    t->keyholder = field_ref(&f, "keyholder", NAMES_AGENCY, false);
    list = field_list(&f, "epochs");
    if (!list || conf_len(list) == 0) {
        conf_fail(m->e, f.group,
                  "tokens: epochs is missing: write epochs = ( { scheme = \"hmac\"; epoch = 1; state = "
                  "\"current\"; } );");
        return;
    }
    t->n = 0;
    for (size_t i = 0; i < conf_len(list); i++)
        read_epoch(&f, conf_at(list, i), t);
    sort_epochs(t);
    if (!has(t, POLICY_EPOCH_CURRENT, 0))
        conf_fail(m->e, list, "tokens: no epoch is \"current\": nothing could be asked or lodged");
    if (has(t, 0, POLICY_OBLIVIOUS) && !conf_child(f.group, "keyholder"))
        conf_fail(m->e, f.group,
                  "tokens: keyholder is missing: the agency that holds the key of the scheme "
                  "\"oblivious\"");
    if (!has(t, 0, POLICY_OBLIVIOUS) && conf_child(f.group, "keyholder"))
        conf_fail(m->e, f.group, "tokens: keyholder is for the scheme \"oblivious\"");
}
