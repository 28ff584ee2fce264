/* SPDX-License-Identifier: Apache-2.0 */
/* value.h - private to proto/wire: rules for single values, the same on the way in and out. */
#pragma once
#include "base/attr.h"
#include "wire/wire.h"

#define WIRE_DAY_OFFSET 719163            /* the day number of 1970-01-01; 0001-01-01 is 1 */
#define WIRE_DAY_LEAST  (-25567)          /* 1900-01-01 */
#define WIRE_DAY_MOST   376199            /* 2999-12-31 */
#define WIRE_MS_MOST    253402300799999LL /* the end of the year 9999 */

/* kind: SHAPE_NAME, SHAPE_REF or SHAPE_LINE; len > 0, valid UTF-8. Return: WIRE_OK; WIRE_BAD_ID;
 * WIRE_BAD_VALUE. */
ALM_MUST_USE enum wire_fault value_text(uint8_t kind, const char *text, size_t len);
/* Only characters of 7 bits, and no NUL: then it is valid UTF-8, at an eighth of the price. */
bool value_is_ascii(const void *data, size_t len);
ALM_MUST_USE enum wire_fault value_id(const struct id *id); /* WIRE_OK or WIRE_BAD_ID */
ALM_MUST_USE enum wire_fault value_ms(int64_t ms);          /* WIRE_OK or WIRE_BAD_VALUE */
ALM_MUST_USE enum wire_fault
value_day(int32_t day); /* WIRE_OK or WIRE_BAD_VALUE; CIVIL_NONE is bad */
/* Return: WIRE_OK, or WIRE_BAD_VALUE when number is not a day from 1900 to 2999. */
ALM_MUST_USE enum wire_fault value_day_in(uint32_t number, int32_t *out);
