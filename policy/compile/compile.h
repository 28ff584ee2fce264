/* SPDX-License-Identifier: Apache-2.0 */
/* compile.h - policy text (libconfig) to a compiled bundle; all errors of a run, with file and
 * line. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"
#include "conf/conf.h"

/**
 * policy_compile() - compile a folder of *.policy files (sorted by name) or one file
 * @errors: every error found is added; @out: compiled bytes appended on success (bundle_decode
 * accepts them; the same text gives the same bytes) Return: 0; -EINVAL with errors added; -ENOMEM;
 * -errno for an unreadable folder (also added).
 */
ALM_MUST_USE int policy_compile(const char *path, struct conf_errors *errors, struct buf *out);
