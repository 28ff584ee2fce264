/* SPDX-License-Identifier: Apache-2.0 */
/* load.h - people, homes and residences to a sink, and a try of every statement before anybody
 * needs it. */
#pragma once
#include "odbc/source.h"

/* See alm_backend.load. What a person's tables lack is never half a load: they are all read, or
 * none counts. */
ALM_MUST_USE int load_rows(struct odbc_source *s, const struct alm_sink *sink, bool strict);

/* Puts every other statement about nobody, so that what is wrong with it is known before anybody
 * asks. Each fault is reported. Return: 0; -EINVAL there is one (strict), or a statement has rows
 * about nobody; -EAGAIN the connection went; -ENOMEM. */
ALM_MUST_USE int load_try(struct odbc_source *s, const struct alm_sink *sink, bool strict);
