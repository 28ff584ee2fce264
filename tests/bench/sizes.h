/* SPDX-License-Identifier: Apache-2.0 */
/* sizes.h - how long the product's own frames are, for what is to forward frames as long. */
#pragma once
#include "base/attr.h"

#include <stddef.h>

/* Bytes on the wire of a round trip's four legs, unsigned: bodies are padded, so each is of one size. */
struct frame_sizes {
    size_t ask, question, answer, reply;
};
ALM_MUST_USE int frame_sizes(struct frame_sizes *out); /* Return: 0; -EINVAL; -ENOMEM. */
