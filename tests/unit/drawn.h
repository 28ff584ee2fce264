/* SPDX-License-Identifier: Apache-2.0 */
/* drawn.h - what tests draw at random, the same in every run. ALM_SEED draws otherwise, and ALM_ROUNDS
 * goes on for longer: `ALM_SEED=7 ALM_ROUNDS=5000 test_ledger_model`. */
#pragma once
#include <stdint.h>
#include <stdlib.h>

static uint32_t drawn;

static inline uint32_t draw(uint32_t below)
{
    drawn = drawn * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(drawn >> 4) * below >> 28);
}

static inline unsigned drawn_setting(const char *name, unsigned otherwise)
{
    const char *text = getenv(name);

    return text ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

/* Return: rounds to go. */
static inline unsigned draw_anew(unsigned rounds)
{
    drawn = drawn_setting("ALM_SEED", 20261122);
    return drawn_setting("ALM_ROUNDS", rounds);
}
