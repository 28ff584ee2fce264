/* SPDX-License-Identifier: Apache-2.0 */
/* frames.h - frames by the ten thousand: encoded once by proto/wire, then only what differs is
 * written over, so that the load costs less than what it measures. */
#pragma once
#include "town.h"
#include "wire/wire.h"

enum frame_kind {
    FRAME_HELLO = 0,
    FRAME_LEASE,
    FRAME_INSIGHT,
    FRAME_WHO_5,
    FRAME_WHO_20,
    FRAME_WHO_50,
    FRAME_ANSWER,
    FRAME_CONCERN,
    FRAME_REFERRAL,
    FRAME_SUBSCRIBE,
    FRAME_ACK,       /* of the stream of firings */
    FRAME_ACK_INBOX,
    FRAME_KINDS
};
int frame_kind_of(const char *word); /* "insight"; -1 none */

struct stencil { /* one agency's frame of one kind */
    struct buf frame;
    size_t body, body_len, signature; /* signature 0: not signed */
    size_t id, reply_to, sent, purpose, question, tokens[TOWN_TOKENS], origin, receiver, seq;
    uint8_t key[64]; /* libsodium's form of the signing key */
    size_t seq_len;  /* of an acknowledgement: bytes of its number as it stands there */
    bool inbox;      /* which stream it acknowledges */
    struct town_agency who;
};
/* Return: 0; -EINVAL; -ENOMEM. */
ALM_MUST_USE int stencil_make(enum frame_kind kind, const struct town_agency *who, bool sign, struct stencil *out);
void stencil_free(struct stencil *s);

struct fill { /* what is written over */
    const uint8_t *id, *reply_to; /* 16 bytes; NULL: stays */
    int64_t now_ms;
    uint64_t person;
    unsigned question;
    uint64_t event; /* of a concern: another for each, or they would be one */
    unsigned receiver;
};
struct bytes stencil_fill(struct stencil *s, const struct fill *f); /* good until the next */

struct glance { /* what a frame from the broker says, without decoding it */
    uint8_t type;
    const uint8_t *id, *reply_to; /* NULL: absent */
    struct bytes payload;
};
bool frame_glance(struct bytes frame, struct glance *out);
uint64_t frame_number(struct bytes message, uint32_t field); /* a varint field; 0 absent */
bool frame_in_inbox(struct bytes deliver);                   /* of a Deliver: else of the stream of firings */
