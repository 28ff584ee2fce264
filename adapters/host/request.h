/* SPDX-License-Identifier: Apache-2.0 */
/* request.h - reads what a command asked over the local socket, strictly. Pure: JSON in, plain
 * structs out.
 *
 * Each returns NULL when it was read, or an error reply (a new reference: pass it on). Absent, null
 * and "" are all "not given". */
#pragma once
#include "base/attr.h"
#include "lib/ask.h"
#include <jansson.h>

/* Keys that the operation does not know are an error. known: NULL-terminated. */
json_t *request_only(const json_t *o, const char *const known[]);
json_t *request_text(const json_t *o, const char *key, bool required, char *out, size_t out_size);
/* An id of the wire's form: small letters, digits, '.', '_', '-'. */
json_t *request_name(const json_t *o, const char *key, bool required, name_t out);
json_t *request_day(const json_t *o, const char *key, bool required,
                    int32_t *out); /* CIVIL_NONE: not given */
json_t *request_flag(const json_t *o, const char *key, bool *out);
json_t *request_word(const json_t *o, const char *key, int which, bool required,
                     uint8_t *out); /* enum words; 0: not given */
/* A number, or its digits as text. *out: fallback when not given. */
json_t *request_number(const json_t *o, const char *key, int64_t min, int64_t max, int64_t fallback,
                       int64_t *out);
/* A list of enum words as bits: bit (number - 1). */
json_t *request_bits(const json_t *o, const char *key, int which, uint16_t *out);
json_t *request_statements(const json_t *o, uint16_t *out); /* "statements" */
/* A list of ids. */
json_t *request_names(const json_t *o, const char *key, name_t *out, size_t max, uint8_t *n);
/* 64 hex characters. */
json_t *request_key(const json_t *o, const char *key, bool required, uint8_t out[static 32]);
bool request_has(const json_t *o, const char *key);
json_t *request_scope(const json_t *o, const char *key, struct msg_scope *out);
json_t *request_id(const json_t *o, const char *key, bool *has, struct id *out);
/* practitioner, role, login, purpose, basis, case. asking: purpose, role and practitioner must be
 * there. */
json_t *request_practice(const json_t *o, bool asking, struct msg *m);
/* subject or household, exactly one unless optional (*given tells). */
json_t *request_subject(const json_t *o, bool household_too, bool optional, bool *given,
                        struct asked_subject *out);
/* A home of its own: {"address","postcode","ref"}. */
json_t *request_home(const json_t *o, const char *key, bool *given, struct asked_home *out);
