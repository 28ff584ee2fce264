/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - words of names and addresses that people write in several ways. Pure data. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

/* The formal name of which this folded given name is a diminutive or a spelling, else itself. */
const char *words_given(const char *folded);
/* What a folded word of an address stands for, written out. last: it is the last one. Return: NULL:
 * itself. */
const char *words_address(const char *word, size_t len, bool last);

/* For the tests: the tables, in their order. */
size_t words_n_given(void);
const char *const *words_given_at(size_t i); /* short, formal */
size_t words_n_address(void);
const char *words_address_at(size_t i);
