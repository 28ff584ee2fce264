/* SPDX-License-Identifier: Apache-2.0 */
/* scan.h - looks a configuration text over before libconfig 1.5 reads it, for what libconfig lets through
 * or dies of: integers it would wrap, bytes that are not UTF-8, NUL, bottomless nesting, and @include of
 * what is not a regular file (libconfig ends the process at a directory). Private to proto/conf. */
#pragma once
#include "base/bytes.h"
#include "conf/conf.h"

#define SCAN_BYTES_MAX (16u << 20) /* of a file and all that it includes */
#define SCAN_FILES_MAX 256
#define SCAN_INCLUDE_DEPTH 8 /* libconfig's own limit is 10 */
#define SCAN_NESTING_MAX 32  /* brackets within brackets */

/* The path of an included file from the folder and its name in the @include. Return: 0 or -ENOSPC. */
ALM_MUST_USE int scan_join(const char *dir, const char *name, char *out, size_t out_size);

/**
 * scan_files() - check a file and, through @include, all others that it draws in
 * @path:  the first file
 * @dir:   folder that @include paths are relative to, as libconfig will be told
 * @e:     gets an error with file and line for each thing found
 * @text:  gets the first file's text, with a NUL after it that is not counted
 *
 * Return: 0 when libconfig may be given the text; -EINVAL after adding at least one error that forbids
 *         it; -ENOMEM. Integers out of range are added to e but do not forbid it, so that a syntax error
 *         further down is reported in the same run.
 */
ALM_MUST_USE int scan_files(const char *path, const char *dir, struct conf_errors *e, struct buf *text);
