/* SPDX-License-Identifier: Apache-2.0 */
/* events.h - deliveries as the JSON that adapters/README.md fixes, under "EVENT". New references,
 * NULL without memory. */
#pragma once
#include "host/host.h"

json_t *event_json(const struct host *h, const struct msg_deliver *d);
/* In the place of one whose file is damaged: its number and name, so that it is not passed over
 * unseen. */
json_t *event_damaged(const char *stream, const struct inbox_item *item);
json_t *event_referral(const struct host *h, const struct id *id, const struct msg_referral *r);
json_t *event_update(const struct msg_referral_update *u);
json_t *event_stop(const struct msg_stop_using *s); /* rights_ops.c */
json_t *event_time(int64_t ms);        /* UTC or "" */
json_t *event_id(const struct id *id); /* "" for none */
json_t *event_made(uint16_t made);
json_t *event_contributors(const struct msg_contributor *list, size_t n);
