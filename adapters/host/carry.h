/* SPDX-License-Identifier: Apache-2.0 */
/* carry.h - each live record that we lodged gets tokens of the next key: a Retoken, made from the book. */
#pragma once
#include "host/host.h"

/* Lodges a few. Return: whether there is more to do at once. */
bool carry_step(struct host *h);
/* What lay in the outbox while the current key changed: made anew under its id, as soon as tokens are
 * there. Return: whether it stays in the outbox. */
bool carry_anew(struct host *h, const struct id *id, const struct msg *said);
/* The Retoken of an entry was settled. Return: whether it was one. */
bool carry_settled(struct host *h, const struct id *id, const struct msg *said);
