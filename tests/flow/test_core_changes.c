/* SPDX-License-Identifier: Apache-2.0 */
/* test_core_changes.c - officers' signed changes on the real control socket, and what they do to
 * the next message. */
#include "core_town.h"
#include "core_town_policy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "engine/layout.h"
#include "store/fault.h"

static const int none[] = { -1 }, alice[] = { 0, -1 }, both[] = { 0, 1, -1 },
                 twice[] = { 0, 0, -1 };

static json_t *suspend(const char *agency)
{
    return json_pack("{s:s,s:s}", "agency", agency, "reason", "under review");
}

static void ask(struct town *t)
{
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "noise", TOWN_TESS));
    town_turn(t);
}

static void change_with_too_few_signatures_is_refused(void **state)
{
    struct town *t = *state;

    assert_string_equal(town_change(t, "agency-suspend", suspend("council"), none),
                        "too-few-signatures");
    assert_string_equal(town_change(t, "agency-resume", suspend("council"), alice),
                        "too-few-signatures");
    assert_string_equal(town_change(t, "agency-resume", suspend("council"), twice),
                        "too-few-signatures");
    ask(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

static void signature_that_does_not_fit_counts_for_nothing(void **state)
{
    struct town *t = *state;
    json_t *change = town_change_text("agency-resume", suspend("council"));

    t->officers[1] = t->officers[2]; /* carol's key under bob's name */
    assert_string_equal(town_submit(t, change, both), "too-few-signatures");
}

static void change_signed_for_another_origin_or_mode_is_refused(void **state)
{
    struct town *t = *state;
    char origin[WIRE_ORIGIN_MAX];
    json_t *change = town_change_text("agency-suspend", suspend("council"));
    json_t *request, *reply = NULL;
    ALM_CLEANUP(buf_deinit) struct buf signed_bytes = { 0 };
    ALM_CLEANUP(local_call_closep) struct local_call *call = NULL;
    char *text = json_dumps(change, JSON_COMPACT), sig_text[128], path[96];
    uint8_t sig[SIGN_LEN];

    (void)snprintf(origin, sizeof(origin), "%s", "elsewhere.example/almoner");
    buf_init(&signed_bytes, 4096);
    buf_put(&signed_bytes, "almoner/change/v1", 18);
    buf_put_u8(&signed_bytes, MODE_EXERCISE);
    buf_put_u8(&signed_bytes, (uint8_t)strlen(origin));
    buf_put(&signed_bytes, origin, strlen(origin));
    buf_put(&signed_bytes, text, strlen(text));
    assert_int_equal(sign_make(&t->officers[0], buf_view(&signed_bytes), sig), 0);
    assert_true(base64_encode(sig, sizeof(sig), sig_text, sizeof(sig_text)) > 0);
    request = json_pack("{s:s,s:s,s:[{s:s,s:s}]}", "op", "change", "change", text, "signatures",
                        "officer", "alice", "sig", sig_text);
    (void)snprintf(path, sizeof(path), "%s/control.sock", t->dir);
    assert_int_equal(local_call_open(path, request, &call), 0);
    town_turn(t);
    assert_true(local_call_next(call, 1000, &reply) >= 0);
    assert_string_equal(json_string_value(json_object_get(reply, "error")), "too-few-signatures");
    json_decref(reply);
    json_decref(request);
    json_decref(change);
    free(text);
}

static void replayed_change_is_refused(void **state)
{
    struct town *t = *state;
    json_t *change = town_change_text("agency-suspend", suspend("charity"));
    json_t *again = json_deep_copy(change);

    assert_string_equal(town_submit(t, change, alice), "ok");
    assert_string_equal(town_change(t, "agency-resume", suspend("charity"), both), "ok");
    town_reopen(t);
    assert_string_equal(town_submit(t, again, alice), "replayed-change");
    assert_true(
        agency_active(&t->core->agencies.slots[agencies_find(&t->core->agencies, "charity")]));
}

static void change_signed_over_a_day_ago_is_refused(void **state)
{
    struct town *t = *state;
    json_t *change = town_change_text("agency-suspend", suspend("council"));

    town_wall += 86400000 + 1000;
    assert_string_equal(town_submit(t, change, alice), "stale-change");
    change = town_change_text("agency-suspend", suspend("council"));
    town_wall -= 3600000;
    assert_string_equal(town_submit(t, change, alice),
                        "stale-change"); /* an hour ahead of our clock */
}

static void malformed_change_is_refused(void **state)
{
    struct town *t = *state;

    assert_string_equal(town_change(t, "world-peace", json_object(), both), "unknown-change");
    assert_string_equal(town_change(t, "agency-suspend", json_object(), both), "bad-change");
    assert_string_equal(
        town_change(t, "agency-suspend", json_pack("{s:s}", "agency", "council"), both),
        "bad-change");
    assert_string_equal(town_change(t, "agency-suspend", suspend("nobody"), both),
                        "unknown-agency");
    assert_string_equal(
        town_change(t, "agency-add",
                    json_pack("{s:s,s:s,s:s}", "agency", "New Agency", "curve", "x", "sign", "y"),
                    both),
        "bad-change");
    assert_string_equal(
        town_change(t, "agency-add",
                    json_pack("{s:s,s:s,s:s}", "agency", "new", "curve", "x", "sign", "y"), both),
        "bad-change");
    assert_string_equal(town_change(t, "policy-activate",
                                    json_pack("{s:s,s:s}", "bundle", "AAAA", "hash", "00"), both),
                        "bad-bundle");
    assert_string_equal(
        town_change(t, "shield-lift", json_pack("{s:s,s:s}", "shield", "x", "reason", "y"), both),
        "bad-change");
    assert_int_equal(town_leaves(t, EVENT_SHIELD_LIFTED, NULL), 0);
}

static const char *activate(struct town *t, uint32_t quota, const char *from, bool acknowledged)
{
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    uint8_t hash[SHA256_LEN];
    char hex[2 * SHA256_LEN + 1], *text;
    json_t *fields;

    buf_init(&compiled, 1 << 20);
    town_extras.agency = quota;
    town_policy(&compiled);
    memset(&town_extras, 0, sizeof(town_extras));
    assert_int_equal(crypto_sha256(buf_view(&compiled), hash), 0);
    hex_encode(hash, sizeof(hash), hex);
    text = malloc(compiled.len * 2 + 16);
    assert_non_null(text);
    assert_true(base64_encode(compiled.data, compiled.len, text, compiled.len * 2 + 16) > 0);
    fields = json_pack("{s:s,s:s}", "bundle", text, "hash", hex);
    free(text);
    if (from)
        json_object_set_new(fields, "from", json_string(from));
    if (acknowledged)
        json_object_set_new(fields, "acknowledged", json_array());
    return town_change(t, "policy-activate", fields, both);
}

static void policy_is_replaced_only_by_who_read_what_that_changes(void **state)
{
    struct town *t = *state;
    char before[65];

    memcpy(before, t->core->policy, sizeof(before));
    assert_string_equal(activate(t, 7, NULL, false), "policy-changed-meanwhile");
    assert_string_equal(activate(t, 7, NULL, true), "policy-changed-meanwhile");
    assert_string_equal(activate(t, 7, "", true), "policy-changed-meanwhile");
    assert_string_equal(activate(t, 7, "00", true), "policy-changed-meanwhile");
    assert_string_equal(activate(t, 7, before, false), "not-acknowledged");
    assert_string_equal(t->core->policy, before);
    assert_int_equal(town_leaves(t, EVENT_POLICY_ACTIVATED, NULL), 1);
    assert_string_equal(activate(t, 0, NULL, false), "ok"); /* the one in force: nothing changes */
    assert_string_equal(activate(t, 7, before, true), "ok");
    assert_string_not_equal(t->core->policy, before);
    /* signed before the other came into force */
    assert_string_equal(activate(t, 8, before, true), "policy-changed-meanwhile");
    town_reopen(t);
    assert_string_equal(activate(t, 8, before, true), "policy-changed-meanwhile");
    assert_string_equal(activate(t, 8, t->core->policy, true), "ok");
}

/* Its 80th octet is the first half of a letter. */
static void name_at_length(struct layout *l)
{
    l->name = "Bwrdd Diogelu Plant ac Oedolion Gwynedd Conwy Dinbych Fflint, Wrecsam ac Ynys M"
              "\xc3\xb4n";
}

static void policy_of_a_long_name_is_recorded_in_a_leaf_that_can_be_read(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    town_policy_more = name_at_length;
    assert_string_equal(activate(t, 7, t->core->policy, true), "ok");
    town_policy_more = NULL;
    town_reopen(t); /* which reads the newest leaves */
    assert_int_equal(town_leaves(t, EVENT_POLICY_ACTIVATED, &leaf), 2);
    assert_non_null(strstr(leaf.detail, "ac Ynys M"));
}

static void suspended_agencys_next_message_is_refused(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    ask(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
    assert_string_equal(town_change(t, "agency-suspend", suspend("council"), alice), "ok");
    town_forget(t);
    ask(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "agency-suspended");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 0);
    assert_int_equal(town_leaves(t, EVENT_REFUSED, &leaf), 1);
    assert_string_equal(leaf.reason, "agency-suspended");
    assert_string_equal(town_change(t, "agency-resume", suspend("council"), both), "ok");
    town_forget(t);
    ask(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

static void suspended_agencys_leases_are_one_leaf_a_minute(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    assert_string_equal(town_change(t, "agency-suspend", suspend("council"), alice), "ok");
    town_forget(t);
    for (int i = 0; i < 10; i++) {
        town_say(t, TOWN_COUNCIL, town_lease(t));
        town_turn(t);
    }
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "agency-suspended"); /* told each time */
    assert_int_equal(town_leaves(t, EVENT_REFUSED, NULL), 0);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, NULL), 0);
    town_mono += 61000;
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, &leaf), 1);
    assert_string_equal(leaf.agency, "council");
    assert_non_null(strstr(leaf.detail, "leases while suspended 10"));
    town_mono += 61000;
    town_turn(t);
    assert_int_equal(town_leaves(t, EVENT_LIMITED, NULL), 1);
}

static void suspension_in_the_same_batch_comes_before_the_query(void **state)
{
    struct town *t = *state;

    t->beside = town_insight(t, "safeguarding", "noise", TOWN_TESS);
    t->beside_from = TOWN_COUNCIL;
    assert_string_equal(town_change(t, "agency-suspend", suspend("council"), alice), "ok");
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "agency-suspended");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 0);
}

static void agency_whose_messages_ended_the_core_twice_is_suspended_at_its_start(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;

    town_suspend = "council";
    town_reopen(t);
    assert_int_equal(town_leaves(t, EVENT_CORE_CRASH_SUSPENSION, &leaf), 1);
    assert_string_equal(leaf.agency, "council");
    ask(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "agency-suspended");
    town_suspend = "council"; /* told again at the next start: it is so already */
    town_reopen(t);
    assert_int_equal(town_leaves(t, EVENT_CORE_CRASH_SUSPENSION, NULL), 1);
    town_suspend = "never-enrolled";
    town_reopen(t);
    assert_int_equal(town_leaves(t, EVENT_CORE_CRASH_SUSPENSION, NULL), 1);
}

static void shared_page_names_the_agency_only_while_its_message_is_decided(void **state)
{
    struct town *t = *state;
    struct child_shared page = { 0 };

    t->core->shared = &page;
    ask(t);
    assert_string_equal(page.agency, "council");
    assert_int_equal(page.deciding, 0);
    t->core->shared = NULL;
}

static void stopping_core_tells_those_who_wait_to_ask_again(void **state)
{
    struct town *t = *state;
    const uint8_t stop = CHILD_STOP;
    const struct pair_msg *m = NULL;
    int n, busy = 0;

    ask(t);
    assert_int_equal(send(t->supervisor, &stop, 1, 0), 1);
    assert_int_equal(core_turn(t->core, 0), CORE_STOPPED);
    n = pair_recv(t->gates[0], &m);
    for (int i = 0; i < n; i++)
        busy += m[i].type == PAIR_OUT && !strcmp(m[i].agency, "council");
    assert_int_equal(busy, 1);
    assert_int_equal(pending_count(t->core->pending), 0);
}

static void suspended_practitioner_is_refused_and_another_is_not(void **state)
{
    struct town *t = *state;
    struct msg *m;

    assert_string_equal(town_change(t, "practitioner-suspend",
                                    json_pack("{s:s,s:s,s:s}", "agency", "council", "practitioner",
                                              "worker-7", "reason", "left"),
                                    alice),
                        "ok");
    ask(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "practitioner-suspended");
    m = town_insight(t, "safeguarding", "noise", TOWN_TESS);
    (void)snprintf(m->practitioner.ref, sizeof(m->practitioner.ref), "worker-8");
    town_say(t, TOWN_COUNCIL, m);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

static void revoked_signing_keys_next_message_is_refused(void **state)
{
    struct town *t = *state;
    uint8_t key[32];
    char text[64];

    assert_int_equal(sign_public(&t->keys[TOWN_COUNCIL], key), 0);
    assert_true(base64_encode(key, 32, text, sizeof(text)) > 0);
    assert_string_equal(town_change(t, "agency-revoke-key",
                                    json_pack("{s:s,s:s}", "agency", "council", "key", text),
                                    alice),
                        "ok");
    ask(t);
    assert_string_equal(town_refusal(t, TOWN_COUNCIL), "unknown-key");
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 0);
}

static const char *revoke_curve(struct town *t, const char *agency, unsigned key)
{
    const struct agency *a = &t->core->agencies.slots[agencies_find(&t->core->agencies, agency)];
    char text[64];

    assert_true(base64_encode(a->reg.curve[key], 32, text, sizeof(text)) > 0);
    return town_change(t, "agency-revoke-key",
                       json_pack("{s:s,s:s}", "agency", agency, "key", text), alice);
}

static void revoked_curve_key_leaves_the_gates_list(void **state)
{
    struct town *t = *state;
    uint16_t before = t->allowed[1];

    assert_string_equal(revoke_curve(t, "school", 0), "ok");
    town_turn(t);
    assert_int_equal(t->allowed[1], before - 1);
    assert_string_equal(revoke_curve(t, "school", 0), "unknown-key"); /* it has none any more */
}

static void one_of_an_agencys_curve_keys_is_revoked_without_a_restart_of_its_gate(void **state)
{
    struct town *t = *state;
    const struct agency *a = &t->core->agencies.slots[agencies_find(&t->core->agencies, "school")];
    uint16_t before = t->allowed[1];
    uint8_t said[8] = { 0 };
    char sign[64];

    assert_true(base64_encode(a->reg.sign[0], 32, sign, sizeof(sign)) > 0);
    assert_string_equal(
        town_change(t, "agency-add",
                    json_pack("{s:s,s:s,s:s}", "agency", "school", "curve",
                              "00000000000000000000000000000000000000aB", "sign", sign),
                    alice),
        "ok");
    town_turn(t);
    assert_int_equal(t->allowed[1], before + 1);
    assert_string_equal(revoke_curve(t, "school", 0), "ok");
    town_turn(t);
    assert_int_equal(t->allowed[1], before); /* the gate cuts by key what the list has lost */
    assert_int_equal(recv(t->supervisor, said, sizeof(said), MSG_DONTWAIT), -1);
}

static void key_of_another_agency_cannot_be_enrolled(void **state)
{
    struct town *t = *state;
    const struct agency *a = &t->core->agencies.slots[agencies_find(&t->core->agencies, "school")];
    char sign[64];
    static const char curve[] = "00000000000000000000000000000000000000aB";

    assert_true(base64_encode(a->reg.sign[0], 32, sign, sizeof(sign)) > 0);
    assert_string_equal(
        town_change(t, "agency-add",
                    json_pack("{s:s,s:s,s:s}", "agency", "charity", "curve", curve, "sign", sign),
                    alice),
        "key-taken");
}

static void gate_is_told_its_own_organisations_keys_only(void **state)
{
    struct town *t = *state;

    town_reopen(t);
    town_turn(t);
    assert_int_equal(t->allowed[0], 5);
    assert_int_equal(t->allowed[1], 2); /* the school and its nursery */
}

static void two_officers_found_the_office_and_the_third_needs_both(void **state)
{
    struct town *t = *state;
    struct ledger_clear leaf;
    char text[64];
    uint8_t key[32] = { 1 };

    assert_int_equal(town_leaves(t, EVENT_OFFICER_CHANGED, &leaf), 3);
    assert_non_null(strstr(leaf.detail, "carol"));
    assert_string_equal(leaf.officer, "alice");
    assert_true(base64_encode(key, 32, text, sizeof(text)) > 0);
    assert_string_equal(town_change(t, "officer-add",
                                    json_pack("{s:s,s:s}", "officer", "mallory", "public", text),
                                    none),
                        "too-few-signatures");
    assert_string_equal(town_change(t, "officer-add",
                                    json_pack("{s:s,s:s}", "officer", "mallory", "public", text),
                                    alice),
                        "too-few-signatures");
    assert_string_equal(town_change(t, "officer-add",
                                    json_pack("{s:s,s:s}", "officer", "carol", "public", text),
                                    both),
                        "exists");
}

static void suspended_officer_signs_for_nothing_and_nobody_signs_away_themselves(void **state)
{
    struct town *t = *state;
    const int alice_carol[] = { 0, 2, -1 };

    assert_string_equal(
        town_change(t, "officer-suspend", json_pack("{s:s}", "officer", "bob"), both),
        "too-few-signatures");
    assert_string_equal(
        town_change(t, "officer-suspend", json_pack("{s:s}", "officer", "bob"), alice_carol), "ok");
    assert_string_equal(town_change(t, "agency-resume", suspend("council"), both),
                        "too-few-signatures");
    assert_string_equal(town_change(t, "agency-resume", suspend("council"), alice_carol), "ok");
}

static void shield_is_lifted_by_two_and_by_one_is_not(void **state)
{
    struct town *t = *state;
    struct msg *m = town_shield(t, TOWN_TESS, 1);
    struct token_set real;
    char text[ID_TEXT];

    town_say(t, TOWN_COUNCIL, m);
    id_format(&m->id, text);
    town_turn(t);
    assert_int_equal(town_heard(t, TOWN_COUNCIL, MSG_RECEIPT), 1);
    assert_string_equal(town_change(t, "shield-lift",
                                    json_pack("{s:s,s:s}", "shield", text, "reason", "moved"),
                                    alice),
                        "too-few-signatures");
    assert_string_equal(town_change(t, "shield-lift",
                                    json_pack("{s:s,s:s}", "shield", text, "reason", "moved"),
                                    both),
                        "ok");
    town_say(t, TOWN_COUNCIL, town_insight(t, "safeguarding", "lives-at", TOWN_TESS));
    town_turn(t);
    town_person(TOWN_TESS, &real);
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_QUESTION), 1);
    assert_true(token_equal(&t->msg.question.subject.tokens[0], &real.tokens[0]));
    assert_int_equal(town_leaves(t, EVENT_SHIELD_LIFTED, NULL), 1);
}

static void day_moves_forward_only_is_pushed_and_survives(void **state)
{
    struct town *t = *state;
    char next[CIVIL_TEXT], before[CIVIL_TEXT];

    civil_format(TOWN_DAY + 3, next);
    civil_format(TOWN_DAY - 1, before);
    assert_string_equal(town_change(t, "day-set", json_pack("{s:s}", "day", before), alice),
                        "backwards");
    assert_string_equal(town_change(t, "day-set", json_pack("{s:s}", "day", next), alice), "ok");
    assert_int_equal(town_heard(t, TOWN_SCHOOL, MSG_LEASE), 1);
    assert_int_equal(t->msg.lease.civil_day, TOWN_DAY + 3);
    town_reopen(t);
    assert_int_equal(t->core->day, TOWN_DAY + 3);
    assert_int_equal(town_leaves(t, EVENT_DAY_SET, NULL), 2);
}

static void live_broker_has_no_clock_command(void **state)
{
    struct town *t = *state;

    t->core->set.wire.mode = MODE_LIVE;
    /* What was signed for an exercise is worth nothing in life: the signature is refused before the
     * kind. */
    assert_string_equal(town_change(t, "day-set", json_pack("{s:s}", "day", "2026-01-01"), alice),
                        "too-few-signatures");
    t->core->set.wire.mode = MODE_EXERCISE;
}

static void change_that_cannot_be_recorded_is_not_made(void **state)
{
    struct town *t = *state;

    store_fault_hook(t->core->store, town_fail_commits, NULL);
    assert_string_equal(town_change(t, "agency-suspend", suspend("council"), alice), "busy");
    assert_string_equal(town_change(t, "day-set", json_pack("{s:s}", "day", "2030-01-01"), alice),
                        "busy");
    store_fault_hook(t->core->store, NULL, NULL);
    assert_int_equal(t->core->day, TOWN_DAY);
    ask(t);
    assert_int_equal(town_heard(t, TOWN_POLICE, MSG_QUESTION), 1);
}

static json_t *read_op(struct town *t, const char *op)
{
    ALM_CLEANUP(local_call_closep) struct local_call *call = NULL;
    char path[96];
    json_t *request = json_pack("{s:s}", "op", op), *reply = NULL;

    (void)snprintf(path, sizeof(path), "%s/control.sock", t->dir);
    assert_int_equal(local_call_open(path, request, &call), 0);
    town_turn(t);
    assert_true(local_call_next(call, 1000, &reply) >= 0);
    json_decref(request);
    return reply;
}

static void status_tells_standing_and_nothing_of_persons(void **state)
{
    struct town *t = *state;
    json_t *status, *agencies, *officers, *policy, *unknown;

    status = read_op(t, "status");
    assert_true(json_is_true(json_object_get(status, "ok")));
    assert_string_equal(json_string_value(json_object_get(status, "mode")), "exercise");
    assert_int_equal(json_array_size(json_object_get(status, "connected")), TOWN_N);
    assert_int_equal(json_array_size(json_object_get(status, "gates")), 2);
    agencies = read_op(t, "agencies");
    assert_int_equal(json_array_size(json_object_get(agencies, "agencies")), TOWN_N);
    officers = read_op(t, "officers");
    assert_int_equal(json_array_size(json_object_get(officers, "officers")), 3);
    policy = read_op(t, "policy");
    assert_string_equal(json_string_value(json_object_get(policy, "name")), "The town");
    unknown = read_op(t, "everything");
    assert_string_equal(json_string_value(json_object_get(unknown, "error")), "unknown-op");
    json_decref(status);
    json_decref(agencies);
    json_decref(officers);
    json_decref(policy);
    json_decref(unknown);
}

static void reading_of_the_log_is_a_leaf_before_the_reader_may_go_on(void **state)
{
    struct town *t = *state;
    static const char good[] = "{\"officer\":\"alice\",\"command\":\"tail\",\"query\":\"{}\"}";
    static const char bad[] = "{\"officer\":\"mallory\",\"command\":\"tail\",\"query\":\"{}\"}";
    uint8_t said[256] = { 'L', 0, 0, 0, 7, 0, sizeof(good) - 1 }, heard[256];

    memcpy(said + 7, good, sizeof(good) - 1);
    assert_true(send(t->reader, said, 7 + sizeof(good) - 1, 0) > 0);
    town_turn(t);
    assert_int_equal(recv(t->reader, heard, sizeof(heard), MSG_DONTWAIT), 13);
    assert_int_equal(heard[0], 'K');
    assert_int_equal(heard[4], 7);
    assert_int_equal(town_leaves(t, EVENT_LOG_READ, NULL), 1);
    said[6] = sizeof(bad) - 1;
    memcpy(said + 7, bad, sizeof(bad) - 1);
    assert_true(send(t->reader, said, 7 + sizeof(bad) - 1, 0) > 0);
    town_turn(t);
    assert_true(recv(t->reader, heard, sizeof(heard), MSG_DONTWAIT) > 0);
    assert_int_equal(heard[0], 'D');
    said[6] = sizeof(good) - 1;
    memcpy(said + 7, good, sizeof(good) - 1);
    store_fault_hook(t->core->store, town_fail_commits, NULL);
    assert_true(send(t->reader, said, 7 + sizeof(good) - 1, 0) > 0);
    town_turn(t);
    store_fault_hook(t->core->store, NULL, NULL);
    assert_true(recv(t->reader, heard, sizeof(heard), MSG_DONTWAIT) > 0);
    assert_int_equal(heard[0], 'D');
    assert_int_equal(town_leaves(t, EVENT_LOG_READ, NULL), 1);
}

#define TOWN_TEST(f) cmocka_unit_test_setup_teardown(f, town_setup, town_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TOWN_TEST(change_with_too_few_signatures_is_refused),
        TOWN_TEST(signature_that_does_not_fit_counts_for_nothing),
        TOWN_TEST(change_signed_for_another_origin_or_mode_is_refused),
        TOWN_TEST(replayed_change_is_refused),
        TOWN_TEST(change_signed_over_a_day_ago_is_refused),
        TOWN_TEST(malformed_change_is_refused),
        TOWN_TEST(policy_is_replaced_only_by_who_read_what_that_changes),
        TOWN_TEST(policy_of_a_long_name_is_recorded_in_a_leaf_that_can_be_read),
        TOWN_TEST(suspended_agencys_next_message_is_refused),
        TOWN_TEST(suspended_agencys_leases_are_one_leaf_a_minute),
        TOWN_TEST(suspension_in_the_same_batch_comes_before_the_query),
        TOWN_TEST(agency_whose_messages_ended_the_core_twice_is_suspended_at_its_start),
        TOWN_TEST(shared_page_names_the_agency_only_while_its_message_is_decided),
        TOWN_TEST(stopping_core_tells_those_who_wait_to_ask_again),
        TOWN_TEST(suspended_practitioner_is_refused_and_another_is_not),
        TOWN_TEST(revoked_signing_keys_next_message_is_refused),
        TOWN_TEST(revoked_curve_key_leaves_the_gates_list),
        TOWN_TEST(one_of_an_agencys_curve_keys_is_revoked_without_a_restart_of_its_gate),
        TOWN_TEST(key_of_another_agency_cannot_be_enrolled),
        TOWN_TEST(gate_is_told_its_own_organisations_keys_only),
        TOWN_TEST(two_officers_found_the_office_and_the_third_needs_both),
        TOWN_TEST(suspended_officer_signs_for_nothing_and_nobody_signs_away_themselves),
        TOWN_TEST(shield_is_lifted_by_two_and_by_one_is_not),
        TOWN_TEST(day_moves_forward_only_is_pushed_and_survives),
        TOWN_TEST(live_broker_has_no_clock_command),
        TOWN_TEST(change_that_cannot_be_recorded_is_not_made),
        TOWN_TEST(status_tells_standing_and_nothing_of_persons),
        TOWN_TEST(reading_of_the_log_is_a_leaf_before_the_reader_may_go_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
