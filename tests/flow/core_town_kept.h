/* SPDX-License-Identifier: Apache-2.0 */
/* core_town_kept.h - what a town leaves behind, kept with the list of what must not be found in it,
 * where $ALM_KEPT asks for that (tests/canary). */
#pragma once
#include "core_town.h"

void town_store_key(uint8_t key[static 32]); /* of no other store */
/* What the core logs goes into the town's folder, all of it. */
void town_listen(struct town *t);
/* Standard error as it was. Return: whether the folder was moved away; else it is the caller's to
 * remove. */
bool town_keep(struct town *t);
