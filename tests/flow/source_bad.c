/* SPDX-License-Identifier: Apache-2.0 */
/* source_bad.c - a backend for tests of the host: it does whatever a driver may do wrong.
 *
 * One person is known, and what goes wrong is said by the question's id ("hang", "die", "garbage",
 * "eat", "slow", "wait", "fail", "invalid", "noise"; anything else is answered "yes") and, for loads, by
 * the word in the file `behave` beside the configuration. */
#include "almoner/adapter.h"
#include "base/civil.h"
#include "base/log.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef BAD_NAME
#define BAD_NAME  "bad"
#define BAD_KEEPS false
#endif
#define HOST_FD 3

struct bad {
    char path[4096]; /* of behave */
    struct timespec read;
    bool partial;
};

static void hang(void)
{
    for (;;)
        pause();
}

static void die(void)
{
    (void)raise(SIGKILL);
}

static void garbage(void)
{
    static const unsigned char bytes[] = { 0, 0, 0, 9, 38, 1, 2, 3, 4, 5, 6, 7, 8 };

    if (write(HOST_FD, bytes, sizeof(bytes)) < 0)
        die();
    hang(); /* the host has seen enough */
}

static void eat(void)
{
    for (;;) {
        char *p = malloc(1 << 24);

        if (!p)
            die(); /* as most programs do, sooner or later */
        memset(p, 1, 1 << 24);
    }
}

static void behave(const struct bad *b, char word[static 64])
{
    FILE *f = fopen(b->path, "r");

    word[0] = '\0';
    if (!f)
        return;
    if (!fgets(word, 64, f))
        word[0] = '\0';
    word[strcspn(word, "\n")] = '\0';
    (void)fclose(f);
}

static int bad_open(const struct alm_setup *setup, void **out)
{
    struct bad *b = calloc(1, sizeof(*b));

    if (!b)
        return -ENOMEM;
    (void)snprintf(b->path, sizeof(b->path), "%.4000s/behave", setup->dir);
    *out = b;
    return 0;
}

static int tell_many(const struct alm_sink *sink)
{
    for (unsigned i = 0;; i++) {
        char ref[32];
        struct alm_home h = { ref, "1 Long Row", "ZZ7 8ZA", ALM_DAY_NONE };
        int r;

        (void)snprintf(ref, sizeof(ref), "home-%u", i);
        r = sink->home(sink->ctx, &h);
        if (r != 0)
            return r;
    }
}

/* Rows that never passed the sink, straight to the host. */
static int tell_raw(void)
{
    static unsigned char frame[60000 + 4] = { 0, 0, 0xEA, 0x60, 34 };

    for (;;) {
        if (write(HOST_FD, frame, sizeof(frame)) < 0)
            return -EPIPE;
    }
}

/* A load, or an answer, that takes as long as the test wants: until there is a file behave.go. */
static void wait_for_go(const struct bad *b)
{
    char go[4200];
    FILE *f;

    (void)snprintf(go, sizeof(go), "%s.at", b->path); /* it has begun */
    f = fopen(go, "w");
    if (f)
        (void)fclose(f);
    (void)snprintf(go, sizeof(go), "%s.go", b->path);
    while (access(go, F_OK) != 0)
        (void)usleep((useconds_t)20000);
}

static int bad_load(void *backend, const struct alm_sink *sink, bool strict)
{
    struct bad *b = backend;
    struct alm_person p = { "p1", "Isla", "Example", 0, "", "", false, false };
    struct stat st;
    char word[64];

    (void)strict;
    if (stat(b->path, &st) == 0)
        b->read = st.st_mtim;
    behave(b, word);
    if (strcmp(word, "never") == 0)
        hang();
    if (strcmp(word, "die") == 0)
        die();
    if (strcmp(word, "garbage") == 0)
        garbage();
    if (strcmp(word, "eat") == 0)
        eat();
    if (strcmp(word, "many") == 0)
        return tell_many(sink);
    if (strcmp(word, "raw") == 0)
        return tell_raw();
    if (strcmp(word, "away") == 0) {
        sink->report(sink->ctx, "the source", 0, "cannot be reached");
        return -EAGAIN;
    }
    if (strcmp(word, "wrong") == 0) {
        sink->report(sink->ctx, "rows", 17, "no such day");
        return -EINVAL;
    }
    if (strncmp(word, "slow", 4) == 0)
        wait_for_go(b);
    b->partial = strstr(word, "partial") != NULL;
    if (civil_parse("2014-05-14", &p.born) != 0)
        return -EINVAL;
    if (strstr(word, "other")) /* the same reference, somebody else */
        p.given = "Rhys";
    if (sink->person(sink->ctx, &p) != 0)
        return -EINVAL;
    p = (struct alm_person){ "p2", "Owen", "Example", p.born, "", "", false, false };
    return strstr(word, "two") ? sink->person(sink->ctx, &p) : 0;
}

static int bad_answer(void *backend, const struct alm_question *q, struct alm_answer *out)
{
    if (strcmp(q->id, "hang") == 0)
        hang();
    if (strcmp(q->id, "die") == 0)
        die();
    if (strcmp(q->id, "garbage") == 0)
        garbage();
    if (strcmp(q->id, "eat") == 0)
        eat();
    if (strcmp(q->id, "wait") == 0) /* as long as the test wants */
        wait_for_go(backend);
    if (strcmp(q->id, "slow") == 0)
        (void)usleep((useconds_t)400000);
    if (strcmp(q->id, "fail") == 0)
        return -ECONNRESET;
    if (strcmp(q->id, "noise") == 0) {
        for (int i = 0; i < 500; i++)
            (void)fprintf(stderr, "a driver's line %d\n", i);
    }
    out->value = ALM_YES;
    if (strcmp(q->id, "invalid") == 0)
        out->value = 77;
    if (strcmp(q->id, "mute") == 0) {
        memset(out->service, 'x', sizeof(out->service)); /* no end */
        out->value = ALM_YES;
    }
    if (strcmp(q->id, "stale") == 0) {
        out->value = ALM_CANNOT_SAY;
        out->cause = ALM_STALE;
        out->data_as_of = 19000;
    }
    return 0;
}

static int bad_relate(void *backend, const struct alm_subject *s, struct alm_relationship *out)
{
    char word[64];

    behave(backend, word);
    if (strcmp(word, "relate-hangs") == 0)
        hang();
    if (strcmp(word, "relate-fails") == 0)
        return -EIO;
    *out = (struct alm_relationship){ ALM_INVOLVED, s->day, ALM_DAY_NONE };
    return 0;
}

static void bad_describe(void *backend, struct alm_state *out)
{
    const struct bad *b = backend;

    out->partial = b->partial;
}

static int bad_changed(void *backend)
{
    struct bad *b = backend;
    struct stat st;

    return stat(b->path, &st) == 0 &&
           (st.st_mtim.tv_sec != b->read.tv_sec || st.st_mtim.tv_nsec != b->read.tv_nsec);
}

static int bad_command(void *backend, const char *request, char *reply, size_t size)
{
    (void)backend;
    if (strstr(request, "\"hang\""))
        hang();
    if (strstr(request, "\"nonsense\""))
        return snprintf(reply, size, "not JSON") > 0 ? 0 : -EIO;
    if (strstr(request, "\"fail\""))
        return -EIO;
    return snprintf(reply, size, "{\"ok\":true,\"bytes\":%zu}", strlen(request)) > 0 ? 0 : -EIO;
}

static void bad_close(void *backend)
{
    free(backend);
}

static const struct alm_backend backend = {
    .name = BAD_NAME,
    .keeps_rows = BAD_KEEPS,
    .open = bad_open,
    .load = bad_load,
    .answer = bad_answer,
    .relate = bad_relate,
    .describe = bad_describe,
    .changed = bad_changed,
    .command = bad_command,
    .close = bad_close,
};

int main(int argc, char *argv[])
{
    return alm_backend_main(&backend, argc, argv);
}
