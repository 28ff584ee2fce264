/* SPDX-License-Identifier: Apache-2.0 */
/* frame.h - the length-prefixed JSON object that both ends of a local socket speak; private to
 * proto/local. */
#pragma once
#include "local/local.h"
#include <sys/socket.h>
#include <sys/un.h>

#define FRAME_HEAD 4 /* bytes of the big-endian length */

/* Appends length and JSON. Return: 0; -EMSGSIZE past LOCAL_MESSAGE_MAX; -EINVAL not an object;
 * -ENOMEM. */
ALM_MUST_USE int frame_encode(const json_t *object, struct buf *out);
/* Parses one body strictly: UTF-8, no duplicate keys, no NUL, an object and nothing after it. On
 * -EBADMSG why (NUL-terminated) says what is wrong, without quoting values. */
ALM_MUST_USE int frame_parse(struct bytes body, json_t **out, char *why, size_t why_size);
/* Return: 0 or -ENAMETOOLONG (sun_path holds 107 bytes). */
ALM_MUST_USE int frame_address(const char *path, struct sockaddr_un *out);
