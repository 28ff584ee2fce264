/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h - the broker's messages as the JSON that adapters/README.md fixes. Pure; new references,
 * NULL without memory. */
#pragma once
#include "wire/msg.h"
#include <jansson.h>

struct session;
/* Insight, Involvement, Refusal, Busy or Receipt, in reply to the message with this id; NULL for
 * another type. */
json_t *reply_of(const struct msg *m, const struct id *message);
/* override.c: an OverrideView; reply_of() calls it */
json_t *reply_override(const struct msg *m, const struct id *message);
json_t *reply_queued(const struct id *message);
json_t *reply_catalogue(const struct session *s);
/* One page's entries appended to a list. */
void reply_consents_add(json_t *list, const struct msg_consent_list *page);
json_t *reply_day(int32_t day);
/* What an Insight or Involvement says, wherever it stands. */
json_t *reply_insight_part(const struct msg_insight *i);
json_t *reply_involvement_part(const struct msg_involvement *v); /* "YYYY-MM-DD" or "" */
