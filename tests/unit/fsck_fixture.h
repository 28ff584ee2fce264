/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_fixture.h - a store that must be sound: whatever fsck finds in it fails the test. */
#pragma once
#include "store_fixture.h"

#include "backup/fsck.h"

static void sound_found(void *ctx, const struct fsck_finding *f)
{
    (void)ctx;
    fail_msg("%s, %s: %s", f->table, f->record, f->what);
}

/* Return: its leaves. */
static inline uint64_t sound_leaves(struct store *s)
{
    struct fsck_options o = { .origin = FIXTURE_ORIGIN, .found = sound_found };
    struct fsck_counts n;

    assert_int_equal(fsck_run(s, &o, &n), 0);
    return n.leaves;
}
