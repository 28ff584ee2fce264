/* SPDX-License-Identifier: Apache-2.0 */
/* nouns.c - which files add commands, in the order of the help. */
#include "cli/flags.h"

const struct noun *const nouns[] = {
    &noun_concern, &noun_stream, &noun_referral, &noun_sealing, &noun_watch, &noun_service, &noun_rights, &noun_witness, &noun_tokens, NULL,
};
