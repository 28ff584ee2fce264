/* SPDX-License-Identifier: Apache-2.0 */
/* desk.h - what the operations of the contract and the desk's own commands share. */
#pragma once
#include "desk/book.h"
#include "desk/config.h"
#include "desk/register.h"

struct desk {
    struct desk_config *config;
    struct desk_register *people; /* NULL before load */
    struct book *book;            /* NULL before load: a check opens none */
    int64_t looked_ms;            /* monotonic, when changed last looked */
    int64_t list_written_ns, list_size;
};
/* command.c: JSON in, JSON out; see alm_backend.command. */
int desk_command(void *backend, const char *request, char *reply, size_t size);
/* The newest statement that still holds at this moment. Return: whether there is one. */
bool desk_statement(const struct desk *d, int64_t now_ms, struct book_statement *out);
/* "Not known to us", by whoever stated that the list is complete. */
void desk_not_known(const struct desk *d, const struct book_statement *by, struct alm_answer *out);
/* Questions whose time is over, out of the way. Return: 0 or -errno. */
int desk_lapse(struct desk *d, int64_t now_ms);
