/* SPDX-License-Identifier: Apache-2.0 */
/* decode.c - bytes to plain structs: strict scan, protobuf-c into an arena, then the rows of
 * codec.c. */
#include "wire/convert.h"
#include "wire/scan.h"
#include "wire/value.h"
#include <string.h>

/* The largest message that the limits allow (an Involvement of 96) takes protobuf-c 72,032 bytes.
 * The budget is the second fence: should a limit ever be wrong, one frame still costs no more than
 * this. */
#define DECODE_BUDGET_BYTES (128 * 1024)

/* Padding of more than this is left out of what protobuf-c is handed, which would copy it; what
 * remains of the usual message fits the stack. */
#define DECODE_PADDING_BYTES 256
#define DECODE_BARE_BYTES    4096

static const void *decode_at(const void *pb, unsigned offset)
{
    return (const uint8_t *)pb + offset;
}

static enum wire_fault decode_text(const struct shape_field *row, const char *text, char *out)
{
    size_t len = text ? strlen(text) : 0;

    if (len == 0)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    if (len > row->limit)
        return WIRE_TOO_LONG;
    memcpy(out, text, len + 1);
    return value_text(row->kind, text, len);
}

static enum wire_fault decode_id(const struct shape_field *row, const ProtobufCBinaryData *in,
                                 void *plain)
{
    struct id *out = (void *)((uint8_t *)plain + row->offset);

    if (in->len == 0)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    if (in->len != ID_LEN)
        return WIRE_BAD_ID;
    memcpy(out->octets, in->data, ID_LEN);
    if (row->presence != SHAPE_ABSENT)
        *(bool *)((uint8_t *)plain + row->presence) = true;
    return value_id(out);
}

/* The nth field of this tag in a message's own bytes, which the scanner has passed; empty: none. */
static struct bytes decode_raw(struct bytes raw, uint32_t tag, size_t nth)
{
    struct scan_field f;

    while (raw.len > 0 && scan_next(&raw, &f) == WIRE_OK) {
        if (f.tag == tag && nth-- == 0)
            return f.view;
    }
    return (struct bytes){ 0 };
}

/* Below here views are wanted: the bytes of the message inside; else none are looked for. */
static struct bytes decode_raw_sub(const struct shape_field *row, struct bytes raw, size_t nth)
{
    return row->sub->views ? decode_raw(raw, row->tag, nth) : (struct bytes){ 0 };
}

/* protobuf-c's copy goes with the arena: a view is of what was received. */
static enum wire_fault decode_view(const struct shape_field *row, struct bytes raw, void *plain)
{
    struct bytes view = decode_raw(raw, row->tag, 0);

    if (view.len == 0)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    if (view.len > row->limit)
        return WIRE_TOO_LONG;
    *(struct bytes *)(void *)((uint8_t *)plain + row->offset) = view;
    return WIRE_OK;
}

/* All zeroes stands for absent in the plain struct. */
static bool decode_is_zero(const uint8_t *octets, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= octets[i];
    return any == 0;
}

static enum wire_fault decode_bytes(const struct shape_field *row, const ProtobufCBinaryData *in,
                                    void *plain)
{
    void *out = (uint8_t *)plain + row->offset;

    if (row->kind == SHAPE_ID)
        return decode_id(row, in, plain);
    if (in->len == 0)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    if (in->len != row->size)
        return WIRE_BAD_VALUE;
    if (row->presence != SHAPE_ABSENT)
        *(bool *)((uint8_t *)plain + row->presence) = true;
    memcpy(out, in->data, in->len);
    return decode_is_zero(in->data, in->len) ? WIRE_BAD_VALUE : WIRE_OK;
}

static enum wire_fault decode_blocks(const struct shape_field *row, const ProtobufCBinaryData *in,
                                     void *plain)
{
    size_t n = in->len / row->size;

    if (n == 0)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    if (in->len % row->size)
        return WIRE_BAD_VALUE;
    if (n > row->count)
        return WIRE_TOO_MANY;
    for (size_t i = 0; i < n; i++) {
        if (decode_is_zero(in->data + i * row->size, row->size))
            return WIRE_BAD_VALUE;
    }
    memcpy((uint8_t *)plain + row->offset, in->data, in->len);
    *(uint16_t *)(void *)((uint8_t *)plain + row->presence) = (uint16_t)n;
    return WIRE_OK;
}

static enum wire_fault decode_day(const struct shape_field *row, uint32_t number, int32_t *out)
{
    if (number)
        return value_day_in(number, out);
    *out = CIVIL_NONE;
    return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
}

/* Numbers of all widths; what does not fit was refused by the scanner, and is again. */
static enum wire_fault decode_narrow(const struct shape_field *row, uint32_t n, void *out)
{
    if (n == 0)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    if (n > row->limit)
        return WIRE_BAD_VALUE;
    if (row->kind == SHAPE_ENUM || row->kind == SHAPE_U8)
        *(uint8_t *)out = (uint8_t)n;
    else if (row->kind == SHAPE_U16)
        *(uint16_t *)out = (uint16_t)n;
    else if (row->kind == SHAPE_BOOL)
        *(bool *)out = true;
    else
        *(uint32_t *)out = n;
    return WIRE_OK;
}

static enum wire_fault decode_wide(const struct shape_field *row, uint64_t n, void *out)
{
    if (n == 0)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    if (row->kind == SHAPE_U64) {
        *(uint64_t *)out = n;
        return WIRE_OK;
    }
    *(int64_t *)out = (int64_t)n;
    return value_ms((int64_t)n);
}

static enum wire_fault decode_struct(const struct shape_field *row, const void *in,
                                     struct bytes raw, void *plain)
{
    if (!in)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    if (row->presence != SHAPE_ABSENT)
        *(bool *)((uint8_t *)plain + row->presence) = true;
    return convert_in(row->sub, in, decode_raw_sub(row, raw, 0), (uint8_t *)plain + row->offset);
}

static enum wire_fault decode_name(const struct shape_field *row, const char *text, char *out)
{
    const struct shape_field name = { .kind = SHAPE_NAME, .limit = row->limit, .required = true };

    return decode_text(&name, text, out);
}

static enum wire_fault decode_list(const struct shape_field *row, size_t n, const void *in,
                                   struct bytes raw, void *plain)
{
    uint8_t *out = (uint8_t *)plain + row->offset;

    if (n > row->count)
        return WIRE_TOO_MANY;
    if (n == 0)
        return row->required ? WIRE_MISSING_FIELD : WIRE_OK;
    for (size_t i = 0; i < n; i++, out += row->size) {
        enum wire_fault f = row->kind == SHAPE_NAMES
                                ? decode_name(row, ((char *const *)in)[i], (char *)out)
                                : convert_in(row->sub, ((ProtobufCMessage *const *)in)[i],
                                             decode_raw_sub(row, raw, i), out);

        if (f)
            return f;
    }
    *((uint8_t *)plain + row->presence) = (uint8_t)n;
    return WIRE_OK;
}

/* The payload: the one arm that was chosen of all that share this quantifier. Its number becomes the
 * message's type. */
static enum wire_fault decode_arm(const struct shape *s, const void *pb,
                                  const ProtobufCFieldDescriptor *any, struct bytes raw, void *plain)
{
    const uint32_t *chosen = decode_at(pb, any->quantifier_offset);
    ProtobufCMessage *const *in;
    const struct shape_field *row;
    size_t index;

    row = *chosen ? shape_find(s, *chosen, &index) : NULL;
    if (!row || row->kind != SHAPE_ARM)
        return WIRE_OK; /* check.c misses it */
    *((uint8_t *)plain + row->presence) = (uint8_t)row->tag;
    in = decode_at(pb, s->pb->fields[index].offset);
    return *in ? convert_in(row->sub, *in, decode_raw_sub(row, raw, 0), (uint8_t *)plain + row->offset)
               : WIRE_MISSING_FIELD;
}

static enum wire_fault decode_field(const struct shape_field *row,
                                    const ProtobufCFieldDescriptor *fd, const void *pb,
                                    struct bytes raw, void *plain)
{
    const void *in = decode_at(pb, fd->offset);
    const void *quantifier = decode_at(pb, fd->quantifier_offset);
    void *out = (uint8_t *)plain + row->offset;

    switch ((enum shape_kind)row->kind) {
    case SHAPE_NAME:
    case SHAPE_REF:
    case SHAPE_LINE:
        return decode_text(row, *(char *const *)in, out);
    case SHAPE_ID:
    case SHAPE_OCTETS:
        return decode_bytes(row, in, plain);
    case SHAPE_BLOCKS:
        return decode_blocks(row, in, plain);
    case SHAPE_VIEW:
        return decode_view(row, raw, plain);
    case SHAPE_BOOL: /* uint32, enum and protobuf_c_boolean are 4 bytes each */
    case SHAPE_ENUM:
    case SHAPE_U8:
    case SHAPE_U16:
    case SHAPE_U32:
        return decode_narrow(row, *(const uint32_t *)in, out);
    case SHAPE_U64:
    case SHAPE_MS:
        return decode_wide(row, *(const uint64_t *)in, out);
    case SHAPE_DAY:
        return decode_day(row, *(const uint32_t *)in, out);
    case SHAPE_STRUCT:
        return decode_struct(row, *(ProtobufCMessage *const *)in, raw, plain);
    case SHAPE_LIST:
    case SHAPE_NAMES:
        return decode_list(row, *(const size_t *)quantifier, *(void *const *)in, raw, plain);
    case SHAPE_PADDING:
        return WIRE_OK;
    case SHAPE_ARM:
        break; /* the last rows: convert_in() sees to them at once */
    }
    return WIRE_UNKNOWN_FIELD;
}

enum wire_fault convert_in(const struct shape *s, const void *pb, struct bytes raw, void *plain)
{
    for (size_t i = 0; i < s->n; i++) {
        enum wire_fault f;

        if (s->fields[i].kind == SHAPE_ARM)
            return decode_arm(s, pb, &s->pb->fields[i], raw, plain);
        f = decode_field(&s->fields[i], &s->pb->fields[i], pb, raw, plain);
        if (f)
            return f;
    }
    return WIRE_OK;
}

static void *decode_alloc(void *arena, size_t size)
{
    return arena_raw(arena, size);
}

static void decode_free(void *arena, void *piece)
{
    (void)arena; /* all pieces go at once, with the arena */
    (void)piece;
}

void wire_zero(struct msg *m, uint8_t type)
{
    const struct shape_field *row = shape_find(&wire_shape_body, type, NULL);

    memset(m, 0, row && row->kind == SHAPE_ARM ? row->offset + row->size : sizeof(*m));
}

enum wire_fault wire_peek(struct bytes body, uint8_t *type)
{
    struct scan_field field;

    *type = 0;
    if (body.len > WIRE_FRAME_MAX)
        return WIRE_TOO_LARGE;
    while (body.len > 0) {
        enum wire_fault f = scan_next(&body, &field);
        const struct shape_field *row;

        if (f)
            return f;
        if (field.tag < MSG_HELLO)
            continue; /* none of the payloads */
        row = shape_find(&wire_shape_body, field.tag, NULL);
        if (!row || row->kind != SHAPE_ARM)
            continue;
        if (*type)
            return WIRE_TWO_ARMS;
        *type = (uint8_t)field.tag;
    }
    return WIRE_OK;
}

bool wire_peek_id(struct bytes body, struct id *out)
{
    struct scan_field field;

    *out = (struct id){ 0 };
    while (body.len > 0 && body.len <= WIRE_FRAME_MAX && scan_next(&body, &field) == WIRE_OK) {
        const struct shape_field *row = shape_find(&wire_shape_body, field.tag, NULL);

        if (!row || row->kind != SHAPE_ID || row->offset != offsetof(struct msg, id) || field.view.len != ID_LEN)
            continue;
        memcpy(out->octets, field.view.data, ID_LEN);
        if (value_id(out) == WIRE_OK)
            return true;
        *out = (struct id){ 0 };
        return false;
    }
    return false;
}

/* protobuf-c looks through all the fields that a descriptor lists, and most of Body's are arms behind
 * the one that is there. Of those that this one lists no others are in the bytes: the scan has seen
 * to that. */
static ProtobufCMessage *decode_unpack(struct bytes body, uint32_t arm, ProtobufCAllocator *allocator)
{
    ProtobufCMessageDescriptor upto = *wire_shape_body.pb;
    size_t index;

    if (arm && shape_find(&wire_shape_body, arm, &index))
        upto.n_fields = (unsigned)index + 1;
    return protobuf_c_message_unpack(&upto, allocator, body.len, body.data);
}

/* The body without its padding, if that is worth the copying; padding says nothing. */
static struct bytes decode_bare(struct bytes body, const struct scan_found *found,
                                uint8_t bare[static DECODE_BARE_BYTES])
{
    size_t pads = 0, len = 0;

    for (size_t i = 0; i < found->n_pads; i++)
        pads += found->pads[i].len;
    if (pads < DECODE_PADDING_BYTES || body.len - pads > DECODE_BARE_BYTES)
        return body;
    for (size_t i = 0; i <= found->n_pads; i++) {
        const uint8_t *end = i < found->n_pads ? found->pads[i].data : body.data + body.len;

        memcpy(bare + len, body.data, (size_t)(end - body.data));
        len += (size_t)(end - body.data);
        body.len -= (size_t)(end - body.data);
        body.data = end;
        if (i < found->n_pads) {
            body.data += found->pads[i].len;
            body.len -= found->pads[i].len;
        }
    }
    return bytes_of(bare, len);
}

enum wire_fault wire_decode(struct bytes body, struct msg *out)
{
    ALM_CLEANUP(arena_deinit) struct arena arena;
    ProtobufCAllocator allocator = { decode_alloc, decode_free, &arena };
    uint8_t scratch[DECODE_BARE_BYTES];
    struct scan_found found;
    ProtobufCMessage *pb;
    struct bytes bare;
    enum wire_fault f;

    arena_init(&arena, DECODE_BUDGET_BYTES);
    if (body.len > WIRE_FRAME_MAX)
        return WIRE_TOO_LARGE;
    f = scan_body(body, &found);
    if (f)
        return f;
    bare = decode_bare(body, &found, scratch);
    /* After the scan only the budget can make this fail. */
    pb = decode_unpack(bare, found.arm, &allocator);
    if (!pb)
        return WIRE_NO_MEMORY;
    wire_zero(out, (uint8_t)found.arm);
    f = convert_in(&wire_shape_body, pb, body, out);
    return f ? f : check_msg(out);
}
