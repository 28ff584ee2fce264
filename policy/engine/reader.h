/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h - inside the engine only: reads a bundle's bytes, which come from a database. What is
 * wrong is kept (bad) and a harmless value given, so that the caller looks once, at the end. */
#pragma once
#include "engine/layout.h"

struct reader {
    struct cursor c;
    char *text; /* next free place in the arena: a text takes 4 + n bytes encoded and n + 1 here, so
                   it cannot run out */
    bool bad;
    uint16_t version; /* of the bytes: LAYOUT_VERSION or an older one */
};

void reader_refuse(struct reader *r);
const char *reader_text(struct reader *r, size_t max);
const char *reader_id(struct reader *r, size_t max);
bool reader_bool(struct reader *r);
uint8_t reader_enum(struct reader *r, uint8_t least, uint8_t most);
/* A u16 of at least..most; least after an error. */
uint16_t reader_number(struct reader *r, uint16_t least, uint16_t most);
uint16_t reader_count(struct reader *r, uint16_t max);
uint16_t reader_index(struct reader *r, uint16_t n, bool none_allowed);
/* Bits for n things. */
uint64_t reader_bits(struct reader *r, uint16_t n);
void reader_wide_bits(struct reader *r, uint64_t *out, size_t words, uint16_t n);
int32_t reader_day(struct reader *r, bool none_allowed);
void reader_order(struct reader *r, int32_t from, int32_t until);
void reader_names(struct reader *r, const char **out, uint16_t *n, uint16_t max);
