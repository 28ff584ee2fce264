/* SPDX-License-Identifier: Apache-2.0 */
/* rows.h - private to proto/wire: what the tables of codec.c and codec_exchange.c are written with.
 *
 * One macro per kind of field, (tag, required, plain struct, member), so that a row reads like the
 * .proto. */
#pragma once
#include "wire/shape.h"
#include "wire/wire.h"

/* clang-format off */
#define AT(type, member)   offsetof(struct type, member)
#define SIZE(type, member) sizeof(((struct type *)0)->member)

#define ID(t, req, type, m)                                                                        \
    {                                                                                              \
        .tag = t, .kind = SHAPE_ID, .required = req, .limit = ID_LEN, .offset = AT(type, m),       \
        .presence = SHAPE_ABSENT                                                                   \
    }
#define ID_IF(t, type, m, has)                                                                     \
    {                                                                                              \
        .tag = t, .kind = SHAPE_ID, .limit = ID_LEN, .offset = AT(type, m),                        \
        .presence = AT(type, has)                                                                  \
    }
#define TEXT(k, t, req, type, m)                                                                   \
    {                                                                                              \
        .tag = t, .kind = k, .required = req, .limit = SIZE(type, m) - 1, .offset = AT(type, m),   \
        .size = SIZE(type, m), .presence = SHAPE_ABSENT                                            \
    }
#define NAME(t, req, type, m) TEXT(SHAPE_NAME, t, req, type, m)
#define REF(t, req, type, m)  TEXT(SHAPE_REF, t, req, type, m)
#define LINE(t, req, type, m) TEXT(SHAPE_LINE, t, req, type, m)
#define OCTETS(t, req, type, m)                                                                    \
    {                                                                                              \
        .tag = t, .kind = SHAPE_OCTETS, .required = req, .limit = SIZE(type, m),                   \
        .offset = AT(type, m), .size = SIZE(type, m), .presence = SHAPE_ABSENT                     \
    }
#define OCTETS_IF(t, type, m, has)                                                                 \
    {                                                                                              \
        .tag = t, .kind = SHAPE_OCTETS, .limit = SIZE(type, m), .offset = AT(type, m),             \
        .size = SIZE(type, m), .presence = AT(type, has)                                           \
    }
#define BLOCKS(t, req, type, m, n_m)                                                                \
    {                                                                                              \
        .tag = t, .kind = SHAPE_BLOCKS, .required = req, .limit = SIZE(type, m),                   \
        .count = ALM_LEN(((struct type *)0)->m), .offset = AT(type, m),                            \
        .size = SIZE(type, m[0]), .presence = AT(type, n_m)                                        \
    }
#define VIEW(t, req, max, type, m)                                                                 \
    {                                                                                              \
        .tag = t, .kind = SHAPE_VIEW, .required = req, .limit = max, .offset = AT(type, m),        \
        .presence = SHAPE_ABSENT                                                                   \
    }
#define PLAIN(k, t, req, max, type, m)                                                             \
    {                                                                                              \
        .tag = t, .kind = k, .required = req, .limit = max, .offset = AT(type, m),                 \
        .presence = SHAPE_ABSENT                                                                   \
    }
#define FLAG(t, type, m)      PLAIN(SHAPE_BOOL, t, false, 1, type, m)
#define ENUM(t, req, type, m) PLAIN(SHAPE_ENUM, t, req, UINT8_MAX, type, m)
/* Numbers with a most of their own: SHAPE_U8 for uint8_t, SHAPE_U16 for uint16_t. */
#define U8_TO(t, req, max, type, m)  PLAIN(SHAPE_U8, t, req, max, type, m)
#define U16_TO(t, req, max, type, m) PLAIN(SHAPE_U16, t, req, max, type, m)
#define U16(t, req, type, m)  PLAIN(SHAPE_U16, t, req, UINT16_MAX, type, m)
#define U32(t, req, type, m)  PLAIN(SHAPE_U32, t, req, UINT32_MAX, type, m)
#define U64(t, req, type, m)  PLAIN(SHAPE_U64, t, req, 0, type, m)
#define MS(t, req, type, m)   PLAIN(SHAPE_MS, t, req, 0, type, m)
#define DAY(t, req, type, m)  PLAIN(SHAPE_DAY, t, req, 0, type, m)
#define STRUCT(t, req, type, m, s)                                                                 \
    {                                                                                              \
        .tag = t, .kind = SHAPE_STRUCT, .required = req, .offset = AT(type, m),                    \
        .presence = SHAPE_ABSENT, .sub = s                                                         \
    }
#define STRUCT_IF(t, type, m, has, s)                                                              \
    {                                                                                              \
        .tag = t, .kind = SHAPE_STRUCT, .offset = AT(type, m), .presence = AT(type, has), .sub = s \
    }
#define LIST(t, req, type, m, n_m, s)                                                              \
    {                                                                                              \
        .tag = t, .kind = SHAPE_LIST, .required = req, .count = ALM_LEN(((struct type *)0)->m),    \
        .offset = AT(type, m), .size = SIZE(type, m[0]), .presence = AT(type, n_m), .sub = s       \
    }
#define NAMES(t, type, m, n_m)                                                                     \
    {                                                                                              \
        .tag = t, .kind = SHAPE_NAMES, .limit = NAME_MAX_LEN - 1,                                  \
        .count = ALM_LEN(((struct type *)0)->m), .offset = AT(type, m), .size = sizeof(name_t),    \
        .presence = AT(type, n_m)                                                                  \
    }
#define ARM(t, m, s)                                                                               \
    {                                                                                              \
        .tag = t, .kind = SHAPE_ARM, .offset = AT(msg, m), .presence = AT(msg, type), .sub = s,    \
        .size = sizeof(((struct msg *)0)->m)                                                       \
    }
#define SHAPE(name)                                                                                \
    {                                                                                              \
        .pb = &almoner__v1__##name##__descriptor, .fields = name##_rows, .n = ALM_LEN(name##_rows) \
    }
/* As SHAPE, of a message that holds a view of its bytes, at any depth. */
#define SHAPE_VIEWS(name)                                                                          \
    {                                                                                              \
        .pb = &almoner__v1__##name##__descriptor, .fields = name##_rows,                           \
        .n = ALM_LEN(name##_rows), .views = true                                                   \
    }
#define YES true
#define MAY false

/* clang-format on */

/* Parts that several messages have. */
extern const struct shape wire_shape_token, wire_shape_token_set, wire_shape_home;
extern const struct shape wire_shape_relationship, wire_shape_scope;
extern const struct shape wire_shape_insight, wire_shape_involvement;
/* codec_exchange.c: arms of the payload. */
extern const struct shape wire_shape_concern;
extern const struct shape wire_shape_concern_change;
extern const struct shape wire_shape_threshold_state;
extern const struct shape wire_shape_subscribe;
extern const struct shape wire_shape_firing_update;
extern const struct shape wire_shape_contact_request;
extern const struct shape wire_shape_deliver;
extern const struct shape wire_shape_ack;
extern const struct shape wire_shape_stream_query;
extern const struct shape wire_shape_stream_status;
extern const struct shape wire_shape_due_query;
extern const struct shape wire_shape_due_list;
extern const struct shape wire_shape_referral;
extern const struct shape wire_shape_referral_update;
extern const struct shape wire_shape_referral_state;
extern const struct shape wire_shape_referral_query;
extern const struct shape wire_shape_referral_list;
extern const struct shape wire_shape_sealing_key;
extern const struct shape wire_shape_sealing_key_query;
extern const struct shape wire_shape_sealing_keys;
extern const struct shape wire_shape_directory_query;
extern const struct shape wire_shape_directory;
extern const struct shape wire_shape_eligibility_query;
extern const struct shape wire_shape_eligibility;
extern const struct shape wire_shape_watch;
extern const struct shape wire_shape_watch_change;
extern const struct shape wire_shape_not_shared;
extern const struct shape wire_shape_outcome;
/* codec_tokens.c */
extern const struct shape wire_shape_catalogue_epoch;
extern const struct shape wire_shape_retoken;
extern const struct shape wire_shape_token_request;
extern const struct shape wire_shape_tokens;
/* codec_witness.c */
extern const struct shape wire_shape_cosign;
extern const struct shape wire_shape_cosignature;
/* codec_rights.c */
extern const struct shape wire_shape_correction;
extern const struct shape wire_shape_stop_using;
extern const struct shape wire_shape_ack_of;
extern const struct shape wire_shape_statement;
extern const struct shape wire_shape_correction_query;
extern const struct shape wire_shape_correction_list;
