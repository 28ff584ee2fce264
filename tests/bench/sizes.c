/* SPDX-License-Identifier: Apache-2.0 */
/* sizes.c - encodes one of each and looks. */
#include "sizes.h"
#include "frames.h"

#include "base/clock.h"

#include <stdio.h>
#include <string.h>

static int size_of_kind(enum frame_kind kind, size_t *out)
{
    struct town_agency who;
    struct stencil s = { 0 };
    int r = town_agency_at(0, &who);

    if (!r)
        r = stencil_make(kind, &who, false, &s);
    *out = s.frame.len;
    stencil_free(&s);
    return r;
}

/* What the broker says. */
static int size_of(struct msg *m, size_t *out)
{
    static const struct wire_context context = { .mode = MODE_LIVE, .origin = TOWN_ORIGIN };
    ALM_CLEANUP(buf_deinit) struct buf frame;
    int r;

    buf_init(&frame, WIRE_FRAME_MAX);
    m->sent_ms = clock_wall_ms();
    r = id_new(m->sent_ms, &m->id);
    if (!r)
        r = wire_encode(m, &context, NULL, &frame);
    *out = frame.len;
    return r;
}

static int size_of_question(size_t *out)
{
    static struct msg m;
    struct msg_question *q = &m.question;

    memset(&m, 0, sizeof(m));
    m.type = MSG_QUESTION;
    town_purpose_name(0, m.purpose);
    town_question_name(0, q->question);
    q->subject_kind = SUBJECT_PERSON;
    town_person(0, &q->subject);
    q->as_of = civil_today(clock_wall_ms());
    q->deadline_ms = 2000;
    town_agency_name(0, q->asking_agency);
    (void)snprintf(q->asking_sector, sizeof(q->asking_sector), "sector-000");
    return size_of(&m, out);
}

static int size_of_reply(size_t *out)
{
    static struct msg m;
    int r;

    memset(&m, 0, sizeof(m));
    m.type = MSG_INSIGHT;
    r = id_new(clock_wall_ms(), &m.in_reply_to);
    m.insight.value = INSIGHT_NO;
    m.insight.completeness = COMPLETE_ALL;
    m.insight.as_of = civil_today(clock_wall_ms());
    town_purpose_name(0, m.insight.policy_rule);
    return r ? r : size_of(&m, out);
}

int frame_sizes(struct frame_sizes *out)
{
    int r = size_of_kind(FRAME_INSIGHT, &out->ask);

    if (!r)
        r = size_of_kind(FRAME_ANSWER, &out->answer);
    if (!r)
        r = size_of_question(&out->question);
    return r ? r : size_of_reply(&out->reply);
}
