/* SPDX-License-Identifier: Apache-2.0 */
/* period_files.h - the secrets of periods as files: periods/NNNNNNNN.key beside the store's data
 * file. For broker/store alone. */
#pragma once
#include "base/crypto.h"
#include "store/store.h"

/* The key that the files are sealed under, from the store's root of derived keys. */
ALM_MUST_USE int period_file_key(const struct secret *subkey_root, struct secret *out);
/* Durable when it returns 0, with its directory; takes the place of one that a kill left. */
ALM_MUST_USE int period_file_make(const char *dir, const struct secret *file_key, uint32_t number, const struct secret *secret);
/* Return: 0; -ENOENT; -EBADMSG not of this store, or damaged; -EPERM others may read it; -errno. */
ALM_MUST_USE int period_file_read(const char *dir, const struct secret *file_key, uint32_t number, struct secret *out);
/* Overwritten, synced, unlinked, the directory synced. Return: 0 (also when it is gone); -errno. */
ALM_MUST_USE int period_file_destroy(struct store *s, uint32_t number);
/* Destroys every other file of a period, and what a killed writer left half made. */
ALM_MUST_USE int period_files_tidy(struct store *s, uint32_t current, uint32_t leaving);
