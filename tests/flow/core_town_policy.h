/* SPDX-License-Identifier: Apache-2.0 */
/* core_town_policy.h - the town's policy as compiled bytes. */
#pragma once
#include "base/bytes.h"

#include <stdbool.h>

#define TOWN_GRACE 14 /* days past a consent's review */
/* The next policy lists wordings ("w-1" is approved now), and asks for a witness of what is spoken. */
extern bool town_strict_consent;

void town_policy(struct buf *out);
