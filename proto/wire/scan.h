/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - private to proto/wire: the strict scanner that stands before protobuf-c.
 *
 * protobuf-c has no recursion limit and takes duplicate and unknown fields, unknown enum values,
 * NUL in strings and bad UTF-8; what passes here has exactly one reading. Pure, allocates nothing.
 */
#pragma once
#include "wire/shape.h"
#include "wire/wire.h"

#define SCAN_DEPTH_MAX 5 /* Body > payload > Home > Token is 4 */

struct scan_field {    /* one field as it stands on the wire */
    uint32_t tag;      /* field number, from 1 */
    uint8_t type;      /* wire type: 0 or 2; the others are refused */
    uint64_t number;   /* type 0 */
    struct bytes view; /* type 2 */
};
enum { SCAN_VARINT = 0, SCAN_LENGTH = 2 };

/* Any number, by its bytes. */
ALM_MUST_USE enum wire_fault scan_long_varint(struct bytes *rest, uint64_t *out);
/* Nearly every tag, length and number of ours is one byte. */
static inline enum wire_fault scan_varint(struct bytes *rest, uint64_t *out)
{
    if (rest->len == 0 || rest->data[0] & 0x80)
        return scan_long_varint(rest, out);
    *out = rest->data[0];
    rest->data++;
    rest->len--;
    return WIRE_OK;
}

/* Takes one field off the front of rest (not empty). Return: enum wire_fault; rest and out are
 * undefined after a fault. Here, as each of a core's frames is walked three times. */
ALM_MUST_USE static inline enum wire_fault scan_next(struct bytes *rest, struct scan_field *out)
{
    uint64_t key, len;
    enum wire_fault f = scan_varint(rest, &key);

    if (f)
        return f;
    if (key > UINT32_MAX)
        return WIRE_BAD_VARINT; /* field numbers end at 2^29 - 1 */
    out->tag = (uint32_t)(key >> 3);
    out->type = key & 7;
    out->number = 0;
    out->view = (struct bytes){ 0 };
    if (out->tag == 0)
        return WIRE_UNKNOWN_FIELD;
    if (out->type == SCAN_VARINT)
        return scan_varint(rest, &out->number);
    if (out->type != SCAN_LENGTH)
        return WIRE_WRONG_TYPE; /* groups, and fixed32 and fixed64, which no message has */
    f = scan_varint(rest, &len);
    if (f)
        return f;
    if (len > rest->len)
        return WIRE_TRUNCATED;
    out->view = (struct bytes){ rest->data, (size_t)len };
    rest->data += len;
    rest->len -= (size_t)len;
    return WIRE_OK;
}
struct scan_found { /* what a Body's scan comes across, so that nobody need look for it again */
    uint32_t arm;   /* tag of the payload, 0 none */
    size_t n_pads;
    struct bytes pads[SHAPE_PADDING_MAX]; /* whole fields, in the order of the bytes */
};
/**
 * scan_body() - scan_message() of a Body, to the greatest depth
 * @found: written as far as the scan came. Return: enum wire_fault.
 */
ALM_MUST_USE enum wire_fault scan_body(struct bytes data, struct scan_found *found);
/**
 * scan_message() - is it an encoding of this shape, without doubt
 * @depth: how many levels may open, itself included. Return: enum wire_fault, the first in the
 * order of the bytes. Required fields and rules between fields are not looked at (decode.c,
 * check.c).
 */
ALM_MUST_USE enum wire_fault scan_message(const struct shape *s, struct bytes data, unsigned depth);
