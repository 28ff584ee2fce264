/* SPDX-License-Identifier: Apache-2.0 */
/* composite.h - inside the engine and the compiler only: questions made of other questions. */
#pragma once
#include "engine/decide.h"

/* Are the factors of every composite questions that holders answer, each once, and the weights such
 * that no factor is enough and none is needed by itself? */
bool composites_sound(const struct layout *l);
bool composite_weights_sound(const struct policy_composite *k);
/* Holders of each composite, and what it takes over from its factors. After the other cells. */
void composites_derive(struct bundle *b);
/* Could enough agencies contribute, whoever the subject is? REASON_NONE, or
 * REASON_TOO_FEW_CONTRIBUTORS. */
enum reason composite_possible(struct choice *c);
/* As transforms_holders(), transforms_list_all(). */
enum reason composite_holders(struct choice *c);
void composite_list_all(struct choice *c);
