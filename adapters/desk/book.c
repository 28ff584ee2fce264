/* SPDX-License-Identifier: Apache-2.0 */
/* book.c - questions as small JSON files, moved from folder to folder; statements as lines of a file. */
#include "desk/book.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "base/file.h"
#include "base/log.h"

#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX_BYTES  8192
#define LINES_MAX_BYTES (4u << 20)
#define LIST_MOST       2000 /* files looked at in one folder */
#define KEY_LEAST       4
#define DAY_MS          86400000LL

struct book {
    char path[PATH_MAX];
};
static const char *const folders[BOOK_STATES] = { "open", "given", "over" };
static const char STATEMENTS[] = "statements";

/* --- paths --- */
static int path_of(const struct book *b, enum book_state state, const char *key,
                   char out[static PATH_MAX])
{
    int n = key ? snprintf(out, PATH_MAX, "%s/%s/%s.json", b->path, folders[state], key)
                : snprintf(out, PATH_MAX, "%s/%s", b->path, folders[state]);

    return n < 0 || n >= PATH_MAX ? -ENAMETOOLONG : 0;
}

/* --- a question as JSON --- */
static json_t *question_json(const struct book_question *q)
{
    return json_pack(
        "{s:s, s:b, s:b, s:s, s:s, s:s, s:s, s:s, s:i, s:I, s:I, s:i, s:i, s:i, s:i, s:s, s:s, s:i, "
        "s:s, s:I, s:s}",
        "key", q->key, "involvement", q->involvement, "household", q->household, "question",
        q->question, "about", q->about, "place", q->place, "purpose", q->purpose, "asker", q->asker,
        "as_of", q->as_of, "asked_ms", (json_int_t)q->asked_ms, "due_ms", (json_int_t)q->due_ms,
        "end", q->end, "value", q->answer.value, "cause", q->answer.cause, "data_as_of",
        q->answer.data_as_of, "service", q->answer.service, "contact_route", q->answer.contact_route,
        "since", q->answer.since, "by", q->answer.by, "by_ms", (json_int_t)q->answer.by_ms, "name",
        q->name);
}

/* Return: whether the text is there and fits. */
static bool text_read(const json_t *o, const char *key, char *out, size_t size)
{
    const char *text = json_string_value(json_object_get(o, key));

    return text && text_copy(out, size, text) == 0;
}

static bool number_read(const json_t *o, const char *key, int64_t least, int64_t most, int64_t *out)
{
    const json_t *n = json_object_get(o, key);

    *out = json_integer_value(n);
    return json_is_integer(n) && *out >= least && *out <= most;
}

static bool answer_read(const json_t *o, struct book_question *q)
{
    struct alm_answer *a = &q->answer;
    int64_t value, cause, day, since;

    if (!number_read(o, "value", 0, ALM_CANNOT_SAY, &value) ||
        !number_read(o, "cause", 0, ALM_UNSUPPORTED, &cause) ||
        !number_read(o, "data_as_of", INT32_MIN, INT32_MAX, &day) ||
        !number_read(o, "since", INT32_MIN, INT32_MAX, &since) ||
        !number_read(o, "by_ms", 0, INT64_MAX, &a->by_ms))
        return false;
    a->value = (uint8_t)value;
    a->cause = (uint8_t)cause;
    a->data_as_of = (int32_t)day;
    a->since = (int32_t)since;
    return text_read(o, "service", a->service, sizeof(a->service)) &&
           text_read(o, "contact_route", a->contact_route, sizeof(a->contact_route)) &&
           text_read(o, "by", a->by, sizeof(a->by)) && text_read(o, "name", q->name, sizeof(q->name));
}

static bool question_of(const json_t *o, struct book_question *q)
{
    int64_t as_of, end;

    if (!number_read(o, "as_of", INT32_MIN, INT32_MAX, &as_of) ||
        !number_read(o, "end", 0, BOOK_LAPSED, &end) ||
        !number_read(o, "asked_ms", 0, INT64_MAX, &q->asked_ms) ||
        !number_read(o, "due_ms", 0, INT64_MAX, &q->due_ms))
        return false;
    q->as_of = (int32_t)as_of;
    q->end = (uint8_t)end;
    q->involvement = json_is_true(json_object_get(o, "involvement"));
    q->household = json_is_true(json_object_get(o, "household"));
    return text_read(o, "key", q->key, sizeof(q->key)) &&
           text_read(o, "question", q->question, sizeof(q->question)) &&
           text_read(o, "about", q->about, sizeof(q->about)) &&
           text_read(o, "place", q->place, sizeof(q->place)) &&
           text_read(o, "purpose", q->purpose, sizeof(q->purpose)) &&
           text_read(o, "asker", q->asker, sizeof(q->asker)) && answer_read(o, q);
}

static int question_read(const struct book *b, enum book_state state, const char *key,
                         struct book_question *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text;
    char path[PATH_MAX];
    json_t *o;
    int r = path_of(b, state, key, path);

    memset(out, 0, sizeof(*out));
    buf_init(&text, FILE_MAX_BYTES);
    if (r == 0)
        r = file_read(path, FILE_MAX_BYTES, &text);
    if (r != 0)
        return r;
    o = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
    r = o && question_of(o, out) && strcmp(out->key, key) == 0 ? 0 : -EBADMSG;
    json_decref(o);
    out->state = (uint8_t)state;
    if (r != 0)
        log_error("desk-question-damaged", "folder=%s key=%s", folders[state], key);
    return r;
}

static int question_write(const struct book *b, enum book_state state, const struct book_question *q)
{
    json_t *o = question_json(q);
    char path[PATH_MAX], *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    int r = text ? path_of(b, state, q->key, path) : -ENOMEM;

    if (r == 0)
        r = file_write(path, bytes_str(text), 0600);
    free(text);
    json_decref(o);
    return r;
}

/* --- the folder --- */
static bool key_in_name(const char *name, char out[static BOOK_KEY_TEXT])
{
    if (strlen(name) != BOOK_KEY_TEXT - 1 + 5 || strcmp(name + BOOK_KEY_TEXT - 1, ".json") != 0)
        return false; /* a file half written, or somebody else's */
    memcpy(out, name, BOOK_KEY_TEXT - 1);
    out[BOOK_KEY_TEXT - 1] = '\0';
    return strspn(out, "0123456789abcdef") == BOOK_KEY_TEXT - 1;
}

typedef int each_fn(void *ctx, struct book *b, enum book_state state, const char *key);

static int book_each(struct book *b, enum book_state state, each_fn *fn, void *ctx)
{
    char path[PATH_MAX], key[BOOK_KEY_TEXT];
    const struct dirent *e;
    int r = path_of(b, state, NULL, path), n = 0;
    DIR *dir;

    if (r != 0)
        return r;
    dir = opendir(path);
    if (!dir)
        return -errno;
    while (r == 0 && n < LIST_MOST && (e = readdir(dir))) {
        if (!key_in_name(e->d_name, key))
            continue;
        n++;
        r = fn(ctx, b, state, key);
    }
    (void)closedir(dir);
    return r;
}

static bool later_has(const struct book *b, enum book_state state, const char *key)
{
    char path[PATH_MAX];

    for (int later = (int)state + 1; later < BOOK_STATES; later++) {
        if (path_of(b, (enum book_state)later, key, path) == 0 && access(path, F_OK) == 0)
            return true;
    }
    return false;
}

struct pruning {
    int64_t before_ms;
};

static int prune_one(void *ctx, struct book *b, enum book_state state, const char *key)
{
    const struct pruning *p = ctx;
    char path[PATH_MAX];
    struct stat st;

    if (path_of(b, state, key, path) == 0 && stat(path, &st) == 0 &&
        (int64_t)st.st_mtime * 1000 < p->before_ms)
        (void)unlink(path);
    return 0;
}

int book_open(const char *path, int64_t keep_days, int64_t now_ms, struct book **out)
{
    struct book *b = calloc(1, sizeof(*b));
    struct pruning p = { now_ms - keep_days * DAY_MS };
    char folder[PATH_MAX];
    int r = b ? text_copy(b->path, sizeof(b->path), path) : -ENOMEM;

    for (int s = BOOK_OPEN; r == 0 && s < BOOK_STATES; s++) {
        r = path_of(b, (enum book_state)s, NULL, folder);
        if (r == 0)
            r = file_mkdirs(folder, 0700);
    }
    if (r == 0)
        r = book_each(b, BOOK_OVER, prune_one, &p);
    if (r != 0) {
        free(b);
        return r;
    }
    *out = b;
    return 0;
}

struct book *book_close(struct book *b)
{
    free(b);
    return NULL;
}

struct finding {
    const char *begins;
    char key[BOOK_KEY_TEXT];
    size_t n;
};

static int find_one(void *ctx, struct book *b, enum book_state state, const char *key)
{
    struct finding *f = ctx;

    (void)b;
    (void)state;
    if (strncmp(key, f->begins, strlen(f->begins)) != 0 || strcmp(key, f->key) == 0)
        return 0;
    memcpy(f->key, key, BOOK_KEY_TEXT);
    f->n++;
    return 0;
}

int book_find(struct book *b, const char *key, struct book_question *out)
{
    struct finding f = { .begins = key };
    size_t len = strlen(key);
    int r = 0;

    if (len < KEY_LEAST || len >= BOOK_KEY_TEXT || strspn(key, "0123456789abcdef") != len)
        return -ENOENT;
    if (len == BOOK_KEY_TEXT - 1)
        memcpy(f.key, key, BOOK_KEY_TEXT);
    for (int s = BOOK_OPEN; r == 0 && !f.key[0] && s < BOOK_STATES; s++)
        r = book_each(b, (enum book_state)s, find_one, &f);
    if (r != 0 || f.n > 1)
        return r != 0 ? r : -ENOTUNIQ;
    for (int s = BOOK_OVER; s >= BOOK_OPEN; s--) {
        r = question_read(b, (enum book_state)s, f.key, out);
        if (r != -ENOENT)
            return r;
    }
    return -ENOENT;
}

struct listing {
    struct book_question *out;
    size_t n, max;
    int total;
};

static int due_sooner(const void *a, const void *b)
{
    const struct book_question *p = a, *q = b;

    if (p->due_ms != q->due_ms)
        return p->due_ms < q->due_ms ? -1 : 1;
    return strcmp(p->key, q->key);
}

/* The latest of those taken goes when a sooner one comes and there is no room. */
static void listing_take(struct listing *l, const struct book_question *q)
{
    size_t latest = 0;

    if (l->n < l->max) {
        l->out[l->n++] = *q;
        return;
    }
    for (size_t i = 1; i < l->n; i++)
        latest = due_sooner(&l->out[i], &l->out[latest]) > 0 ? i : latest;
    if (l->n && due_sooner(q, &l->out[latest]) < 0)
        l->out[latest] = *q;
}

static int list_one(void *ctx, struct book *b, enum book_state state, const char *key)
{
    struct listing *l = ctx;
    struct book_question q;

    if (later_has(b, state, key) || question_read(b, state, key, &q) != 0)
        return 0;
    l->total++;
    listing_take(l, &q);
    return 0;
}

int book_list(struct book *b, enum book_state state, struct book_question *out, size_t max)
{
    struct listing l = { .out = out, .max = max };
    int r = book_each(b, state, list_one, &l);

    if (r != 0)
        return r;
    if (out && l.n)
        qsort(out, l.n, sizeof(*out), due_sooner);
    return l.total;
}

int book_ask(struct book *b, const struct book_question *q, size_t open_most)
{
    int n = book_list(b, BOOK_OPEN, NULL, 0);

    if (n < 0)
        return n;
    return (size_t)n >= open_most ? -ENOBUFS : question_write(b, BOOK_OPEN, q);
}

int book_move(struct book *b, const struct book_question *q, enum book_state to)
{
    char path[PATH_MAX];
    int r = question_write(b, to, q);

    for (int s = BOOK_OPEN; r == 0 && s < (int)to; s++) {
        r = path_of(b, (enum book_state)s, q->key, path);
        if (r == 0 && unlink(path) != 0 && errno != ENOENT)
            r = -errno; /* the later one counts all the same */
    }
    return r;
}

/* --- statements --- */
static int lines_read(const struct book *b, struct buf *out)
{
    char path[PATH_MAX];
    int r = snprintf(path, sizeof(path), "%s/%s", b->path, STATEMENTS);

    if (r < 0 || r >= (int)sizeof(path))
        return -ENAMETOOLONG;
    r = file_read(path, LINES_MAX_BYTES, out);
    return r == -ENOENT ? 0 : r;
}

static int line_digest(const char *line, size_t len, char out[static 65])
{
    uint8_t hash[SHA256_LEN];
    int r = crypto_sha256(bytes_of(line, len), hash);

    if (r == 0)
        hex_encode(hash, sizeof(hash), out);
    return r;
}

static bool statement_of(const char *line, size_t len, struct book_statement *s)
{
    json_t *o = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    int64_t people = 0;
    bool good = o && number_read(o, "at_ms", 0, INT64_MAX, &s->at_ms) &&
                number_read(o, "people", 0, INT64_MAX, &people) &&
                text_read(o, "name", s->name, sizeof(s->name)) &&
                text_read(o, "by", s->by, sizeof(s->by)) &&
                text_read(o, "list", s->list, sizeof(s->list)) &&
                text_read(o, "before", s->before, sizeof(s->before));

    s->people = (uint64_t)people;
    json_decref(o);
    return good;
}

/* Each line follows from the one before: none was taken out or changed. A last line without its end
 * was never acknowledged. Return: how many lines; -EBADMSG. */
static int lines_check(const struct buf *text, struct book_statement *out, size_t max,
                       char last[static 65])
{
    const char *at = (const char *)text->data, *end = at ? at + text->len : at;
    int n = 0;

    last[0] = '\0';
    while (at && at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        struct book_statement s = { 0 };

        if (!stop)
            break;
        if (!statement_of(at, (size_t)(stop - at), &s) || strcmp(s.before, last) != 0)
            return -EBADMSG;
        if (line_digest(at, (size_t)(stop - at), last) != 0)
            return -EIO;
        if (max) {
            memmove(out + 1, out, (((size_t)n < max ? (size_t)n : max - 1)) * sizeof(*out));
            out[0] = s;
        }
        n++;
        at = stop + 1;
    }
    return n;
}

int book_statements(struct book *b, struct book_statement *out, size_t max)
{
    ALM_CLEANUP(buf_deinit) struct buf text;
    char last[65];
    int r;

    buf_init(&text, LINES_MAX_BYTES);
    r = lines_read(b, &text);
    if (r == 0)
        r = lines_check(&text, out, max, last);
    return r > (int)max ? (int)max : r;
}

/* The whole file anew: atomic, and a line that was cut off goes. */
static int lines_write(const struct book *b, const struct buf *text, const char *line)
{
    ALM_CLEANUP(buf_deinit) struct buf all;
    const char *end = text->len ? memrchr(text->data, '\n', text->len) : NULL;
    char path[PATH_MAX];
    int r = snprintf(path, sizeof(path), "%s/%s", b->path, STATEMENTS);

    if (r < 0 || r >= (int)sizeof(path))
        return -ENAMETOOLONG;
    buf_init(&all, LINES_MAX_BYTES);
    if (end)
        buf_put(&all, text->data, (size_t)(end + 1 - (const char *)text->data));
    buf_printf(&all, "%s\n", line);
    r = buf_status(&all);
    return r == 0 ? file_write(path, buf_view(&all), 0600) : r;
}

int book_state_complete(struct book *b, struct book_statement *s, int64_t now_ms)
{
    ALM_CLEANUP(buf_deinit) struct buf text;
    json_t *o = NULL;
    char *line = NULL;
    int r;

    buf_init(&text, LINES_MAX_BYTES);
    r = lines_read(b, &text);
    if (r == 0)
        r = lines_check(&text, NULL, 0, s->before);
    if (r < 0)
        return r;
    s->at_ms = now_ms;
    o = json_pack("{s:I, s:s, s:s, s:s, s:I, s:s}", "at_ms", (json_int_t)s->at_ms, "name", s->name,
                  "by", s->by, "list", s->list, "people", (json_int_t)s->people, "before", s->before);
    line = o ? json_dumps(o, JSON_COMPACT) : NULL;
    r = line ? lines_write(b, &text, line) : -ENOMEM;
    free(line);
    json_decref(o);
    return r;
}
