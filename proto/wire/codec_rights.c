/* SPDX-License-Identifier: Apache-2.0 */
/* codec_rights.c - the tables of corrections, recalls and statements. The generated header stays in
 * codec.c: here the descriptors are declared by name, and shape_check() holds both to be the same. */
#include "wire/rows.h"

#define GENERATED(name) extern const ProtobufCMessageDescriptor almoner__v1__##name##__descriptor
GENERATED(correction);
GENERATED(stop_using);
GENERATED(ack_of);
GENERATED(statement);
GENERATED(correction_query);
GENERATED(correction_state);
GENERATED(correction_list);

/* clang-format off: one row a field, as in the .proto */

static const struct shape_field correction_rows[] = {
    ENUM(1, YES, msg_correction, subject_kind),
    STRUCT(2, MAY, msg_correction, subject, &wire_shape_token_set),
    STRUCT(3, MAY, msg_correction, household, &wire_shape_token),
    NAME(4, MAY, msg_correction, question),
    DAY(5, YES, msg_correction, from),
    DAY(6, YES, msg_correction, until),
    ENUM(7, YES, msg_correction, kind),
    LINE(8, YES, msg_correction, reason),
};
const struct shape wire_shape_correction = SHAPE(correction);

static const struct shape_field stop_using_rows[] = {
    ID(1, YES, msg_stop_using, recall),
    ID(2, YES, msg_stop_using, message),
    NAME(3, MAY, msg_stop_using, question),
    DAY(4, YES, msg_stop_using, told_on),
    ENUM(5, YES, msg_stop_using, cause),
    U16(6, YES, msg_stop_using, replies),
    MS(7, MAY, msg_stop_using, due_ms),
    LINE(8, MAY, msg_stop_using, text),
};
const struct shape wire_shape_stop_using = SHAPE(stop_using);

static const struct shape_field ack_of_rows[] = {
    ID(1, YES, msg_ack_of, recall),
    ENUM(2, YES, msg_ack_of, done),
    LINE(3, MAY, msg_ack_of, text),
};
const struct shape wire_shape_ack_of = SHAPE(ack_of);

static const struct shape_field statement_rows[] = {
    STRUCT(1, YES, msg_statement, subject, &wire_shape_token_set),
    ID_IF(2, msg_statement, about, has_about),
    LINE(3, YES, msg_statement, text),
};
const struct shape wire_shape_statement = SHAPE(statement);

static const struct shape_field correction_query_rows[] = {
    ID_IF(1, msg_correction_query, correction, has_correction),
    U16(2, MAY, msg_correction_query, page),
};
const struct shape wire_shape_correction_query = SHAPE(correction_query);

static const struct shape_field correction_state_rows[] = {
    ID(1, YES, msg_correction_state, correction),
    NAME(2, MAY, msg_correction_state, question),
    DAY(3, YES, msg_correction_state, lodged_on),
    FLAG(4, msg_correction_state, searching),
    U32(5, MAY, msg_correction_state, told),
    U32(6, MAY, msg_correction_state, acknowledged),
    U32(7, MAY, msg_correction_state, overdue),
    MS(8, MAY, msg_correction_state, due_ms),
};
static const struct shape wire_shape_correction_state = SHAPE(correction_state);

static const struct shape_field correction_list_rows[] = {
    U16(1, MAY, msg_correction_list, page),
    U16(2, MAY, msg_correction_list, pages),
    LIST(3, MAY, msg_correction_list, entries, n, &wire_shape_correction_state),
};
const struct shape wire_shape_correction_list = SHAPE(correction_list);

/* clang-format on */
