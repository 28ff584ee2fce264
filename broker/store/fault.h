/* SPDX-License-Identifier: Apache-2.0 */
/* fault.h - lets the tests make a store fail at a chosen step. For tests and store.c alone; nothing
 * else includes it. */
#pragma once
#include "store/store.h"

enum store_step {
    STORE_STEP_BEGIN = 1,
    STORE_STEP_GET,
    STORE_STEP_PUT,
    STORE_STEP_DEL,
    STORE_STEP_COMMIT, /* everything is rolled back, as LMDB does when a write or the sync fails */
    STORE_STEP_SPACE,  /* is the disk full? non-zero: yes */
    STORE_STEP_PERIOD_FILE, /* a new period's file is about to be made */
    STORE_STEP_PERIOD_MADE, /* it is durable, and nothing says yet that it is in force */
    STORE_STEP_PERIOD_WIPE, /* an old period's file is about to be overwritten */
    STORE_STEP_PERIOD_WIPED,
    STORE_STEP_PERIOD_GONE, /* it is unlinked, and the store does not say so yet */
};
/* Return: 0 to go on, or a positive errno that the step fails with, as LMDB would give it. */
typedef int store_fault(void *ctx, enum store_step step);
void store_fault_hook(struct store *s, store_fault *fault, void *ctx); /* NULL: none */
/* Everything is looked for, whatever is known to be absent (absence.h). */
void store_doubt(struct store *s, bool doubt);
