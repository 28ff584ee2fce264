/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_tags.c - by what the core's leaves are found: a person's tokens, a practitioner, a
 * message, an earlier leaf; and of which class they are. */
#include "core_town.h"

#include <stdio.h>
#include <string.h>

#include "store/ledger_keys.h"

struct finds {
    struct store_txn *txn;
    unsigned events[EVENT_COUNT]; /* how many leaves of each were found */
    unsigned n;
    uint64_t last;
    uint8_t class; /* of the last */
};

static int note_event(void *ctx, const struct ledger_record *r)
{
    struct finds *f = ctx;

    f->events[r->clear.event]++;
    return 0;
}

static int found(void *ctx, uint64_t leaf, uint8_t class)
{
    struct finds *f = ctx;

    f->n++;
    f->last = leaf;
    f->class = class;
    return ledger_each(f->txn, leaf, leaf + 1, note_event, f);
}

static struct finds find(struct town *t, uint64_t tag)
{
    ALM_CLEANUP(store_abortp) struct store_txn *txn = NULL;
    struct finds f = { .n = 0 };
    uint64_t next = 0;

    assert_int_equal(store_begin(t->core->store, false, &txn), 0);
    f.txn = txn;
    assert_int_equal(ledger_find(txn, &tag, 1, &next, UINT64_MAX, SIZE_MAX, found, &f), 0);
    return f;
}

/* By the first of a person's tokens that is worth a tag. */
static struct finds find_person(struct town *t, enum town_person p, bool unborn)
{
    struct token_set set;
    uint64_t tag = 0;

    town_person(p, &set);
    for (uint8_t i = 0; i < set.n; i++) {
        if (!ledger_tag_worth(&set.tokens[i]))
            continue;
        assert_int_equal(ledger_tag_token(t->core->store, &set.tokens[i], unborn, &tag), 0);
        break;
    }
    return find(t, tag);
}

static struct finds find_practitioner(struct town *t, const char *agency, const char *ref)
{
    uint64_t tag;

    assert_int_equal(ledger_tag_practitioner(t->core->store, agency, ref, &tag), 0);
    return find(t, tag);
}

static void query_is_found_by_the_person_and_not_by_another(void **state)
{
    struct town *t = *state;
    struct finds f;

    assert_int_equal(find_person(t, TOWN_TESS, false).n, 0);
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    f = find_person(t, TOWN_TESS, false);
    assert_int_equal(f.events[EVENT_DECIDED], 1);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.class, CLASS_DECISION);
    assert_int_equal(find_person(t, TOWN_SAM, false).n, 0);
    assert_int_equal(find_person(t, TOWN_TESS, true).n, 0); /* her unborn child is somebody else */
}

static void query_is_found_by_who_asked_and_the_disclosure_by_the_query(void **state)
{
    struct town *t = *state;
    struct finds f;
    uint64_t tag;

    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "truancy", TOWN_TESS));
    town_turn(t);
    town_answer(t, TOWN_SCHOOL, ANSWER_NO);
    town_answer(t, TOWN_POLICE, ANSWER_NO);
    town_turn(t);
    town_mono += 3000;
    town_turn(t);
    f = find_practitioner(t, "council", "worker-7");
    assert_int_equal(f.events[EVENT_DECIDED], 1);
    assert_int_equal(f.events[EVENT_DISCLOSED], 1);
    assert_int_equal(find_practitioner(t, "council", "worker-8").n, 0);
    assert_int_equal(find_practitioner(t, "school", "worker-7").n, 0);
    f = find_person(t, TOWN_TESS, false);
    assert_int_equal(f.events[EVENT_DECIDED], 1);
    assert_int_equal(ledger_tag_about(t->core->store, f.last, &tag), 0);
    f = find(t, tag);
    assert_int_equal(f.events[EVENT_DISCLOSED], 1);
    assert_int_equal(f.n, 1);
}

static void leaves_are_found_by_the_message_of_its_agency_alone(void **state)
{
    struct town *t = *state;
    struct msg *m = town_insight(t, "safeguarding", "truancy", TOWN_TESS);
    struct id id;
    uint64_t tag;

    assert_int_equal(id_new(town_wall, &m->id), 0);
    id = m->id;
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(ledger_tag_message(t->core->store, "council", &id, &tag), 0);
    assert_int_equal(find(t, tag).events[EVENT_DECIDED], 1);
    assert_int_equal(ledger_tag_message(t->core->store, "school", &id, &tag), 0);
    assert_int_equal(find(t, tag).n, 0);
    id.octets[15] ^= 1;
    assert_int_equal(ledger_tag_message(t->core->store, "council", &id, &tag), 0);
    assert_int_equal(find(t, tag).n, 0);
}

static void refused_query_is_found_by_the_person_too(void **state)
{
    struct town *t = *state;

    town_say(t, TOWN_CHARITY, town_insight(t, "curiosity", "truancy", TOWN_TESS));
    town_turn(t);
    assert_true(town_leaves(t, EVENT_REFUSED, NULL) > 0);
    assert_int_equal(find_person(t, TOWN_TESS, false).events[EVENT_REFUSED],
                     town_leaves(t, EVENT_REFUSED, NULL));
}

static void what_is_lodged_is_found_by_the_person_and_has_its_class(void **state)
{
    struct town *t = *state;
    struct finds f;

    town_say(t, TOWN_COUNCIL, town_shield(t, TOWN_TESS, 1));
    town_turn(t);
    f = find_person(t, TOWN_TESS, false);
    assert_int_equal(f.events[EVENT_SHIELD_LODGED], 1);
    assert_int_equal(f.n, 1);
    assert_int_equal(f.class, CLASS_SHIELD);
    assert_int_equal(find_person(t, TOWN_SAM, false).n, 0);
}

static void what_was_rejected_unread_has_no_tags_of_anybody(void **state)
{
    struct town *t = *state;
    uint8_t noise[64] = { 0x0a, 0xff };

    town_say_frame(t, 0, TOWN_COUNCIL, bytes_of(noise, sizeof(noise)));
    town_turn(t);
    assert_int_equal(find_person(t, TOWN_TESS, false).n, 0);
    assert_int_equal(find_practitioner(t, "council", "worker-7").n, 0);
    assert_int_equal(find_practitioner(t, "council", "").n, 0);
}

static void found_leaves_are_the_same_after_a_restart(void **state)
{
    struct town *t = *state;
    unsigned n;

    for (int i = 0; i < 40; i++) {
        town_say(t, TOWN_COUNCIL,
                 town_insight(t, "safeguarding", "truancy", i % 2 ? TOWN_TESS : TOWN_SAM));
        town_turn(t);
        town_mono += 3000;
        town_turn(t);
    }
    n = find_person(t, TOWN_TESS, false).n;
    assert_true(n >= 20);
    town_reopen(t);
    assert_int_equal(find_person(t, TOWN_TESS, false).n, n);
}

#define IN_TOWN(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_TOWN(query_is_found_by_the_person_and_not_by_another),
        IN_TOWN(query_is_found_by_who_asked_and_the_disclosure_by_the_query),
        IN_TOWN(leaves_are_found_by_the_message_of_its_agency_alone),
        IN_TOWN(refused_query_is_found_by_the_person_too),
        IN_TOWN(what_is_lodged_is_found_by_the_person_and_has_its_class),
        IN_TOWN(what_was_rejected_unread_has_no_tags_of_anybody),
        IN_TOWN(found_leaves_are_the_same_after_a_restart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
