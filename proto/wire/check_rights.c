/* SPDX-License-Identifier: Apache-2.0 */
/* check_rights.c - the rules between fields of corrections, recalls and statements. */
#include "wire/check.h"

enum wire_fault check_correction(const struct msg *m)
{
    const struct msg_correction *c = &m->correction;

    if (c->until < c->from)
        return WIRE_BAD_VALUE;
    if (!c->question[0] && c->subject_kind == SUBJECT_HOUSEHOLD)
        return WIRE_BAD_VALUE; /* nobody is asked who is involved with a home */
    return check_subject(c->subject_kind, &c->subject, &c->household);
}

/* A statement asks nothing to be stopped, so nothing is expected back; of the others an answer is. */
enum wire_fault check_stop_using(const struct msg_stop_using *s)
{
    if (s->cause == STOP_STATEMENT)
        return s->due_ms ? WIRE_BAD_VALUE : WIRE_OK;
    return s->due_ms ? WIRE_OK : WIRE_MISSING_FIELD;
}

enum wire_fault check_ack_of(const struct msg *m)
{
    const struct msg_ack_of *a = &m->ack_of;
    bool explained = a->done == DONE_PASSED_ON || a->done == DONE_CANNOT;

    return explained && !a->text[0] ? WIRE_MISSING_FIELD : WIRE_OK;
}

enum wire_fault check_statement(const struct msg *m)
{
    return check_person(&m->statement.subject);
}

enum wire_fault check_correction_query(const struct msg *m)
{
    const struct msg_correction_query *q = &m->correction_query;

    return q->has_correction && q->page ? WIRE_BAD_VALUE : WIRE_OK;
}

enum wire_fault check_correction_list(const struct msg *m)
{
    for (size_t i = 0; i < m->correction_list.n; i++) {
        const struct msg_correction_state *s = &m->correction_list.entries[i];

        if (s->acknowledged > s->told || s->overdue > s->told - s->acknowledged)
            return WIRE_BAD_VALUE;
    }
    return WIRE_OK;
}
