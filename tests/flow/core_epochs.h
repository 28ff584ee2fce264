/* SPDX-License-Identifier: Apache-2.0 */
/* core_epochs.h - what the tests of a change of key share: the town's people under other epochs, a
 * policy with the epochs that a test lists, and records carried from one to the next. */
#pragma once
#include "core_worry.h"
#include "store/retokens.h"

#include <errno.h>
#include <stdlib.h>

struct epoch_plan { /* epoch numbers of scheme HMAC; 0: none in this state */
    uint16_t current, next, previous;
    bool keyholder; /* and oblivious epoch 9 as next, held by the court */
};
static struct epoch_plan epoch_plan;

static inline void epoch_put(struct layout *l, uint8_t scheme, uint16_t epoch, uint8_t state)
{
    struct policy_epoch *e = &l->tokens.epochs[l->tokens.n++];

    *e = (struct policy_epoch){ .scheme = scheme, .epoch = epoch, .state = state };
    if (scheme == POLICY_OBLIVIOUS)
        memset(e->public_key, 7, sizeof(e->public_key));
}

static inline void epoch_policy(struct layout *l)
{
    worry_policy(l);
    l->tokens = (struct policy_tokens){ .keyholder = POLICY_NONE };
    if (epoch_plan.keyholder)
        l->tokens.keyholder = TOWN_COURT;
    epoch_put(l, POLICY_HMAC, epoch_plan.current ? epoch_plan.current : 1, POLICY_EPOCH_CURRENT);
    if (epoch_plan.next)
        epoch_put(l, POLICY_HMAC, epoch_plan.next, POLICY_EPOCH_NEXT);
    else if (epoch_plan.keyholder)
        epoch_put(l, POLICY_OBLIVIOUS, 9, POLICY_EPOCH_NEXT);
    if (epoch_plan.previous)
        epoch_put(l, POLICY_HMAC, epoch_plan.previous, POLICY_EPOCH_PREVIOUS);
}

static inline int epoch_setup(void **state)
{
    epoch_plan = (struct epoch_plan){ .current = 1 };
    town_policy_more = epoch_policy;
    return town_setup(state);
}

/* The same person or home as another key would have it. */
static inline void under(struct token_set *set, uint16_t epoch)
{
    for (uint8_t i = 0; i < set->n; i++) {
        for (size_t k = 1; k < TOKEN_LEN; k++)
            set->tokens[i].value[k] ^= (uint8_t)((set->tokens[i].epoch - 1) ^ (epoch - 1));
        set->tokens[i].epoch = epoch;
    }
}

static inline void home_under(struct token *home, uint16_t epoch)
{
    struct token_set set = { .n = 1, .tokens = { *home } };

    under(&set, epoch);
    *home = set.tokens[0];
}

/* The officers' answer to a policy with these epochs: "ok", or the error's word. */
static inline const char *epoch_activate(struct town *t, struct epoch_plan plan)
{
    const int two[] = { 0, 1, -1 };
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    uint8_t hash[32];
    char hex[65], *text;
    const char *word;
    json_t *fields;

    epoch_plan = plan;
    buf_init(&compiled, 1 << 20);
    town_policy(&compiled);
    assert_int_equal(crypto_sha256(buf_view(&compiled), hash), 0);
    hex_encode(hash, sizeof(hash), hex);
    text = malloc(compiled.len * 2 + 16);
    assert_non_null(text);
    assert_true(base64_encode(compiled.data, compiled.len, text, compiled.len * 2 + 16) > 0);
    fields = json_pack("{s:s,s:s,s:s,s:[]}", "bundle", text, "hash", hex, "from", t->core->policy,
                       "acknowledged");
    word = town_change(t, "policy-activate", fields, two);
    free(text);
    town_turn(t);
    return word;
}

/* The lodger says a record's tokens under another epoch. */
static inline struct msg *retoken(struct town *t, uint8_t kind, const struct id *record,
                                  enum town_person p, uint16_t epoch)
{
    struct msg *m = town_msg(t, MSG_RETOKEN);

    m->retoken.record_kind = kind;
    m->retoken.record = *record;
    town_person(p, &m->retoken.subject);
    under(&m->retoken.subject, epoch);
    return m;
}

static inline const char *carry(struct town *t, enum town_agency who, uint8_t kind,
                                const struct id *record, enum town_person p, uint16_t epoch)
{
    return worry_say(t, who, retoken(t, kind, record, p, epoch));
}

/* What asking who is involved under an epoch comes to: "asked" when the council had the question about this person,
 * "hidden" when it had it about nobody, else why not. */
static inline const char *asked(struct town *t, enum town_agency who, const char *purpose,
                                enum town_person p, uint16_t epoch)
{
    struct msg *m = town_involvement(t, purpose, p);
    struct token_set subject;
    static char word[64];

    under(&m->involvement_query.subject, epoch);
    subject = m->involvement_query.subject;
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    (void)snprintf(word, sizeof(word), "%s", town_refusal(t, who));
    if (*word)
        return word;
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_QUESTION), 1);
    return memcmp(&t->msg.question.subject, &subject, sizeof(subject)) ? "hidden" : "asked";
}

/* Does any record or index of the store still have tokens of the epoch? */
static inline int epoch_visit(void *ctx, const struct survey_record *r)
{
    const struct token_epoch *e = ctx;

    return survey_has(r, *e) ? -EEXIST : 0;
}

static inline bool epoch_kept(struct town *t, uint16_t epoch)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct token_epoch e = { TOKEN_HMAC, epoch };

    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    return retokens_survey(txn, TOWN_DAY, epoch_visit, &e) == -EEXIST;
}
