/* SPDX-License-Identifier: Apache-2.0 */
/* fair.c - see fair.h. Round robin by frame: a frame's cost hardly follows its length, as each is
 * padded to its type's size. */
#include "fair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct fair_line {
    struct fair_frame *first, *last;
    size_t n, bytes;
};
struct fair {
    struct fair_line lines[FAIR_LINES];
    uint16_t busy[FAIR_LINES]; /* lines that have something, in the order of their turns */
    size_t n_busy, turn;       /* turn: whose comes next */
    size_t n, bytes;
    uint64_t seq;
    struct fair_frame *chosen;
};

int fair_new(struct fair **out)
{
    *out = calloc(1, sizeof(**out));
    return *out ? 0 : -ENOMEM;
}

static void fair_free_list(struct fair_frame *list)
{
    while (list) {
        struct fair_frame *next = list->next;

        free(list);
        list = next;
    }
}

struct fair *fair_free(struct fair *f)
{
    if (!f)
        return NULL;
    fair_free_list(f->chosen);
    for (size_t i = 0; i < FAIR_LINES; i++)
        fair_free_list(f->lines[i].first);
    free(f);
    return NULL;
}

size_t fair_waiting(const struct fair *f)
{
    return f->n;
}

bool fair_full(const struct fair *f)
{
    return f->bytes >= FAIR_MOST_BYTES;
}

int fair_put(struct fair *f, uint16_t slot, uint16_t gate, struct bytes frame)
{
    struct fair_line *line = slot < FAIR_LINES ? &f->lines[slot] : NULL;
    struct fair_frame *at;

    if (!line || line->n >= FAIR_LINE_MOST || line->bytes + frame.len > FAIR_LINE_BYTES)
        return -ENOBUFS;
    at = malloc(sizeof(*at) + frame.len);
    if (!at)
        return -ENOMEM;
    *at = (struct fair_frame){ .seq = f->seq++, .slot = slot, .gate = gate, .len = frame.len };
    memcpy(at->octets, frame.data, frame.len);
    if (line->last)
        line->last->next = at;
    else
        line->first = at;
    line->last = at;
    if (line->n++ == 0)
        f->busy[f->n_busy++] = slot;
    line->bytes += frame.len;
    f->n++;
    f->bytes += frame.len;
    return 0;
}

static struct fair_frame *fair_take(struct fair *f, struct fair_line *line)
{
    struct fair_frame *at = line->first;

    line->first = at->next;
    if (!line->first)
        line->last = NULL;
    line->n--;
    line->bytes -= at->len;
    f->n--;
    f->bytes -= at->len;
    at->next = f->chosen;
    f->chosen = at;
    return at;
}

static int fair_by_seq(const void *a, const void *b)
{
    const struct fair_frame *const *x = a, *const *y = b;

    return ((*x)->seq > (*y)->seq) - ((*x)->seq < (*y)->seq);
}

size_t fair_choose(struct fair *f, const struct fair_frame **out, size_t max)
{
    size_t n = 0;

    while (n < max && f->n_busy) {
        struct fair_line *line;

        if (f->turn >= f->n_busy)
            f->turn = 0;
        line = &f->lines[f->busy[f->turn]];
        out[n++] = fair_take(f, line);
        if (line->n)
            f->turn++;
        else /* whoever comes after has the turn */
            memmove(&f->busy[f->turn], &f->busy[f->turn + 1],
                    (--f->n_busy - f->turn) * sizeof(f->busy[0]));
    }
    if (n)
        qsort(out, n, sizeof(out[0]), fair_by_seq);
    return n;
}

void fair_done(struct fair *f)
{
    fair_free_list(f->chosen);
    f->chosen = NULL;
}
