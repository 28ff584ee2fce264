/* SPDX-License-Identifier: Apache-2.0 */
/* inbox_files.h - the inbox's files, by open folder, and sorted lists of them. Only for inbox.c. */
#pragma once
#include "lib/inbox.h"

#define INBOX_BODY_MAX WIRE_FRAME_MAX
#define INBOX_SEQ_TEXT 20                             /* digits of a uint64_t */
#define INBOX_NAME_LEN (INBOX_SEQ_TEXT + ID_TEXT + 4) /* "SEQ-EVENT.msg" without NUL */

struct inbox_list { /* by seq, then event; zeroed is empty */
    struct inbox_item *items;
    size_t n, cap;
};
void inbox_list_free(struct inbox_list *l);
ALM_MUST_USE int inbox_list_add(struct inbox_list *l,
                                const struct inbox_item *item); /* 0 or -ENOMEM; once each */
struct inbox_item *inbox_list_find(const struct inbox_list *l,
                                   const struct inbox_item *item); /* or NULL */
void inbox_list_drop(struct inbox_list *l, size_t n);              /* the first n */
/* The folder's deliveries; what a killed writer left half-written is removed. Return: 0; -errno. */
ALM_MUST_USE int inbox_list_read(int fd, struct inbox_list *out);
/* Calls found for each folder; stops at its first result other than 0 and returns it. */
ALM_MUST_USE int inbox_folders(int fd, int (*found)(void *ctx, const char *name), void *ctx);

void inbox_file_name(const struct inbox_item *item, char out[static INBOX_NAME_LEN + 1]);
bool inbox_file_exists(int fd, const struct inbox_item *item);
/* Whole or not at all; durable once the folder is synced. Return: 0; -errno. */
ALM_MUST_USE int inbox_file_write(int fd, const struct inbox_item *item, struct bytes body);
/* body: emptied, then filled. Return: 0; -EBADMSG damaged; -ENOENT; -errno. */
ALM_MUST_USE int inbox_file_read(int fd, const struct inbox_item *item, struct buf *body);
void inbox_file_tell_damaged(const char *stream, const struct inbox_item *item);
