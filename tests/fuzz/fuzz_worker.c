/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_worker.c - frames from a worker whose driver went wrong: refused, or what a good one would
 * send. */
#include "base/bytes.h"
#include "worker/codec.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int opened(struct bytes body, struct buf *again)
{
    struct work_opened o;
    int r = work_get_opened(body, &o);

    work_put_opened(again, &o);
    return r;
}

static int person(struct bytes body, struct buf *again)
{
    struct work_person p;
    int r = work_get_person(body, &p);
    struct alm_person view = work_person_of(&p);

    if (r == 0)
        work_put_person(again, &view);
    return r;
}

static int home(struct bytes body, struct buf *again)
{
    struct work_home h;
    int r = work_get_home(body, &h);
    struct alm_home view = work_home_of(&h);

    if (r == 0)
        work_put_home(again, &view);
    return r;
}

static int stay(struct bytes body, struct buf *again)
{
    struct work_stay s;
    int r = work_get_stay(body, &s);
    struct alm_stay view = work_stay_of(&s);

    if (r == 0)
        work_put_stay(again, s.person, &view);
    return r;
}

static int report(struct bytes body, struct buf *again)
{
    struct work_report p;
    int r = work_get_report(body, &p);

    if (r == 0)
        work_put_report(again, p.where, p.line, p.text);
    return r;
}

static int loaded(struct bytes body, struct buf *again)
{
    struct work_loaded l;
    int r = work_get_loaded(body, &l);

    work_put_loaded(again, &l);
    return r;
}

static int done(struct bytes body, struct buf *again)
{
    struct work_done d;
    int r = work_get_done(body, &d);

    if (r == 0)
        work_put_done(again, &d);
    return r;
}

static int (*const readers[])(struct bytes body, struct buf *again) = {
    [WORK_OPENED] = opened, [WORK_PERSON] = person, [WORK_HOME] = home, [WORK_STAY] = stay,
    [WORK_REPORT] = report, [WORK_LOADED] = loaded, [WORK_DONE] = done,
};

static void frame(uint8_t type, struct bytes body)
{
    struct buf again;
    int r;

    if (type >= sizeof(readers) / sizeof(readers[0]) || !readers[type])
        return;
    buf_init(&again, 1 << 20);
    r = readers[type](body, &again);
    assert(r == 0 || r == -EBADMSG);
    if (r == 0)
        assert(again.len == body.len + 5 && again.data[4] == type &&
               (body.len == 0 || memcmp(again.data + 5, body.data, body.len) == 0));
    buf_deinit(&again);
}

/* A stream of frames, as they lie on the socket. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct frames in = { 0 };
    struct bytes body;
    uint8_t type;
    int fds[2], n;

    if (size > 60000 || pipe(fds) != 0)
        return 0;
    assert(write(fds[1], data, size) == (ssize_t)size);
    close(fds[1]);
    while (frames_fill(&in, fds[0]) == 0) {
        while ((n = frames_next(&in, &type, &body)) == 1)
            frame(type, body);
        if (n < 0)
            break;
    }
    close(fds[0]);
    frames_deinit(&in);
    return 0;
}
