/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.h - an export as files: up to 256 leaves a bundle, their entries and records, beside tiles
 * of hashes (tree/tile.h).
 *
 *   DIR/checkpoint              the signed head
 *   DIR/tile/<L>/<N>[.p/<W>]    hashes, C2SP tlog-tiles
 *   DIR/tile/entries/<N>[.p/<W>]  W times: u16 length, entry (97 bytes: version 1, nonce 32,
 * SHA-256 of clear, SHA-256 of sealed) DIR/records/<N>[.p/<W>]     W times: u32 length, clear
 * octets, u8 erased, and unless that is 1: u32 length, sealed octets
 *
 * Numbers are big-endian. While an export is under way it lies in DIR.partial and its head is
 * called checkpoint.unfinished. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "tree/tile.h"
#include <jansson.h>
#include <stdbool.h>

#define BUNDLE_ENTRY_LEN  97
#define BUNDLE_MAX        (256u << 20) /* bytes of 256 records */
#define BUNDLE_HEAD       "checkpoint"
#define BUNDLE_UNFINISHED "checkpoint.unfinished"
#define BUNDLE_ENTRIES    "tile/entries"
#define BUNDLE_RECORDS    "records"
#define BUNDLE_FILE_MAX   4096 /* characters of a path */

/* Octets of one file under the folder; appended to out. Return: 0 or -errno, -E2BIG past max. */
ALM_MUST_USE int bundle_read(const char *folder, const char *kind, uint64_t n, unsigned width,
                             size_t max, struct buf *out);
/* Made with the folders that it needs, private to its owner, not synced. Return: 0 or -errno. */
ALM_MUST_USE int bundle_write(const char *folder, const char *kind, uint64_t n, unsigned width,
                              struct bytes octets);

struct bundle_row { /* views */
    uint8_t entry[BUNDLE_ENTRY_LEN];
    struct bytes clear, sealed; /* sealed is nothing where it was erased */
    bool erased;
};
/* Appends an exported row {"leaf", "nonce", "clear", "sealed" or "sealed_hash"} to both; entry gets
 * its entry. Return: 0; -EBADMSG malformed; -E2BIG more than BUNDLE_MAX; -errno. After a failure
 * both are unusable. */
ALM_MUST_USE int bundle_add(const json_t *row, struct buf *entries, struct buf *records,
                            uint8_t entry[static BUNDLE_ENTRY_LEN]);
/* What is wrong with a row of a bundle. */
enum bundle_fault {
    BUNDLE_GOOD = 0,
    BUNDLE_ENTRY_ENDS,     /* the file of entries ends within or before it, or has another length */
    BUNDLE_RECORD_ENDS,    /* the file of records ends within or before it, or has no such form */
    BUNDLE_CLEAR_DIFFERS,  /* from what the entry commits to */
    BUNDLE_SEALED_DIFFERS, /* likewise */
};
/* Takes the next row; after the first two faults the rest cannot be told apart. Return: a fault;
 * -errno. Views are the cursors'. */
ALM_MUST_USE int bundle_take(struct cursor *entries, struct cursor *records,
                             struct bundle_row *out);
