/* SPDX-License-Identifier: Apache-2.0 */
/* session_sign.h - for session.c alone: what goes signed, and what need not. "Everything durable is
 * signed; queries as the protocol says." */
#pragma once
#include "base/attr.h"
#include "lib/session_own.h"

/* Whether a message of this type may go bare for this purpose, by the catalogue in hand. */
bool session_may_be_bare(const struct session *s, uint8_t type, const char *purpose);
/* One frame into s->frame. Return: as wire_encode(). */
ALM_MUST_USE int session_encode(struct session *s, const struct msg *m, bool sign);
/* A frame's body, encoded and signed anew into s->frame; s->out is used. Return: 0; -EBADMSG; as
 * wire_encode(). */
ALM_MUST_USE int session_sign_anew(struct session *s, struct bytes frame);
/* s->stored as it is to go. What was accepted while the broker had another origin is signed for this one;
 * its octets stay as they are, so that a repeat is known for one. Anything else goes as it lies there.
 * Return: as above. */
ALM_MUST_USE int session_resign_stored(struct session *s);
/* A refusal as unsigned: what went bare goes once more, signed, under the same id. Return: whether it
 * did, and nobody needs to be told. */
bool session_sign_after_all(struct session *s, const struct id *id);
