/* SPDX-License-Identifier: Apache-2.0 */
/* guard.h - what no XML parser of ours ever sees: a document type, an entity of the sender's
 * making, an encoding in which either could hide. */
#pragma once
#include "base/bytes.h"

/* Looks at the bytes alone. Return: NULL; or what is wrong (static text). *line: where, from 1; 0:
 * of the whole file. */
const char *guard_check(struct bytes file, unsigned long *line);
