/* SPDX-License-Identifier: Apache-2.0 */
/* answering.h - Questions that came in: from a Question's tokens to our own references, to the
 * source, and back as an Answer in time.
 *
 * A person whom we do not know leaves nothing behind: tokens live in the queue until the source has
 * answered and are wiped; only ids are remembered, so that a Question put twice gets the same answer
 * twice. What the source does not say in time is "cannot say", said before the broker's deadline.
 */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "lib/index.h"
#include "wire/msg.h"

#define ANSWERING_BY_HAND_MS                                                                       \
    60000 /* a Question with more time than this may be answered by a person */

struct answering;                                  /* opaque: answering.c */
struct answering_setup {                           /* borrowed */
    const char *contact_route, *lead_professional; /* where a row names none */
    void *ctx;
    const struct index *(*index)(void *ctx); /* NULL: no rows yet */
    int32_t (*data_day)(void *ctx,
                        int32_t day); /* up to which the rows are complete, as told on day */
    /* The latest day that an answer may be of; NULL: any. See source_rows_day. */
    int32_t (*rows_day)(void *ctx, bool found);
    /* Puts a question to the source: see source_answer. */
    int (*put)(void *ctx, uint32_t ticket, const struct alm_question *q, int64_t due_ms);
    /* Fills sender, id and time of an Answer, and sends it, or keeps it in the outbox until it has
     * its receipt. Return: 0 or -errno. */
    int (*prepare)(void *ctx, struct msg *answer);
    int (*send)(void *ctx, const struct msg *answer, const char *purpose); /* the Question's */
    int (*keep)(void *ctx, const struct msg *answer);
};
ALM_MUST_USE int answering_new(const struct answering_setup *setup, struct answering **out);
struct answering *answering_free(struct answering *a);
/* Queues a MSG_QUESTION; one too many is dropped, and the broker says "cannot say" for us. */
void answering_take(struct answering *a, const struct msg *question, int64_t now_ms);
/* Puts a bounded number to the source, and answers what has waited too long. Return: whether more
 * can be put at once. */
bool answering_step(struct answering *a, int64_t now_ms);
/* When answering_step has something to do by itself; INT64_MAX: never. */
int64_t answering_due_ms(const struct answering *a);
size_t answering_count(const struct answering *a); /* not answered yet */

/* What the source said: see source_events. -ESTALE: it is put again, with the references of the rows
 * that serve by then. */
void answering_came(struct answering *a, uint32_t ticket, int r, const struct alm_answer *answer);
/* An answer given by hand. Return: whether it is kept durably. */
bool answering_ready(struct answering *a, const struct alm_ready *ready);
