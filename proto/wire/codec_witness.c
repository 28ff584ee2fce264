/* SPDX-License-Identifier: Apache-2.0 */
/* codec_witness.c - the tables of what goes between the broker and its witnesses. The generated header
 * stays in codec.c: here the descriptors are declared by name, and shape_check() holds both to be the
 * same. */
#include "wire/rows.h"

#define GENERATED(name) extern const ProtobufCMessageDescriptor almoner__v1__##name##__descriptor
GENERATED(cosign);
GENERATED(cosignature);

/* clang-format off: one row a field, as in the .proto */

static const struct shape_field cosign_rows[] = {
    VIEW(1, MAY, COSIGN_HEAD_MAX, msg_cosign, note),
    U64(2, MAY, msg_cosign, old_size),
    BLOCKS(3, MAY, msg_cosign, proof, n_proof),
};
const struct shape wire_shape_cosign = SHAPE_VIEWS(cosign);

static const struct shape_field cosignature_rows[] = {
    ENUM(1, YES, msg_cosignature, status),
    U64(2, MAY, msg_cosignature, size),
    VIEW(3, MAY, COSIGN_HEAD_MAX, msg_cosignature, note),
};
const struct shape wire_shape_cosignature = SHAPE_VIEWS(cosignature);

/* clang-format on */
