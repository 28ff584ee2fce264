/* SPDX-License-Identifier: Apache-2.0 */
/* fields.h - inside the compiler only: one key of a group, checked, with an error that says what to
 * write. */
#pragma once
#include "compile/model.h"

struct word { /* of a closed list; the last has word NULL */
    const char *word;
    uint8_t value;
};
struct field { /* a group that is being read */
    struct model *m;
    const struct conf_node *group;
    const char *noun, *id; /* for messages: "purpose", "early-help" */
};
#define FIELD_REQUIRED INT64_MIN

/* Each returns a harmless value after an error. fallback NULL (or FIELD_REQUIRED): the key must be
 * there. */
const char *field_text(const struct field *f, const char *key, const char *fallback);
uint8_t field_word(const struct field *f, const char *key, const struct word *words,
                   const char *fallback);
bool field_bool(const struct field *f, const char *key, bool fallback);
int64_t field_int(const struct field *f, const char *key, int64_t min, int64_t max,
                  int64_t fallback);
/* Not given: POLICY_DAY_NONE, an error too when required. */
int32_t field_day(const struct field *f, const char *key, bool required);
/* An id declared elsewhere; POLICY_NONE when the key is absent (an error too when required) or
 * unknown (an error). */
uint16_t field_ref(const struct field *f, const char *key, enum names_kind kind, bool required);
/* A list of ids, each turned into a bit of words[]. Return: true when the key is there. */
bool field_bits(const struct field *f, const char *key, enum names_kind kind, uint64_t *words);
/* A list of ids in the order written, at most max. Return: how many. */
uint16_t field_refs(const struct field *f, const char *key, enum names_kind kind, uint16_t *out,
                    uint16_t max);
/* from <= to, when both are given. */
void field_order(const struct field *f, int32_t from, int32_t until);
/* Is the child a string with this text? */
bool field_is(const struct field *f, const char *key, const char *text);
/* A list of words of a closed list, each once. Return: their values as bits: 1 << value. */
uint32_t field_words(const struct field *f, const char *key, const struct word *words);
/* The text of a role declared elsewhere; the key must be there. "" after an error. */
const char *field_role(const struct field *f, const char *key);
/* Keys that have no meaning here: an error each, saying why. */
void field_refuse(const struct field *f, const char *const keys[], const char *why);
/* threshold.c: a question that the broker answers from concerns, and the keys that only it has. */
void read_threshold(const struct field *f, struct lay_question *q);
extern const char *const threshold_keys[];
/* casework.c: their values are enum referral_kind - 1 */
extern const struct word referral_kinds[];
/* composite.c: a question made of others. */
void read_composite(const struct field *f, struct lay_question *q);
/* The list under a key, or NULL with an error if it is something else. */
const struct conf_node *field_list(const struct field *f, const char *key);
