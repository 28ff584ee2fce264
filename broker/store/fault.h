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
};
/* Return: 0 to go on, or a positive errno that the step fails with, as LMDB would give it. */
typedef int store_fault(void *ctx, enum store_step step);
void store_fault_hook(struct store *s, store_fault *fault, void *ctx); /* NULL: none */
