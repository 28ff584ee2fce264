/* SPDX-License-Identifier: Apache-2.0 */
/* firing_still.c - may a firing leave, now, and what may this hub see of it? Asked before each
 * sending.
 *
 * The same firing goes to many hubs in one pass over the queues. What it rests on is read, and weighed,
 * once for all whose own concerns are not among it and whom no shield tells apart; each hub's own part
 * (may it be told at all, whose concerns are left out) is asked for each. */
#include "concern.h"

#include <errno.h>
#include <string.h>

/* What a firing rests on; the policy, standings and the day do not change while queues are gone
 * through. */
#define STOOD_TABLES                                                                               \
    (UINT64_C(1) << TABLE_CONCERNS | UINT64_C(1) << TABLE_EPISODES | UINT64_C(1) << TABLE_SHIELDS |  \
     UINT64_C(1) << TABLE_SUBJECTS | UINT64_C(1) << TABLE_RETOKENS | UINT64_C(1) << TABLE_AGENCIES | \
     UINT64_C(1) << TABLE_BUNDLES | UINT64_C(1) << TABLE_META)

/* --- what was weighed before in this pass --- */

void firing_pass(struct core *c)
{
    if (c->concerns)
        c->concerns->n_stood = 0;
}

static const struct firing_stood *stood_find(const struct core *c, const struct msg_firing *m,
                                             uint16_t question, uint16_t leave_out)
{
    const struct concern_room *room = c->concerns;

    if (!room || !room->n_stood || room->stood_changes != store_changes(c->store, STOOD_TABLES))
        return NULL;
    for (size_t i = 0; i < room->n_stood && i < STOOD_MAX; i++) {
        const struct firing_stood *s = &room->stood[i];

        if (id_equal(&s->episode, &m->episode) && s->question == question &&
            s->subject_kind == m->subject_kind && s->fired_on == m->fired_on)
            return leave_out == POLICY_NONE || !agency_set_has(&s->organisations, leave_out) ? s
                                                                                             : NULL;
    }
    return NULL;
}

static void stood_take(const struct firing_stood *s, struct msg_firing *m)
{
    m->subject = s->subject;
    m->household = s->household;
    m->masked = s->masked;
    m->n = s->n;
    for (uint8_t i = 0; i < s->n; i++)
        m->contributors[i] = s->contributors[i];
}

/* The oldest makes room for it. Whoever lodged one of its concerns sees another window, and another
 * hub may then not be told what this one is. */
static void stood_keep(struct core *c, const struct msg_firing *m, uint16_t question,
                       uint16_t leave_out)
{
    struct concern_room *room = c->concerns;
    uint64_t changes = store_changes(c->store, STOOD_TABLES);
    struct firing_stood *s;

    if (room->stood_changes != changes)
        room->n_stood = 0;
    room->stood_changes = changes;
    s = &room->stood[room->n_stood++ % STOOD_MAX];
    memset(&s->organisations, 0, sizeof(s->organisations));
    for (size_t i = 0; i < room->n; i++) {
        if (room->facts[i].organisation == leave_out) {
            room->n_stood--;
            s->episode = (struct id){ 0 };
            return;
        }
        agency_set_add(&s->organisations, room->facts[i].organisation);
    }
    s->episode = m->episode;
    s->question = question;
    s->subject_kind = m->subject_kind;
    s->fired_on = m->fired_on;
    s->subject = m->subject;
    s->household = m->household;
    s->masked = m->masked;
    s->n = m->n;
    for (uint8_t i = 0; i < m->n; i++)
        s->contributors[i] = m->contributors[i];
}

/* --- weighing --- */

/* It was put with the tokens of that day. Since then the key may have changed, and a shield been lodged
 * that has tokens of the new one alone: it is weighed, and read, under the key to which its episode was
 * carried. false: not every shield would be seen under that. */
static bool firing_tokens_now(struct core *c, struct msg_firing *m, bool *there)
{
    struct token_set home = { .n = 1 };
    struct store_txn *t = batch_txn(c);
    int r = t ? episodes_get(t, &m->episode, &c->episode_record) : -EIO;

    *there = !r;
    if (r && r != -ENOENT)
        return false;
    if (!r) {
        m->subject = c->episode_record.subject;
        m->household = c->episode_record.household;
    }
    home.tokens[0] = m->household;
    return epochs_complete(c, m->subject_kind == SUBJECT_HOUSEHOLD ? &home : &m->subject);
}

static const char *firing_weigh(struct core *c, uint16_t slot, struct msg_firing *m,
                                uint16_t question, uint16_t leave_out)
{
    const struct policy_threshold *rule = &bundle_question_at(c->bundle, question)->threshold;
    struct concern_about about = { .kind = m->subject_kind,
                                   .subject = &m->subject,
                                   .household = m->subject_kind == SUBJECT_HOUSEHOLD ? &m->household
                                                                                     : NULL };
    struct threshold_found found;
    bool there, shields;

    if (!firing_tokens_now(c, m, &there))
        return "facts-incomplete";
    if (concern_shields(c, question, slot, &about, &shields))
        return "shielded";
    if (!concern_gather(c, question, &about))
        return "facts-incomplete";
    if (threshold_stands(rule, c->concerns->facts, c->concerns->n, leave_out, m->fired_on,
                         &found) ||
        !found.fired)
        return "no-longer-met";
    firing_contributors(c, rule, &found, leave_out, m);
    if (there && !shields)
        stood_keep(c, m, question, leave_out);
    return NULL;
}

static const char *firing_stands_not(struct core *c, uint16_t slot, struct msg_firing *m)
{
    uint16_t question = bundle_question(c->bundle, m->rule), leave_out;
    const struct firing_stood *stood;

    if (question == POLICY_NONE ||
        bundle_question_at(c->bundle, question)->kind != QUESTION_THRESHOLD)
        return "rule-gone";
    if (!firing_reader(c, question, slot))
        return "not-a-reader";
    leave_out = concern_left_out(c, &bundle_question_at(c->bundle, question)->threshold,
                                 firing_index(c, slot));
    stood = stood_find(c, m, question, leave_out);
    if (!stood)
        return firing_weigh(c, slot, m, question, leave_out);
    stood_take(stood, m);
    return NULL;
}

bool firing_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why)
{
    *why = c->bundle ? firing_stands_not(c, slot, &d->firing) : "no-policy";
    return !*why;
}
