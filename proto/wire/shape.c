/* SPDX-License-Identifier: Apache-2.0 */
/* shape.c - proving that rows agree with the generated descriptors. */
#include "wire/shape.h"
#include <string.h>

/* Which protobuf type each kind stands for; repeated: its label. An empty place agrees with
 * nothing. */
static const struct {
    ProtobufCType type;
    bool known, repeated;
} shape_types[] = {
    [SHAPE_ID] = { PROTOBUF_C_TYPE_BYTES, true, false },
    [SHAPE_NAME] = { PROTOBUF_C_TYPE_STRING, true, false },
    [SHAPE_REF] = { PROTOBUF_C_TYPE_STRING, true, false },
    [SHAPE_LINE] = { PROTOBUF_C_TYPE_STRING, true, false },
    [SHAPE_OCTETS] = { PROTOBUF_C_TYPE_BYTES, true, false },
    [SHAPE_VIEW] = { PROTOBUF_C_TYPE_BYTES, true, false },
    [SHAPE_BLOCKS] = { PROTOBUF_C_TYPE_BYTES, true, false },
    [SHAPE_BOOL] = { PROTOBUF_C_TYPE_BOOL, true, false },
    [SHAPE_ENUM] = { PROTOBUF_C_TYPE_ENUM, true, false },
    [SHAPE_U8] = { PROTOBUF_C_TYPE_UINT32, true, false },
    [SHAPE_U16] = { PROTOBUF_C_TYPE_UINT32, true, false },
    [SHAPE_U32] = { PROTOBUF_C_TYPE_UINT32, true, false },
    [SHAPE_U64] = { PROTOBUF_C_TYPE_UINT64, true, false },
    [SHAPE_MS] = { PROTOBUF_C_TYPE_INT64, true, false },
    [SHAPE_DAY] = { PROTOBUF_C_TYPE_UINT32, true, false },
    [SHAPE_STRUCT] = { PROTOBUF_C_TYPE_MESSAGE, true, false },
    [SHAPE_LIST] = { PROTOBUF_C_TYPE_MESSAGE, true, true },
    [SHAPE_NAMES] = { PROTOBUF_C_TYPE_STRING, true, true },
    [SHAPE_PADDING] = { PROTOBUF_C_TYPE_BYTES, true, true },
    [SHAPE_ARM] = { PROTOBUF_C_TYPE_MESSAGE, true, false },
};

static bool shape_row_agrees(const struct shape_field *row, const ProtobufCFieldDescriptor *fd)
{
    bool repeated = fd->label == PROTOBUF_C_LABEL_REPEATED;
    bool oneof = fd->flags & PROTOBUF_C_FIELD_FLAG_ONEOF;
    bool nests = fd->type == PROTOBUF_C_TYPE_MESSAGE;

    if (row->kind >= ALM_LEN(shape_types) || !shape_types[row->kind].known)
        return false;
    if (row->tag != fd->id || shape_types[row->kind].type != fd->type ||
        shape_types[row->kind].repeated != repeated)
        return false;
    if (oneof != (row->kind == SHAPE_ARM) || nests != (row->sub != NULL))
        return false;
    if (repeated && (row->count == 0 || row->count > UINT8_MAX))
        return false;
    return !nests || row->sub->pb == fd->descriptor;
}

static bool shape_has_views(const struct shape *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->fields[i].kind == SHAPE_VIEW || (s->fields[i].sub && s->fields[i].sub->views))
            return true;
    }
    return false;
}

/* What shape_find() and the two converters rely on: rows rise by tag, and arms are the last ones. */
static bool shape_in_order(const struct shape *s)
{
    for (size_t i = 0; i < s->n; i++) {
        if (s->fields[i].tag <= (i ? s->fields[i - 1].tag : 0))
            return false;
        if (i && s->fields[i - 1].kind == SHAPE_ARM && s->fields[i].kind != SHAPE_ARM)
            return false;
    }
    return true;
}

const char *shape_check(const struct shape *s)
{
    if (s->n != s->pb->n_fields || s->n > SHAPE_FIELDS_MAX || !shape_in_order(s) ||
        s->views != shape_has_views(s))
        return s->pb->name;
    for (size_t i = 0; i < s->n; i++) {
        const char *below;

        if (!shape_row_agrees(&s->fields[i], &s->pb->fields[i]))
            return s->pb->name;
        below = s->fields[i].sub ? shape_check(s->fields[i].sub) : NULL;
        if (below)
            return below;
    }
    return NULL;
}
