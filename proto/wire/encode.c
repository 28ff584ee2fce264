/* SPDX-License-Identifier: Apache-2.0 */
/* encode.c - plain structs to protobuf-c's tree, by the rows of codec.c and the same rules as on
 * the way in. */
#include "wire/convert.h"
#include "wire/value.h"
#include <errno.h>
#include <string.h>

/* What became of one message: how many fields it holds, and whether a required one is absent. */
struct encode_state {
    struct arena *arena;
    size_t n_set;
    bool missing;
};

static int encode_message(const struct shape *s, const void *plain, struct encode_state *st,
                          ProtobufCMessage **out);

static int encode_text(const struct shape_field *row, const char *text, char **out)
{
    const char *end = memchr(text, 0, row->size);
    size_t len = end ? (size_t)(end - text) : 0;

    if (!end)
        return -EINVAL;
    if (len == 0)
        return 0;
    if (!utf8_valid(text, len) || value_text(row->kind, text, len) != WIRE_OK)
        return -EINVAL;
    *out = (char *)(uintptr_t)text; /* protobuf-c's fields are not const; packing only reads them */
    return 1;
}

static int encode_view(const void *data, size_t len, ProtobufCBinaryData *out)
{
    out->data = (uint8_t *)(uintptr_t)data;
    out->len = len;
    return len > 0;
}

static int encode_id(const struct shape_field *row, const void *plain, ProtobufCBinaryData *out)
{
    const struct id *id = (const void *)((const uint8_t *)plain + row->offset);
    bool has = !id_is_zero(id);

    if (row->presence != SHAPE_ABSENT)
        has = *(const bool *)((const uint8_t *)plain + row->presence);
    if (!has)
        return 0;
    return value_id(id) == WIRE_OK ? encode_view(id->octets, ID_LEN, out) : -EINVAL;
}

/* A token's value or a key is never all zeroes: that is an empty struct. */
static bool encode_is_zero(const uint8_t *octets, size_t len)
{
    uint8_t any = 0;

    for (size_t i = 0; i < len; i++)
        any |= octets[i];
    return any == 0;
}

/* Said to be there, and all zeroes: a mistake that must not go out as absent. */
static int encode_octets(const struct shape_field *row, const void *plain, ProtobufCBinaryData *out)
{
    const uint8_t *in = (const uint8_t *)plain + row->offset;
    bool zero = encode_is_zero(in, row->size);

    if (row->presence != SHAPE_ABSENT) {
        if (!*(const bool *)((const uint8_t *)plain + row->presence))
            return 0;
        return zero ? -EINVAL : encode_view(in, row->size, out);
    }
    return zero ? 0 : encode_view(in, row->size, out);
}

static int encode_blocks(const struct shape_field *row, const void *plain, ProtobufCBinaryData *out)
{
    const uint8_t *in = (const uint8_t *)plain + row->offset;
    size_t n = *(const uint16_t *)(const void *)((const uint8_t *)plain + row->presence);

    if (n > row->count)
        return -EINVAL;
    for (size_t i = 0; i < n; i++) {
        if (encode_is_zero(in + i * row->size, row->size))
            return -EINVAL;
    }
    return encode_view(in, n * row->size, out);
}

static int encode_bytes(const struct shape_field *row, const void *plain, ProtobufCBinaryData *out)
{
    const void *in = (const uint8_t *)plain + row->offset;
    const struct bytes *view = in;

    if (row->kind == SHAPE_ID)
        return encode_id(row, plain, out);
    if (row->kind == SHAPE_OCTETS)
        return encode_octets(row, plain, out);
    if (row->kind == SHAPE_BLOCKS)
        return encode_blocks(row, plain, out);
    return view->len <= row->limit ? encode_view(view->data, view->len, out) : -EINVAL;
}

static int encode_day(int32_t day, uint32_t *out)
{
    if (day == CIVIL_NONE)
        return 0;
    if (value_day(day) != WIRE_OK)
        return -EINVAL;
    *out = (uint32_t)(day + WIRE_DAY_OFFSET);
    return 1;
}

static int encode_enum(const ProtobufCFieldDescriptor *fd, uint8_t value, uint32_t *out)
{
    if (value && !protobuf_c_enum_descriptor_get_value(fd->descriptor, value))
        return -EINVAL;
    *out = value;
    return value != 0;
}

static int encode_ms(int64_t ms, int64_t *out)
{
    if (ms == 0)
        return 0;
    *out = ms;
    return value_ms(ms) == WIRE_OK ? 1 : -EINVAL;
}

static int encode_narrow(const struct shape_field *row, const void *in, uint32_t *out)
{
    if (row->kind == SHAPE_U32)
        *out = *(const uint32_t *)in;
    else
        *out = row->kind == SHAPE_U16 ? *(const uint16_t *)in : *(const uint8_t *)in;
    if (*out > row->limit)
        return -EINVAL;
    return *out != 0;
}

static int encode_number(const struct shape_field *row, const ProtobufCFieldDescriptor *fd,
                         const void *in, void *out)
{
    if (row->kind == SHAPE_DAY)
        return encode_day(*(const int32_t *)in, out);
    if (row->kind == SHAPE_ENUM)
        return encode_enum(fd, *(const uint8_t *)in, out);
    if (row->kind == SHAPE_MS)
        return encode_ms(*(const int64_t *)in, out);
    if (row->kind == SHAPE_U64)
        return (*(uint64_t *)out = *(const uint64_t *)in) != 0;
    if (row->kind == SHAPE_BOOL)
        return (*(protobuf_c_boolean *)out = *(const bool *)in) != 0;
    return encode_narrow(row, in, out);
}

/* A struct without a presence flag is absent when none of its fields is set. */
static int encode_struct(const struct shape_field *row, const void *plain, struct arena *a,
                         ProtobufCMessage **out)
{
    struct encode_state st = { .arena = a };
    bool flagged = row->presence != SHAPE_ABSENT && row->kind == SHAPE_STRUCT;
    int r;

    if (flagged && !*(const bool *)((const uint8_t *)plain + row->presence))
        return 0;
    r = encode_message(row->sub, (const uint8_t *)plain + row->offset, &st, out);
    if (r < 0)
        return r;
    if (st.n_set == 0 && !flagged && row->kind == SHAPE_STRUCT) {
        *out = NULL;
        return 0;
    }
    return st.missing ? -EINVAL : 1;
}

static int encode_entry(const struct shape_field *row, const uint8_t *in, struct arena *a,
                        void **out)
{
    struct encode_state st = { .arena = a };
    ProtobufCMessage *message = NULL;
    char *text = NULL;
    int r;

    if (row->kind == SHAPE_NAMES) {
        const struct shape_field name = { .kind = SHAPE_NAME, .size = row->size };

        r = encode_text(&name, (const char *)in, &text);
        *out = text;
        return r > 0 ? 0 : -EINVAL; /* an empty entry is a mistake */
    }
    r = encode_message(row->sub, in, &st, &message);
    *out = message;
    if (r == 0 && st.missing)
        return -EINVAL;
    return r;
}

static int encode_list(const struct shape_field *row, const void *plain, struct arena *a,
                       size_t *n_out, void ***out)
{
    const uint8_t *in = (const uint8_t *)plain + row->offset;
    size_t n = *((const uint8_t *)plain + row->presence);
    void **entries;

    if (n > row->count)
        return -EINVAL;
    if (n == 0)
        return 0;
    entries = arena_take(a, n * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++, in += row->size) {
        int r = encode_entry(row, in, a, &entries[i]);

        if (r < 0)
            return r;
    }
    *n_out = n;
    *out = entries;
    return 1;
}

static int encode_arm(const struct shape_field *row, const void *plain, struct arena *a,
                      uint32_t *chosen, ProtobufCMessage **out)
{
    int r;

    if (*((const uint8_t *)plain + row->presence) != row->tag)
        return 0;
    r = encode_struct(row, plain, a, out);
    if (r > 0)
        *chosen = row->tag;
    return r;
}

/* Return: 1 set; 0 absent; negative errno. */
static int encode_field(const struct shape_field *row, const ProtobufCFieldDescriptor *fd,
                        const void *plain, struct arena *a, void *pb)
{
    const void *in = (const uint8_t *)plain + row->offset;
    void *out = (uint8_t *)pb + fd->offset;
    void *quantifier = (uint8_t *)pb + fd->quantifier_offset;

    switch ((enum shape_kind)row->kind) {
    case SHAPE_NAME:
    case SHAPE_REF:
    case SHAPE_LINE:
        return encode_text(row, in, out);
    case SHAPE_ID:
    case SHAPE_OCTETS:
    case SHAPE_BLOCKS:
    case SHAPE_VIEW:
        return encode_bytes(row, plain, out);
    case SHAPE_BOOL:
    case SHAPE_ENUM:
    case SHAPE_U8:
    case SHAPE_U16:
    case SHAPE_U32:
    case SHAPE_U64:
    case SHAPE_MS:
    case SHAPE_DAY:
        return encode_number(row, fd, in, out);
    case SHAPE_STRUCT:
        return encode_struct(row, plain, a, out);
    case SHAPE_LIST:
    case SHAPE_NAMES:
        return encode_list(row, plain, a, quantifier, out);
    case SHAPE_PADDING:
        return 0; /* put in by wire_encode, which knows the size to reach */
    case SHAPE_ARM:
        return encode_arm(row, plain, a, quantifier, out);
    }
    return -EINVAL;
}

static int encode_message(const struct shape *s, const void *plain, struct encode_state *st,
                          ProtobufCMessage **out)
{
    ProtobufCMessage *pb = arena_take(st->arena, s->pb->sizeof_message);

    if (!pb)
        return -ENOMEM;
    s->pb->message_init(pb);
    for (size_t i = 0; i < s->n; i++) {
        int r = encode_field(&s->fields[i], &s->pb->fields[i], plain, st->arena, pb);

        if (r < 0)
            return r;
        st->n_set += (size_t)r;
        if (r == 0 && s->fields[i].required)
            st->missing = true;
    }
    *out = pb;
    return 0;
}

int convert_out(const struct shape *s, const void *plain, struct arena *a, ProtobufCMessage **out)
{
    struct encode_state st = { .arena = a };
    int r = encode_message(s, plain, &st, out);

    if (r == 0 && st.missing)
        return -EINVAL;
    return r;
}
