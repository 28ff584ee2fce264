/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - what holds for a worker's process as a whole. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"

/* Memory, core files, descriptors, no way to more rights. Return: 0 or -errno: then nothing may be
 * read. */
ALM_MUST_USE int process_limit(const struct alm_limits *limits);
