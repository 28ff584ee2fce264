/* SPDX-License-Identifier: Apache-2.0 */
/* book.c - entries in memory without what was typed; that lies in the files. */
#include "lib/book.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "lib/outbox.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BOOK_MAGIC "ALMBOOK" /* with its NUL */
#define HEAD_LEN   (sizeof(BOOK_MAGIC) + 1 + 4 + 3 + 3)
#define FILE_MAX   65536
#define PLAIN_MAX  32768

struct book {
    char dir[PATH_MAX - 64];
    bool unlocked;
    struct secret key;
    struct book_entry *at;
    size_t n, cap;
};

void book_subject_wipe(struct book_subject *s)
{
    crypto_wipe(s, sizeof(*s));
}

/* --- what was typed, as bytes --- */
static void put_home(struct buf *out, const struct asked_home *h)
{
    buf_put_text(out, h->address);
    buf_put_text(out, h->postcode);
    buf_put_text(out, h->ref);
    buf_put_i32(out, h->from);
    buf_put_i32(out, h->until);
}

static void get_home(struct cursor *c, struct asked_home *h)
{
    cursor_text(c, h->address, sizeof(h->address));
    cursor_text(c, h->postcode, sizeof(h->postcode));
    cursor_text(c, h->ref, sizeof(h->ref));
    h->from = cursor_i32(c);
    h->until = cursor_i32(c);
}

static int subject_encode(const struct book_subject *s, struct buf *out)
{
    const struct asked_subject *t = &s->subject;

    buf_put_u8(out, (uint8_t)(s->has_subject | t->household << 1 | t->unborn << 2 |
                              s->has_home << 3 | s->had_home << 4));
    buf_put_i32(out, s->day);
    buf_put_text(out, s->origin);
    put_home(out, &s->home);
    put_home(out, &t->home);
    buf_put_text(out, t->given);
    buf_put_text(out, t->family);
    buf_put_text(out, t->nhs);
    buf_put_text(out, t->upn);
    buf_put_i32(out, t->born);
    buf_put_u8(out, (uint8_t)t->n_homes);
    for (size_t i = 0; i < t->n_homes; i++)
        put_home(out, &t->homes[i]);
    return buf_status(out);
}

static int subject_decode(struct bytes plain, struct book_subject *s)
{
    struct cursor c = cursor_of(plain);
    struct asked_subject *t = &s->subject;
    uint8_t flags = cursor_u8(&c);

    memset(s, 0, sizeof(*s));
    s->has_subject = flags & 1;
    t->household = flags & 2;
    t->unborn = flags & 4;
    s->has_home = flags & 8;
    s->had_home = flags & 16;
    s->day = cursor_i32(&c);
    cursor_text(&c, s->origin, sizeof(s->origin));
    get_home(&c, &s->home);
    get_home(&c, &t->home);
    cursor_text(&c, t->given, sizeof(t->given));
    cursor_text(&c, t->family, sizeof(t->family));
    cursor_text(&c, t->nhs, sizeof(t->nhs));
    cursor_text(&c, t->upn, sizeof(t->upn));
    t->born = cursor_i32(&c);
    t->n_homes = cursor_u8(&c);
    if (c.failed || t->n_homes > HOMES_MAX)
        return -EBADMSG;
    for (size_t i = 0; i < t->n_homes; i++)
        get_home(&c, &t->homes[i]);
    return cursor_end(&c);
}

/* --- files --- */
static int entry_path(const struct book *b, const struct id *record, char out[static PATH_MAX])
{
    char name[ID_TEXT];
    int n;

    id_format(record, name);
    n = snprintf(out, PATH_MAX, "%s/%s", b->dir, name);
    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

static void put_head(struct buf *out, const struct book_entry *e)
{
    buf_put(out, BOOK_MAGIC, sizeof(BOOK_MAGIC));
    buf_put_u8(out, e->kind);
    buf_put_i32(out, e->until);
    buf_put_u8(out, e->scheme);
    buf_put_u16(out, e->epoch);
    buf_put_u8(out, e->carried_scheme);
    buf_put_u16(out, e->carried_epoch);
}

/* The head and the record's id are sealed along: neither can be changed, nor the file renamed. */
static int entry_write(const struct book *b, const struct book_entry *e,
                       const struct book_subject *s)
{
    ALM_CLEANUP(buf_deinit) struct buf file, plain, with;
    char path[PATH_MAX];
    int r = b->unlocked ? entry_path(b, &e->record, path) : -EAGAIN;

    buf_init(&file, FILE_MAX);
    buf_init(&plain, PLAIN_MAX);
    buf_init(&with, HEAD_LEN + ID_LEN);
    put_head(&file, e);
    put_head(&with, e);
    buf_put(&with, e->record.octets, ID_LEN);
    if (r == 0)
        r = subject_encode(s, &plain);
    if (r == 0)
        r = seal(&b->key, buf_view(&with), buf_view(&plain), &file);
    if (r == 0)
        r = buf_status(&file) ? buf_status(&file) : file_write(path, buf_view(&file), 0600);
    if (plain.data)
        crypto_wipe(plain.data, plain.cap);
    return r;
}

static int head_read(struct cursor *c, struct book_entry *e)
{
    struct bytes magic = cursor_take(c, sizeof(BOOK_MAGIC));

    if (c->failed || memcmp(magic.data, BOOK_MAGIC, sizeof(BOOK_MAGIC)) != 0)
        return -EBADMSG;
    e->kind = cursor_u8(c);
    e->until = cursor_i32(c);
    e->scheme = cursor_u8(c);
    e->epoch = cursor_u16(c);
    e->carried_scheme = cursor_u8(c);
    e->carried_epoch = cursor_u16(c);
    return c->failed ? -EBADMSG : 0;
}

static int file_of(const struct book *b, const struct id *record, struct buf *file,
                   struct book_entry *e)
{
    char path[PATH_MAX];
    struct cursor c;
    int r = entry_path(b, record, path);

    if (r == 0)
        r = file_read(path, FILE_MAX, file);
    if (r != 0)
        return r;
    c = cursor_of(buf_view(file));
    *e = (struct book_entry){ .record = *record };
    return head_read(&c, e);
}

int book_read(const struct book *b, const struct book_entry *e, struct book_subject *out)
{
    ALM_CLEANUP(buf_deinit) struct buf file, plain, with;
    struct book_entry head;
    int r;

    buf_init(&file, FILE_MAX);
    buf_init(&plain, PLAIN_MAX);
    buf_init(&with, HEAD_LEN + ID_LEN);
    r = b->unlocked ? file_of(b, &e->record, &file, &head) : -EAGAIN;
    if (r != 0)
        return r;
    buf_put(&with, file.data, HEAD_LEN);
    buf_put(&with, e->record.octets, ID_LEN);
    r = buf_status(&with);
    if (r == 0)
        r = seal_open(&b->key, buf_view(&with),
                      bytes_of(file.data + HEAD_LEN, file.len - HEAD_LEN), &plain);
    if (r == 0)
        r = subject_decode(buf_view(&plain), out);
    if (plain.data)
        crypto_wipe(plain.data, plain.cap);
    return r;
}

/* --- entries --- */
static int entry_add(struct book *b, const struct book_entry *e)
{
    if (b->n == b->cap) {
        size_t cap = b->cap ? b->cap * 2 : 64;
        struct book_entry *grown = reallocarray(b->at, cap, sizeof(*grown));

        if (!grown)
            return -ENOMEM;
        b->at = grown;
        b->cap = cap;
    }
    b->at[b->n++] = *e;
    return 0;
}

static int book_scan(struct book *b)
{
    DIR *dir = opendir(b->dir);
    struct dirent *f;
    int r = 0;

    if (!dir)
        return -errno;
    while (r == 0 && (f = readdir(dir)) != NULL) {
        ALM_CLEANUP(buf_deinit) struct buf file;
        struct book_entry e;
        struct id record;

        buf_init(&file, FILE_MAX);
        if (id_parse(f->d_name, &record) != 0)
            continue;
        r = file_of(b, &record, &file, &e);
        if (r == 0) {
            r = entry_add(b, &e);
        } else if (r != -ENOMEM) {
            log_error("book-damaged", "record=%s error=%s", f->d_name, LOG_Q(strerror(-r)));
            r = 0;
        }
    }
    (void)closedir(dir);
    return r;
}

int book_open(const char *dir, struct book **out)
{
    struct book *b = calloc(1, sizeof(*b));
    int r = b ? text_copy(b->dir, sizeof(b->dir), dir) : -ENOMEM;

    if (r == 0)
        r = file_mkdirs(dir, 0700);
    if (r == 0)
        r = book_scan(b);
    if (r != 0) {
        book_close(b);
        return r;
    }
    *out = b;
    return 0;
}

struct book *book_close(struct book *b)
{
    if (!b)
        return NULL;
    secret_wipe(&b->key);
    free(b->at);
    free(b);
    return NULL;
}

void book_unlock(struct book *b, const struct secret *key)
{
    b->key = *key;
    b->unlocked = true;
}

bool book_unlocked(const struct book *b)
{
    return b->unlocked;
}

struct book_entry *book_find(const struct book *b, const struct id *record)
{
    for (size_t i = 0; i < b->n; i++) {
        if (id_equal(&b->at[i].record, record))
            return &b->at[i];
    }
    return NULL;
}

size_t book_n_sent(const struct book *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += !id_is_zero(&b->at[i].sent);
    return n;
}

struct book_entry *book_sent(const struct book *b, const struct id *retoken)
{
    for (size_t i = 0; i < b->n && !id_is_zero(retoken); i++) {
        if (id_equal(&b->at[i].sent, retoken))
            return &b->at[i];
    }
    return NULL;
}

int book_note(struct book *b, const struct id *record, uint8_t kind, int32_t until,
              const struct tokens_key *key, const struct book_subject *s)
{
    struct book_entry e = { .record = *record,
                            .kind = kind,
                            .scheme = key->scheme,
                            .epoch = key->epoch,
                            .until = until };
    struct book_entry *had = book_find(b, record);
    int r = entry_write(b, &e, s);

    if (r == 0 && had)
        *had = e;
    else if (r == 0)
        r = entry_add(b, &e);
    return r;
}

static void entry_end(struct book *b, struct book_entry *e)
{
    char path[PATH_MAX];

    if (entry_path(b, &e->record, path) != 0 || (unlink(path) != 0 && errno != ENOENT))
        log_error("book-not-erased", "error=%s", LOG_Q(strerror(errno)));
    *e = b->at[--b->n];
}

void book_end(struct book *b, const struct id *record)
{
    struct book_entry *e = book_find(b, record);

    if (e)
        entry_end(b, e);
}

static bool entry_has(const struct book_entry *e, uint8_t scheme, uint16_t epoch)
{
    return (e->scheme == scheme && e->epoch == epoch) ||
           (e->carried_scheme == scheme && e->carried_epoch == epoch);
}

struct book_entry *book_due(const struct book *b, uint8_t scheme, uint16_t epoch,
                            const struct outbox *outbox)
{
    for (size_t i = 0; i < b->n; i++) {
        struct book_entry *e = &b->at[i];

        if (!e->lost && id_is_zero(&e->sent) && !entry_has(e, scheme, epoch) &&
            !outbox_has(outbox, &e->record))
            return e;
    }
    return NULL;
}

int book_carried(struct book *b, struct book_entry *e, uint8_t scheme, uint16_t epoch)
{
    ALM_CLEANUP(book_subject_wipe) struct book_subject s;
    struct book_entry carried = *e;
    int r = book_read(b, e, &s);

    memset(&e->sent, 0, sizeof(e->sent));
    memset(&carried.sent, 0, sizeof(carried.sent));
    carried.carried_scheme = scheme;
    carried.carried_epoch = epoch;
    if (r == 0)
        r = entry_write(b, &carried, &s);
    if (r == 0)
        *e = carried;
    return r;
}

int book_rehome(struct book *b, const struct id *record, const struct asked_home *home)
{
    ALM_CLEANUP(book_subject_wipe) struct book_subject s;
    struct book_entry *e = book_find(b, record), anew;
    int r = e ? book_read(b, e, &s) : -ENOENT;

    if (r != 0)
        return r;
    s.has_home = s.had_home = true;
    s.home = *home;
    anew = *e;
    anew.carried_scheme = 0; /* what it was carried with is the home before */
    anew.carried_epoch = 0;
    memset(&anew.sent, 0, sizeof(anew.sent));
    r = entry_write(b, &anew, &s);
    if (r == 0)
        *e = anew;
    return r;
}

void book_prune(struct book *b, int32_t day)
{
    for (size_t i = b->n; i-- > 0;) {
        if (b->at[i].until != CIVIL_NONE && b->at[i].until < day - BOOK_AFTER_DAYS)
            entry_end(b, &b->at[i]);
    }
}

struct book_counts book_count(const struct book *b, uint8_t scheme, uint16_t epoch)
{
    struct book_counts n = { .records = b->n };

    for (size_t i = 0; i < b->n; i++) {
        n.carried += entry_has(&b->at[i], scheme, epoch);
        n.lost += b->at[i].lost;
    }
    return n;
}
