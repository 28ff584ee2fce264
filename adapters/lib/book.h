/* SPDX-License-Identifier: Apache-2.0 */
/* book.h - whom each record is about that we lodged and that still lives: so that its tokens can be
 * made anew when the key of match tokens changes.
 *
 * One file a record, sealed: what was typed, and nothing that was said. It goes when the record ends.
 * The key is the book's own, made by chance; its keeper wraps it under each epoch that is in use, so
 * that a change of those loses nothing. Threads: one loop. */
#pragma once
#include "base/attr.h"
#include "base/crypto.h"
#include "base/id.h"
#include "lib/ask.h"
#include "wire/msg.h"

#define BOOK_ORIGIN_MAX 128 /* bytes of an event's number, with NUL */
#define BOOK_AFTER_DAYS 31  /* an entry is kept so long after its record's last day */

struct book_subject { /* as typed */
    bool has_subject; /* else a home alone: a concern about a household is subject.household */
    struct asked_subject subject;
    bool has_home; /* the record's home beside the person was typed */
    struct asked_home home;
    int32_t day; /* that the record is about: its home then */
    bool had_home; /* the record has a home beside the person, or instead of one */
    char origin[BOOK_ORIGIN_MAX]; /* a concern's; "" none */
};
void book_subject_wipe(struct book_subject *s); /* for ALM_CLEANUP */

struct book_entry {
    struct id record;
    uint8_t kind; /* enum retoken_kind */
    uint8_t scheme, carried_scheme; /* lodged under; carried to, 0: not carried */
    uint16_t epoch, carried_epoch;
    int32_t until;      /* its record's last day; CIVIL_NONE: none is known */
    struct id sent;     /* the Retoken under way; zeroes: none */
    uint8_t sent_scheme; /* whose tokens it has */
    uint16_t sent_epoch;
    bool lost;          /* cannot be opened, or made tokens of: only lodging it anew helps */
};
struct book; /* opaque: book.c */
/* dir is made if absent (0700). Files that cannot be read are left, with a log line. Return: 0; -errno. */
ALM_MUST_USE int book_open(const char *dir, struct book **out);
struct book *book_close(struct book *b);
void book_unlock(struct book *b, const struct secret *key);
bool book_unlocked(const struct book *b);
/* Before the record goes into the outbox; key: that its tokens were made with. Return: 0 and durable;
 * -EAGAIN not unlocked; -ENOSPC; -errno. */
ALM_MUST_USE int book_note(struct book *b, const struct id *record, uint8_t kind, int32_t until,
                           const struct tokens_key *key, const struct book_subject *s);
/* The record ended, or was never accepted: nothing of it is kept. */
void book_end(struct book *b, const struct id *record);
struct book_entry *book_find(const struct book *b, const struct id *record); /* or NULL */
/* One that has no tokens of this epoch and none under way, and that the broker has: it is not in the
 * outbox any more. NULL: all have. */
struct outbox;
struct book_entry *book_due(const struct book *b, uint8_t scheme, uint16_t epoch,
                            const struct outbox *outbox);
/* Return: 0; -EAGAIN not unlocked; -EBADMSG another key, or damaged; -errno. */
ALM_MUST_USE int book_read(const struct book *b, const struct book_entry *e,
                           struct book_subject *out);
size_t book_n_sent(const struct book *b); /* Retokens under way */
/* Which entry's Retoken this is; NULL: none's. */
struct book_entry *book_sent(const struct book *b, const struct id *retoken);
/* It has tokens of this epoch now. Return: 0; -errno: it will be carried again. */
ALM_MUST_USE int book_carried(struct book *b, struct book_entry *e, uint8_t scheme, uint16_t epoch);
/* Another home (a watch that moved), whose token is of the current epoch alone: a Retoken under way has
 * the home before, and carries nothing. Return: 0; -ENOENT; -errno. */
ALM_MUST_USE int book_rehome(struct book *b, const struct id *record,
                             const struct asked_home *home);
void book_prune(struct book *b, int32_t day);
struct book_counts {
    size_t records, carried, lost; /* carried: have tokens of the epoch asked about */
};
struct book_counts book_count(const struct book *b, uint8_t scheme, uint16_t epoch);
