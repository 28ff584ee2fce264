/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_settings.h - each child's settings as JSON text; the keys are listed in broker/README.md.
 */
#pragma once
#include "supervisor/spawn.h"

/* Takes jansson's memory functions over, so that secrets are wiped when freed. Call once, first. */
void spawn_settings_init(void);
/* Return: 0 with text to be given to spawn_settings_free; -ENOMEM. */
ALM_MUST_USE int spawn_settings_text(const struct spawn_request *r, char **out);
void spawn_settings_free(char **text); /* wipes; for ALM_CLEANUP */
