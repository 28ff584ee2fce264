/* SPDX-License-Identifier: Apache-2.0 */
/* queues_codec.h - a delivery as bytes and back. For broker/store alone. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "wire/msg.h"

/* Everything but stream, seq and again, which are the queue's. Only the part of its kind. */
void delivery_encode(const struct msg_deliver *d, struct buf *out);
/* @out: as delivery_zero leaves it, then filled in; its sealed bodies are views of the octets. Return:
 * 0; -EBADMSG. */
ALM_MUST_USE int delivery_decode(struct bytes octets, struct msg_deliver *out);
