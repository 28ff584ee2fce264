/* SPDX-License-Identifier: Apache-2.0 */
/* msg_tokens.h - messages about match tokens themselves: which epochs are in use, what the keyholder is asked,
 * and the second set of tokens of a record. */
#pragma once
#include "wire/msg_base.h"

#define TOKEN_EPOCHS_MAX 4
#define TOKEN_POINT_LEN  32 /* bytes: an element of ristretto255 (RFC 9496) */
#define TOKEN_PROOF_LEN  64 /* bytes: c and s of RFC 9497 section 2.2 */
#define TOKEN_POINTS_MAX 256

enum token_epoch_state {
    EPOCH_CURRENT = 1, /* ask and lodge under this one */
    EPOCH_NEXT,        /* being carried to: index under it, and retoken what was lodged */
    EPOCH_PREVIOUS,    /* being left: still answered, nothing is lodged under it */
};
enum retoken_kind { /* which record; the numbers are in the log: never reuse one */
    RETOKEN_CONSENT = 1, /* a grant or refusal */
    RETOKEN_SHIELD, RETOKEN_CONCERN, RETOKEN_REFERRAL, RETOKEN_WATCH, RETOKEN_DISPUTE,
    RETOKEN_WITHDRAWAL, /* one that named a person and a purpose, not a consent */
};

struct msg_catalogue_epoch {
    uint8_t scheme; /* enum token_scheme */
    uint16_t epoch;
    uint8_t state;          /* enum token_epoch_state */
    uint8_t public_key[32]; /* of the keyholder's key (scheme oblivious), else zeroes */
};
struct msg_retoken { /* the lodger of the record: its tokens under another epoch; Receipt */
    uint8_t record_kind; /* enum retoken_kind */
    struct id record;    /* Body.id of the message that lodged it */
    struct token_set subject; /* n 0 for a household */
    bool has_household;
    struct token household; /* where the record has one */
    bool has_origin;
    uint8_t origin[32]; /* a concern's, where it has one: it is keyed like a token */
};
struct msg_token_request { /* agency -> broker -> keyholder; answered with Tokens */
    uint16_t epoch;
    name_t agency; /* who asks: set by the broker towards the keyholder, "" towards the broker */
    uint16_t n;
    uint8_t points[TOKEN_POINTS_MAX][TOKEN_POINT_LEN]; /* blinded; none all zeroes */
};
struct msg_tokens { /* keyholder -> broker -> agency; in_reply_to the request as each of them sent it */
    uint16_t epoch;
    uint16_t n; /* as asked, in the same order */
    uint8_t points[TOKEN_POINTS_MAX][TOKEN_POINT_LEN];
    uint8_t proof[TOKEN_PROOF_LEN]; /* one for the batch: RFC 9497 section 3.3.2 */
};
