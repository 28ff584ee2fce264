/* SPDX-License-Identifier: Apache-2.0 */
/* stream.h - what a backup says: the store's tables as items, in order, with a proof at the end.
 *
 *   BEGIN  PERIOD...  ( TABLE  RECORD... )...  END
 *
 * Made by the reader over one snapshot, read by `almoner restore`. Values are as they lie on disk,
 * sealed. A running hash over all items, keyed at the end with a key that follows from the store
 * key, proves that they are what a broker with that key read, all of it and in this order: whoever
 * can seal a file to the same recipient and has not the store key cannot make, shorten or mix one.
 * Pure. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"

#define STREAM_VERSION    1
#define STREAM_LABEL      "almoner/backup/v1/stream" /* of the key, from the store key */
#define STREAM_ITEM_MAX   (17u << 20) /* bytes: the largest value, its key and lengths */
#define STREAM_TABLES_MAX 64
#define STREAM_NAME_MAX   64 /* of a table, with NUL */
#define STREAM_NOTE_MAX   65536
#define STREAM_KEY_MAX    511
#define STREAM_FRONT      5 /* kind, length */

enum stream_kind { STREAM_BEGIN = 1, STREAM_PERIOD, STREAM_TABLE, STREAM_RECORD, STREAM_END };
struct stream_begin {
    uint8_t mode;
    char origin[128];
    int64_t at_ms;
    uint64_t reading; /* the leaf that records the backup */
    uint64_t leaves;  /* of the log in the snapshot; the reading's is one of them */
    uint64_t head_size;
    struct bytes note; /* the newest head, a view; empty: none was signed */
    uint8_t n_tables;
    struct {
        char name[STREAM_NAME_MAX];
        uint16_t schema;
    } tables[STREAM_TABLES_MAX];
};
struct stream_record {
    struct bytes key, value;
};
struct stream_period { /* its secret, sealed for whoever has the store key */
    uint32_t number;
    struct secret secret; /* wipe */
};
struct stream_end {
    uint64_t records;
    uint8_t proof[SHA256_LEN];
};

struct stream_maker {
    uint8_t chain[SHA256_LEN];
    uint64_t records;
    struct buf item; /* reused */
};
void stream_maker_init(struct stream_maker *m);
void stream_maker_deinit(struct stream_maker *m);
/* Each appends one item; @key: from the store key by STREAM_LABEL. Return: 0; -E2BIG; -ENOMEM;
 * -errno. */
ALM_MUST_USE int stream_begin(struct stream_maker *m, const struct stream_begin *b,
                              struct buf *out);
ALM_MUST_USE int stream_period(struct stream_maker *m, const struct secret *key,
                               const struct stream_period *p, struct buf *out);
ALM_MUST_USE int stream_table(struct stream_maker *m, const char *name, struct buf *out);
ALM_MUST_USE int stream_record(struct stream_maker *m, struct bytes key, struct bytes value,
                               struct buf *out);
ALM_MUST_USE int stream_finish(struct stream_maker *m, const struct secret *key, struct buf *out);

/* Views are good during the call. Return: 0 go on; anything else stops and is passed on. */
typedef int stream_visit(void *ctx, enum stream_kind kind, struct bytes body);
struct stream_parser {
    struct buf held;
    uint8_t chain[SHA256_LEN];
    uint64_t records;
    uint8_t last; /* kind of the item before; 0: none yet */
};
void stream_parser_init(struct stream_parser *p);
void stream_parser_deinit(struct stream_parser *p);
/* Takes the next octets and calls visit for each item that is whole. Kinds come in the order above.
 * Return: 0; visit's; -EBADMSG not a stream, out of order, or past its end; -E2BIG; -ENOMEM. */
ALM_MUST_USE int stream_feed(struct stream_parser *p, struct bytes octets, stream_visit *visit,
                             void *ctx);
/* After the last octets. Return: 0; -EBADMSG it ended inside. */
ALM_MUST_USE int stream_ended(const struct stream_parser *p);
/* For STREAM_END, in its visit: Return: 0; -EBADMSG the count or the proof is not this stream's. */
ALM_MUST_USE int stream_prove(const struct stream_parser *p, const struct secret *key,
                              const struct stream_end *end);

/* Bodies. Return: 0 or -EBADMSG. */
ALM_MUST_USE int stream_begin_decode(struct bytes body, struct stream_begin *out);
ALM_MUST_USE int stream_period_decode(struct bytes body, const struct secret *key,
                                      struct stream_period *out);
ALM_MUST_USE int stream_table_decode(struct bytes body, char out[static STREAM_NAME_MAX]);
ALM_MUST_USE int stream_record_decode(struct bytes body, struct stream_record *out);
ALM_MUST_USE int stream_end_decode(struct bytes body, struct stream_end *out);
