/* SPDX-License-Identifier: Apache-2.0 */
/* standing.h - the refusals that are of us, whatever we said: only an officer, or a corrected
 * configuration, changes them. */
#pragma once

/* What to do about it, for people; NULL when this refusal is of a message and not of us. */
const char *standing_advice(const char *reason);
