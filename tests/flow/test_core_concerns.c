/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_concerns.c - concerns around one core: who may lodge what, what they add up to, who is
 * told, and who hears what of whom. */
#include "core_worry.h"

static const int one_officer[] = { 0, -1 };

/* --- the state, as text: "no", or "day:agencies" with "+masked" --- */

static const char *state_text(const struct msg_threshold_state *s)
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

static const char *ask(struct town *t, enum town_agency who, struct msg *m)
{
    town_forget(t);
    town_say(t, who, m);
    town_turn(t);
    if (!town_heard(t, who, MSG_THRESHOLD_STATE))
        return town_refusal(t, who);
    return state_text(&t->msg.threshold_state);
}

static const char *fired(struct town *t, enum town_agency who, const char *rule, enum town_person p)
{
    return ask(t, who, town_insight(t, "safeguarding", rule, p));
}

static const char *fired_at(struct town *t, enum town_agency who, const char *rule, unsigned home)
{
    struct msg *m = town_insight(t, "safeguarding", rule, TOWN_TESS);

    m->insight_query.subject_kind = SUBJECT_HOUSEHOLD;
    m->insight_query.subject.n = 0;
    town_home(home, &m->insight_query.household);
    return ask(t, who, m);
}

static void subscribe(struct town *t, enum town_agency who, const char *trigger)
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

static struct msg firing; /* the last one looked at */

static size_t firings(struct town *t, enum town_agency who)
{
    size_t n = worry_deliveries(t, who, DELIVERY_FIRING);

    if (n)
        assert_true(worry_delivery(t, who, DELIVERY_FIRING, n - 1, &firing));
    return n;
}

static const char *named(void)
{
    static char text[512];
    const struct msg_firing *f = &firing.deliver.firing;
    size_t len = 0;

    text[0] = '\0';
    for (uint8_t i = 0; i < f->n; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i ? "," : "",
                                f->contributors[i].agency);
    if (f->masked)
        (void)snprintf(text + len, sizeof(text) - len, "+masked");
    return text;
}

/* --- lodging --- */

static void a_concern_gets_a_receipt_and_a_leaf_that_names_nobody(void **state)
{
    struct town *t = *state;
    struct ledger_clear l;
    struct token_set tess;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_int_equal(town_leaves(t, EVENT_CONCERN_LODGED, &l), 1);
    assert_string_equal(l.agency, "school");
    assert_string_equal(l.detail, "neglect, area north, severity 1, person");
    town_person(TOWN_TESS, &tess);
    assert_false(town_log_holds(t, bytes_of(tess.tokens[0].value, TOKEN_LEN)));
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 0);
}

static void the_same_concern_again_gets_the_same_receipt_and_counts_once(void **state)
{
    struct town *t = *state;
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);
    struct msg again;
    uint64_t leaf;

    assert_int_equal(id_new(town_wall, &m->id), 0);
    again = *m;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "");
    leaf = t->msg.receipt.leaf;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, &again), "");
    assert_int_equal(t->msg.receipt.leaf, leaf);
    again.concern.severity = SEVERITY_HIGH;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, &again), "id-reused");
    again.concern.severity = SEVERITY_LOW; /* another agency under the same id */
    assert_string_equal(worry_say(t, TOWN_POLICE, &again), "id-reused");
    assert_int_equal(town_leaves(t, EVENT_CONCERN_LODGED, NULL), 1);
}

static const char *with_purpose(struct town *t, enum town_agency from, const char *purpose)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);

    (void)snprintf(m->purpose, sizeof(m->purpose), "%s", purpose);
    return worry_say(t, from, m);
}

static const char *with_basis(struct town *t, const char *basis)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);

    (void)snprintf(m->basis, sizeof(m->basis), "%s", basis);
    return worry_say(t, TOWN_SCHOOL, m);
}

static void only_a_party_lodges_and_only_for_a_purpose_that_watches_concerns(void **state)
{
    struct town *t = *state;

    assert_string_equal(with_purpose(t, TOWN_COURT, "safeguarding"), "not-a-party");
    assert_string_equal(with_purpose(t, TOWN_SCHOOL, "child-protection"), "question-not-permitted");
    assert_string_equal(with_purpose(t, TOWN_SCHOOL, "early-help"), "question-not-permitted");
    assert_string_equal(with_purpose(t, TOWN_SCHOOL, "gossip"), "purpose-outside-protocol");
    assert_string_equal(with_basis(t, "consent"), "basis-not-listed");
    assert_string_equal(with_basis(t, "hunch"), "basis-not-listed");
    assert_int_equal(town_leaves(t, EVENT_CONCERN_LODGED, NULL), 0);
    assert_string_equal(with_basis(t, "safeguarding"), "");
    assert_string_equal(with_purpose(t, TOWN_NURSERY, "safeguarding"), ""); /* the school's team */
}

static void words_that_the_policy_does_not_know_are_refused(void **state)
{
    struct town *t = *state;
    struct msg *m = worry_concern(t, "weather", TOWN_TESS);

    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "unknown-category");
    m = worry_concern(t, "neglect", TOWN_TESS);
    (void)snprintf(m->concern.area, sizeof(m->concern.area), "the-moon");
    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "unknown-area");
}

static const char *dated(struct town *t, int32_t observed, int32_t expires)
{
    struct msg *m = worry_concern(t, "neglect", TOWN_TESS);

    m->concern.observed_on = observed;
    m->concern.expires_on = expires;
    return worry_say(t, TOWN_SCHOOL, m);
}

static void dates_that_cannot_be_are_refused(void **state)
{
    struct town *t = *state;

    assert_string_equal(dated(t, TOWN_DAY + 1, CIVIL_NONE), "observed-in-the-future");
    assert_string_equal(dated(t, TOWN_DAY - 366, CIVIL_NONE), "observed-too-long-ago");
    assert_string_equal(dated(t, TOWN_DAY - 10, TOWN_DAY - 1), "bad-expiry");
    assert_string_equal(dated(t, TOWN_DAY - 10, TOWN_DAY + 356), "bad-expiry");
    assert_string_equal(dated(t, TOWN_DAY - 10, TOWN_DAY + 355), "");
    assert_string_equal(dated(t, TOWN_DAY - 365, CIVIL_NONE), "");
}

static void a_suspended_practitioner_lodges_nothing(void **state)
{
    struct town *t = *state;

    assert_string_equal(town_change(t, "practitioner-suspend",
                                    json_pack("{s:s,s:s,s:s}", "agency", "school", "practitioner",
                                              "worker-7", "reason", "looked up a friend"),
                                    one_officer),
                        "ok");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS),
                        "practitioner-suspended");
}

static void an_agency_may_not_fill_what_is_weighed_about_a_person(void **state)
{
    struct town *t = *state;

    for (int i = 0; i < 64; i++)
        assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "too-many-concerns");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_SAM), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school");
}

/* --- what they add up to --- */

static void two_agencies_fire_and_one_alone_does_not(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_NURSERY, "neglect", TOWN_TESS), ""); /* a team */
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_SAM), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school");
    assert_string_equal(t->msg.threshold_state.contributors[0].contact_route, "desk 4");
    assert_string_equal(t->msg.threshold_state.contributors[1].agency_name, "The school");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_SAM), "no");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry-quiet", TOWN_TESS), "no");
}

static void the_readers_own_concerns_do_not_count_towards_what_it_reads(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_COUNCIL, "neglect", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    assert_string_equal(fired(t, TOWN_NURSERY, "worry", TOWN_TESS), "no");
    assert_string_equal(fired(t, TOWN_CHARITY, "worry", TOWN_TESS), "0:council,school");
}

static void a_sensitive_contributor_counts_and_is_not_named(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_CLINIC, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police+masked");
}

static void a_rule_that_names_nobody_names_nobody(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "quiet", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "quiet", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry-quiet", TOWN_TESS), "0:+masked");
}

static const char *of_event(struct town *t, enum town_agency from, uint8_t event)
{
    struct msg *m = worry_concern(t, "apart", TOWN_TESS);

    m->concern.has_origin = true;
    memset(m->concern.origin, event, sizeof(m->concern.origin));
    return worry_say(t, from, m);
}

static void concerns_of_one_event_are_one(void **state)
{
    struct town *t = *state;

    assert_string_equal(of_event(t, TOWN_SCHOOL, 1), "");
    assert_string_equal(of_event(t, TOWN_POLICE, 1), "");
    assert_string_equal(of_event(t, TOWN_CHARITY, 2), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry-apart", TOWN_TESS), "no");
    assert_string_equal(of_event(t, TOWN_POLICE, 3), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry-apart", TOWN_TESS),
                        "0:charity,police,school");
}

static struct msg *at_home(struct town *t, enum town_person p, bool person, unsigned home)
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

static void concerns_at_a_home_add_up_whoever_they_are_about(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_say(t, TOWN_SCHOOL, at_home(t, TOWN_TESS, true, 1)), "");
    assert_string_equal(worry_say(t, TOWN_POLICE, at_home(t, TOWN_SAM, true, 2)), "");
    assert_string_equal(fired_at(t, TOWN_COUNCIL, "worry-home", 1), "no");
    assert_string_equal(worry_say(t, TOWN_POLICE, at_home(t, TOWN_SAM, false, 1)), "");
    assert_string_equal(fired_at(t, TOWN_COUNCIL, "worry-home", 1), "0:police,school");
    assert_string_equal(fired_at(t, TOWN_COUNCIL, "worry-home", 2), "no");
}

static void a_rule_about_homes_is_not_asked_about_a_person_nor_the_other_way(void **state)
{
    struct town *t = *state;

    assert_string_equal(fired(t, TOWN_COUNCIL, "worry-home", TOWN_TESS), "question-not-permitted");
    assert_string_equal(fired_at(t, TOWN_COUNCIL, "worry", 1), "question-not-permitted");
}

static void who_may_not_ask_gets_no_state(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(fired(t, TOWN_COURT, "worry", TOWN_TESS), "not-a-party");
    assert_string_equal(ask(t, TOWN_COUNCIL, town_insight(t, "child-protection", "worry", TOWN_TESS)),
                        "question-not-permitted");
    m = town_insight(t, "safeguarding", "worry", TOWN_TESS);
    (void)snprintf(m->practitioner.role, sizeof(m->practitioner.role), "volunteer");
    assert_string_equal(ask(t, TOWN_COUNCIL, m), "role-not-permitted");
}

static void a_concern_counts_from_its_day_to_its_last_and_within_the_window(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    worry_day(t, TOWN_DAY + WORRY_WINDOW + 1);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    /* observed earlier than the one before it: both are then in one window */
    assert_string_equal(dated(t, TOWN_DAY + 5, TOWN_DAY + 100), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "31:police,school");
    worry_day(t, TOWN_DAY + 100);
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "31:police,school");
    worry_day(t, TOWN_DAY + 101);
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
}

static void concerns_survive_a_restart(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    town_reopen(t);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school");
}

/* --- amending and withdrawing --- */

static const char *change(struct town *t, enum town_agency from, const struct id *concern,
                          bool withdraw, uint8_t severity)
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

static void what_is_withdrawn_counts_no_more_and_only_its_reporter_withdraws(void **state)
{
    struct town *t = *state;
    struct id schools, none;

    assert_int_equal(id_new(town_wall, &none), 0);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(change(t, TOWN_POLICE, &schools, true, 0), "unknown-concern");
    assert_string_equal(change(t, TOWN_NURSERY, &schools, true, 0), "unknown-concern");
    assert_string_equal(change(t, TOWN_SCHOOL, &none, true, 0), "unknown-concern");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school");
    assert_string_equal(change(t, TOWN_SCHOOL, &schools, true, 0), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
    assert_string_equal(change(t, TOWN_SCHOOL, &schools, true, 0), "concern-withdrawn");
    assert_string_equal(change(t, TOWN_SCHOOL, &schools, false, 2), "concern-withdrawn");
    assert_int_equal(town_leaves(t, EVENT_CONCERN_WITHDRAWN, NULL), 1);
}

static void another_severity_may_fire_and_may_unfire(void **state)
{
    struct town *t = *state;
    struct id last;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "grave", TOWN_TESS), "");
    last = worry_last;
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry-grave", TOWN_TESS), "no");
    assert_string_equal(change(t, TOWN_SCHOOL, &last, false, SEVERITY_HIGH), "");
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry-grave", TOWN_TESS), "0:school");
    assert_string_equal(change(t, TOWN_SCHOOL, &last, false, SEVERITY_LOW), "");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry-grave", TOWN_TESS), "no");
}

/* --- hubs --- */

static void a_hub_is_told_once_an_episode(void **state)
{
    struct town *t = *state;

    subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 0);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(firing.deliver.stream, "s-all");
    assert_string_equal(firing.deliver.firing.rule, "worry");
    assert_string_equal(firing.deliver.firing.decide_role, "social-worker");
    assert_true(firing.deliver.firing.decide_by_ms > 0);
    assert_false(firing.deliver.firing.has_household);
    assert_string_equal(named(), "police,school");
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 0);
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
    for (int a = 0; a < TOWN_N; a++)
        if (a != TOWN_COUNCIL)
            assert_int_equal(firings(t, (enum town_agency)a), 0);
}

static void a_hub_gets_what_fires_without_its_own_concerns(void **state)
{
    struct town *t = *state;

    subscribe(t, TOWN_COUNCIL, "worry");
    assert_string_equal(worry_lodge(t, TOWN_COUNCIL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 0);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(named(), "police,school");
}

static void a_grave_concern_fires_alone(void **state)
{
    struct town *t = *state;
    struct msg *m;

    subscribe(t, TOWN_COUNCIL, "");
    m = worry_concern(t, "grave", TOWN_TESS);
    m->concern.severity = SEVERITY_CRITICAL;
    assert_string_equal(worry_say(t, TOWN_SCHOOL, m), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    assert_true(firing.deliver.firing.bypass);
    assert_int_equal(firing.deliver.firing.severity, SEVERITY_CRITICAL);
}

static void a_firing_that_no_stream_takes_lies_in_the_hubs_inbox(void **state)
{
    struct town *t = *state;

    subscribe(t, TOWN_COUNCIL, "worry-quiet"); /* of another rule */
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(firing.deliver.stream, "inbox");
}

static void a_firing_about_a_home_names_the_home_and_no_person(void **state)
{
    struct town *t = *state;

    subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_say(t, TOWN_SCHOOL, at_home(t, TOWN_TESS, true, 1)), "");
    assert_string_equal(worry_say(t, TOWN_POLICE, at_home(t, TOWN_SAM, true, 1)), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    assert_int_equal(firing.deliver.firing.subject_kind, SUBJECT_HOUSEHOLD);
    assert_int_equal(firing.deliver.firing.subject.n, 0);
    assert_true(firing.deliver.firing.has_household);
}

/* --- after a firing --- */

static const char *step(struct town *t, enum town_agency from, const struct id *episode,
                        uint8_t what)
{
    struct msg *m = town_msg(t, MSG_FIRING_UPDATE);

    m->firing_update.episode = *episode;
    m->firing_update.step = what;
    (void)snprintf(m->firing_update.outcome, sizeof(m->firing_update.outcome), "visited");
    return worry_say(t, from, m);
}

static struct id fire(struct town *t)
{
    subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    return firing.deliver.firing.episode;
}

static void contributors_hear_that_they_joined_others_once_the_hub_has_acted(void **state)
{
    struct town *t = *state;
    struct id episode = fire(t), charitys;
    struct msg_notice n;

    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, NULL), 0);
    assert_int_equal(worry_notices(t, TOWN_POLICE, NOTICE_JOINED_OTHERS, NULL), 0);
    assert_string_equal(step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), "");
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, &n), 1);
    assert_string_equal(n.agency, "council");
    assert_int_equal(worry_notices(t, TOWN_POLICE, NOTICE_JOINED_OTHERS, NULL), 1);
    assert_int_equal(worry_notices(t, TOWN_CHARITY, NOTICE_JOINED_OTHERS, NULL), 0);
    assert_string_equal(step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), ""); /* again: nothing new */
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, NULL), 0);
    /* who joins now hears at once */
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    charitys = worry_last;
    assert_int_equal(worry_notices(t, TOWN_CHARITY, NOTICE_JOINED_OTHERS, &n), 1);
    assert_true(id_equal(&n.about, &charitys)); /* its own concern, not the episode */
}

static void only_a_hub_that_got_it_says_what_it_did(void **state)
{
    struct town *t = *state;
    struct id episode = fire(t), none;

    assert_int_equal(id_new(town_wall, &none), 0);
    assert_string_equal(step(t, TOWN_SCHOOL, &episode, FIRING_ACTED), "unknown-firing");
    assert_string_equal(step(t, TOWN_COURT, &episode, FIRING_CLOSED), "unknown-firing");
    assert_string_equal(step(t, TOWN_COUNCIL, &none, FIRING_ACTED), "unknown-firing");
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, NULL), 0);
    assert_string_equal(step(t, TOWN_COUNCIL, &episode, FIRING_CLOSED), "");
    assert_string_equal(step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), "firing-closed");
    assert_int_equal(town_leaves(t, EVENT_FIRING_UPDATED, NULL), 1);
}

static void once_it_is_closed_the_next_concern_opens_another(void **state)
{
    struct town *t = *state;
    struct id first = fire(t);

    assert_string_equal(step(t, TOWN_COUNCIL, &first, FIRING_CLOSED), "");
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    assert_false(id_equal(&firing.deliver.firing.episode, &first));
    assert_string_equal(named(), "charity,police,school");
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 2);
}

static void an_episode_that_nobody_closes_is_over_in_time(void **state)
{
    struct town *t = *state;

    (void)fire(t);
    worry_day(t, TOWN_DAY + WORRY_CLOSED - 1);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 0);
    worry_day(t, TOWN_DAY + WORRY_CLOSED + 1);
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 0); /* it had been reached: nothing crossed */
    worry_day(t, TOWN_DAY + WORRY_CLOSED + 40);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
}

static void the_hub_hears_when_what_a_firing_counted_is_taken_back(void **state)
{
    struct town *t = *state;
    struct id schools, episode;
    struct msg_notice n;

    subscribe(t, TOWN_COUNCIL, "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    episode = firing.deliver.firing.episode;
    assert_string_equal(change(t, TOWN_SCHOOL, &schools, true, 0), "");
    assert_int_equal(worry_notices(t, TOWN_COUNCIL, NOTICE_WITHDRAWN, &n), 1);
    assert_true(id_equal(&n.about, &episode));
    assert_string_equal(n.agency, ""); /* not whose */
    assert_int_equal(worry_notices(t, TOWN_POLICE, NOTICE_WITHDRAWN, NULL), 0);
    /* who took it back did not join anybody */
    assert_string_equal(step(t, TOWN_COUNCIL, &episode, FIRING_ACTED), "");
    assert_int_equal(worry_notices(t, TOWN_SCHOOL, NOTICE_JOINED_OTHERS, NULL), 0);
}

/* The council's adapter is away while it fires; what it gets when it is back. */
static void come_back(struct town *t)
{
    struct msg *m = town_msg(t, MSG_HELLO);

    town_forget(t);
    m->hello = (struct msg_hello){ .version_least = 1, .version_most = 1, .mode = MODE_EXERCISE };
    (void)snprintf(m->hello.software, sizeof(m->hello.software), "town/1");
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    town_turn(t);
}

static void away(struct town *t)
{
    subscribe(t, TOWN_COUNCIL, "");
    town_reopen(t); /* a new core has heard nothing of anybody yet */
}

static void a_firing_that_waits_is_not_delivered_once_too_few_are_left(void **state)
{
    struct town *t = *state;
    struct id schools;
    struct ledger_clear l;

    away(t);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
    assert_int_equal(firings(t, TOWN_COUNCIL), 0);
    assert_string_equal(change(t, TOWN_SCHOOL, &schools, true, 0), "");
    come_back(t);
    assert_int_equal(firings(t, TOWN_COUNCIL), 0);
    assert_int_equal(town_leaves(t, EVENT_NOT_DELIVERED, &l), 1);
    assert_string_equal(l.reason, "no-longer-met");
}

static void a_firing_that_waits_names_those_who_are_left(void **state)
{
    struct town *t = *state;
    struct id schools;

    away(t);
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    schools = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(change(t, TOWN_SCHOOL, &schools, true, 0), "");
    come_back(t);
    assert_int_equal(firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(named(), "charity,police");
}

static void a_suspended_agencys_concerns_count_no_more(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(
        town_change(t, "agency-suspend", json_pack("{s:s,s:s}", "agency", "police", "reason",
                                              "lies"),
                                    one_officer),
                        "ok");
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "no");
}

/* --- shields --- */

static void whom_a_shield_hides_has_no_concerns_that_anybody_sees(void **state)
{
    struct town *t = *state;
    const struct town_frame *f;
    size_t len;

    assert_string_equal(fired(t, TOWN_CHARITY, "worry", TOWN_NOBODY), "no");
    f = town_frame_of(t, TOWN_CHARITY, MSG_THRESHOLD_STATE);
    len = f->len;
    assert_string_equal(worry_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3)), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_CHARITY, "worry", TOWN_TESS), "no");
    f = town_frame_of(t, TOWN_CHARITY, MSG_THRESHOLD_STATE);
    assert_int_equal(f->len, len);
    assert_string_equal(fired(t, TOWN_COUNCIL, "worry", TOWN_TESS), "0:police,school"); /* its owner */
}

static void a_shield_on_the_home_hides_no_concern(void **state)
{
    struct town *t = *state;

    assert_string_equal(worry_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1)), "");
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "neglect", TOWN_TESS), "");
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "neglect", TOWN_TESS), "");
    assert_string_equal(fired(t, TOWN_CHARITY, "worry", TOWN_TESS), "0:police,school");
}

#define IN_TOWN(name) cmocka_unit_test_setup_teardown(name, worry_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(a_concern_gets_a_receipt_and_a_leaf_that_names_nobody),
        IN_TOWN(the_same_concern_again_gets_the_same_receipt_and_counts_once),
        IN_TOWN(only_a_party_lodges_and_only_for_a_purpose_that_watches_concerns),
        IN_TOWN(words_that_the_policy_does_not_know_are_refused),
        IN_TOWN(dates_that_cannot_be_are_refused),
        IN_TOWN(a_suspended_practitioner_lodges_nothing),
        IN_TOWN(an_agency_may_not_fill_what_is_weighed_about_a_person),
        IN_TOWN(two_agencies_fire_and_one_alone_does_not),
        IN_TOWN(the_readers_own_concerns_do_not_count_towards_what_it_reads),
        IN_TOWN(a_sensitive_contributor_counts_and_is_not_named),
        IN_TOWN(a_rule_that_names_nobody_names_nobody),
        IN_TOWN(concerns_of_one_event_are_one),
        IN_TOWN(concerns_at_a_home_add_up_whoever_they_are_about),
        IN_TOWN(a_rule_about_homes_is_not_asked_about_a_person_nor_the_other_way),
        IN_TOWN(who_may_not_ask_gets_no_state),
        IN_TOWN(a_concern_counts_from_its_day_to_its_last_and_within_the_window),
        IN_TOWN(concerns_survive_a_restart),
        IN_TOWN(what_is_withdrawn_counts_no_more_and_only_its_reporter_withdraws),
        IN_TOWN(another_severity_may_fire_and_may_unfire),
        IN_TOWN(a_hub_is_told_once_an_episode),
        IN_TOWN(a_hub_gets_what_fires_without_its_own_concerns),
        IN_TOWN(a_grave_concern_fires_alone),
        IN_TOWN(a_firing_that_no_stream_takes_lies_in_the_hubs_inbox),
        IN_TOWN(a_firing_about_a_home_names_the_home_and_no_person),
        IN_TOWN(contributors_hear_that_they_joined_others_once_the_hub_has_acted),
        IN_TOWN(only_a_hub_that_got_it_says_what_it_did),
        IN_TOWN(once_it_is_closed_the_next_concern_opens_another),
        IN_TOWN(an_episode_that_nobody_closes_is_over_in_time),
        IN_TOWN(the_hub_hears_when_what_a_firing_counted_is_taken_back),
        IN_TOWN(a_firing_that_waits_is_not_delivered_once_too_few_are_left),
        IN_TOWN(a_firing_that_waits_names_those_who_are_left),
        IN_TOWN(a_suspended_agencys_concerns_count_no_more),
        IN_TOWN(whom_a_shield_hides_has_no_concerns_that_anybody_sees),
        IN_TOWN(a_shield_on_the_home_hides_no_concern),
    };

    return cmocka_run_group_tests_name("core_concerns", tests, NULL, NULL);
}
