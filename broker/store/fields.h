/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h - the fields that records of several tables share, as bytes and back. What is read is
 * checked against every bound. For broker/store, and the tables whose records are the core's. */
#pragma once
#include "base/bytes.h"
#include "base/id.h"
#include "match/token.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void field_put_text(struct buf *b, const char *text, size_t size); /* size: of its array */
#define PUT_TEXT(b, field) field_put_text(b, field, sizeof(field))
void field_put_token(struct buf *b, const struct token *token);
void field_take_token(struct cursor *c, struct token *out);
void field_put_set(struct buf *b, const struct token_set *set);
void field_take_set(struct cursor *c, struct token_set *out);
void field_put_id(struct buf *b, const struct id *id);
void field_take_id(struct cursor *c, struct id *out);
bool field_take_bool(struct cursor *c); /* anything but 0 and 1: failed */
/* A day as 4 octets that sort as days do, also before 1970. */
void field_put_day(uint8_t out[static 4], int32_t day);
int32_t field_take_day(const uint8_t octets[static 4]);
