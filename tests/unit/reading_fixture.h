/* SPDX-License-Identifier: Apache-2.0 */
/* reading_fixture.h - a store with leaves as the core makes them, a reader over it, a core that records every reading as leaf 0, and
 * an officer who asks. */
#pragma once
#include "reader/reader.h"
#include "store/ledger_keys.h"

#define ORIGIN "rehearsal.example/almoner"
#define DAY0   20000 /* 2024-10-04, a Friday */
#define NOBODY NULL, 0, false
#define ALONE  UINT64_MAX

extern struct store *store;
extern struct ledger *ledger;
extern struct local_server *server;
extern struct reader reader;
extern char asked[65536]; /* of the core, last */
extern bool core_waits;   /* it says nothing yet */
int up(void **state);
int down(void **state);

struct token token_of(uint8_t kind, uint16_t epoch, uint8_t seed);
struct store_txn *writing(void);
void written(struct store_txn *t);
struct ledger_clear clear_of(uint8_t event, const char *agency, int32_t day); /* at noon, UTC */
void put_block(struct buf *b, char tag, const struct buf *inner);
void put_asker(struct buf *b, const char *ref);
/* A leaf with tokens (or NOBODY), asked by a practitioner of its agency, about an earlier one (or ALONE). */
uint64_t leaf_put(struct store_txn *t, struct ledger_clear c, const struct token *tokens, size_t n, bool unborn, const char *ref, uint64_t about);
uint64_t one(struct ledger_clear c, const struct token *tokens, size_t n, const char *ref, uint64_t about);
void filler(unsigned n, int32_t day);
void put_officer(uint8_t standing);

void turn(void); /* of the reader and the core */
struct local_call *call(const char *fields); /* of the signed query, without "at" and "nonce" */
json_t *next_reply(struct local_call *c, int *more);
json_t *rows_of(struct local_call *c, json_t **last); /* all; last (or NULL): the last reply's report */
json_t *read_rows(const char *fields);
void refuses(const char *fields, const char *word);
json_int_t leaf_at(const json_t *rows, size_t i);
const char *text_at(const json_t *rows, size_t i, const char *key);
/* A query of a person by these tokens, with more fields. */
const char *person(const struct token *tokens, size_t n, bool unborn, const char *more);
