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
    WORDS_STATEMENT, /* bit (number - 1) of statements */
    WORDS_SEVERITY,
    WORDS_PART,  /* of a concern */
    WORDS_FOUND, /* what it turned out to be */
    WORDS_SUBJECT,
    WORDS_DELIVERY,
    WORDS_NOTICE,
    WORDS_REFERRAL, /* kinds */
    WORDS_ORIGIN,
    WORDS_MADE, /* bit (number - 1) of made */
    WORDS_STEP,
    WORDS_STATE,
    WORDS_ELIGIBLE,
    WORDS_EFFECT,
    WORDS_DUE,
    WORDS_CORRECTION, /* why an answer is taken back */
    WORDS_STOP,       /* why something is taken back from us */
    WORDS_DONE,       /* what was done with it */
    WORDS_COUNT
};
/* "" for a number without a word. */
const char *words_of(enum words which, unsigned number);
/* Return: whether the word is one of them. */
bool words_number(enum words which, const char *word, uint8_t *number);
/* "self, gillick, parent": for messages. Return: out. */
#define WORDS_LIST_MAX 320
const char *words_list(enum words which, char out[static WORDS_LIST_MAX]);
