/* SPDX-License-Identifier: Apache-2.0 */
/* tell.c - rows checked, counted and sent. */
#include "worker/tell.h"

#include "base/crypto.h"
#include "lib/tokens.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define GATHER_BYTES (32u * 1024)       /* then it is written */
#define OUT_MAX      (4u * 1024 * 1024) /* gathered at most */

void teller_init(struct teller *t, int fd)
{
    memset(t, 0, sizeof(*t));
    t->fd = fd;
    buf_init(&t->out, OUT_MAX);
}

void teller_deinit(struct teller *t)
{
    refs_deinit(&t->people);
    refs_deinit(&t->homes);
    if (t->out.data)
        crypto_wipe(t->out.data, t->out.cap);
    buf_deinit(&t->out);
}

int teller_flush(struct teller *t)
{
    size_t at = 0;

    if (t->broken == 0)
        t->broken = buf_status(&t->out);
    while (t->broken == 0 && at < t->out.len) {
        ssize_t n = send(t->fd, t->out.data + at, t->out.len - at, MSG_NOSIGNAL);

        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            t->broken = errno == ECONNRESET ? -EPIPE : -errno;
    }
    buf_reset(&t->out);
    return t->broken;
}

static int teller_put(struct teller *t)
{
    if (t->out.len < GATHER_BYTES && buf_status(&t->out) == 0)
        return t->broken;
    return teller_flush(t);
}

void teller_report(struct teller *t, const char *where, unsigned long line, const char *text)
{
    work_put_report(&t->out, where, line, text);
    (void)teller_put(t); /* sticky */
}

/* --- limits --- */
static int teller_over(struct teller *t, const char *setting, uint64_t most)
{
    char text[160];

    if (!t->full) {
        (void)snprintf(text, sizeof(text),
                       "more than %s = %" PRIu64 " allows; choose fewer rows, or allow more",
                       setting, most);
        teller_report(t, "", 0, text);
    }
    t->full = true;
    return -ENOBUFS;
}

/* What one row brought: size is what the buffer held before it. */
static int teller_count(struct teller *t, size_t before)
{
    t->n_rows++;
    if (t->out.len > before)
        t->n_bytes += t->out.len - before;
    if (t->limits.rows_most && t->n_rows > t->limits.rows_most)
        return teller_over(t, "worker.rows_most", t->limits.rows_most);
    if (t->limits.bytes_most && t->n_bytes > t->limits.bytes_most)
        return teller_over(t, "worker.bytes_most", t->limits.bytes_most);
    return teller_put(t);
}

/* --- what the host's index asks of a row --- */
static bool ref_valid(const char *ref)
{
    size_t len = ref ? strnlen(ref, ALM_REF_MAX) : 0;

    return len > 0 && len < ALM_REF_MAX && utf8_valid(ref, len);
}

enum alm_fault tell_check_person(const struct alm_person *p)
{
    const struct identity who = {
        p->given ? p->given : "", p->family ? p->family : "", p->born, p->nhs, p->upn, p->unborn
    };
    int r = tokens_row_check(&who);

    if (r > 0)
        return (enum alm_fault)r;
    return ref_valid(p->ref) ? ALM_OK : ALM_BAD_REFERENCE;
}

enum alm_fault tell_check_home(const struct alm_home *h)
{
    size_t len = h->address ? strnlen(h->address, ALM_FIELD_MAX) : 0;
    int r = ALM_OK;

    if (len == ALM_FIELD_MAX || (len && !utf8_valid(h->address, len)))
        return ALM_BAD_ADDRESS;
    if (h->postcode && h->postcode[0]) /* without one it is never a token */
        r = tokens_home_check(h->address ? h->address : "", h->postcode);
    if (r > 0)
        return (enum alm_fault)r;
    return ref_valid(h->ref) ? ALM_OK : ALM_BAD_REFERENCE;
}

/* --- the sink --- */
static int tell_person(void *ctx, const struct alm_person *p)
{
    struct teller *t = ctx;
    size_t number, before = t->out.len;
    int r = (int)tell_check_person(p);

    if (r == ALM_OK)
        r = refs_add(&t->people, p->ref, &number);
    if (r != 0)
        return r;
    work_put_person(&t->out, p);
    return teller_count(t, before);
}

static int tell_home(void *ctx, const struct alm_home *h)
{
    struct teller *t = ctx;
    size_t number, before = t->out.len;
    int r = (int)tell_check_home(h);

    if (r == ALM_OK)
        r = refs_add(&t->homes, h->ref, &number);
    if (r != 0)
        return r;
    work_put_home(&t->out, h);
    return teller_count(t, before);
}

static int tell_stay(void *ctx, const char *person, const struct alm_stay *s)
{
    struct teller *t = ctx;
    size_t number, before = t->out.len;

    if (!person || !refs_find(&t->people, person, &number))
        return ALM_NO_PERSON;
    if (!ref_valid(s->home))
        return ALM_BAD_REFERENCE;
    work_put_stay(&t->out, person, s);
    return teller_count(t, before);
}

static void tell_report(void *ctx, const char *where, unsigned long line, const char *text)
{
    teller_report(ctx, where, line, text);
}

void teller_sink(struct teller *t, struct alm_sink *out)
{
    *out = (struct alm_sink){ t, tell_person, tell_home, tell_stay, tell_report };
}
