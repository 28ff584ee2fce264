/* SPDX-License-Identifier: Apache-2.0 */
/* wire_sample_rights.c - one good message of every type of corrections, recalls and statements. */
#include "wire_sample_parts.h"
#include <string.h>

static void sample_lodger(struct msg *m, bool full)
{
    sample_body(m, full, true);
    if (full)
        sample_asker(m, full);
}

static void sample_correction(struct msg *m, bool full)
{
    struct msg_correction *c = &m->correction;

    sample_lodger(m, full);
    c->subject_kind = full ? SUBJECT_UNBORN : SUBJECT_HOUSEHOLD;
    if (full)
        sample_person(&c->subject, full, true);
    else
        c->household = sample_token(TOKEN_HOME, 3, full);
    TEXT(c->question, "cp-plan-current");
    c->from = c->until = sample_day(full);
    c->kind = full ? CORRECTION_CHANGED_SINCE : CORRECTION_WRONG_ANSWER;
    TEXT(c->reason, "the plan was another child's");
}

static void sample_ack_of(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->ack_of.recall = sample_id(3);
    m->ack_of.done = full ? DONE_CANNOT : DONE_STOPPED;
    SPARE(m->ack_of.text);
}

static void sample_statement(struct msg *m, bool full)
{
    sample_lodger(m, full);
    sample_person(&m->statement.subject, full, full);
    m->statement.has_about = full;
    if (full)
        m->statement.about = sample_id(3);
    TEXT(m->statement.text, "We were never told of the meeting.");
}

static void sample_correction_query(struct msg *m, bool full)
{
    sample_lodger(m, full);
    m->correction_query.has_correction = full;
    if (full)
        m->correction_query.correction = sample_id(3);
}

static void sample_correction_list(struct msg *m, bool full)
{
    struct msg_correction_list *l = &m->correction_list;

    sample_body(m, full, false);
    m->in_reply_to = sample_id(2);
    l->page = full ? UINT16_MAX - 1 : 0;
    l->pages = full ? UINT16_MAX : 0;
    l->n = full ? LIST_MAX : 0;
    for (size_t i = 0; i < l->n; i++) {
        struct msg_correction_state *s = &l->entries[i];

        s->correction = sample_id((uint8_t)(4 + i));
        SPARE(s->question);
        s->lodged_on = FULL_DAY;
        s->searching = true;
        s->told = UINT32_MAX;
        s->acknowledged = 1;
        s->overdue = UINT32_MAX - 1;
        s->due_ms = FULL_MS;
    }
}

void sample_stop_using(struct msg_stop_using *out, bool full)
{
    out->recall = sample_id(3);
    out->message = sample_id(4);
    SPARE(out->question);
    out->told_on = sample_day(full);
    out->cause = full ? STOP_CONSENT_ENDED : STOP_STATEMENT;
    out->replies = full ? UINT16_MAX : 1;
    out->due_ms = full ? FULL_MS : 0;
    SPARE(out->text);
}

static void (*const sample_makers[])(struct msg *m, bool full) = {
    [MSG_CORRECTION] = sample_correction,
    [MSG_ACK_OF] = sample_ack_of,
    [MSG_STATEMENT] = sample_statement,
    [MSG_CORRECTION_QUERY] = sample_correction_query,
    [MSG_CORRECTION_LIST] = sample_correction_list,
};

void (*sample_rights(uint8_t type))(struct msg *m, bool full)
{
    return type < ALM_LEN(sample_makers) ? sample_makers[type] : NULL;
}
