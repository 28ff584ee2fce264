/* SPDX-License-Identifier: Apache-2.0 */
/* override.h - inside the engine only: an override in the place of a consent. */
#pragma once
#include "engine/decide.h"

/* Does an override carry what was refused for this reason? Then consent plays no further part, and
 * out->basis says so: work out the holders (again). */
bool override_carries(struct choice *c, enum reason why);
/* The gateway claimed is that of an override of this very question. */
bool override_claims(const struct choice *c, uint16_t claimed);
