/* SPDX-License-Identifier: Apache-2.0 */
/* budget.c - a bucket a second and a count a day for each agency, and one of each for all. */
#include "keyholder/budget.h"

#include "base/file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SAVED_UP_S   2      /* seconds' worth */
#define DAY_RETRY_MS 600000 /* the day is used up: no use in asking sooner */
#define FILE_MAX     (BUDGET_AGENCIES_MAX * (NAME_MAX_LEN + 64))

struct budget {
    struct budget_limits usual;
    struct budget_use all;
    struct budget_use at[BUDGET_AGENCIES_MAX];
    size_t n;
};

static const char *const words[] = {
    [BUDGET_RATE] = "rate",         [BUDGET_DAY] = "daily-budget",
    [BUDGET_ALL_RATE] = "rate-all", [BUDGET_ALL_DAY] = "daily-budget-all",
    [BUDGET_FULL] = "too-many-agencies",
};

const char *budget_refusal_word(int r)
{
    return r >= BUDGET_RATE && (size_t)r < ALM_LEN(words) ? words[r] : "unknown";
}

int budget_new(struct budget_limits usual, struct budget_limits all, struct budget **out)
{
    struct budget *b = calloc(1, sizeof(*b));

    if (!b)
        return -ENOMEM;
    b->usual = usual;
    b->all.limits = all;
    *out = b;
    return 0;
}

struct budget *budget_free(struct budget *b)
{
    free(b);
    return NULL;
}

static struct budget_use *use_find(struct budget *b, const char *agency)
{
    for (size_t i = 0; i < b->n; i++) {
        if (strcmp(b->at[i].agency, agency) == 0)
            return &b->at[i];
    }
    return NULL;
}

static struct budget_use *use_add(struct budget *b, const char *agency, struct budget_limits limits)
{
    struct budget_use *u = &b->at[b->n];

    if (b->n == BUDGET_AGENCIES_MAX)
        return NULL;
    *u = (struct budget_use){ .limits = limits };
    if (text_copy(u->agency, sizeof(u->agency), agency) != 0)
        return NULL;
    b->n++;
    return u;
}

int budget_set(struct budget *b, const char *agency, struct budget_limits own)
{
    struct budget_use *u;

    if (strlen(agency) >= NAME_MAX_LEN || !agency[0])
        return -EINVAL;
    if (use_find(b, agency))
        return -EEXIST;
    u = use_add(b, agency, own);
    if (!u)
        return -ENOSPC;
    u->own = true;
    return 0;
}

/* Brings second and day up to now. A clock that went back gives nothing: one day's counting goes on with
 * the later day; one that had run ahead for longer, and was put right, goes on with what was used, or
 * nobody would be served until that far day. */
static void use_turn(struct budget_use *u, int64_t now_ms, int32_t day)
{
    double most = (double)u->limits.per_second * SAVED_UP_S;

    if (!u->at_ms)
        u->left = most;
    else if (now_ms > u->at_ms)
        u->left += (double)(now_ms - u->at_ms) / 1000 * (double)u->limits.per_second;
    if (u->left > most)
        u->left = most;
    u->at_ms = now_ms ? now_ms : 1;
    if (day > u->day)
        u->used = 0;
    if (day > u->day || day < u->day - 1)
        u->day = day;
}

/* Whether n more fit; an n beyond what can ever be saved up is let through when all that can be is
 * there, and then owed. */
static bool second_fits(const struct budget_use *u, unsigned n)
{
    double most = (double)u->limits.per_second * SAVED_UP_S;

    return u->left >= (double)n || u->left >= most;
}

static uint32_t second_retry(const struct budget_use *u, unsigned n)
{
    double most = (double)u->limits.per_second * SAVED_UP_S;
    double lacking = ((double)n < most ? (double)n : most) - u->left;
    double ms = lacking / (double)u->limits.per_second * 1000 + 1;

    return ms > DAY_RETRY_MS ? DAY_RETRY_MS : (uint32_t)ms;
}

static int use_refuses(const struct budget_use *u, unsigned n, uint32_t *retry_ms)
{
    if (u->used + (int64_t)n > u->limits.per_day) {
        *retry_ms = DAY_RETRY_MS;
        return BUDGET_DAY;
    }
    if (!second_fits(u, n)) {
        *retry_ms = second_retry(u, n);
        return BUDGET_RATE;
    }
    return 0;
}

static void use_take(struct budget_use *u, unsigned n)
{
    u->left -= (double)n;
    u->used += (int64_t)n;
    u->points += n;
    u->requests++;
}

int budget_take(struct budget *b, const char *agency, unsigned n, int64_t now_ms, int32_t day,
                uint32_t *retry_ms)
{
    struct budget_use *u = use_find(b, agency);
    int r;

    if (!u)
        u = use_add(b, agency, b->usual);
    if (!u) {
        *retry_ms = DAY_RETRY_MS;
        return BUDGET_FULL;
    }
    use_turn(u, now_ms, day);
    use_turn(&b->all, now_ms, day);
    r = use_refuses(u, n, retry_ms);
    if (r == 0) {
        r = use_refuses(&b->all, n, retry_ms);
        r = r == BUDGET_DAY ? BUDGET_ALL_DAY : r == BUDGET_RATE ? BUDGET_ALL_RATE : r;
    }
    if (r != 0) {
        u->refused++;
        return r;
    }
    use_take(u, n);
    use_take(&b->all, n);
    return 0;
}

void budget_tell(struct budget *b, void (*tell)(void *ctx, const struct budget_use *u), void *ctx)
{
    for (size_t i = 0; i < b->n; i++) {
        struct budget_use *u = &b->at[i];

        if (!u->requests && !u->refused)
            continue;
        tell(ctx, u);
        u->points = u->requests = u->refused = 0;
    }
}

/* "AGENCY DAY USED" a line; "*" is all together, which no agency's id can be. */
int budget_save(const struct budget *b, const char *path)
{
    ALM_CLEANUP(buf_deinit) struct buf text;

    buf_init(&text, FILE_MAX);
    buf_printf(&text, "* %" PRId32 " %" PRId64 "\n", b->all.day, b->all.used);
    for (size_t i = 0; i < b->n; i++)
        buf_printf(&text, "%s %" PRId32 " %" PRId64 "\n", b->at[i].agency, b->at[i].day,
                   b->at[i].used);
    return buf_status(&text) ? buf_status(&text) : file_write(path, buf_view(&text), 0600);
}

static int line_take(struct budget *b, const char *line)
{
    char agency[NAME_MAX_LEN];
    int32_t day;
    int64_t used;
    struct budget_use *u;
    int end = 0;

    if (sscanf(line, "%63s %" SCNd32 " %" SCNd64 "%n", agency, &day, &used, &end) != 3 ||
        line[end] || used < 0)
        return -EBADMSG;
    u = strcmp(agency, "*") == 0 ? &b->all : use_find(b, agency);
    if (!u)
        u = use_add(b, agency, b->usual);
    if (!u)
        return -EBADMSG;
    u->day = day;
    u->used = used;
    return 0;
}

int budget_load(struct budget *b, const char *path)
{
    ALM_CLEANUP(buf_deinit) struct buf text;
    char *at, *end;
    int r;

    buf_init(&text, FILE_MAX + 1);
    r = file_read(path, FILE_MAX, &text);
    if (r != 0)
        return r == -ENOENT ? 0 : r;
    buf_put_u8(&text, 0);
    if (buf_status(&text) != 0)
        return buf_status(&text);
    for (at = (char *)text.data; r == 0 && *at; at = end + 1) {
        end = strchr(at, '\n');
        if (!end)
            return -EBADMSG;
        *end = '\0';
        r = line_take(b, at);
    }
    return r;
}
