/* SPDX-License-Identifier: Apache-2.0 */
/* shape.h - private to proto/wire: how each protobuf message maps onto a plain struct, and its
 * limits.
 *
 * One row per field, in the order of tags. The scanner takes limits from here, the decoder and the
 * encoder take offsets; what has no row is refused. The rows themselves are in codec.c, the only
 * file that knows the generated types. */
#pragma once
#include "wire/msg.h"
#include <protobuf-c/protobuf-c.h>
#include <limits.h>
#include <stddef.h>
#include <stdint.h>

#define SHAPE_ABSENT SIZE_MAX /* no presence flag or count in the plain struct */
#define SHAPE_FIELDS_MAX 128 /* fields of one message: the scanner's set of seen ones */
#define SHAPE_PADDING_MAX 2 /* entries of Body.padding */

enum shape_kind {
    SHAPE_ID = 1,  /* bytes, 16, UUIDv7 <-> struct id */
    SHAPE_NAME,    /* string [a-z0-9][a-z0-9._-]* <-> char[size]; empty is absent */
    SHAPE_REF,     /* string of visible ASCII <-> char[size] */
    SHAPE_LINE,    /* string without control characters <-> char[size] */
    SHAPE_OCTETS,  /* bytes of exactly size <-> uint8_t[size] */
    SHAPE_VIEW,    /* bytes <-> struct bytes, borrowed: of the frame; of the plain struct */
    SHAPE_BLOCKS,  /* bytes, a whole number of size <-> uint8_t[count][size]; count: uint16_t at presence */
    SHAPE_BOOL,    /* bool */
    SHAPE_ENUM,    /* enum <-> uint8_t; 0 is absent */
    SHAPE_U8,      /* uint32 <-> uint8_t */
    SHAPE_U16,     /* uint32 <-> uint16_t */
    SHAPE_U32,     /* uint32 */
    SHAPE_U64,     /* uint64 */
    SHAPE_MS,      /* int64, Unix ms from 1 to the year 9999; 0 is absent */
    SHAPE_DAY,     /* uint32 day number <-> int32_t since 1970-01-01; CIVIL_NONE is absent */
    SHAPE_STRUCT,  /* message <-> struct inside the plain struct */
    SHAPE_LIST,    /* repeated message <-> array of structs; count: uint8_t at presence */
    SHAPE_NAMES,   /* repeated string <-> array of name_t; count: uint8_t at presence */
    SHAPE_PADDING, /* repeated bytes, zeroes; nothing in the plain struct */
    SHAPE_ARM,     /* an arm of the payload: as SHAPE_STRUCT, the tag <-> uint8_t at presence */
};

struct shape_field {
    uint32_t tag;
    uint8_t kind; /* enum shape_kind */
    bool required;
    uint32_t limit; /* text and bytes: most bytes (of one entry); U8, U16, U32: greatest value */
    uint32_t count; /* lists, BLOCKS: most entries */
    size_t offset;  /* in the plain struct */
    size_t size; /* text: of the array with NUL; OCTETS: exact bytes; LIST, NAMES, BLOCKS: of an element; ARM: of the whole */
    size_t presence; /* offset of a bool or a uint8_t count, or SHAPE_ABSENT */
    const struct shape *sub;
};
struct shape {
    const ProtobufCMessageDescriptor *pb;
    const struct shape_field *fields;
    size_t n;
    bool views; /* a SHAPE_VIEW is in it, at some depth: the decoder then keeps to its bytes */
};

extern const struct shape wire_shape_body;     /* <-> struct msg */
extern const struct shape wire_shape_envelope; /* <-> struct wire_envelope_plain */

struct wire_envelope_plain {
    uint32_t version;
    struct bytes key_id, body, signature;
};

/* The row of a tag, or NULL. index (may be NULL): its place. Rows rise by tag from 1, so a row never
 * stands past its tag's own place: in most messages it is there. Here, as every field of every frame
 * asks for it. */
static inline const struct shape_field *shape_find(const struct shape *s, uint32_t tag,
                                                   size_t *index)
{
    for (size_t i = tag < s->n ? tag : s->n; i-- > 0 && s->fields[i].tag >= tag;) {
        if (s->fields[i].tag != tag)
            continue;
        if (index)
            *index = i;
        return &s->fields[i];
    }
    return NULL;
}
/* Whether the enum has this value. protoc-c's enums run from 0 in one piece, with the count behind the
 * one range that they have; one that does not is looked up in full. */
static inline bool shape_enum_has(const ProtobufCEnumDescriptor *e, uint64_t n)
{
    if (e->n_value_ranges == 1 && e->value_ranges[0].start_value == 0)
        return n < e->value_ranges[1].orig_index;
    return n <= INT_MAX && protobuf_c_enum_descriptor_get_value(e, (int)n);
}
/**
 * shape_check() - do the rows agree with the generated descriptors, at every depth: tags, types,
 * labels, kinds; do they rise by tag, and do arms come last. Return: NULL when they do, or the name of the first message whose rows do not. For
 * tests: a field added to the .proto and not to the rows (or the other way round) is our own
 * mistake and must not reach a peer.
 */
const char *shape_check(const struct shape *s);
