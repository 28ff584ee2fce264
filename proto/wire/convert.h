/* SPDX-License-Identifier: Apache-2.0 */
/* convert.h - private to proto/wire: plain struct <-> protobuf-c's tree, by the rows of a shape. */
#pragma once
#include "wire/arena.h"
#include "wire/shape.h"
#include "wire/wire.h"

/**
 * convert_in() - protobuf-c's tree into a plain struct
 * @pb: what protobuf-c made of scanned bytes. @raw: those bytes, where s->views: views
 * are into them. @plain: zeroed, of the struct that the shape names.
 * Return: enum wire_fault: WIRE_MISSING_FIELD, WIRE_BAD_ID, WIRE_BAD_VALUE.
 */
ALM_MUST_USE enum wire_fault convert_in(const struct shape *s, const void *pb, struct bytes raw,
                                        void *plain);
/**
 * convert_out() - a plain struct into protobuf-c's tree
 * @out: in the arena; texts and bytes are borrowed from plain. Every bound is checked as on the way
 * in. @most: no fewer bytes than protobuf_c_message_pack() will write of it, so that it need not be
 * asked for the size first: it walks each message once more for every level above it.
 * Return: 0; -EINVAL; -ENOMEM the arena's budget.
 */
ALM_MUST_USE int convert_out(const struct shape *s, const void *plain, struct arena *a,
                             ProtobufCMessage **out, size_t *most);
/* The rules between fields, and which of Body's fields go with which type. m keeps the bounds of
 * msg.h: convert_in made it, or convert_out has passed it. Return: enum wire_fault. */
ALM_MUST_USE enum wire_fault check_msg(const struct msg *m);
