/* SPDX-License-Identifier: Apache-2.0 */
/* book_key.h - the key that the book is sealed with: made by chance, and kept on disk only wrapped under
 * each key of match tokens in use (tokens/book-SCHEME-EPOCH.key). */
#pragma once
#include "host/host.h"

/* Unlocks the book once a key in use opens or takes a wrap; wraps it under each that has come, and then
 * removes the wraps of those that the policy lists no more: their keys may be in anybody's hands. */
void book_key_step(struct host *h, int64_t now_ms);
