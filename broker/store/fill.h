/* SPDX-License-Identifier: Apache-2.0 */
/* fill.h - a store filled from a backup: tables without a record of what they were made for, which
 * comes with the others. It opens and seals nothing. For `almoner restore` alone. */
#pragma once
#include "store/store.h"

struct store_fill;
/* @path: an empty directory, which the caller holds; its mark that a store was made is set, so that
 * what is half filled is damage to a broker and not a new store. Return: 0; -EEXIST there is a
 * store; -errno. */
ALM_MUST_USE int store_fill_open(const char *path, size_t map_bytes, struct store_fill **out);
/* Keys of a table in ascending order: pages are filled to the brim. Return: 0; -EINVAL out of
 * order, or a key or value that no store has; -ENOSPC; -errno. */
ALM_MUST_USE int store_fill_put(struct store_fill *f, enum table table, struct bytes key,
                                struct bytes sealed);
/* What was put since the last is durable when it returns 0. Return: 0; -ENOSPC; -errno. */
ALM_MUST_USE int store_fill_commit(struct store_fill *f);
/* A key as store_subkey() derives it, before there is a store. */
ALM_MUST_USE int store_fill_subkey(const struct secret *store_key, const char *label,
                                   struct secret *out);
struct store_fill *store_fill_close(struct store_fill *f); /* accepts NULL */
void store_fill_closep(struct store_fill **f);
