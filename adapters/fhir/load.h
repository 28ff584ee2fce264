/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - everybody at the server, told to the host's index. */
#pragma once
#include "almoner/adapter.h"
#include "fhir/client.h"

/* See alm_backend.load. Nothing is kept. */
ALM_MUST_USE int load_people(struct call *call, const struct alm_sink *sink, uint64_t rows_most);
