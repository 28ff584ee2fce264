/* SPDX-License-Identifier: Apache-2.0 */
/* probe.h - every configured search put about nobody, for --check: what the server refuses is told
 * before anybody asks. */
#pragma once
#include "almoner/adapter.h"
#include "fhir/client.h"

/* Return: 0; -EINVAL with a report for each search that is of no use; -ENOMEM. */
ALM_MUST_USE int probe_searches(struct call *call, const struct alm_sink *sink);
