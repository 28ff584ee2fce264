/* SPDX-License-Identifier: Apache-2.0 */
/* services.h - the directory's pages, for whoever needs to find a service in it (service_ops.c). */
#pragma once
#include "wire/msg.h"
#include <jansson.h>

void services_ask_all(struct msg *query, uint16_t page, const json_t *o);
/* Adds {"service","agency",...}; as struct paged's add. */
uint16_t services_add(json_t *list, const struct msg *m);
/* service_ops.c: a page of what is due. */
void due_ask(struct msg *query, uint16_t page, const json_t *o);
uint16_t due_add(json_t *list, const struct msg *m);
