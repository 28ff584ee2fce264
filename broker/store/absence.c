/* SPDX-License-Identifier: Apache-2.0 */
/* absence.c - sets of what the index has, one of each kind. Says where there is nothing to look for;
 * never that there is something. */
#include "store/absence.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "store/subjects.h"

#define ABSENCE_FIRST 256 /* slots of a set that has its first entry */

/* In the order in which they are walked over: what is rare and asked for most first. Lodgers'
 * entries are asked for only where there are some. */
static const uint8_t absence_order[] = {
    SUBJECTS_SHIELD,   SUBJECTS_DISPUTE, SUBJECTS_OVERRIDE,  SUBJECTS_WATCH,   SUBJECTS_EPISODE,
    SUBJECTS_REFERRAL, SUBJECTS_RECALL,  SUBJECTS_STATEMENT, SUBJECTS_CONCERN, SUBJECTS_CONSENT,
};
#define ABSENCE_KINDS (sizeof(absence_order) / sizeof(absence_order[0]))

struct absence_set {
    uint32_t *slots; /* 0: free; open addressing, at most three of four taken */
    uint32_t mask;   /* slots - 1 */
    uint32_t n;
    bool lost; /* not all that was put is in it: never believed */
};

struct absence {
    struct absence_set sets[ABSENCE_KINDS];
    uint64_t bytes, most;
    absence_kinds known;
    size_t at;                  /* the kind that is being walked over */
    uint8_t last[STORE_KEY_MAX]; /* the key that the walk has come to, of that kind */
    size_t last_len;            /* 0: it begins */
};

int absence_new(uint64_t most, struct absence **out)
{
    struct absence *a = calloc(1, sizeof(*a));

    if (!a)
        return -ENOMEM;
    a->most = most;
    *out = a;
    return 0;
}

static void set_drop(struct absence *a, struct absence_set *s)
{
    if (s->slots)
        a->bytes -= ((uint64_t)s->mask + 1) * sizeof(*s->slots);
    free(s->slots);
    s->slots = NULL;
    s->mask = 0;
    s->n = 0;
}

struct absence *absence_free(struct absence *a)
{
    if (!a)
        return NULL;
    for (size_t i = 0; i < ABSENCE_KINDS; i++)
        set_drop(a, &a->sets[i]);
    free(a);
    return NULL;
}

/* Return: ABSENCE_KINDS for what is no kind of these. */
static size_t absence_slot(uint8_t kind)
{
    size_t i = 0;

    while (i < ABSENCE_KINDS && absence_order[i] != kind)
        i++;
    return i;
}

/* --- One set. --- */

/* Of an HMAC any 32 bits are as good as any others. */
static uint32_t set_mark(const uint8_t blinded[static SHA256_LEN])
{
    uint32_t mark;

    memcpy(&mark, blinded, sizeof(mark));
    return mark ? mark : 1;
}

/* The walk brings marks in order, so those of a moment are alike in some bits: they are mixed.
 * Return: where the mark is, or would be. */
static uint32_t set_find(const struct absence_set *s, uint32_t mark)
{
    uint32_t mixed = mark * 0x9e3779b1u, i = (mixed ^ mixed >> 15) & s->mask;

    while (s->slots[i] && s->slots[i] != mark)
        i = (i + 1) & s->mask;
    return i;
}

static int set_grow(struct absence *a, struct absence_set *s)
{
    uint64_t old = s->slots ? (uint64_t)s->mask + 1 : 0, want = old ? 2 * old : ABSENCE_FIRST;
    struct absence_set grown = { .mask = (uint32_t)(want - 1), .n = s->n };

    if (want > UINT32_MAX || a->bytes + (want - old) * sizeof(*s->slots) > a->most)
        return -ENOSPC;
    grown.slots = calloc(want, sizeof(*grown.slots));
    if (!grown.slots)
        return -ENOMEM;
    for (uint64_t i = 0; i < old; i++) {
        if (s->slots[i])
            grown.slots[set_find(&grown, s->slots[i])] = s->slots[i];
    }
    set_drop(a, s);
    *s = grown;
    a->bytes += want * sizeof(*s->slots);
    return 0;
}

static void set_lose(struct absence *a, size_t slot)
{
    a->sets[slot].lost = true;
    a->known &= ~(absence_kinds)(1u << slot);
    set_drop(a, &a->sets[slot]);
}

static void set_add(struct absence *a, size_t slot, const uint8_t blinded[static SHA256_LEN])
{
    struct absence_set *s = &a->sets[slot];
    uint32_t mark = set_mark(blinded), i;

    if (s->lost)
        return;
    if ((!s->slots || s->n >= (uint64_t)(s->mask + 1) * 3 / 4) && set_grow(a, s) < 0) {
        set_lose(a, slot);
        return;
    }
    i = set_find(s, mark);
    s->n += s->slots[i] == 0;
    s->slots[i] = mark;
}

/* --- What was put. --- */

void absence_put(struct absence *a, struct bytes key)
{
    size_t slot = key.len ? absence_slot(key.data[0]) : ABSENCE_KINDS;

    /* A shorter key finds nothing: what is looked for is longer. */
    if (slot < ABSENCE_KINDS && key.len >= SUBJECTS_FOUND_BY)
        set_add(a, slot, key.data + 1);
}

/* --- What was there. --- */

static void fill_next_kind(struct absence *a)
{
    if (!a->sets[a->at].lost)
        a->known |= (absence_kinds)(1u << a->at);
    a->at++;
    a->last_len = 0;
}

/* To the first key that the walk has not seen. It is gone on from behind what may have been deleted
 * since. Return: 0 there; -ENOENT there is none; -errno. */
static int fill_resume(struct absence *a, struct pages *p, struct MDB_cursor *cursor,
                       struct bytes *key)
{
    struct bytes value;
    int r;

    *key = a->last_len ? bytes_of(a->last, a->last_len) : bytes_of(&absence_order[a->at], 1);
    r = pages_move(p, cursor, PAGES_FROM, key, &value);
    if (r == 0 && a->last_len && bytes_equal(*key, bytes_of(a->last, a->last_len)))
        r = pages_move(p, cursor, PAGES_NEXT, key, &value);
    return r;
}

/* Return: entries that were seen; *r: 0 there are more, -ENOENT no more of this kind, -errno. */
static size_t fill_kind(struct absence *a, struct pages *p, struct MDB_cursor *cursor, size_t most,
                        int *r)
{
    struct bytes key, value, seen = { 0 }; /* views: nothing is written meanwhile */
    size_t n = 0;

    *r = fill_resume(a, p, cursor, &key);
    for (; *r == 0 && n < most; n++) {
        if (key.data[0] != absence_order[a->at]) {
            *r = -ENOENT;
            break;
        }
        if (key.len >= SUBJECTS_FOUND_BY)
            set_add(a, a->at, key.data + 1);
        seen = key;
        if (n + 1 < most)
            *r = pages_move(p, cursor, PAGES_NEXT, &key, &value);
    }
    if (n) {
        memcpy(a->last, seen.data, seen.len);
        a->last_len = seen.len;
    }
    return n;
}

void absence_fill(struct absence *a, struct pages *p, struct MDB_txn *txn, size_t most)
{
    struct MDB_cursor *cursor = NULL;

    if (a->at == ABSENCE_KINDS || pages_cursor(p, txn, TABLE_SUBJECTS, &cursor) < 0)
        return;
    while (a->at < ABSENCE_KINDS && most) {
        int r = 0;

        if (!a->sets[a->at].lost)
            most -= fill_kind(a, p, cursor, most, &r);
        if (r < 0 && r != -ENOENT)
            set_lose(a, a->at);
        if (r < 0 || a->sets[a->at].lost)
            fill_next_kind(a);
    }
    pages_cursor_close(p, TABLE_SUBJECTS, cursor);
}

/* --- What is asked. --- */

absence_kinds absence_known(const struct absence *a)
{
    return a->known;
}

bool absence_of_all(const struct absence *a, absence_kinds known, uint8_t kind)
{
    size_t slot = absence_slot(kind);

    return slot < ABSENCE_KINDS && (a->known & known) >> slot & 1 && a->sets[slot].n == 0;
}

bool absence_sure(const struct absence *a, absence_kinds known, uint8_t kind,
                  const uint8_t blinded[static SHA256_LEN])
{
    size_t slot = absence_slot(kind);
    const struct absence_set *s;

    if (slot == ABSENCE_KINDS || !((a->known & known) >> slot & 1))
        return false;
    s = &a->sets[slot];
    return s->n == 0 || s->slots[set_find(s, set_mark(blinded))] == 0;
}

uint64_t absence_bytes(const struct absence *a)
{
    return a->bytes;
}
