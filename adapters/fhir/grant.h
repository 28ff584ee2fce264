/* SPDX-License-Identifier: Apache-2.0 */
/* grant.h - the access token that an authorisation server gives us for a signed assertion: had when
 * first needed, kept until shortly before it ends, never logged, wiped.
 *
 * The only user of <jwt.h>. Source: RFC 7523 section 2.2; SMART Backend Services (RS384, ES384). */
#pragma once
#include "base/attr.h"
#include "fhir/config.h"
#include "fhir/http.h"

#define GRANT_TOKEN_MAX 8000 /* bytes, with NUL */

struct grant { /* zeroed: none */
    char token[GRANT_TOKEN_MAX];
    int64_t until_ms; /* monotonic */
};
void grant_wipe(struct grant *g);
/* A token that is good for at least a little longer; asks for one when there is none.
 * Return: 0, *out borrowed until the next call; enum http_outcome; -EINVAL our key is of no use, or
 * the reply is not what it must be (*why says which); -ENOMEM. */
ALM_MUST_USE int grant_token(struct grant *g, const struct fhir_oauth *o, struct http *h,
                             int64_t until_ms, const char **out, const char **why);
