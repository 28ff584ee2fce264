/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_epochs.c - a change of key: what may be asked and lodged at each step, what is carried and by
 * whom, and that no prohibition and no concern is ever missed. */
#include "core_epochs.h"

#define ONE       ((struct epoch_plan){ .current = 1 })
#define ONE_NEXT  ((struct epoch_plan){ .current = 1, .next = 2 })
#define TWO_PREV  ((struct epoch_plan){ .current = 2, .previous = 1 })
#define TWO       ((struct epoch_plan){ .current = 2 })
#define NO_LINE   "no-consent-on-file"

static struct id last_lodged(struct town *t, enum town_agency who, struct msg *m)
{
    assert_string_equal(worry_say(t, who, m), "");
    return worry_last;
}

static struct msg *refusal(struct town *t, enum town_person p)
{
    struct msg *m = town_consent(t, "early-help", p);

    m->consent.decision = CONSENT_REFUSED;
    return m;
}

static struct msg *disputed(struct town *t, enum town_person p)
{
    struct msg *m = town_msg(t, MSG_DISPUTE);

    (void)snprintf(m->dispute.purpose, sizeof(name_t), "early-help");
    town_person(p, &m->dispute.subject);
    m->dispute.on = TOWN_DAY;
    return m;
}

/* --- the whole way --- */

/* Everything that is kept in memory alone is gone at each step. */
static const char *step(struct town *t, struct epoch_plan plan)
{
    static char word[64];

    (void)snprintf(word, sizeof(word), "%s", epoch_activate(t, plan));
    town_reopen(t);
    town_turn(t);
    return word;
}

static void a_key_is_changed_with_a_restart_between_each_step(void **state)
{
    struct town *t = *state;
    struct id grant = last_lodged(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_TESS));
    struct id no = last_lodged(t, TOWN_POLICE, refusal(t, TOWN_SAM));

    assert_string_equal(step(t, ONE_NEXT), "ok");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 1), "asked");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_SAM, 1), NO_LINE);
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), "token-epoch");
    assert_string_equal(step(t, TWO_PREV), "tokens-not-carried");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &no, TOWN_SAM, 2), "");
    town_reopen(t);
    assert_string_equal(step(t, TWO_PREV), "ok");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_SAM, 2), NO_LINE);
    /* The grant was not carried: it carries nothing under the new key until it is. */
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), NO_LINE);
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 1), "asked");
    assert_string_equal(carry(t, TOWN_SCHOOL, RETOKEN_CONSENT, &grant, TOWN_TESS, 2), "");
    town_reopen(t);
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), "asked");
    assert_string_equal(step(t, TWO), "ok");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 1), "token-epoch");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), "asked");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_SAM, 2), NO_LINE);
    assert_false(epoch_kept(t, 1));
    assert_true(epoch_kept(t, 2));
    assert_int_equal(town_leaves(t, EVENT_RETOKENED, NULL), 2);
}

static void the_catalogue_lists_the_epochs_and_comes_with_the_change(void **state)
{
    struct town *t = *state;

    town_forget(t);
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_CATALOGUE), 1);
    assert_int_equal(t->msg.catalogue.n_epochs, 2);
    assert_int_equal(t->msg.catalogue.epochs[0].state, EPOCH_CURRENT);
    assert_int_equal(t->msg.catalogue.epochs[0].epoch, 1);
    assert_int_equal(t->msg.catalogue.epochs[1].state, EPOCH_NEXT);
    assert_int_equal(t->msg.catalogue.epochs[1].epoch, 2);
}

/* --- what must be carried first --- */

static struct msg *must_refusal(struct town *t)
{
    return refusal(t, TOWN_TESS);
}
static struct msg *must_withdrawal(struct town *t)
{
    return town_withdraw(t, "early-help", TOWN_TESS);
}
static struct msg *must_shield(struct town *t)
{
    return town_shield(t, TOWN_TESS, 2);
}
static struct msg *must_dispute(struct town *t)
{
    return disputed(t, TOWN_TESS);
}
static struct msg *must_concern(struct town *t)
{
    return worry_concern(t, "apart", TOWN_TESS);
}

static void what_forbids_or_counts_holds_the_change_up_until_it_is_carried(void **state)
{
    static const struct {
        enum town_agency who;
        uint8_t kind;
        struct msg *(*make)(struct town *t);
    } must[] = { { TOWN_POLICE, RETOKEN_CONSENT, must_refusal },
                 { TOWN_SCHOOL, RETOKEN_WITHDRAWAL, must_withdrawal },
                 { TOWN_COUNCIL, RETOKEN_SHIELD, must_shield },
                 { TOWN_CHARITY, RETOKEN_DISPUTE, must_dispute },
                 { TOWN_POLICE, RETOKEN_CONCERN, must_concern } };
    struct town *t = *state;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    for (size_t i = 0; i < ALM_LEN(must); i++) {
        struct id id = last_lodged(t, must[i].who, must[i].make(t));

        assert_string_equal(epoch_activate(t, TWO_PREV), "tokens-not-carried");
        assert_string_equal(carry(t, must[i].who, must[i].kind, &id, TOWN_TESS, 2), "");
    }
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
}

static void what_has_ended_or_permits_does_not_hold_it_up(void **state)
{
    struct town *t = *state;
    const int one[] = { 0, -1 }, two[] = { 0, 1, -1 };
    char text[ID_TEXT];
    struct id shield = last_lodged(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1)), concern;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    (void)last_lodged(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_TESS));
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "apart", TOWN_SAM), "");
    concern = worry_last;
    assert_string_equal(worry_change(t, TOWN_POLICE, &concern, true, 0), "");
    assert_string_equal(worry_lodge(t, TOWN_CHARITY, "apart", TOWN_SAM), "");
    assert_string_equal(epoch_activate(t, TWO_PREV), "tokens-not-carried");
    id_format(&shield, text);
    assert_string_equal(town_change(t, "shield-lift",
                                    json_pack("{s:s,s:s}", "shield", text, "reason", "over"), two),
                        "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "tokens-not-carried");
    /* A suspended agency's concerns add to nothing: they are not waited for. */
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "charity", "reason", "gone"),
                                    one),
                        "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
}

static void the_current_key_cannot_be_dropped_at_once_and_the_next_may_be_given_up(void **state)
{
    struct town *t = *state;
    struct id no = last_lodged(t, TOWN_POLICE, refusal(t, TOWN_SAM));

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &no, TOWN_SAM, 2), "");
    assert_string_equal(epoch_activate(t, TWO), "current-epoch-dropped");
    assert_true(epoch_kept(t, 2));
    assert_string_equal(epoch_activate(t, ONE), "ok");
    assert_false(epoch_kept(t, 2));
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_SAM, 1), NO_LINE);
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &no, TOWN_SAM, 2), "token-epoch");
}

static void there_is_a_way_back_while_everything_has_the_old_key_too(void **state)
{
    struct town *t = *state;
    struct id no;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    epoch_plan = TWO_PREV;
    {
        struct msg *m = refusal(t, TOWN_SAM);

        under(&m->consent.subject, 2);
        no = last_lodged(t, TOWN_POLICE, m);
    }
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 1, .next = 2 }),
                        "tokens-not-carried");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &no, TOWN_SAM, 1), "");
    assert_string_equal(epoch_activate(t, (struct epoch_plan){ .current = 1, .next = 2 }), "ok");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_SAM, 1), NO_LINE);
}

/* --- who may carry, and what --- */

static void a_stranger_carries_nothing_and_hears_the_same_as_of_no_record(void **state)
{
    struct town *t = *state;
    struct id no = last_lodged(t, TOWN_POLICE, refusal(t, TOWN_SAM)), nothing;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_int_equal(id_new(town_wall, &nothing), 0);
    assert_string_equal(carry(t, TOWN_SCHOOL, RETOKEN_CONSENT, &no, TOWN_SAM, 2), "unknown-record");
    assert_string_equal(carry(t, TOWN_SCHOOL, RETOKEN_CONSENT, &nothing, TOWN_SAM, 2),
                        "unknown-record");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_SHIELD, &no, TOWN_SAM, 2), "unknown-record");
    assert_false(epoch_kept(t, 2));
    assert_int_equal(town_leaves(t, EVENT_RETOKENED, NULL), 0);
}

static void a_record_that_has_ended_is_not_carried(void **state)
{
    struct town *t = *state;
    struct id grant = last_lodged(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_TESS));
    struct id concern;
    struct msg *m = town_msg(t, MSG_WITHDRAWAL);

    m->withdrawal.has_consent = true;
    m->withdrawal.consent = grant;
    m->withdrawal.given_on = TOWN_DAY;
    m->withdrawal.given_ms = town_wall;
    (void)last_lodged(t, TOWN_SCHOOL, m);
    assert_string_equal(worry_lodge(t, TOWN_POLICE, "apart", TOWN_SAM), "");
    concern = worry_last;
    assert_string_equal(worry_change(t, TOWN_POLICE, &concern, true, 0), "");
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(carry(t, TOWN_SCHOOL, RETOKEN_CONSENT, &grant, TOWN_TESS, 2), "record-over");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONCERN, &concern, TOWN_SAM, 2),
                        "record-over");
    assert_false(epoch_kept(t, 2));
}

static void a_set_that_finds_less_or_somebody_of_another_sort_is_refused(void **state)
{
    struct town *t = *state;
    struct id no = last_lodged(t, TOWN_POLICE, refusal(t, TOWN_SAM));
    struct msg *m;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    m = retoken(t, RETOKEN_CONSENT, &no, TOWN_SAM, 2);
    m->retoken.subject.tokens[0] = m->retoken.subject.tokens[2]; /* no number any more */
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "retoken-weaker");
    m = retoken(t, RETOKEN_CONSENT, &no, TOWN_SAM, 2);
    m->retoken.subject.unborn = true;
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "retoken-differs");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &no, TOWN_TESS, 1), "retoken-differs");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &no, TOWN_SAM, 3), "token-epoch");
    assert_false(epoch_kept(t, 2));
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_SAM, 1), NO_LINE);
}

static void carrying_twice_is_carrying_once(void **state)
{
    struct town *t = *state;
    struct id no = last_lodged(t, TOWN_POLICE, refusal(t, TOWN_SAM));
    struct msg *m;
    uint64_t leaf;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    m = retoken(t, RETOKEN_CONSENT, &no, TOWN_SAM, 2);
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "");
    leaf = t->msg.receipt.leaf;
    m = retoken(t, RETOKEN_CONSENT, &no, TOWN_SAM, 2);
    m->id = worry_last; /* the receipt was lost */
    m->sent_ms = town_wall;
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "");
    assert_int_equal(t->msg.receipt.leaf, leaf);
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &no, TOWN_SAM, 2), "");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_SAM, 2), NO_LINE);
}

/* --- asking and lodging under an epoch --- */

static void a_prohibition_is_found_under_both_keys(void **state)
{
    struct town *t = *state;
    struct id shield = last_lodged(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 3));

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(carry(t, TOWN_COUNCIL, RETOKEN_SHIELD, &shield, TOWN_TESS, 2), "");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 1), "hidden");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 1), "hidden");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 2), "hidden");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 1), "asked");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 2), "asked");
    assert_string_equal(epoch_activate(t, TWO), "ok");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 2), "hidden");
}

static void nothing_is_asked_under_the_old_key_that_a_new_prohibition_lacks(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id shield;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 1), "asked");
    m = town_shield(t, TOWN_TESS, 3);
    under(&m->shield.subject, 2);
    shield = last_lodged(t, TOWN_COUNCIL, m);
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 1), "token-epoch");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 1), "token-epoch");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 2), "hidden");
    assert_string_equal(carry(t, TOWN_COUNCIL, RETOKEN_SHIELD, &shield, TOWN_TESS, 1), "");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 1), "hidden");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_SAM, 1), "asked");
    town_reopen(t); /* and it is known anew, not remembered */
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 1), "hidden");
}

static void what_was_asked_under_the_old_key_is_not_answered_past_a_new_prohibition(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    assert_string_equal(asked(t, TOWN_POLICE, "safeguarding", TOWN_TESS, 1), "asked");
    m = town_shield(t, TOWN_TESS, 3);
    under(&m->shield.subject, 2);
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    town_answer(t, TOWN_COUNCIL, ANSWER_YES);
    town_turn(t);
    town_mono += 3000; /* the others are silent */
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_INVOLVEMENT), 1);
    assert_int_equal(t->msg.involvement.n, 0);
}

/* What was asked is remembered by token: the other half of a pair could be had with the other key. And
 * a concern lodged since has no tokens of the old one. */
static void a_composite_its_parts_and_a_threshold_are_not_asked_under_the_old_key(void **state)
{
    static const char *const questions[] = { "strain", "plan", "worry-apart" };
    struct town *t = *state;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    for (size_t i = 0; i < ALM_LEN(questions); i++) {
        town_forget(t);
        town_say(t, TOWN_CLINIC, town_insight(t, "safeguarding", questions[i], TOWN_TESS));
        town_turn(t);
        assert_string_equal(town_refusal(t, TOWN_CLINIC), "token-epoch");
    }
}

static void tokens_of_two_keys_in_one_message_are_refused(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    m = town_insight(t, "child-protection", "lives-at", TOWN_TESS);
    home_under(&m->insight_query.parameter, 2);
    town_forget(t);
    town_say(t, TOWN_POLICE, m);
    town_turn(t);
    assert_string_equal(town_refusal(t, TOWN_POLICE), "mixed-epochs");
    m = worry_at_home(t, TOWN_TESS, true, 1);
    home_under(&m->concern.household, 2);
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "mixed-epochs");
}

static void an_outbox_of_last_week_is_good_until_the_key_has_changed_and_then_made_anew(void **state)
{
    struct town *t = *state;
    struct msg old = *refusal(t, TOWN_SAM), taken;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    taken = *refusal(t, TOWN_TESS);
    taken.sent_ms = town_wall;
    assert_string_equal(worry_say(t, TOWN_POLICE, &taken), ""); /* rotation is under way: as ever */
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &worry_last, TOWN_TESS, 2), "");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    assert_int_equal(id_new(town_wall, &old.id), 0);
    assert_string_equal(worry_say(t, TOWN_POLICE, &old), "token-epoch");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), NO_LINE);
    /* What had been accepted has its receipt, whatever key there is now. */
    assert_string_equal(worry_say(t, TOWN_POLICE, &taken), "");
    /* And the refused one's id has not been used up. */
    under(&old.consent.subject, 2);
    assert_string_equal(worry_say(t, TOWN_POLICE, &old), "");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_SAM, 2), NO_LINE);
}

/* --- what follows a person from key to key --- */

static void concerns_of_both_keys_add_up_and_an_episode_is_not_opened_twice(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id first, second;

    assert_string_equal(worry_lodge(t, TOWN_POLICE, "apart", TOWN_TESS), "");
    first = worry_last;
    assert_string_equal(worry_lodge(t, TOWN_SCHOOL, "apart", TOWN_TESS), "");
    second = worry_last;
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONCERN, &first, TOWN_TESS, 2), "");
    assert_string_equal(carry(t, TOWN_SCHOOL, RETOKEN_CONCERN, &second, TOWN_TESS, 2), "");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    m = worry_concern(t, "apart", TOWN_TESS);
    under(&m->concern.subject, 2);
    assert_string_equal(worry_say(t, TOWN_CHARITY, m), ""); /* the third */
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_int_equal(worry_firing.deliver.firing.n, 3);
    assert_int_equal(worry_firing.deliver.firing.subject.tokens[0].epoch, 2);
}

static void an_open_episode_is_carried_with_its_concern(void **state)
{
    struct town *t = *state;
    struct msg *m;
    struct id ids[3];
    static const enum town_agency who[] = { TOWN_POLICE, TOWN_SCHOOL, TOWN_CHARITY };

    for (size_t i = 0; i < 3; i++) {
        assert_string_equal(worry_lodge(t, who[i], "apart", TOWN_TESS), "");
        ids[i] = worry_last;
    }
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 1);
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(carry(t, who[i], RETOKEN_CONCERN, &ids[i], TOWN_TESS, 2), "");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    m = worry_concern(t, "apart", TOWN_TESS);
    under(&m->concern.subject, 2);
    assert_string_equal(worry_say(t, TOWN_CLINIC, m), "");
    assert_int_equal(worry_firings(t, TOWN_COUNCIL), 0); /* a hub acts on it already */
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
    assert_string_equal(epoch_activate(t, TWO), "ok");
    m = worry_concern(t, "apart", TOWN_TESS);
    under(&m->concern.subject, 2);
    assert_string_equal(worry_say(t, TOWN_COUNCIL, m), "");
    assert_int_equal(town_leaves(t, EVENT_FIRED, NULL), 1);
}

static void a_watch_that_was_carried_sees_somebody_again_under_the_new_key(void **state)
{
    struct town *t = *state;
    struct msg *m = town_msg(t, MSG_WATCH);
    struct id watch;

    worry_asker(m);
    m->basis[0] = '\0';
    town_person(TOWN_SAM, &m->watch.subject);
    m->watch.agencies.any = true;
    m->watch.from = t->core->day;
    m->watch.until = t->core->day + 100;
    m->watch.review_on = t->core->day + 50;
    watch = last_lodged(t, TOWN_CHARITY, m);
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(carry(t, TOWN_CHARITY, RETOKEN_WATCH, &watch, TOWN_SAM, 2), "");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    assert_string_equal(epoch_activate(t, TWO), "ok");
    m = worry_concern(t, "apart", TOWN_SAM);
    under(&m->concern.subject, 2);
    assert_string_equal(worry_say(t, TOWN_POLICE, m), "");
    assert_int_equal(worry_deliveries(t, TOWN_CHARITY, DELIVERY_WATCH), 1);
}

static void a_withdrawal_under_the_new_key_ends_a_grant_that_is_carried_later(void **state)
{
    struct town *t = *state;
    struct id grant = last_lodged(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_TESS));
    struct msg *m;

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    m = town_withdraw(t, "early-help", TOWN_TESS);
    under(&m->withdrawal.subject, 2);
    (void)last_lodged(t, TOWN_POLICE, m);
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 1), "token-epoch");
    assert_string_equal(carry(t, TOWN_SCHOOL, RETOKEN_CONSENT, &grant, TOWN_TESS, 2), "");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), NO_LINE);
    assert_string_equal(epoch_activate(t, TWO), "ok");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), NO_LINE);
}

static void a_grant_that_was_never_carried_can_still_be_once_its_tokens_are_gone(void **state)
{
    struct town *t = *state;
    struct id grant = last_lodged(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_TESS));

    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(epoch_activate(t, TWO_PREV), "ok");
    assert_string_equal(epoch_activate(t, TWO), "ok");
    assert_false(epoch_kept(t, 1));
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), NO_LINE);
    assert_string_equal(carry(t, TOWN_SCHOOL, RETOKEN_CONSENT, &grant, TOWN_TESS, 2), "");
    assert_string_equal(asked(t, TOWN_SCHOOL, "early-help", TOWN_TESS, 2), "asked");
}

/* --- whom to call --- */

static json_t *status_of(struct town *t)
{
    ALM_CLEANUP(local_call_closep) struct local_call *call = NULL;
    json_t *request = json_pack("{s:s}", "op", "tokens"), *reply = NULL;
    char path[96];

    town_mono += 10000; /* past what was counted last */
    (void)snprintf(path, sizeof(path), "%s/control.sock", t->dir);
    assert_int_equal(local_call_open(path, request, &call), 0);
    town_turn(t);
    assert_true(local_call_next(call, 1000, &reply) >= 0);
    assert_true(json_is_true(json_object_get(reply, "ok")));
    json_decref(request);
    return reply;
}

static const json_t *status_agency(const json_t *reply, const char *agency)
{
    const json_t *list = json_object_get(reply, "agencies");

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *a = json_array_get(list, i);

        if (!strcmp(json_string_value(json_object_get(a, "agency")), agency))
            return a;
    }
    return NULL;
}

static json_int_t status_left(const json_t *a, const char *kind)
{
    const json_t *records = json_object_get(a, "records");

    return json_integer_value(json_object_get(json_object_get(records, kind), "not_carried"));
}

static void the_status_names_each_agency_with_what_it_has_to_carry(void **state)
{
    struct town *t = *state;
    struct id no = last_lodged(t, TOWN_POLICE, refusal(t, TOWN_SAM));
    const json_t *a;
    json_t *reply;

    (void)last_lodged(t, TOWN_SCHOOL, town_consent(t, "early-help", TOWN_TESS));
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    reply = status_of(t);
    assert_int_equal(json_integer_value(json_object_get(reply, "holds_up")), 1);
    assert_int_equal(json_integer_value(json_object_get(reply, "carried_to_epoch")), 2);
    a = status_agency(reply, "police");
    assert_int_equal(status_left(a, "refusals"), 1);
    assert_string_equal(json_string_value(json_object_get(a, "contact")), "desk");
    assert_string_equal(json_string_value(json_object_get(a, "to_do")), "carrying");
    a = status_agency(reply, "school");
    assert_int_equal(status_left(a, "consents"), 1);
    assert_string_equal(json_string_value(json_object_get(a, "to_do")), "left-behind");
    assert_non_null(status_agency(reply, "clinic")); /* has lodged nothing, and may yet */
    assert_string_equal(json_string_value(json_object_get(status_agency(reply, "clinic"), "to_do")),
                        "done");
    json_decref(reply);
    assert_string_equal(carry(t, TOWN_POLICE, RETOKEN_CONSENT, &no, TOWN_SAM, 2), "");
    reply = status_of(t);
    assert_int_equal(json_integer_value(json_object_get(reply, "holds_up")), 0);
    assert_string_equal(json_string_value(json_object_get(status_agency(reply, "police"), "to_do")),
                        "done");
    json_decref(reply);
}

static void an_agency_that_is_away_or_suspended_is_to_be_called(void **state)
{
    struct town *t = *state;
    const int one[] = { 0, -1 };
    json_t *reply;

    (void)last_lodged(t, TOWN_POLICE, refusal(t, TOWN_SAM));
    (void)last_lodged(t, TOWN_CHARITY, refusal(t, TOWN_SAM));
    assert_string_equal(epoch_activate(t, ONE_NEXT), "ok");
    assert_string_equal(town_change(t, "agency-suspend",
                                    json_pack("{s:s,s:s}", "agency", "charity", "reason", "gone"),
                                    one),
                        "ok");
    town_mono += 600000; /* the police's leases have stopped */
    town_turn(t);
    reply = status_of(t);
    assert_string_equal(json_string_value(json_object_get(status_agency(reply, "police"), "to_do")),
                        "call");
    assert_string_equal(json_string_value(json_object_get(status_agency(reply, "charity"), "to_do")),
                        "suspended");
    json_decref(reply);
    /* What forbids is waited for, whoever lodged it. */
    assert_string_equal(epoch_activate(t, TWO_PREV), "tokens-not-carried");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, epoch_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_key_is_changed_with_a_restart_between_each_step),
        TEST(the_catalogue_lists_the_epochs_and_comes_with_the_change),
        TEST(what_forbids_or_counts_holds_the_change_up_until_it_is_carried),
        TEST(what_has_ended_or_permits_does_not_hold_it_up),
        TEST(the_current_key_cannot_be_dropped_at_once_and_the_next_may_be_given_up),
        TEST(there_is_a_way_back_while_everything_has_the_old_key_too),
        TEST(a_stranger_carries_nothing_and_hears_the_same_as_of_no_record),
        TEST(a_record_that_has_ended_is_not_carried),
        TEST(a_set_that_finds_less_or_somebody_of_another_sort_is_refused),
        TEST(carrying_twice_is_carrying_once),
        TEST(a_prohibition_is_found_under_both_keys),
        TEST(nothing_is_asked_under_the_old_key_that_a_new_prohibition_lacks),
        TEST(what_was_asked_under_the_old_key_is_not_answered_past_a_new_prohibition),
        TEST(a_composite_its_parts_and_a_threshold_are_not_asked_under_the_old_key),
        TEST(tokens_of_two_keys_in_one_message_are_refused),
        TEST(an_outbox_of_last_week_is_good_until_the_key_has_changed_and_then_made_anew),
        TEST(concerns_of_both_keys_add_up_and_an_episode_is_not_opened_twice),
        TEST(an_open_episode_is_carried_with_its_concern),
        TEST(a_watch_that_was_carried_sees_somebody_again_under_the_new_key),
        TEST(a_withdrawal_under_the_new_key_ends_a_grant_that_is_carried_later),
        TEST(a_grant_that_was_never_carried_can_still_be_once_its_tokens_are_gone),
        TEST(the_status_names_each_agency_with_what_it_has_to_carry),
        TEST(an_agency_that_is_away_or_suspended_is_to_be_called),
    };

    if (crypto_init() < 0)
        return 70;
    return cmocka_run_group_tests_name("core_epochs", tests, NULL, NULL);
}
