/* SPDX-License-Identifier: Apache-2.0 */
/* answering.c - queue, memory of answers given, and from a Question's tokens to a backend's
 * references. */
#include "host/answering.h"

#include "base/clock.h"
#include "base/log.h"
#include "lib/ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define QUEUE_MAX 256
#define STEP_MAX                                                                                   \
    32 /* answered in one turn of the loop: the local socket and the lease wait no longer than     \
          that */
#define GIVEN_MAX 1024 /* answers remembered */

struct queued {
    struct id id;
    int64_t due_ms;
    struct msg_question question;
};
struct given {
    struct id question, id;
    struct msg_answer answer;
};
struct answering {
    struct answering_setup setup;
    struct queued queue[QUEUE_MAX]; /* a ring */
    size_t first, n;
    struct given given[GIVEN_MAX]; /* a ring: the oldest is forgotten */
    size_t next_given;
    unsigned long n_dropped;
    struct msg *out;
};

int answering_new(const struct answering_setup *setup, struct answering **out)
{
    struct answering *a = calloc(1, sizeof(*a));

    if (!a)
        return -ENOMEM;
    a->setup = *setup;
    a->out = calloc(1, sizeof(*a->out));
    if (!a->out) {
        free(a);
        return -ENOMEM;
    }
    *out = a;
    return 0;
}

struct answering *answering_free(struct answering *a)
{
    if (!a)
        return NULL;
    crypto_wipe(a->queue, sizeof(a->queue));
    free(a->out);
    free(a);
    return NULL;
}

void answering_take(struct answering *a, const struct msg *question, int64_t now_ms)
{
    struct queued *q = &a->queue[(a->first + a->n) % QUEUE_MAX];

    if (a->n == QUEUE_MAX) {
        log_warn("question-dropped", "reason=queue-full dropped=%lu", ++a->n_dropped);
        return;
    }
    q->id = question->id;
    q->due_ms = now_ms + question->question.deadline_ms;
    q->question = question->question;
    a->n++;
}

/* Same numbers in msg.h and adapter.h. */
_Static_assert((int)ALM_YES == ANSWER_YES && (int)ALM_NO == ANSWER_NO &&
                   (int)ALM_NOT_KNOWN == ANSWER_NOT_KNOWN &&
                   (int)ALM_CANNOT_SAY == ANSWER_CANNOT_SAY,
               "values of the wire");
_Static_assert((int)ALM_AMBIGUOUS == CAUSE_AMBIGUOUS && (int)ALM_PARTIAL == CAUSE_PARTIAL &&
                   (int)ALM_STALE == CAUSE_STALE && (int)ALM_FAILED == CAUSE_FAILED &&
                   (int)ALM_UNSUPPORTED == CAUSE_UNSUPPORTED,
               "causes of the wire");
_Static_assert((int)ALM_INVOLVED == RELATION_INVOLVED &&
                   (int)ALM_WAS_INVOLVED == RELATION_WAS_INVOLVED &&
                   (int)ALM_SAME_HOME == RELATION_SAME_HOME &&
                   (int)ALM_REFERRAL == RELATION_REFERRAL,
               "relationships of the wire");

static void cannot_say(struct msg_answer *out, enum cannot_say_cause cause, int32_t data_as_of)
{
    memset(out, 0, sizeof(*out));
    out->value = ANSWER_CANNOT_SAY;
    out->cause = (uint8_t)cause;
    out->data_as_of = data_as_of;
    out->since = CIVIL_NONE;
}

/* Tokens become our own references; what we do not hold becomes nothing. Return: whether the person
 * is not ambiguous. */
static bool question_resolve(const struct index *x, const struct msg_question *q,
                             struct alm_place places[static HOMES_MAX], struct alm_question *out)
{
    enum index_known known = INDEX_UNKNOWN;
    size_t person;

    *out = (struct alm_question){
        .involvement = q->involvement, .id = q->question, .as_of = q->as_of, .places = places
    };
    out->about_household = q->subject_kind == SUBJECT_HOUSEHOLD;
    if (out->about_household)
        ask_place(x, &q->household, CIVIL_NONE, CIVIL_NONE, &out->household);
    else
        known = index_find(x, &q->subject, false, &person);
    if (known == INDEX_ONE)
        out->person = index_person_ref(x, person);
    out->has_parameter = q->has_parameter;
    if (q->has_parameter)
        ask_place(x, &q->parameter, CIVIL_NONE, CIVIL_NONE, &out->parameter);
    for (size_t i = 0; i < q->n_homes; i++)
        ask_place(x, &q->homes[i].token, q->homes[i].from, q->homes[i].until,
                  &places[out->n_places++]);
    return !index_ambiguous(known) && known != INDEX_NOT_READY;
}

static void answer_text(char out[static ALM_TEXT_MAX], const char *own, const char *configured)
{
    if (text_copy(out, ALM_TEXT_MAX, own[0] ? own : configured) != 0)
        out[0] = '\0';
}

void answering_work_out(const struct answering_setup *s, const struct msg_question *q,
                        struct msg_answer *out)
{
    const struct holdings *h = s->holdings;
    struct alm_place places[HOMES_MAX];
    struct alm_question question;
    struct alm_answer answer = { 0 };
    bool partial;
    int32_t day;

    h->ops->describe(h->rows, q->as_of, &partial, &day);
    if (!question_resolve(h->index, q, places, &question)) {
        cannot_say(out, CAUSE_AMBIGUOUS, day);
        return;
    }
    h->ops->answer(h->rows, &question, &answer);
    if (answer.value == ALM_CANNOT_SAY || answer.value < ALM_YES || answer.value > ALM_CANNOT_SAY) {
        cannot_say(out, answer.cause ? (enum cannot_say_cause)answer.cause : CAUSE_FAILED, day);
        return;
    }
    memset(out, 0, sizeof(*out));
    out->value = answer.value;
    out->data_as_of = answer.data_as_of;
    out->since = CIVIL_NONE;
    if (!q->involvement || answer.value != ALM_YES)
        return;
    answer_text(out->service, answer.service, "");
    answer_text(out->contact_route, answer.contact_route, s->contact_route);
    answer_text(out->lead_professional, answer.lead_professional, s->lead_professional);
    out->since = answer.since;
}

static const struct given *given_find(const struct answering *a, const struct id *question)
{
    for (size_t i = 0; i < GIVEN_MAX; i++) {
        if (id_equal(&a->given[i].question, question))
            return &a->given[i];
    }
    return NULL;
}

static int answer_send(struct answering *a, const struct given *g)
{
    int r = a->setup.prepare(a->setup.ctx, a->out);

    if (r != 0)
        return r;
    a->out->id = g->id;
    a->out->in_reply_to = g->question;
    a->out->answer = g->answer;
    return a->setup.send(a->setup.ctx, a->out);
}

static const struct given *given_make(struct answering *a, const struct queued *q)
{
    struct given *g = &a->given[a->next_given];

    memset(g, 0, sizeof(*g));
    if (id_new(clock_wall_ms(), &g->id) != 0)
        return NULL;
    a->next_given = (a->next_given + 1) % GIVEN_MAX;
    g->question = q->id;
    answering_work_out(&a->setup, &q->question, &g->answer);
    return g;
}

static void answering_one(struct answering *a, const struct queued *q)
{
    const struct given *g = given_find(a, &q->id);
    struct given plain;
    char id[ID_TEXT];
    int r;

    id_format(&q->id, id);
    if (!g)
        g = given_make(a, q);
    r = g ? answer_send(a, g) : -EIO;
    if (g && r == -EINVAL) { /* a text in the rows that cannot be sent, such as a line break in a
                                service's name */
        plain = *g;
        cannot_say(&plain.answer, CAUSE_FAILED, g->answer.data_as_of);
        log_error("answer-not-sendable", "question=%s", id);
        r = answer_send(a, &plain);
    }
    if (r != 0)
        log_warn("answer-not-sent", "question=%s error=%s", id, LOG_Q(strerror(-r)));
    else
        log_line(LOG_DEBUG, "answered", "question=%s",
                 id); /* never what: that is the audit's and the asker's */
}

bool answering_step(struct answering *a, int64_t now_ms)
{
    for (int i = 0; i < STEP_MAX && a->n; i++) {
        struct queued *q = &a->queue[a->first];
        char id[ID_TEXT];

        a->first = (a->first + 1) % QUEUE_MAX;
        a->n--;
        if (q->due_ms > now_ms) {
            answering_one(a, q);
        } else {
            id_format(&q->id, id);
            log_warn("question-dropped", "question=%s reason=deadline", id);
        }
        crypto_wipe(q, sizeof(*q)); /* "A holder that does not know the person forgets the tokens
                                       and logs none." */
    }
    return a->n > 0;
}

bool answering_waiting(const struct answering *a)
{
    return a->n > 0;
}
