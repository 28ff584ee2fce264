/* SPDX-License-Identifier: Apache-2.0 */
/* key.h - what almoner-key's parts share: key.c makes keys (and knows ZeroMQ), key_seal.c those for
 * sealing (and knows libsodium), key_show.c shows their public parts. */
#pragma once
#include "base/attr.h"
#include "cert/cert.h"
#include <stdbool.h>
#include <stdint.h>

/* "almoner key: ..." on standard error. Return: code. */
ALM_PRINTF(2, 3) int key_fail(int code, const char *fmt, ...);
/* Do a certificate's two keys belong together? */
bool key_curve_fits(const struct cert *c);
/* Prints the public parts of each file (NULL-terminated). origin: for verifier keys, may be NULL.
 * Return: an exit code. */
ALM_MUST_USE int key_show(char **paths, const char *origin, bool json);
struct secret;
#define SEAL_PUBLIC_LEN 32
/* X25519. Return: 0; -EIO the library does not work. */
ALM_MUST_USE int key_seal_pair(struct secret *secret, uint8_t public_key[static SEAL_PUBLIC_LEN]);
ALM_MUST_USE int key_seal_public(const struct secret *secret,
                                 uint8_t public_key[static SEAL_PUBLIC_LEN]);
