/* SPDX-License-Identifier: Apache-2.0 */
/* core_worry.h - what the tests of concerns, watches and due items share: a town whose policy
 * watches concerns under its purpose "safeguarding", one rule for each category, the council as
 * hub. All in this header, for three tests. */
#pragma once
#include "core_town.h"

#include "core_town_policy.h"
#include "engine/layout.h"

#include <stdio.h>
#include <string.h>

#define WORRY_WINDOW 30
#define WORRY_CLOSED 180

/* Sorted by id, as the town's own, and after them. Each counts the category of its name. */
static struct lay_question worry_rules[] = {
    { .id = "worry", /* two others, of persons; the reader's own do not count */
      .threshold = { .levels = 3,
                     .min_agencies = 2,
                     .categories = 1u << 3,
                     .named = true,
                     .decide_role = "social-worker",
                     .decide_hours = 24 } },
    { .id = "worry-apart", /* three, of separate events */
      .threshold = { .levels = 15,
                     .min_agencies = 3,
                     .categories = 1u << 0,
                     .named = true,
                     .independent = true,
                     .own_count = true,
                     .decide_role = "" } },
    { .id = "worry-grave", /* one of severity 3 is enough */
      .threshold = { .levels = 15,
                     .min_agencies = 3,
                     .categories = 1u << 1,
                     .named = true,
                     .bypass = 3,
                     .own_count = true,
                     .decide_role = "social-worker",
                     .decide_hours = 1 } },
    { .id = "worry-home",
      .household = true,
      .threshold = { .household = true,
                     .levels = 15,
                     .min_agencies = 2,
                     .categories = 1u << 2,
                     .named = true,
                     .own_count = true,
                     .decide_role = "" } },
    { .id = "worry-quiet", /* names nobody */
      .threshold = { .levels = 15,
                     .min_agencies = 2,
                     .categories = 1u << 4,
                     .own_count = true,
                     .decide_role = "" } },
};
static struct lay_question worry_all[32];

static inline void worry_policy(struct layout *l)
{
    static const char *const categories[] = { "apart", "grave", "home", "neglect", "quiet" };

    memcpy(worry_all, l->questions, l->n_questions * sizeof(*l->questions));
    while (worry_all[l->n_questions - 1].kind == QUESTION_THRESHOLD)
        l->n_questions--; /* the town's own, that other tests use */
    for (size_t i = 0; i < ALM_LEN(worry_rules); i++) {
        struct lay_question *q = &worry_all[l->n_questions++];

        *q = worry_rules[i];
        q->wording = "Do separate agencies worry?";
        q->owner = "council";
        q->decision = "whether to meet";
        q->kind = QUESTION_THRESHOLD;
        q->purposes[0] = 4; /* safeguarding */
        q->threshold.window_days = WORRY_WINDOW;
    }
    l->questions = worry_all;
    for (size_t i = 0; i < ALM_LEN(categories); i++)
        l->categories[i] = categories[i];
    l->n_categories = ALM_LEN(categories);
    l->concerns = (struct policy_concern_rules){ .most_days = 365, .closed_days = WORRY_CLOSED };
    l->agencies[TOWN_COUNCIL].hub = true;
}

static inline int worry_setup(void **state)
{
    town_policy_more = worry_policy;
    return town_setup(state);
}

static struct id worry_last; /* of the last message said */

static inline void worry_asker(struct msg *m)
{
    (void)snprintf(m->purpose, sizeof(m->purpose), "safeguarding");
    (void)snprintf(m->basis, sizeof(m->basis), "safeguarding");
    town_practitioner(m, "worker-7");
}

/* Return: "" when it was taken, or why not. What else was heard in the turn stays. */
static inline const char *worry_say(struct town *t, enum town_agency from, struct msg *m)
{
    static char word[64];

    if (id_is_zero(&m->id))
        assert_int_equal(id_new(town_wall, &m->id), 0);
    worry_last = m->id;
    town_forget(t);
    town_say(t, from, m);
    town_turn(t);
    (void)snprintf(word, sizeof(word), "%s", town_refusal(t, from));
    if (!*word)
        assert_int_equal(town_heard(t, from, MSG_RECEIPT), 1);
    return word;
}

/* About a person, of today; change what is to be otherwise. */
static inline struct msg *worry_concern(struct town *t, const char *category, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_CONCERN);
    struct msg_concern *c = &m->concern;

    worry_asker(m);
    (void)snprintf(c->category, sizeof(c->category), "%s", category);
    (void)snprintf(c->area, sizeof(c->area), "north");
    (void)snprintf(c->contact_route, sizeof(c->contact_route), "desk 4");
    c->severity = SEVERITY_LOW;
    c->subject_kind = SUBJECT_PERSON;
    town_person(p, &c->subject);
    c->observed_on = t->core->day;
    c->expires_on = CIVIL_NONE;
    return m;
}

static inline const char *worry_lodge(struct town *t, enum town_agency from, const char *category,
                                      enum town_person p)
{
    return worry_say(t, from, worry_concern(t, category, p));
}

static inline void worry_day(struct town *t, int32_t day)
{
    town_forget(t);
    town_day(t, day);
    town_turn(t);
}

/* The nth delivery of a kind that the agency heard since the town forgot, into *out; false when
 * there are not so many. */
static inline bool worry_delivery(struct town *t, enum town_agency who, uint8_t kind, size_t nth,
                                  struct msg *out)
{
    for (size_t i = 0; i < t->n_heard; i++) {
        struct wire_envelope e;

        if (t->heard[i].to != who)
            continue;
        assert_int_equal(wire_open(bytes_of(t->heard[i].octets, t->heard[i].len), &e), WIRE_OK);
        assert_int_equal(wire_decode(e.body, out), WIRE_OK);
        if (out->type == MSG_DELIVER && out->deliver.kind == kind && nth-- == 0)
            return true;
    }
    return false;
}

static inline size_t worry_deliveries(struct town *t, enum town_agency who, uint8_t kind)
{
    static struct msg m;
    size_t n = 0;

    while (worry_delivery(t, who, kind, n, &m))
        n++;
    return n;
}

/* Notices of a kind heard since the town forgot; the last of them in *last (NULL: not wanted). */
static inline size_t worry_notices(struct town *t, enum town_agency who, uint8_t kind,
                                   struct msg_notice *last)
{
    static struct msg m;
    size_t n = 0;

    for (size_t i = 0; worry_delivery(t, who, DELIVERY_NOTICE, i, &m); i++) {
        if (m.deliver.notice.kind != kind)
            continue;
        n++;
        if (last)
            *last = m.deliver.notice;
    }
    return n;
}

/* --- the state, as text: "no", or "day:agencies" with "+masked" --- */

static inline const char *worry_state_text(const struct msg_threshold_state *s)
{
    static char text[512];
    size_t len;

    if (!s->fired)
        return "no";
    len = (size_t)snprintf(text, sizeof(text), "%d:", (int)(s->fired_on - TOWN_DAY));
    for (uint8_t i = 0; i < s->n; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "",
                                s->contributors[i].agency);
    if (s->masked)
        (void)snprintf(text + len, sizeof(text) - len, "+masked");
    return text;
}

static inline const char *worry_ask(struct town *t, enum town_agency who, struct msg *m)
{
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    if (!town_heard(t, who, MSG_THRESHOLD_STATE))
        return town_refusal(t, who);
    return worry_state_text(&t->msg.threshold_state);
}

static inline const char *worry_fired(struct town *t, enum town_agency who, const char *rule,
                                      enum town_person p)
{
    return worry_ask(t, who, town_insight(t, "safeguarding", rule, p));
}

static inline const char *worry_fired_at(struct town *t, enum town_agency who, const char *rule,
                                         unsigned home)
{
    struct msg *m = town_insight(t, "safeguarding", rule, TOWN_TESS);

    m->insight_query.subject_kind = SUBJECT_HOUSEHOLD;
    m->insight_query.subject.n = 0;
    town_home(home, &m->insight_query.household);
    return worry_ask(t, who, m);
}

static inline void worry_subscribe(struct town *t, enum town_agency who, const char *trigger)
{
    struct msg *m = town_msg(t, MSG_SUBSCRIBE);

    (void)snprintf(m->subscribe.stream, sizeof(m->subscribe.stream), "s-%s",
                   *trigger ? trigger : "all");
    m->subscribe.credit = 100;
    if (*trigger) {
        m->subscribe.n_triggers = 1;
        (void)snprintf(m->subscribe.triggers[0], sizeof(name_t), "%s", trigger);
    }
    assert_string_equal(worry_say(t, who, m), "");
}

static struct msg worry_firing; /* the last one looked at */

static inline size_t worry_firings(struct town *t, enum town_agency who)
{
    size_t n = worry_deliveries(t, who, DELIVERY_FIRING);

    if (n)
        assert_true(worry_delivery(t, who, DELIVERY_FIRING, n - 1, &worry_firing));
    return n;
}

static inline const char *worry_named(void)
{
    static char text[512];
    const struct msg_firing *f = &worry_firing.deliver.firing;
    size_t len = 0;

    text[0] = '\0';
    for (uint8_t i = 0; i < f->n; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "",
                                f->contributors[i].agency);
    if (f->masked)
        (void)snprintf(text + len, sizeof(text) - len, "+masked");
    return text;
}

static inline struct msg *worry_at_home(struct town *t, enum town_person p, bool person,
                                        unsigned home)
{
    struct msg *m = worry_concern(t, "home", p);

    m->concern.has_household = true;
    town_home(home, &m->concern.household);
    if (!person) {
        m->concern.subject_kind = SUBJECT_HOUSEHOLD;
        m->concern.subject.n = 0;
    }
    return m;
}

static inline const char *worry_change(struct town *t, enum town_agency from,
                                       const struct id *concern, bool withdraw, uint8_t severity)
{
    struct msg *m = town_msg(t, MSG_CONCERN_CHANGE);
    static char word[64];

    m->concern_change.concern = *concern;
    m->concern_change.withdraw = withdraw;
    m->concern_change.severity = severity;
    m->concern_change.expires_on = CIVIL_NONE;
    (void)snprintf(word, sizeof(word), "%s", worry_say(t, from, m));
    return word;
}

/* What a hub did about a firing; enum firing_step. */
static inline const char *worry_step(struct town *t, enum town_agency from,
                                     const struct id *episode, uint8_t step)
{
    struct msg *m = town_msg(t, MSG_FIRING_UPDATE);

    m->firing_update.episode = *episode;
    m->firing_update.step = step;
    (void)snprintf(m->firing_update.outcome, sizeof(m->firing_update.outcome), "visited");
    return worry_say(t, from, m);
}
