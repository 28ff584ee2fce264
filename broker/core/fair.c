/* SPDX-License-Identifier: Apache-2.0 */
/* fair.c - see fair.h. Round robin by frame: a frame's cost hardly follows its length, as each is
 * padded to its type's size.
 *
 * Frames lie in memory of a few sizes that is used again: under load none is allocated. */
#include "fair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FAIR_SPARE_BYTES ((size_t)8 << 20) /* kept of what was used; the rest is given back */

/* Octets that a frame's memory holds: the sizes that bodies are padded to, and what lies between. */
static const size_t fair_classes[] = { 512, 1280, 2304, 4608, 9216, 18432, 36864, 65536 };

struct fair_queue {
    struct fair_frame *first, *last;
};
struct fair_line {
    struct fair_queue rows[FAIR_ROWS];
    size_t n, bytes;
    bool passed; /* the last one passed others: theirs is the next place */
};
struct fair {
    struct fair_line lines[FAIR_LINES];
    uint16_t busy[FAIR_LINES]; /* lines that have something, in the order of their turns */
    size_t n_busy, turn;       /* turn: whose comes next */
    struct fair_frame *first, *last; /* of all, in order of arrival */
    size_t n, bytes;
    uint64_t seq;
    struct fair_queue chosen[ALM_LEN(fair_classes)]; /* by size, so that they are given back without a look at each */
    struct fair_frame *spare[ALM_LEN(fair_classes)];
    size_t chosen_bytes, spare_bytes;
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
    for (size_t i = 0; i < ALM_LEN(fair_classes); i++) {
        fair_free_list(f->chosen[i].first);
        fair_free_list(f->spare[i]);
    }
    for (size_t i = 0; i < FAIR_LINES; i++) {
        for (size_t row = 0; row < FAIR_ROWS; row++)
            fair_free_list(f->lines[i].rows[row].first);
    }
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

static struct fair_frame *fair_memory(struct fair *f, uint8_t class)
{
    struct fair_frame *at = f->spare[class];

    if (!at)
        return malloc(sizeof(*at) + fair_classes[class]);
    f->spare[class] = at->next;
    f->spare_bytes -= fair_classes[class];
    return at;
}

static void fair_give_back(struct fair *f, struct fair_frame *at)
{
    if (f->spare_bytes + fair_classes[at->class] > FAIR_SPARE_BYTES) {
        free(at);
        return;
    }
    at->next = f->spare[at->class];
    f->spare[at->class] = at;
    f->spare_bytes += fair_classes[at->class];
}

static void fair_append(struct fair *f, struct fair_line *line, struct fair_frame *at)
{
    struct fair_queue *row = &line->rows[at->row];

    if (row->last)
        row->last->next = at;
    else
        row->first = at;
    row->last = at;
    at->earlier = f->last;
    if (f->last)
        f->last->later = at;
    else
        f->first = at;
    f->last = at;
    if (line->n++ == 0)
        f->busy[f->n_busy++] = at->slot;
    line->bytes += at->len;
    f->n++;
    f->bytes += at->len;
}

int fair_put(struct fair *f, uint16_t slot, uint16_t gate, enum fair_row row, uint8_t type, struct bytes frame)
{
    struct fair_line *line = slot < FAIR_LINES ? &f->lines[slot] : NULL;
    struct fair_frame *at;
    uint8_t class = 0;

    if (!line || line->n >= FAIR_LINE_MOST || line->bytes + frame.len > FAIR_LINE_BYTES)
        return -ENOBUFS;
    while (class < ALM_LEN(fair_classes) && fair_classes[class] < frame.len)
        class++;
    if (class == ALM_LEN(fair_classes))
        return -EMSGSIZE;
    at = fair_memory(f, class);
    if (!at)
        return -ENOMEM;
    *at = (struct fair_frame){ .seq = f->seq++, .slot = slot, .gate = gate, .row = (uint8_t)row, .class = class,
                               .type = type, .len = frame.len };
    memcpy(at->octets, frame.data, frame.len);
    fair_append(f, line, at);
    return 0;
}

/* Whose place of the line's share this is. */
static uint8_t fair_row(struct fair_line *line)
{
    const struct fair_frame *lodged = line->rows[FAIR_LODGED].first, *asked = line->rows[FAIR_ASKED].first;

    if (!lodged || !asked || lodged->seq < asked->seq) {
        line->passed = false;
        return lodged ? FAIR_LODGED : FAIR_ASKED;
    }
    line->passed = !line->passed;
    return line->passed ? FAIR_LODGED : FAIR_ASKED;
}

static struct fair_frame *fair_take(struct fair *f, struct fair_line *line)
{
    struct fair_queue *row = &line->rows[fair_row(line)];
    struct fair_frame *at = row->first;

    row->first = at->next;
    if (!row->first)
        row->last = NULL;
    *(at->earlier ? &at->earlier->later : &f->first) = at->later;
    *(at->later ? &at->later->earlier : &f->last) = at->earlier;
    line->n--;
    line->bytes -= at->len;
    f->n--;
    f->bytes -= at->len;
    return at;
}

static int fair_by_seq(const void *a, const void *b)
{
    const struct fair_frame *const *x = a, *const *y = b;

    return ((*x)->seq > (*y)->seq) - ((*x)->seq < (*y)->seq);
}

static void fair_chosen(struct fair *f, struct fair_frame *at)
{
    struct fair_queue *q = &f->chosen[at->class];

    at->next = q->first;
    q->first = at;
    if (!q->last)
        q->last = at;
    f->chosen_bytes += fair_classes[at->class];
}

static size_t fair_choose_all(struct fair *f, const struct fair_frame **out)
{
    struct fair_frame *next;
    size_t n = 0;

    for (struct fair_frame *at = f->first; at; at = next) {
        next = at->later;
        out[n++] = at;
        fair_chosen(f, at);
    }
    for (size_t i = 0; i < f->n_busy; i++)
        f->lines[f->busy[i]] = (struct fair_line){ 0 };
    f->first = f->last = NULL;
    f->n = f->bytes = f->n_busy = f->turn = 0;
    return n;
}

static size_t fair_choose_shares(struct fair *f, const struct fair_frame **out, size_t max)
{
    size_t n = 0;

    while (n < max && f->n_busy) {
        struct fair_line *line;
        struct fair_frame *at;

        if (f->turn >= f->n_busy)
            f->turn = 0;
        line = &f->lines[f->busy[f->turn]];
        at = fair_take(f, line);
        fair_chosen(f, at);
        out[n++] = at;
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

size_t fair_choose(struct fair *f, const struct fair_frame **out, size_t max)
{
    return f->n <= max ? fair_choose_all(f, out) : fair_choose_shares(f, out, max);
}

/* More than is kept. */
static void fair_done_each(struct fair *f, struct fair_frame *list)
{
    struct fair_frame *next;

    for (struct fair_frame *at = list; at; at = next) {
        next = at->next;
        fair_give_back(f, at);
    }
}

void fair_done(struct fair *f)
{
    bool fits = f->spare_bytes + f->chosen_bytes <= FAIR_SPARE_BYTES;

    for (size_t i = 0; i < ALM_LEN(fair_classes); i++) {
        struct fair_queue *q = &f->chosen[i];

        if (q->first && fits) {
            q->last->next = f->spare[i];
            f->spare[i] = q->first;
        } else {
            fair_done_each(f, q->first);
        }
        *q = (struct fair_queue){ .first = NULL };
    }
    if (fits)
        f->spare_bytes += f->chosen_bytes;
    f->chosen_bytes = 0;
}
