/* SPDX-License-Identifier: Apache-2.0 */
/* fetch.c - batches and their states.
 *
 *   FREE --wants--> TAKEN --sent--> SENT --Tokens--> CAME --verified--> FREE
 *                     ^               | silent, busy, refused, lost        | not verified
 *                     +---------------+------------------------------------+    (blinded anew) */
#include "lib/fetch.h"

#include "base/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define SILENT_MS      8000 /* a request without a reply */
#define AGAIN_LEAST_MS 500
#define AGAIN_MOST_MS  30000
#define FALSE_MS       30000 /* after a proof that did not hold: only people can change that */
#define LOG_AGAIN_MS   60000

_Static_assert(OPRF_BATCH_MAX == TOKEN_POINTS_MAX && OPRF_POINT_LEN == TOKEN_POINT_LEN &&
                   OPRF_PROOF_LEN == TOKEN_PROOF_LEN,
               "a batch is a message");

enum batch_state { BATCH_FREE = 0, BATCH_TAKEN, BATCH_SENT, BATCH_CAME };
struct batch {
    uint8_t state; /* enum batch_state */
    const struct memo *memo;
    struct id id;
    int64_t due_ms;   /* TAKEN: not before; SENT: given up then */
    int64_t again_ms; /* after the next silence */
    size_t n;
    struct memo_want wants[OPRF_BATCH_MAX];
    struct secret blinds[OPRF_BATCH_MAX];
    oprf_point blinded[OPRF_BATCH_MAX], came[OPRF_BATCH_MAX];
    uint8_t proof[OPRF_PROOF_LEN];
};
struct fetch {
    struct fetch_setup setup;
    struct fetch_source sources[FETCH_SOURCES_MAX];
    size_t n_sources;
    struct batch batches[FETCH_UNDER_WAY];
    enum fetch_trouble trouble;
    int64_t logged_ms;
    struct fetch_counts counts;
    struct msg *out;
};

int fetch_new(const struct fetch_setup *setup, struct fetch **out)
{
    struct fetch *f = oprf_init() == 0 ? calloc(1, sizeof(*f)) : NULL;

    if (!f)
        return -ENOMEM;
    f->setup = *setup;
    f->out = calloc(1, sizeof(*f->out));
    if (!f->out) {
        free(f);
        return -ENOMEM;
    }
    *out = f;
    return 0;
}

static void batch_free(struct batch *b)
{
    for (size_t i = 0; i < b->n; i++)
        memo_want_wipe(&b->wants[i]);
    crypto_wipe(b, sizeof(*b));
}

struct fetch *fetch_free(struct fetch *f)
{
    if (!f)
        return NULL;
    for (size_t i = 0; i < FETCH_UNDER_WAY; i++)
        batch_free(&f->batches[i]);
    free(f->out);
    free(f);
    return NULL;
}

int fetch_add(struct fetch *f, const struct fetch_source *source)
{
    if (f->n_sources == FETCH_SOURCES_MAX)
        return -ENOSPC;
    f->sources[f->n_sources++] = *source;
    return 0;
}

void fetch_forget(struct fetch *f, const struct memo *memo)
{
    for (size_t i = 0; i < FETCH_UNDER_WAY; i++) {
        if (f->batches[i].state != BATCH_FREE && f->batches[i].memo == memo)
            batch_free(&f->batches[i]);
    }
}

void fetch_drop(struct fetch *f, const struct memo *memo)
{
    fetch_forget(f, memo);
    for (size_t i = 0; i < f->n_sources; i++) {
        if (f->sources[i].memo != memo)
            continue;
        f->n_sources--;
        memmove(&f->sources[i], &f->sources[i + 1], (f->n_sources - i) * sizeof(f->sources[0]));
        return;
    }
}

static const struct fetch_source *source_of(const struct fetch *f, const struct memo *memo)
{
    for (size_t i = 0; i < f->n_sources; i++) {
        if (f->sources[i].memo == memo)
            return &f->sources[i];
    }
    return NULL;
}

/* --- trouble --- */
static const struct {
    const char *word, *text;
} troubles[] = {
    [FETCH_WELL] = { "well", "" },
    [FETCH_SILENT] = { "silent", "the key holder does not answer; match tokens cannot be made" },
    [FETCH_BUSY] = { "busy", "the key holder is away, or our rate or daily budget with it is used "
                             "up; match tokens come later" },
    [FETCH_REFUSED] = { "refused", "the broker refuses our requests for match tokens" },
    [FETCH_FALSE] = { "false", "the key holder used another key than the one that the policy names: "
                               "its tokens are not used; tell the officers" },
};

static void fetch_say(struct fetch *f, enum fetch_trouble t, int64_t now_ms)
{
    bool same = f->trouble == t;

    f->trouble = t;
    if (same && (t == FETCH_WELL || now_ms - f->logged_ms < LOG_AGAIN_MS))
        return;
    f->logged_ms = now_ms;
    if (t == FETCH_WELL)
        log_info("tokens-come", "requests=%llu", (unsigned long long)f->counts.requests);
    else
        log_line(t == FETCH_FALSE ? LOG_ERROR : LOG_WARN, "tokens-wanting", "reason=%s text=%s",
                 troubles[t].word, LOG_Q(troubles[t].text));
}

enum fetch_trouble fetch_trouble(const struct fetch *f)
{
    return f->trouble;
}

const char *fetch_text(const struct fetch *f)
{
    return troubles[f->trouble].text;
}

struct fetch_counts fetch_count(const struct fetch *f)
{
    return f->counts;
}

/* --- out --- */
/* An input that cannot be blinded (none is known) is given up, so that it does not stop the rest. */
static size_t batch_blind(struct fetch *f, struct batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++) {
        struct memo_want w = b->wants[i];

        if (oprf_blind(OPRF_VERIFIABLE, bytes_of(w.input, w.len), NULL, &b->blinds[n],
                       b->blinded[n]) == 0) {
            b->wants[n++] = w;
            continue;
        }
        memo_give_up(source_of(f, b->memo)->memo, w.tag);
        memo_want_wipe(&w);
    }
    return n;
}

static void batch_again(struct batch *b, int64_t at_ms)
{
    b->state = BATCH_TAKEN;
    b->due_ms = at_ms;
}

static void batch_send(struct fetch *f, struct batch *b, int64_t now_ms)
{
    const struct fetch_source *s = source_of(f, b->memo);
    struct msg_token_request *q = &f->out->token_request;
    int r;

    b->n = batch_blind(f, b);
    if (!b->n) {
        batch_free(b);
        return;
    }
    r = f->setup.prepare(f->setup.ctx, f->out);
    if (r == 0) {
        q->epoch = s->epoch;
        q->n = (uint16_t)b->n;
        memcpy(q->points, b->blinded, b->n * OPRF_POINT_LEN);
        b->id = f->out->id;
        r = f->setup.send(f->setup.ctx, f->out);
    }
    if (r != 0) {
        batch_again(b, now_ms + AGAIN_LEAST_MS);
        return;
    }
    f->counts.requests++;
    b->state = BATCH_SENT;
    b->due_ms = now_ms + SILENT_MS;
}

/* Whoever is waited for first. Return: NULL when nothing is wanted. */
static const struct fetch_source *source_wanting(const struct fetch *f, bool waited_for_only)
{
    for (int pass = 0; pass < (waited_for_only ? 1 : 2); pass++) {
        for (size_t i = 0; i < f->n_sources; i++) {
            if (f->sources[i].waited_for == (pass == 0) && memo_n_wants(f->sources[i].memo))
                return &f->sources[i];
        }
    }
    return NULL;
}

static bool batch_take(struct fetch *f, struct batch *b, bool waited_for_only)
{
    const struct fetch_source *s = source_wanting(f, waited_for_only);

    if (!s)
        return false;
    b->memo = s->memo;
    b->n = memo_take(s->memo, b->wants, OPRF_BATCH_MAX);
    b->again_ms = AGAIN_LEAST_MS;
    batch_again(b, 0);
    return b->n > 0;
}

/* --- in --- */
static bool values_make(const struct batch *b, uint8_t values[][TOKEN_LEN])
{
    uint8_t whole[OPRF_OUT_LEN];

    for (size_t i = 0; i < b->n; i++) {
        if (oprf_finalize(bytes_of(b->wants[i].input, b->wants[i].len), &b->blinds[i], b->came[i],
                          whole) != 0)
            return false;
        memcpy(values[i], whole, TOKEN_LEN); /* a token is the first 32 bytes */
    }
    crypto_wipe(whole, sizeof(whole));
    return true;
}

static void batch_use(struct fetch *f, struct batch *b, int64_t now_ms)
{
    const struct fetch_source *s = source_of(f, b->memo);
    uint8_t values[OPRF_BATCH_MAX][TOKEN_LEN];

    if (oprf_verify(s->public_key, (const oprf_point *)b->blinded, (const oprf_point *)b->came,
                    b->n, b->proof) != 0 ||
        !values_make(b, values)) {
        fetch_say(f, FETCH_FALSE, now_ms);
        batch_again(b, now_ms + FALSE_MS);
        return;
    }
    for (size_t i = 0; i < b->n; i++) {
        if (s->came)
            s->came(s->ctx, b->wants[i].tag, values[i]);
        if (memo_put(s->memo, b->wants[i].tag, values[i]) != 0)
            memo_give_up(s->memo, b->wants[i].tag);
    }
    f->counts.values += b->n;
    crypto_wipe(values, sizeof(values));
    batch_free(b);
    fetch_say(f, FETCH_WELL, now_ms);
}

static void batch_silent(struct fetch *f, struct batch *b, int64_t now_ms)
{
    fetch_say(f, FETCH_SILENT, now_ms);
    batch_again(b, now_ms + b->again_ms);
    b->again_ms = b->again_ms * 2 < AGAIN_MOST_MS ? b->again_ms * 2 : AGAIN_MOST_MS;
}

bool fetch_step(struct fetch *f, int64_t now_ms, bool connected)
{
    bool worked = false;

    for (size_t i = 0; i < FETCH_UNDER_WAY; i++) {
        struct batch *b = &f->batches[i];

        if (b->state == BATCH_SENT && now_ms >= b->due_ms)
            batch_silent(f, b, now_ms);
        if (worked)
            continue;
        if (b->state == BATCH_CAME) {
            batch_use(f, b, now_ms);
            worked = true;
        } else if (connected && (b->state == BATCH_TAKEN || (b->state == BATCH_FREE &&
                                                             batch_take(f, b, i == 0))) &&
                   now_ms >= b->due_ms) {
            batch_send(f, b, now_ms);
            worked = true;
        }
    }
    return worked;
}

/* An element or number that does not fit is no answer: the batch is asked again later. */
static bool tokens_take(struct fetch *f, struct batch *b, const struct msg_tokens *t,
                        int64_t now_ms)
{
    if (t->n != b->n || t->epoch != source_of(f, b->memo)->epoch) {
        fetch_say(f, FETCH_FALSE, now_ms);
        batch_again(b, now_ms + FALSE_MS);
        return true;
    }
    memcpy(b->came, t->points, b->n * OPRF_POINT_LEN);
    memcpy(b->proof, t->proof, sizeof(b->proof));
    b->state = BATCH_CAME;
    return true;
}

bool fetch_reply(struct fetch *f, const struct msg *m, int64_t now_ms)
{
    int64_t wait = m->type == MSG_BUSY ? m->busy.retry_after_ms : AGAIN_MOST_MS;

    for (size_t i = 0; i < FETCH_UNDER_WAY; i++) {
        struct batch *b = &f->batches[i];

        if (b->state != BATCH_SENT || !id_equal(&b->id, &m->in_reply_to))
            continue;
        if (m->type == MSG_TOKENS)
            return tokens_take(f, b, &m->tokens, now_ms);
        fetch_say(f, m->type == MSG_BUSY ? FETCH_BUSY : FETCH_REFUSED, now_ms);
        batch_again(b, now_ms + (wait > AGAIN_LEAST_MS ? wait : AGAIN_LEAST_MS));
        return true;
    }
    return m->type == MSG_TOKENS; /* too late, or never asked: nobody else's either */
}

void fetch_lost(struct fetch *f, int64_t now_ms)
{
    for (size_t i = 0; i < FETCH_UNDER_WAY; i++) {
        if (f->batches[i].state == BATCH_SENT)
            batch_again(&f->batches[i], now_ms);
    }
}

int64_t fetch_wait_ms(const struct fetch *f, int64_t now_ms)
{
    int64_t least = -1;

    for (size_t i = 0; i < FETCH_UNDER_WAY; i++) {
        const struct batch *b = &f->batches[i];
        int64_t wait = b->state == BATCH_CAME ? 0 : b->due_ms - now_ms;

        if (b->state == BATCH_FREE)
            continue;
        wait = wait > 0 ? wait : 0;
        least = least < 0 || wait < least ? wait : least;
    }
    return least;
}
