/* SPDX-License-Identifier: Apache-2.0 */
/* token_epoch.h - one key of match tokens: its scheme and epoch. */
#pragma once
#include <stdint.h>

struct token_epoch {
    uint8_t scheme; /* enum token_scheme; 0: no tokens, or none was set */
    uint16_t epoch;
};
