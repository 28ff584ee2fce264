/* SPDX-License-Identifier: Apache-2.0 */
/* book.h - what was asked and what was answered by hand: a file a question, and the statements.
 *
 * Folders: open (waits for a person), given (answered; the host does not have it yet), over. A question
 * that lies in two of them, because the machine stopped between, is what the later one says. Nothing is
 * kept in memory: two workers may hold the same book while the list is read again. No name of a person
 * asked about is in it, only our own reference. Threads: none. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include <limits.h>

#define BOOK_KEY_TEXT 33 /* hex, NUL */
#define BOOK_NAME_MAX 96 /* bytes of a name, with NUL */
#define BOOK_WORD_MAX 64

enum book_state { BOOK_OPEN = 0, BOOK_GIVEN, BOOK_OVER, BOOK_STATES };
enum book_end { BOOK_ANSWERED = 0, BOOK_LAPSED };

struct book_question {
    char key[BOOK_KEY_TEXT];
    uint8_t state; /* enum book_state */
    uint8_t end;   /* enum book_end, of BOOK_OVER */
    bool involvement, household;
    char question[BOOK_WORD_MAX];
    char about[ALM_REF_MAX];  /* our reference of the person or home */
    char place[ALM_REF_MAX];  /* of the home that the question asks about; "" none */
    char purpose[BOOK_WORD_MAX], asker[BOOK_WORD_MAX];
    int32_t as_of;
    int64_t asked_ms, due_ms; /* Unix milliseconds */
    struct alm_answer answer; /* from BOOK_GIVEN on */
    char name[BOOK_NAME_MAX]; /* of who answered */
};
struct book_statement { /* "this list is complete: whoever is not in it is not known to us" */
    int64_t at_ms;
    char name[BOOK_NAME_MAX], by[ALM_BY_MAX];
    char list[65];     /* SHA-256 of the list as it was */
    uint64_t people;   /* in it */
    char before[65];   /* SHA-256 of the statement before this one, as it is written; "" for the first */
};
struct book;
/* Makes the folder where it is absent, and forgets what has been over for longer than keep_days.
 * Return: 0; -errno. */
ALM_MUST_USE int book_open(const char *path, int64_t keep_days, int64_t now_ms, struct book **out);
struct book *book_close(struct book *b);

/* Return: 0; -ENOENT; -EBADMSG damaged; -errno. key: hex, or the beginning of exactly one (at least 4
 * characters; -ENOTUNIQ). */
ALM_MUST_USE int book_find(struct book *b, const char *key, struct book_question *out);
/* A new question, durable when this returns. Return: 0; -ENOBUFS open_most wait already; -errno. */
ALM_MUST_USE int book_ask(struct book *b, const struct book_question *q, size_t open_most);
/* Moves on to given or over, durable when this returns. Return: 0 or -errno. */
ALM_MUST_USE int book_move(struct book *b, const struct book_question *q, enum book_state to);
/* Those in a state, the one due first before the others, at most max; damaged ones are left out.
 * Return: how many there are in all, or -errno. */
ALM_MUST_USE int book_list(struct book *b, enum book_state state, struct book_question *out, size_t max);

/* Statements: only ever added to. Return: 0 or -errno. at_ms, before are filled in. */
ALM_MUST_USE int book_state_complete(struct book *b, struct book_statement *s, int64_t now_ms);
/* The last ones, newest first. Return: how many were set, or -errno; -EBADMSG one does not follow from
 * the one before. */
ALM_MUST_USE int book_statements(struct book *b, struct book_statement *out, size_t max);
