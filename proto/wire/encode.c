/* SPDX-License-Identifier: Apache-2.0 */
/* encode.c - plain structs to protobuf-c's tree, by the rows of codec.c and the same rules as on
 * the way in. */
#include "wire/convert.h"
#include "wire/value.h"
#include <errno.h>
#include <string.h>

/* What one encoding takes: memory, and the most bytes that protobuf-c can make of what is set. */
struct encode {
    struct arena *arena;
    size_t most;
};
/* What became of one message: how many fields it holds, and whether a required one is absent. */
struct encode_state {
    size_t n_set;
    bool missing;
};
/* A tag and a length take at most 5 bytes each, a number at most 10: whatever the tags are. */
enum { ENCODE_TAG_LEN_MOST = 10, ENCODE_NUMBER_MOST = 15 };

static int encode_message(const struct shape *s, const void *plain, struct encode *e,
                          struct encode_state *st, ProtobufCMessage **out);

static int encode_text(uint8_t kind, size_t size, const char *text, struct encode *e, char **out)
{
    const char *end = memchr(text, 0, size);
    size_t len = end ? (size_t)(end - text) : 0;

    if (!end)
        return -EINVAL;
    if (len == 0)
        return 0;
    if (value_text(kind, text, len) != WIRE_OK)
        return -EINVAL;
    /* Names and references are of 7-bit characters: what may pass for one is UTF-8. */
    if (kind == SHAPE_LINE && !value_is_ascii(text, len) && !utf8_valid(text, len))
        return -EINVAL;
    *out = (char *)(uintptr_t)text; /* protobuf-c's fields are not const; packing only reads them */
    e->most += ENCODE_TAG_LEN_MOST + len;
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

static int encode_borrowed(const struct shape_field *row, const void *plain,
                           ProtobufCBinaryData *out)
{
    const struct bytes *view = (const void *)((const uint8_t *)plain + row->offset);

    return view->len <= row->limit ? encode_view(view->data, view->len, out) : -EINVAL;
}

static int encode_bytes(const struct shape_field *row, const void *plain, struct encode *e,
                        ProtobufCBinaryData *out)
{
    int r;

    if (row->kind == SHAPE_ID)
        r = encode_id(row, plain, out);
    else if (row->kind == SHAPE_OCTETS)
        r = encode_octets(row, plain, out);
    else if (row->kind == SHAPE_BLOCKS)
        r = encode_blocks(row, plain, out);
    else
        r = encode_borrowed(row, plain, out);
    if (r > 0)
        e->most += ENCODE_TAG_LEN_MOST + out->len;
    return r;
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
    if (value && !shape_enum_has(fd->descriptor, value))
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

static int encode_narrow(const struct shape_field *row, uint32_t n, uint32_t *out)
{
    *out = n;
    if (n > row->limit)
        return -EINVAL;
    return n != 0;
}

static int encode_number(const struct shape_field *row, const ProtobufCFieldDescriptor *fd,
                         const void *in, void *out)
{
    switch (row->kind) {
    case SHAPE_ENUM:
        return encode_enum(fd, *(const uint8_t *)in, out);
    case SHAPE_U8:
        return encode_narrow(row, *(const uint8_t *)in, out);
    case SHAPE_U16:
        return encode_narrow(row, *(const uint16_t *)in, out);
    case SHAPE_U32:
        return encode_narrow(row, *(const uint32_t *)in, out);
    case SHAPE_BOOL:
        return (*(protobuf_c_boolean *)out = *(const bool *)in) != 0;
    case SHAPE_DAY:
        return encode_day(*(const int32_t *)in, out);
    case SHAPE_MS:
        return encode_ms(*(const int64_t *)in, out);
    case SHAPE_U64:
        return (*(uint64_t *)out = *(const uint64_t *)in) != 0;
    default:
        return -EINVAL;
    }
}

/* A struct without a presence flag is absent when none of its fields is set. */
static int encode_struct(const struct shape_field *row, const void *plain, struct encode *e,
                         ProtobufCMessage **out)
{
    struct encode_state st = { 0 };
    bool flagged = row->presence != SHAPE_ABSENT && row->kind == SHAPE_STRUCT;
    int r;

    if (flagged && !*(const bool *)((const uint8_t *)plain + row->presence))
        return 0;
    r = encode_message(row->sub, (const uint8_t *)plain + row->offset, e, &st, out);
    if (r < 0)
        return r;
    if (st.n_set == 0 && !flagged && row->kind == SHAPE_STRUCT) {
        *out = NULL;
        return 0;
    }
    return st.missing ? -EINVAL : 1;
}

static int encode_entry(const struct shape_field *row, const uint8_t *in, struct encode *e,
                        void **out)
{
    struct encode_state st = { 0 };
    ProtobufCMessage *message = NULL;
    char *text = NULL;
    int r;

    if (row->kind == SHAPE_NAMES) {
        r = encode_text(SHAPE_NAME, row->size, (const char *)in, e, &text);
        *out = text;
        return r > 0 ? 0 : -EINVAL; /* an empty entry is a mistake */
    }
    r = encode_message(row->sub, in, e, &st, &message);
    *out = message;
    if (r == 0 && st.missing)
        return -EINVAL;
    return r;
}

static int encode_list(const struct shape_field *row, const void *plain, struct encode *e,
                       size_t *n_out, void ***out)
{
    const uint8_t *in = (const uint8_t *)plain + row->offset;
    size_t n = *((const uint8_t *)plain + row->presence);
    void **entries;

    if (n > row->count)
        return -EINVAL;
    if (n == 0)
        return 0;
    entries = arena_raw(e->arena, n * sizeof(*entries));
    if (!entries)
        return -ENOMEM;
    for (size_t i = 0; i < n; i++, in += row->size) {
        int r = encode_entry(row, in, e, &entries[i]);

        if (r < 0)
            return r;
    }
    *n_out = n;
    *out = entries;
    return 1;
}

/* The payload: the one arm of all that share this row's presence whose number the plain struct has.
 * Return: as encode_field(). */
static int encode_arm(const struct shape *s, const struct shape_field *any, const void *plain,
                      struct encode *e, void *pb)
{
    uint8_t type = *((const uint8_t *)plain + any->presence);
    const ProtobufCFieldDescriptor *fd;
    const struct shape_field *row;
    size_t index;
    int r;

    row = type ? shape_find(s, type, &index) : NULL;
    if (!row || row->kind != SHAPE_ARM)
        return 0; /* check.c misses it */
    fd = &s->pb->fields[index];
    r = encode_struct(row, plain, e, (void *)((uint8_t *)pb + fd->offset));
    if (r > 0)
        *(uint32_t *)(void *)((uint8_t *)pb + fd->quantifier_offset) = row->tag;
    return r;
}

/* Return: 1 set; 0 absent; negative errno. */
static int encode_field(const struct shape_field *row, const ProtobufCFieldDescriptor *fd,
                        const void *plain, struct encode *e, void *pb)
{
    const void *in = (const uint8_t *)plain + row->offset;
    void *out = (uint8_t *)pb + fd->offset;
    void *quantifier = (uint8_t *)pb + fd->quantifier_offset;

    switch ((enum shape_kind)row->kind) {
    case SHAPE_NAME:
    case SHAPE_REF:
    case SHAPE_LINE:
        return encode_text(row->kind, row->size, in, e, out);
    case SHAPE_ID:
    case SHAPE_OCTETS:
    case SHAPE_BLOCKS:
    case SHAPE_VIEW:
        return encode_bytes(row, plain, e, out);
    case SHAPE_BOOL:
    case SHAPE_ENUM:
    case SHAPE_U8:
    case SHAPE_U16:
    case SHAPE_U32:
    case SHAPE_U64:
    case SHAPE_MS:
    case SHAPE_DAY:
        e->most += ENCODE_NUMBER_MOST;
        return encode_number(row, fd, in, out);
    case SHAPE_STRUCT:
        return encode_struct(row, plain, e, out);
    case SHAPE_LIST:
    case SHAPE_NAMES:
        return encode_list(row, plain, e, quantifier, out);
    case SHAPE_PADDING:
        return 0; /* put in by wire_encode, which knows the size to reach */
    case SHAPE_ARM:
        break; /* the last rows: encode_message() sees to them at once */
    }
    return -EINVAL;
}

static int encode_message(const struct shape *s, const void *plain, struct encode *e,
                          struct encode_state *st, ProtobufCMessage **out)
{
    ProtobufCMessage *pb = arena_raw(e->arena, s->pb->sizeof_message);

    if (!pb)
        return -ENOMEM;
    s->pb->message_init(pb);
    e->most += ENCODE_TAG_LEN_MOST;
    for (size_t i = 0; i < s->n; i++) {
        const struct shape_field *row = &s->fields[i];
        bool arms = row->kind == SHAPE_ARM;
        int r = arms ? encode_arm(s, row, plain, e, pb)
                     : encode_field(row, &s->pb->fields[i], plain, e, pb);

        if (r < 0)
            return r;
        st->n_set += (size_t)r;
        if (arms)
            break;
        if (r == 0 && row->required)
            st->missing = true;
    }
    *out = pb;
    return 0;
}

int convert_out(const struct shape *s, const void *plain, struct arena *a, ProtobufCMessage **out,
                size_t *most)
{
    struct encode e = { .arena = a };
    struct encode_state st = { 0 };
    int r = encode_message(s, plain, &e, &st, out);

    *most = e.most;
    if (r == 0 && st.missing)
        return -EINVAL;
    return r;
}
