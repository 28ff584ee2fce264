/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - the strict scanner: reads the bytes beside the descriptors and the table of limits. */
#include "wire/scan.h"
#include "wire/value.h"
#include <string.h>

#define SCAN_VARINT_MAX 10 /* bytes of 64 bits in groups of 7 */

struct scan_seen { /* what one message has held so far */
    uint64_t fields[SHAPE_FIELDS_MAX / 64];
    unsigned arm; /* tag of the oneof's arm, 0: none (no message has two oneofs: shape_check) */
    uint16_t counts[SHAPE_FIELDS_MAX]; /* each from its field's first entry on, not before */
};

enum wire_fault scan_long_varint(struct bytes *rest, uint64_t *out)
{
    uint64_t value = 0;

    for (size_t i = 0; i < SCAN_VARINT_MAX; i++) {
        uint8_t byte;

        if (i >= rest->len)
            return WIRE_TRUNCATED;
        byte = rest->data[i];
        if (i == SCAN_VARINT_MAX - 1 && byte > 1)
            return WIRE_BAD_VARINT; /* past 64 bits */
        value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (byte & 0x80)
            continue;
        if (i > 0 && byte == 0)
            return WIRE_BAD_VARINT; /* a shorter form exists */
        rest->data += i + 1;
        rest->len -= i + 1;
        *out = value;
        return WIRE_OK;
    }
    return WIRE_BAD_VARINT;
}

static enum wire_fault scan_number(const ProtobufCFieldDescriptor *fd,
                                   const struct shape_field *row, uint64_t n)
{
    uint64_t most = UINT64_MAX; /* U64, MS: decode.c has the rest to say */

    if (row->kind == SHAPE_ENUM)
        return n && shape_enum_has(fd->descriptor, n) ? WIRE_OK : WIRE_BAD_ENUM;
    if (row->kind == SHAPE_BOOL)
        most = 1;
    else if (row->kind == SHAPE_DAY)
        most = UINT32_MAX; /* protobuf-c would cut a longer number down to 32 bits */
    else if (row->kind == SHAPE_U8 || row->kind == SHAPE_U16 || row->kind == SHAPE_U32)
        most = row->limit;
    /* 0: a default written out, a second encoding of the same message. */
    return n && n <= most ? WIRE_OK : WIRE_BAD_VALUE;
}

static enum wire_fault scan_string(const struct shape_field *row, struct bytes v)
{
    if (v.len == 0)
        return WIRE_BAD_VALUE; /* a default written out, or a name without letters */
    if (v.len > row->limit)
        return WIRE_TOO_LONG;
    if (value_is_ascii(v.data, v.len))
        return WIRE_OK;
    if (memchr(v.data, 0, v.len))
        return WIRE_HAS_NUL;
    return utf8_valid(v.data, v.len) ? WIRE_OK : WIRE_BAD_UTF8;
}

static enum wire_fault scan_padding(struct bytes v)
{
    /* Anything but zeroes would be a message inside the message that nobody reads. */
    return v.len == 0 || (v.data[0] == 0 && memcmp(v.data, v.data + 1, v.len - 1) == 0)
               ? WIRE_OK
               : WIRE_BAD_VALUE; /* each octet is as the one before it */
}

static enum wire_fault scan_bytes(const struct shape_field *row, struct bytes v)
{
    if (row->kind == SHAPE_PADDING)
        return scan_padding(v);
    if (v.len > row->limit)
        return WIRE_TOO_LONG;
    if (row->kind == SHAPE_ID && v.len != ID_LEN)
        return WIRE_BAD_ID;
    if (v.len == 0 || (row->kind == SHAPE_OCTETS && v.len != row->size) ||
        (row->kind == SHAPE_BLOCKS && v.len % row->size))
        return WIRE_BAD_VALUE;
    return WIRE_OK;
}

static enum wire_fault scan_fields(const struct shape *s, struct bytes data, unsigned depth,
                                   struct scan_found *found);

static enum wire_fault scan_value(const ProtobufCFieldDescriptor *fd,
                                  const struct shape_field *row, const struct scan_field *f,
                                  unsigned depth)
{
    if (f->type != SCAN_LENGTH)
        return scan_number(fd, row, f->number);
    if (row->sub)
        return scan_fields(row->sub, f->view, depth - 1, NULL);
    if (row->kind == SHAPE_NAME || row->kind == SHAPE_REF || row->kind == SHAPE_LINE ||
        row->kind == SHAPE_NAMES)
        return scan_string(row, f->view);
    return scan_bytes(row, f->view);
}

/* A kind says its wire type, and whether it repeats: shape_check holds it to the descriptor. */
static bool scan_is_length(uint8_t kind)
{
    return kind < SHAPE_BOOL || kind > SHAPE_DAY;
}

static bool scan_repeats(uint8_t kind)
{
    return kind == SHAPE_LIST || kind == SHAPE_NAMES || kind == SHAPE_PADDING;
}

/* Notes that a field is there, and refuses one too many. */
static enum wire_fault scan_note(struct scan_seen *seen, const struct shape_field *row,
                                 size_t index)
{
    uint64_t *seen_in = &seen->fields[index / 64], bit = UINT64_C(1) << (index % 64);
    bool again = *seen_in & bit;

    *seen_in |= bit;
    if (scan_repeats(row->kind)) {
        seen->counts[index] = again ? seen->counts[index] + 1 : 1;
        return seen->counts[index] > row->count ? WIRE_TOO_MANY : WIRE_OK;
    }
    if (again)
        return WIRE_DUPLICATE_FIELD;
    if (row->kind != SHAPE_ARM)
        return WIRE_OK;
    if (seen->arm)
        return WIRE_TWO_ARMS;
    seen->arm = row->tag;
    return WIRE_OK;
}

static enum wire_fault scan_one(const struct shape *s, struct scan_seen *seen,
                                const struct scan_field *f, unsigned depth,
                                const struct shape_field **row)
{
    enum wire_fault fault;
    size_t index;

    *row = shape_find(s, f->tag, &index);
    if (!*row)
        return WIRE_UNKNOWN_FIELD;
    if ((f->type == SCAN_LENGTH) != scan_is_length((*row)->kind))
        return WIRE_WRONG_TYPE;
    fault = scan_note(seen, *row, index);
    return fault ? fault : scan_value(&s->pb->fields[index], *row, f, depth);
}

static enum wire_fault scan_fields(const struct shape *s, struct bytes data, unsigned depth,
                                   struct scan_found *found)
{
    struct scan_seen seen;
    const struct shape_field *row;
    struct scan_field f;
    enum wire_fault fault;

    memset(&seen, 0, offsetof(struct scan_seen, counts));
    if (depth == 0)
        return WIRE_TOO_DEEP;
    while (data.len > 0) {
        const uint8_t *start = data.data;

        fault = scan_next(&data, &f);
        if (!fault)
            fault = scan_one(s, &seen, &f, depth, &row);
        if (fault)
            return fault;
        if (found && row->kind == SHAPE_PADDING && found->n_pads < SHAPE_PADDING_MAX)
            found->pads[found->n_pads++] = bytes_of(start, (size_t)(data.data - start));
    }
    if (found)
        found->arm = seen.arm;
    return WIRE_OK;
}

enum wire_fault scan_message(const struct shape *s, struct bytes data, unsigned depth)
{
    return scan_fields(s, data, depth, NULL);
}

enum wire_fault scan_body(struct bytes data, struct scan_found *found)
{
    *found = (struct scan_found){ 0 };
    return scan_fields(&wire_shape_body, data, SCAN_DEPTH_MAX, found);
}
