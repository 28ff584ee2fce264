/* SPDX-License-Identifier: Apache-2.0 */
/* source_load.c - rows as they come from a worker, into the index: counted, and checked again. */
#include "host/source_in.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"

#include <errno.h>
#include <inttypes.h>

#define BUILD_STEP  256  /* people and homes */
#define BUILD_MS    10   /* then the loop has its turn */
#define REPORTS_MAX 1000 /* told of one load; the rest is counted */
#define PROGRESS_MS 10000

int link_report(struct source *s, struct link *l, struct bytes body)
{
    struct work_report r;

    if (work_get_report(body, &r) != 0)
        return -EBADMSG;
    if (l->n_reports++ < REPORTS_MAX)
        s->setup.events.report(s->setup.events.ctx, r.where, r.line, r.text);
    return 0;
}

static int rows_over(struct source *s, const struct link *l)
{
    const struct source_limits *m = &s->setup.limits;
    bool rows = l->n_rows > m->rows_most;

    if (!rows && l->n_bytes <= m->bytes_most)
        return 0;
    s->setup.events.report(
        s->setup.events.ctx, "", 0,
        rows ? "more rows than worker.rows_most allows; choose fewer, or allow more"
             : "more bytes than worker.bytes_most allows; choose fewer rows, or "
               "allow more");
    return -ENOBUFS;
}

/* Return: -EBADMSG not a row at all; an alm_fault; 0; -errno. */
static int row_tell(struct link *l, uint8_t type, struct bytes body)
{
    struct work_person p;
    struct work_home h;
    struct work_stay st;
    int r = -EBADMSG;

    if (type == WORK_PERSON && work_get_person(body, &p) == 0) {
        struct alm_person person = work_person_of(&p);

        r = l->sink.person(l->sink.ctx, &person);
        crypto_wipe(&p, sizeof(p));
    } else if (type == WORK_HOME && work_get_home(body, &h) == 0) {
        struct alm_home home = work_home_of(&h);

        r = l->sink.home(l->sink.ctx, &home);
        crypto_wipe(&h, sizeof(h));
    } else if (type == WORK_STAY && work_get_stay(body, &st) == 0) {
        struct alm_stay stay = work_stay_of(&st);

        r = l->sink.stay(l->sink.ctx, st.person, &stay);
    }
    return r;
}

static int load_row(struct source *s, struct link *l, uint8_t type, struct bytes body,
                    int64_t now_ms)
{
    int r;

    l->n_rows++;
    l->n_bytes += body.len;
    r = rows_over(s, l);
    if (r == 0)
        r = row_tell(l, type, body);
    if (r > 0) {
        /* The worker checked the same: without the row "no" would be said of somebody it is about.
         */
        s->setup.events.report(s->setup.events.ctx, "", 0, alm_fault_text((enum alm_fault)r));
        return -EPROTO;
    }
    if (r == 0 && now_ms - l->told_ms >= PROGRESS_MS) {
        l->told_ms = now_ms;
        log_info("rows-loading", "rows=%" PRIu64, l->n_rows);
    }
    return r;
}

static int load_done(struct link *l, struct bytes body)
{
    struct work_loaded loaded;

    if (work_get_loaded(body, &loaded) != 0)
        return -EBADMSG;
    if (loaded.result == -EAGAIN)
        return -EHOSTUNREACH; /* the source, not this socket */
    if (loaded.result == -EBADMSG || loaded.result == -EPIPE)
        return -EIO; /* likewise */
    if (loaded.result != 0)
        return loaded.result;
    l->state = loaded.state;
    l->stage = LINK_BUILDING;
    l->until_ms = INT64_MAX; /* nothing is asked of it now; a key holder may take its time */
    return 0;
}

int link_load_frame(struct source *s, struct link *l, uint8_t type, struct bytes body,
                    int64_t now_ms)
{
    if (type == WORK_REPORT)
        return link_report(s, l, body);
    if (type == WORK_LOADED)
        return load_done(l, body);
    return load_row(s, l, type, body, now_ms);
}

int link_build(struct source *s, struct link *l)
{
    int64_t until_ms = clock_mono_ms() + BUILD_MS;
    int r = INDEX_MORE;

    while (r == INDEX_MORE && clock_mono_ms() < until_ms)
        r = index_step(l->index, BUILD_STEP);
    if (r == -EAGAIN && s->setup.events.wanting)
        s->setup.events.wanting(s->setup.events.ctx, l->index);
    if (r == -EAGAIN && index_ready(l->index, s->setup.key))
        return 0;
    if (r == INDEX_MORE && index_ready(l->index, s->setup.key))
        return 0; /* the other keys' tokens are made while it serves */
    return r;
}
