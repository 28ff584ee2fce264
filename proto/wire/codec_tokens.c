/* SPDX-License-Identifier: Apache-2.0 */
/* codec_tokens.c - the tables of the messages about tokens themselves. The generated header stays in
 * codec.c: here the descriptors are declared by name, and shape_check() holds both to be the same. */
#include "wire/rows.h"

#define GENERATED(name) extern const ProtobufCMessageDescriptor almoner__v1__##name##__descriptor
GENERATED(catalogue_epoch);
GENERATED(retoken);
GENERATED(token_request);
GENERATED(tokens);

/* clang-format off: one row a field, as in the .proto */

static const struct shape_field catalogue_epoch_rows[] = {
    ENUM(1, YES, msg_catalogue_epoch, scheme),
    U16(2, YES, msg_catalogue_epoch, epoch),
    ENUM(3, YES, msg_catalogue_epoch, state),
    OCTETS(4, MAY, msg_catalogue_epoch, public_key),
};
const struct shape wire_shape_catalogue_epoch = SHAPE(catalogue_epoch);

static const struct shape_field retoken_rows[] = {
    ENUM(1, YES, msg_retoken, record_kind),
    ID(2, YES, msg_retoken, record),
    STRUCT(3, MAY, msg_retoken, subject, &wire_shape_token_set),
    STRUCT_IF(4, msg_retoken, household, has_household, &wire_shape_token),
    OCTETS_IF(5, msg_retoken, origin, has_origin),
};
const struct shape wire_shape_retoken = SHAPE(retoken);

static const struct shape_field token_request_rows[] = {
    U16(1, YES, msg_token_request, epoch),
    NAME(2, MAY, msg_token_request, agency),
    BLOCKS(3, YES, msg_token_request, points, n),
};
const struct shape wire_shape_token_request = SHAPE(token_request);

static const struct shape_field tokens_rows[] = {
    U16(1, YES, msg_tokens, epoch),
    BLOCKS(2, YES, msg_tokens, points, n),
    OCTETS(3, YES, msg_tokens, proof),
};
const struct shape wire_shape_tokens = SHAPE(tokens);

/* clang-format on */
