/* SPDX-License-Identifier: Apache-2.0 */
/* check_tokens.c - the rules between fields of the messages about tokens themselves. */
#include "wire/check.h"

static bool check_blank(const uint8_t key[static 32])
{
    uint8_t any = 0;

    for (size_t i = 0; i < 32; i++)
        any |= key[i];
    return any == 0;
}

static bool check_epoch_shared(const struct msg_catalogue_epoch *a,
                               const struct msg_catalogue_epoch *b)
{
    return a->state == b->state || (a->scheme == b->scheme && a->epoch == b->epoch);
}

/* One of each state at most; and without the keyholder's public key a wrong key would go unnoticed. */
enum wire_fault check_epochs(const struct msg_catalogue_epoch *epochs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool keyed = !check_blank(epochs[i].public_key);

        if (epochs[i].scheme == TOKEN_OBLIVIOUS && !keyed)
            return WIRE_MISSING_FIELD;
        if (epochs[i].scheme != TOKEN_OBLIVIOUS && keyed)
            return WIRE_BAD_VALUE;
        for (size_t j = 0; j < i; j++) {
            if (check_epoch_shared(&epochs[i], &epochs[j]))
                return WIRE_BAD_VALUE;
        }
    }
    return WIRE_OK;
}

static bool check_same_epoch(const struct token *a, const struct token *b)
{
    return a->scheme == b->scheme && a->epoch == b->epoch;
}

/* Which records may have a home beside the person, or instead of one. */
static bool check_has_home(uint8_t kind)
{
    return kind == RETOKEN_CONCERN || kind == RETOKEN_REFERRAL || kind == RETOKEN_WATCH;
}

enum wire_fault check_retoken(const struct msg *m)
{
    const struct msg_retoken *r = &m->retoken;
    enum wire_fault f = r->subject.n ? check_person(&r->subject) : WIRE_OK;

    if (f)
        return f;
    if (!r->subject.n && !r->has_household)
        return WIRE_MISSING_FIELD;
    if (r->has_household && (r->household.kind != TOKEN_HOME || !check_has_home(r->record_kind)))
        return WIRE_BAD_VALUE;
    if (r->has_origin && r->record_kind != RETOKEN_CONCERN)
        return WIRE_BAD_VALUE;
    if (r->has_household && r->subject.n &&
        !check_same_epoch(&r->household, &r->subject.tokens[0]))
        return WIRE_BAD_VALUE;
    return WIRE_OK;
}

enum wire_fault check_token_request(const struct msg *m)
{
    bool from = m->sender[0], agency = m->token_request.agency[0];

    /* An agency does not say on whose behalf it asks: the broker says who asked. */
    if (from && agency)
        return WIRE_BAD_VALUE;
    return from || agency ? WIRE_OK : WIRE_MISSING_FIELD;
}
