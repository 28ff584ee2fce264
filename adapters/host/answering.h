/* SPDX-License-Identifier: Apache-2.0 */
/* answering.h - Questions that came in, answered in turn from the agency's own rows.
 *
 * A person whom we do not know leaves nothing behind: tokens live in the queue until the answer and
 * are wiped; only ids are remembered, so that a Question put twice gets the same answer twice. */
#pragma once
#include "base/attr.h"
#include "host/holdings.h"
#include "wire/msg.h"

struct answering;        /* opaque: answering.c */
struct answering_setup { /* borrowed */
    const struct holdings *holdings;
    const char *contact_route, *lead_professional; /* where a row names none */
    /* Fills sender, id and time of an Answer, and sends it. Return: 0 or -errno. */
    int (*prepare)(void *ctx, struct msg *answer);
    int (*send)(void *ctx, const struct msg *answer);
    void *ctx;
};
ALM_MUST_USE int answering_new(const struct answering_setup *setup, struct answering **out);
struct answering *answering_free(struct answering *a);
/* Queues a MSG_QUESTION; one too many is dropped, and the broker says "cannot say" for us. */
void answering_take(struct answering *a, const struct msg *question, int64_t now_ms);
/* Answers a bounded number; overdue ones are dropped. Return: whether more wait. */
bool answering_step(struct answering *a, int64_t now_ms);

bool answering_waiting(const struct answering *a);

/* The answer alone, for tests too. Pure. */
void answering_work_out(const struct answering_setup *s, const struct msg_question *q,
                        struct msg_answer *out);
