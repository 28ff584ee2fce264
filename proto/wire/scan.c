/* SPDX-License-Identifier: Apache-2.0 */
/* scan.c - the strict scanner: reads the bytes beside the descriptors and the table of limits. */
#include "wire/scan.h"
#include <limits.h>
#include <string.h>

#define SCAN_VARINT_MAX 10 /* bytes of 64 bits in groups of 7 */

enum { SCAN_VARINT = 0, SCAN_LENGTH = 2 };

struct scan_seen { /* what one message has held so far */
    uint64_t fields[SHAPE_FIELDS_MAX / 64];
    unsigned arm; /* tag of the oneof's arm, 0: none (no message has two oneofs: shape_check) */
    uint16_t counts[SHAPE_FIELDS_MAX];
};

static enum wire_fault scan_varint(struct bytes *rest, uint64_t *out)
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

enum wire_fault scan_next(struct bytes *rest, struct scan_field *out)
{
    uint64_t key, len;
    enum wire_fault f = scan_varint(rest, &key);

    *out = (struct scan_field){ 0 };
    if (f)
        return f;
    if (key > UINT32_MAX)
        return WIRE_BAD_VARINT; /* field numbers end at 2^29 - 1 */
    out->tag = (uint32_t)(key >> 3);
    out->type = key & 7;
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

static enum wire_fault scan_number(const ProtobufCFieldDescriptor *fd,
                                   const struct shape_field *row, uint64_t n)
{
    bool narrow = row->kind == SHAPE_U8 || row->kind == SHAPE_U16 || row->kind == SHAPE_U32;

    if (fd->type == PROTOBUF_C_TYPE_ENUM) {
        if (n == 0 || n > INT_MAX || !protobuf_c_enum_descriptor_get_value(fd->descriptor, (int)n))
            return WIRE_BAD_ENUM;
        return WIRE_OK;
    }
    if (n == 0)
        return WIRE_BAD_VALUE; /* a default written out: a second encoding of the same message */
    if (fd->type == PROTOBUF_C_TYPE_BOOL && n != 1)
        return WIRE_BAD_VALUE;
    /* protobuf-c would cut a longer number down to 32 bits. */
    if (fd->type == PROTOBUF_C_TYPE_UINT32 && n > UINT32_MAX)
        return WIRE_BAD_VALUE;
    if (narrow && n > row->limit)
        return WIRE_BAD_VALUE;
    return WIRE_OK;
}

static enum wire_fault scan_string(const struct shape_field *row, struct bytes v)
{
    if (v.len == 0)
        return WIRE_BAD_VALUE; /* a default written out, or a name without letters */
    if (v.len > row->limit)
        return WIRE_TOO_LONG;
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

static enum wire_fault scan_length(const ProtobufCFieldDescriptor *fd,
                                   const struct shape_field *row, struct bytes v, unsigned depth)
{
    if (fd->type == PROTOBUF_C_TYPE_MESSAGE)
        return scan_message(row->sub, v, depth - 1);
    return fd->type == PROTOBUF_C_TYPE_STRING ? scan_string(row, v) : scan_bytes(row, v);
}

static bool scan_is_length(ProtobufCType type)
{
    return type == PROTOBUF_C_TYPE_MESSAGE || type == PROTOBUF_C_TYPE_STRING ||
           type == PROTOBUF_C_TYPE_BYTES;
}

/* Notes that a field is there, and refuses one too many. */
static enum wire_fault scan_note(struct scan_seen *seen, const ProtobufCFieldDescriptor *fd,
                                 const struct shape_field *row, size_t index)
{
    uint64_t *seen_in = &seen->fields[index / 64], bit = UINT64_C(1) << (index % 64);

    if (fd->label == PROTOBUF_C_LABEL_REPEATED)
        return ++seen->counts[index] > row->count ? WIRE_TOO_MANY : WIRE_OK;
    if (*seen_in & bit)
        return WIRE_DUPLICATE_FIELD;
    *seen_in |= bit;
    if (!(fd->flags & PROTOBUF_C_FIELD_FLAG_ONEOF))
        return WIRE_OK;
    if (seen->arm)
        return WIRE_TWO_ARMS;
    seen->arm = fd->id;
    return WIRE_OK;
}

static enum wire_fault scan_one(const struct shape *s, struct scan_seen *seen,
                                const struct scan_field *f, unsigned depth)
{
    const ProtobufCFieldDescriptor *fd;
    const struct shape_field *row;
    enum wire_fault fault;
    size_t index;

    row = shape_find(s, f->tag, &index);
    if (!row)
        return WIRE_UNKNOWN_FIELD;
    fd = &s->pb->fields[index];
    if ((f->type == SCAN_LENGTH) != scan_is_length(fd->type))
        return WIRE_WRONG_TYPE;
    fault = scan_note(seen, fd, row, index);
    if (fault)
        return fault;
    return f->type == SCAN_LENGTH ? scan_length(fd, row, f->view, depth)
                                  : scan_number(fd, row, f->number);
}

enum wire_fault scan_message(const struct shape *s, struct bytes data, unsigned depth)
{
    struct scan_seen seen = { 0 };
    struct scan_field f;
    enum wire_fault fault;

    if (depth == 0)
        return WIRE_TOO_DEEP;
    while (data.len > 0) {
        fault = scan_next(&data, &f);
        if (fault)
            return fault;
        fault = scan_one(s, &seen, &f, depth);
        if (fault)
            return fault;
    }
    return WIRE_OK;
}
