/* SPDX-License-Identifier: Apache-2.0 */
/* tokens_key.h - `almoner tokens key`: makes the key of an epoch, and shows its public half. */
#pragma once

/* argv[0] is the word after "key". Return: an exit code of sysexits.h. */
int tokens_key_command(int argc, char **argv);
