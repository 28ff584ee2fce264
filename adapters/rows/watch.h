/* SPDX-License-Identifier: Apache-2.0 */
/* watch.h - the files of a source: read whole, never half written, and noticed when new ones lie
 * there. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "base/bytes.h"
#include <sys/types.h>
#include <time.h>

#define WATCH_MAX 12

/* Positive results. */
enum take_outcome { TAKE_ABSENT = 1, TAKE_CHANGED };
typedef void take_report_fn(void *ctx, const char *where, unsigned long line, const char *text);
/**
 * take_file() - a whole file as one moment had it
 * @label: the path for messages
 * @out:   initialised; its bound is the file's
 * Return: 0; TAKE_ABSENT there is none; TAKE_CHANGED it was written meanwhile; -EINVAL it cannot be
 * read; -ENOMEM. All but the last reported.
 */
ALM_MUST_USE int take_file(const char *path, const char *label, take_report_fn *report, void *ctx,
                           struct buf *out);

struct look { /* how the files lay at one moment; zeroed: not there */
    struct {
        ino_t inode;
        off_t size;
        struct timespec written;
    } files[WATCH_MAX];
};
struct watch {
    size_t n;
    const char *paths[WATCH_MAX]; /* borrowed */
    struct look taken;            /* when load began, or when it was last told that they changed */
    struct look seen;             /* when last looked at */
    int64_t looked_ms, seen_ms;   /* monotonic; seen_ms: since when they lie as seen */
};
void watch_add(struct watch *w, const char *path); /* "": none */
void watch_begin(struct watch *w);                 /* load begins */
/* Files that were exchanged since then may not belong together. */
bool watch_held(const struct watch *w);
/* See alm_backend.changed. True once for each state in which the files come to rest for settle_s: a
 * load that fails by its content is not tried again before they change again. */
bool watch_changed(struct watch *w, int64_t now_ms, int32_t reload_s, int32_t settle_s);
