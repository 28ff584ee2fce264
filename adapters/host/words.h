/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - the words that JSON and commands use for the wire's numbers (adapters/README.md). */
#pragma once
#include "base/attr.h"
#include <stdbool.h>
#include <stdint.h>

enum words {
    WORDS_LOGIN = 0,
    WORDS_CAPACITY,
    WORDS_METHOD,
    WORDS_LEVEL,
    WORDS_DECISION,
    WORDS_INSIGHT,
    WORDS_COMPLETENESS,
    WORDS_SINCE,
    WORDS_RELATION,
    WORDS_KNOWN,
    WORDS_PARA18,
    WORDS_HARM,
    WORDS_LIKELIHOOD,
    WORDS_IMMEDIACY,
    WORDS_TOLD,
    WORDS_FINDING,
    WORDS_OVERRIDE,
    WORDS_COUNT
};
/* "" for a number without a word. */
const char *words_of(enum words which, unsigned number);
/* Return: whether the word is one of them. */
bool words_number(enum words which, const char *word, uint8_t *number);
/* "self, gillick, parent": for messages. Return: out. */
const char *words_list(enum words which, char out[static 160]);
