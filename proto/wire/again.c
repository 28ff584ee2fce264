/* SPDX-License-Identifier: Apache-2.0 */
/* again.c - a frame that we made, once more under another id: a question to fifty holders is
 * encoded once. */
#include "wire/scan.h"
#include "wire/value.h"
#include <errno.h>
#include <string.h>

/* Where the body's own id stands in it. Empty: it has none, or not one of 16 bytes. */
static struct bytes again_id(struct bytes body)
{
    struct scan_field f;

    while (body.len > 0 && scan_next(&body, &f) == WIRE_OK) {
        const struct shape_field *row = shape_find(&wire_shape_body, f.tag, NULL);

        if (row && row->kind == SHAPE_ID && row->offset == offsetof(struct msg, id))
            return f.view.len == ID_LEN ? f.view : (struct bytes){ 0 };
    }
    return (struct bytes){ 0 };
}

/* frame may stand in out itself, which moves when it grows: then it is looked for by its place. */
static struct bytes again_put(struct bytes frame, struct buf *out)
{
    uintptr_t at = (uintptr_t)frame.data, base = (uintptr_t)out->data;
    bool inside = out->data && at >= base && at - base < out->len;

    if (buf_room(out, frame.len) < 0)
        return (struct bytes){ 0 };
    memcpy(out->data + out->len, inside ? out->data + (at - base) : frame.data, frame.len);
    out->len += frame.len;
    return (struct bytes){ out->data + out->len - frame.len, frame.len };
}

int wire_encode_as(struct bytes frame, const struct id *id, struct buf *out)
{
    struct wire_envelope e;
    struct bytes old;
    size_t place;

    if (wire_open(frame, &e) != WIRE_OK || e.signature.len || value_id(id) != WIRE_OK)
        return -EINVAL;
    old = again_id(e.body);
    if (old.len == 0)
        return -EINVAL;
    place = (size_t)(old.data - frame.data);
    if (again_put(frame, out).len == 0)
        return buf_status(out);
    memcpy(out->data + out->len - frame.len + place, id->octets, ID_LEN);
    return 0;
}
