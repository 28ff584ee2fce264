/* SPDX-License-Identifier: Apache-2.0 */
/* key_seal.c - sealing keys, made by the library that seals and opens with them. */
#include "base/crypto.h"
#include "key.h"

#include <errno.h>
#include <sodium.h>

_Static_assert(sizeof(((struct secret *)0)->octets) == crypto_box_SECRETKEYBYTES,
               "a secret is 32 bytes");
_Static_assert(SEAL_PUBLIC_LEN == crypto_box_PUBLICKEYBYTES, "a public key is 32 bytes");

int key_seal_pair(struct secret *secret, uint8_t public_key[static SEAL_PUBLIC_LEN])
{
    if (sodium_init() < 0)
        return -EIO;
    return crypto_box_keypair(public_key, secret->octets) ? -EIO : 0;
}

int key_seal_public(const struct secret *secret, uint8_t public_key[static SEAL_PUBLIC_LEN])
{
    if (sodium_init() < 0)
        return -EIO;
    return crypto_scalarmult_base(public_key, secret->octets) ? -EIO : 0;
}
