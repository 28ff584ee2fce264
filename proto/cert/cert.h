/* SPDX-License-Identifier: Apache-2.0 */
/* cert.h - CURVE certificates as text: the ZPL files that czmq's zcert and pyzmq's zmq.auth write
 * and read.
 *
 *   metadata                          # anything, kept out of our way
 *       name = "council"
 *   curve
 *       public-key = "<40 of Z85>"
 *       secret-key = "<40 of Z85>"    # in NAME.key_secret only, mode 0600
 *
 * Keys stay Z85 text here: no ZeroMQ is needed to pass a certificate on. Threads: pure but for
 * cert_read. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include <stdbool.h>
#include <stdint.h>

#define CERT_KEY_TEXT 41   /* 40 characters of Z85 and NUL */
#define CERT_KEY_LEN  32   /* bytes */
#define CERT_FILE_MAX 8192 /* bytes of a certificate file */
#define CERT_WHY_MAX  512

struct cert {
    char public_key[CERT_KEY_TEXT];
    char secret_key[CERT_KEY_TEXT]; /* "" in a public certificate */
};
enum cert_kind { CERT_PUBLIC = 1, CERT_SECRET };

void cert_wipe(struct cert *c); /* for ALM_CLEANUP */

/**
 * cert_parse() - read a certificate strictly
 * @path: for messages only
 * @kind: CERT_PUBLIC refuses a file that holds a secret key (it must not be handed round);
 * CERT_SECRET requires one
 * @why:  on -EINVAL "path:line: what is wrong and what to do", never a key
 * Return: 0 or -EINVAL.
 */
ALM_MUST_USE int cert_parse(struct bytes text, const char *path, enum cert_kind kind,
                            struct cert *out, char why[static CERT_WHY_MAX]);
/* Reads a file; a secret one must be private to its owner (-EPERM). Return: 0; -EINVAL, -EPERM,
 * -errno, each with why. */
ALM_MUST_USE int cert_read(const char *path, enum cert_kind kind, struct cert *out,
                           char why[static CERT_WHY_MAX]);
/* Appends a certificate; name goes to the metadata ("" for none; '"' and control characters:
 * -EINVAL). Return: 0, -EINVAL, -errno. */
ALM_MUST_USE int cert_format(const struct cert *c, enum cert_kind kind, const char *name,
                             struct buf *out);
/* A key's bytes from its text, exactly 40 characters (rfc.zeromq.org/spec/32). Return: 0 or
 * -EINVAL. */
ALM_MUST_USE int cert_key_decode(const char *z85, uint8_t out[static CERT_KEY_LEN]);
/* The text of a key's bytes. */
void cert_key_encode(const uint8_t key[static CERT_KEY_LEN], char out[static CERT_KEY_TEXT]);
