/* SPDX-License-Identifier: Apache-2.0 */
/* wire_sample_tokens.c - one good message of every type that is about tokens themselves. */
#include "wire_sample_parts.h"
#include <string.h>

uint8_t sample_epochs(struct msg_catalogue_epoch out[static TOKEN_EPOCHS_MAX], bool full)
{
    out[0] = (struct msg_catalogue_epoch){ .scheme = TOKEN_HMAC, .epoch = 1, .state = EPOCH_CURRENT };
    if (!full)
        return 1;
    out[1] = (struct msg_catalogue_epoch){ .scheme = TOKEN_OBLIVIOUS,
                                           .epoch = UINT16_MAX,
                                           .state = EPOCH_NEXT };
    out[2] = (struct msg_catalogue_epoch){ .scheme = TOKEN_OBLIVIOUS,
                                           .epoch = 1,
                                           .state = EPOCH_PREVIOUS };
    memset(out[1].public_key, 1, sizeof(out[1].public_key));
    memset(out[2].public_key, 2, sizeof(out[2].public_key));
    return 3;
}

static void sample_retoken(struct msg *m, bool full)
{
    struct msg_retoken *r = &m->retoken;

    sample_body(m, full, true);
    r->record_kind = full ? RETOKEN_CONCERN : RETOKEN_SHIELD;
    r->record = sample_id(3);
    sample_person(&r->subject, full, full);
    r->has_household = r->has_origin = full;
    if (full) {
        r->household = sample_token(TOKEN_HOME, 5, full);
        memset(r->origin, 6, sizeof(r->origin));
    }
}

static uint16_t sample_points(uint8_t points[][TOKEN_POINT_LEN], bool full)
{
    uint16_t n = full ? TOKEN_POINTS_MAX : 1;

    for (uint16_t i = 0; i < n; i++)
        memset(points[i], i % 255 + 1, TOKEN_POINT_LEN);
    return n;
}

static void sample_token_request(struct msg *m, bool full)
{
    struct msg_token_request *r = &m->token_request;

    sample_body(m, full, !full); /* full: as the broker passes it on */
    r->epoch = full ? UINT16_MAX : 1;
    SPARE(r->agency);
    r->n = sample_points(r->points, full);
}

static void sample_evaluated(struct msg *m, bool full)
{
    struct msg_tokens *t = &m->tokens;

    sample_body(m, full, full);
    m->in_reply_to = sample_id(2);
    t->epoch = full ? UINT16_MAX : 1;
    t->n = sample_points(t->points, full);
    memset(t->proof, 9, sizeof(t->proof));
}

static void (*const sample_makers[])(struct msg *m, bool full) = {
    [MSG_RETOKEN] = sample_retoken,
    [MSG_TOKEN_REQUEST] = sample_token_request,
    [MSG_TOKENS] = sample_evaluated,
};

void (*sample_tokens(uint8_t type))(struct msg *m, bool full)
{
    return type < ALM_LEN(sample_makers) ? sample_makers[type] : NULL;
}
