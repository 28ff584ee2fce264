/* SPDX-License-Identifier: Apache-2.0 */
/* backup_key.h - whom backups are sealed to: an X25519 pair in two small files, with the last day
 * that the private one is to be kept. Its end is the end of what the backups made to it can open.
 */
#pragma once
#include "backup/chunks.h"
#include "base/civil.h"

#define BACKUP_DAYS_DEFAULT 35
#define BACKUP_DAYS_MOST    366
#define BACKUP_FINGERPRINT  17 /* sixteen hexadecimal digits of the public key's hash, and NUL */

struct backup_public_key {
    uint8_t key[BACKUP_PUBLIC_LEN];
    int32_t made_on, expires_on; /* civil days; kept up to and with the second */
};
struct backup_private_key {
    struct secret key; /* wipe */
    struct backup_public_key pub;
};
/* Makes both files; neither may be there. NAME is private (0600), NAME.pub public. @written:
 * NAME.pub Return: 0; -EEXIST; -ENAMETOOLONG; -errno. */
ALM_MUST_USE int backup_key_make(const char *path, int32_t today, int days, char *written,
                                 size_t written_size, struct backup_public_key *out);
/* Return: 0; -EINVAL it holds something else; -EPERM others may read it; -errno. */
ALM_MUST_USE int backup_key_read_public(const char *path, struct backup_public_key *out);
ALM_MUST_USE int backup_key_read_private(const char *path, struct backup_private_key *out);
/* Overwrites and removes a private key's file, durably. Return: 0; -EINVAL it is none; -errno. */
ALM_MUST_USE int backup_key_destroy(const char *path);
void backup_private_key_wipe(struct backup_private_key *k); /* for ALM_CLEANUP */
/* By which people compare keys. */
void backup_fingerprint(const uint8_t key[static BACKUP_PUBLIC_LEN],
                        char out[static BACKUP_FINGERPRINT]);
