/* SPDX-License-Identifier: Apache-2.0 */
/* file.h - whole files, safely: bounded reads, atomic durable writes, private modes. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "base/crypto.h"
#include <sys/types.h>

/* Appends a whole regular file to out. Return: 0; -errno; -E2BIG past max_bytes; -EISDIR;
 * -EINVAL for a FIFO or device. On failure out is as it was. */
ALM_MUST_USE int file_read(const char *path, size_t max_bytes, struct buf *out);
/* Writes beside, fsyncs, renames over path, fsyncs the directory. Return: 0 or -errno; on failure the
 * old file is untouched. */
ALM_MUST_USE int file_write(const char *path, struct bytes data, mode_t mode);
/* Makes a directory (and its parents) if absent. Return: 0 or -errno. */
ALM_MUST_USE int file_mkdirs(const char *path, mode_t mode);
/* Return: 0 if only the owner may read it (mode & 077 == 0); -EPERM otherwise; -errno. */
ALM_MUST_USE int file_check_private(const char *path);
/* A secret kept as 64 hex characters and a newline in a private file. -EPERM if others may read it;
 * -EINVAL when it holds anything else. */
ALM_MUST_USE int file_read_secret(const char *path, struct secret *out);
ALM_MUST_USE int file_write_secret(const char *path, const struct secret *s);
void fd_closep(int *fd); /* for ALM_CLEANUP; -1 is fine */
