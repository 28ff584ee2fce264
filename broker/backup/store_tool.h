/* SPDX-License-Identifier: Apache-2.0 */
/* store_tool.h - what `almoner restore` and `almoner fsck` share: which broker's store, who holds
 * it, and what is said. Functions that return int return an exit code of sysexits.h (0 done) and
 * have said on standard error what is wrong and what to do, with --json on standard output as well. */
#pragma once
#include "base/attr.h"
#include "supervisor/settings.h"
#include "tree/note.h"
#include <jansson.h>
#include <stdbool.h>

struct store_tool {
    const char *name; /* "restore", for messages */
    const char *config, *key, *backup;
    bool check, json, expired;
    bool begin_anew; /* under another origin than the backup's */
    bool configured; /* the rest is filled in */
    struct settings settings;
    struct note_key head_key; /* that signs the log's heads */
    uint8_t mode;             /* 1 live, 2 exercise */
};
/* What ends the command: "almoner restore: ..." on standard error; with --json also
 * {"ok":false,"error","message","exit"} on standard output, so once a command. Return: code. */
ALM_PRINTF(3, 4) int tool_fail(const struct store_tool *t, int code, const char *fmt, ...);
/* What goes wrong besides, on standard error alone. */
ALM_PRINTF(2, 3) void tool_warn(const struct store_tool *t, const char *fmt, ...);
/* For programs: one object, on one line of standard output. Takes o. */
void tool_json(json_t *o);
ALM_MUST_USE int tool_configure(struct store_tool *t);
/* Nobody else has the folder: no almonerd runs on it, and none can begin to. *fd: to be closed.
 * @make: the lock's file is made where there is none. */
ALM_MUST_USE int tool_hold(const struct store_tool *t, bool make, int *fd);
/* The folder is this user's: what is written in it must be the broker's afterwards. */
ALM_MUST_USE int tool_owner(const struct store_tool *t);
/* Tells how far something is, on standard error, every two seconds after the first two. */
void tool_progress(void *ctx, const char *what, uint64_t done, uint64_t of); /* ctx: unused */

/* examine.c: the store in this folder, whose heads this key signed for the origin that it is named by, in a process of its own: a page that points wildly ends that
 * one. Findings and a summary go to standard output. Return: 0 nothing was found; EX_DATAERR;
 * another code. */
ALM_MUST_USE int examine(struct store_tool *t, const char *folder, const struct note_key *key);
ALM_MUST_USE int command_fsck(struct store_tool *t);    /* examine.c */
ALM_MUST_USE int command_restore(struct store_tool *t); /* restore.c */

/* unpack.c: reads a backup from its first octet to its last, all of it checked; fills a store in
 * @folder, or (NULL) nothing. Needs tool_configure() for the proof by the store key; without it the
 * file alone is checked. */
struct unpacked {
    char made[25], id[37], until[11];
    char origin[NOTE_NAME_MAX]; /* the backup's */
    int64_t made_ms;
    uint64_t leaves, head_size, records, octets;
    bool proved; /* by the store key */
};
ALM_MUST_USE int unpack(struct store_tool *t, const char *folder, struct unpacked *out);

/* anew.c: what lies in @folder, examined under the origin before, is from now on of the configuration's;
 * its heads stand in a file of anew_heads_name() there. */
#define ANEW_HEADS "heads-of-" /* how that file's name begins */
#define ANEW_NAME  (NOTE_NAME_MAX + 32)
void anew_heads_name(const char *origin, char out[static ANEW_NAME]);
/* The key that signed the heads in the backup: audit.key, under the backup's origin. */
ALM_MUST_USE int anew_key(const struct store_tool *t, const struct unpacked *u, struct note_key *key);
ALM_MUST_USE int anew(const struct store_tool *t, const char *folder, struct unpacked *u);
