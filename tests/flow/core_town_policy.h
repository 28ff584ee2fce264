/* SPDX-License-Identifier: Apache-2.0 */
/* core_town_policy.h - the town's policy as compiled bytes. */
#pragma once
#include "base/bytes.h"

void town_policy(struct buf *out);
