/* SPDX-License-Identifier: Apache-2.0 */
/* chunks.h - a backup as a file: a header for one recipient's key, then sealed chunks in order.
 *
 * What is in the chunks is stream.h's business; here it is octets. Nothing of a file is handed out
 * before the chunk that it lies in has been proved: of this file, in this place, unaltered. That
 * the file is whole is known at its last chunk and not before. Bounded memory: one chunk. The
 * layout is in broker/backup/README.md. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include "base/id.h"

#define BACKUP_PUBLIC_LEN  32    /* X25519 */
#define BACKUP_CHUNK_BYTES 65536 /* of plain octets in every chunk but the last */
#define BACKUP_ORIGIN_MAX  128   /* with NUL */
#define BACKUP_HEADER_MAX  1024  /* bytes of a header on disk */

struct backup_header {
    uint8_t mode; /* 1 live, 2 exercise */
    char origin[BACKUP_ORIGIN_MAX];
    struct id id; /* of this backup */
    int64_t made_ms;
    uint8_t to[BACKUP_PUBLIC_LEN]; /* whose private key opens it */
    int32_t expires_on;            /* the last civil day that key is to be kept */
};
/* What is wrong with a file. Positive: each is an answer, with the place in the reader. */
enum backup_damage {
    BACKUP_NOT_ONE = 1,   /* no backup of ours */
    BACKUP_NEWER,         /* a version that this program does not know */
    BACKUP_OTHER_KEY,     /* sealed to another key, or the sealed part of its header is altered */
    BACKUP_HEADER,        /* the header is altered */
    BACKUP_CUT,           /* it ends before its last chunk */
    BACKUP_CHUNK_MOVED,   /* another chunk stands where this one belongs */
    BACKUP_CHUNK_ALTERED, /* the chunk is altered, or another file's */
    BACKUP_APPENDED,      /* something follows the last chunk */
};
const char *backup_damage_words(enum backup_damage d); /* "the file ends before its last chunk" */

struct backup_writer;
/**
 * backup_writer_open() - begin a file with its header
 * @fd: borrowed; written in order, never sought in; syncing is the caller's business
 * Return: 0; -EINVAL the key is none; -errno of the write.
 */
ALM_MUST_USE int backup_writer_open(int fd, const struct backup_header *h,
                                    struct backup_writer **out);
ALM_MUST_USE int backup_writer_put(struct backup_writer *w, struct bytes plain);
/* Writes the last chunk; a file without it is not whole. Return: 0 or -errno. */
ALM_MUST_USE int backup_writer_finish(struct backup_writer *w);
uint64_t backup_writer_octets(const struct backup_writer *w);      /* written so far */
struct backup_writer *backup_writer_free(struct backup_writer *w); /* accepts NULL; wipes */
void backup_writer_freep(struct backup_writer **w);

struct backup_reader;
/**
 * backup_reader_open() - read and prove the header
 * @fd:  borrowed, at the beginning of the file
 * @key: the private key; borrowed for the call
 * @out: also set on a damage but BACKUP_NOT_ONE and BACKUP_NEWER, for what the header says
 * Return: 0; an enum backup_damage; -errno.
 */
ALM_MUST_USE int backup_reader_open(int fd, const struct secret *key, struct backup_reader **out);
const struct backup_header *backup_reader_header(const struct backup_reader *r);
/* The next chunk's octets, good until the next call. *last: it was the last one, and nothing
 * follows it. Return: 0; an enum backup_damage; -errno. */
ALM_MUST_USE int backup_reader_next(struct backup_reader *r, struct bytes *plain, bool *last);
/* Where the reader stands, for messages: the number of the chunk that it tried last, and where in
 * the file that begins. */
uint64_t backup_reader_chunk(const struct backup_reader *r);
uint64_t backup_reader_offset(const struct backup_reader *r);
struct backup_reader *backup_reader_free(struct backup_reader *r); /* accepts NULL; wipes */
void backup_reader_freep(struct backup_reader **r);

/* The public key of a private one. Return: 0; -EINVAL. */
ALM_MUST_USE int backup_public(const struct secret *key, uint8_t out[static BACKUP_PUBLIC_LEN]);
