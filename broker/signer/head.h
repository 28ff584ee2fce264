/* SPDX-License-Identifier: Apache-2.0 */
/* head.h - the last tree head that was signed, kept durably, and whether another may follow it. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "tree/note.h"
#include "tree/tree.h"

struct head {
    bool any; /* a head was ever signed */
    uint64_t size;
    uint8_t root[SHA256_LEN];
    char note[NOTE_MAX]; /* text, NUL-terminated */
};

/* What is asked to be signed, and the proof that it continues what was. */
struct head_ask {
    uint64_t size;
    uint8_t root[SHA256_LEN];
    uint64_t from;           /* the size that the proof begins at */
    struct tree_proof proof; /* as it came: not believed */
};

/* Whether a head may follow the last one. */
enum head_verdict {
    HEAD_FOLLOWS = 0, /* larger and proved, or the first */
    HEAD_SAME,        /* the same: the same note is the answer */
    HEAD_DISAGREES,   /* the same size with another root */
    HEAD_SHRINKS,     /* smaller than what was signed */
    HEAD_UNPROVED,    /* larger, with a proof from another size than the last head's */
    HEAD_BREAKS,      /* larger, and not a continuation of what was signed */
};
/* Source: DESIGN.md section 3, "keeps its last head, refuses two that disagree"; RFC 9162
 * section 2.1.4.2. Pure: any proof is safe to judge. */
enum head_verdict head_judge(const struct head *last, const struct head_ask *ask);

/* What a head that a witness holds, and that our key signed, says of the one signed last. */
enum held_verdict {
    HELD_KNOWN = 0, /* the same, or one that the last continues */
    HELD_AHEAD,     /* larger, and it may continue the last: that is the one signed last, which this
                       state has forgotten */
    HELD_FORKED,    /* neither continues the other: our key has signed two histories */
};
/* @proof: between the two sizes, from the smaller; n 0 where there is none, as this log may not reach so
 * far. Pure: any proof is safe to judge. */
enum held_verdict head_meet(const struct head *last, const struct head *held,
                            const struct tree_proof *proof);

/**
 * head_load() - read the last head
 * @key: the note must be signed by it and be of the origin: a file of another log, or one that was
 * changed, is refused Return: 0, out->any false if there is no file; -EBADMSG it is not what
 * head_store wrote with this key; -errno.
 */
ALM_MUST_USE int head_load(const char *path, const struct note_key *key, const char *origin,
                           struct head *out);
/* Durable when it returns 0. Return: 0 or -errno. */
ALM_MUST_USE int head_store(const char *path, const struct head *h);
