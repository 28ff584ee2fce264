/* SPDX-License-Identifier: Apache-2.0 */
/* test_witness.c - what a witness signs and what it never will: a log that grows, and logs that were
 * altered, cut short, reordered, rewritten by whoever holds the signing key; and a disk that fails. */
#include "base/file.h"
#include "base/log.h"
#include "lib/witness.h"
#include "tree/tree.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define ORIGIN "town.example/almoner"
#define LEAVES 64
#define NOW    1779573024

struct nodes {
    uint8_t at[8][LEAVES][SHA256_LEN];
};
static struct nodes *real, *forged;
static struct secret log_seed, other_seed, our_seed;
static struct note_key log_key, other_key, our_key;
static char dir[64], state_path[128], fork_path[160];
static struct witness *w;
static struct msg_cosign ask;
static struct msg_cosignature reply;
static struct buf note;

/* --- logs --- */

static int keep(void *ctx, unsigned level, uint64_t index, const uint8_t hash[static SHA256_LEN])
{
    memcpy(((struct nodes *)ctx)->at[level][index], hash, SHA256_LEN);
    return 0;
}

static int fetch(void *ctx, unsigned level, uint64_t index, uint8_t out[static SHA256_LEN])
{
    memcpy(out, ((struct nodes *)ctx)->at[level][index], SHA256_LEN);
    return 0;
}

/* From leaf `from` on, another story. */
static struct nodes *log_new(unsigned from)
{
    struct nodes *n = calloc(1, sizeof(*n));
    struct tree_frontier f = { 0 };

    assert_non_null(n);
    for (unsigned i = 0; i < LEAVES; i++) {
        uint8_t entry[2] = { (uint8_t)i, i >= from }, hash[SHA256_LEN];

        assert_int_equal(tree_leaf_hash(bytes_of(entry, sizeof(entry)), hash), 0);
        assert_int_equal(tree_append(&f, hash, keep, n), 0);
    }
    return n;
}

static void key_make(struct secret *seed, uint8_t octet, struct note_key *key, const char *name)
{
    uint8_t public_key[SIGN_PUBLIC_LEN];

    memset(seed->octets, octet, sizeof(seed->octets));
    assert_int_equal(sign_public(seed, public_key), 0);
    assert_int_equal(note_key_init(key, name, public_key), 0);
}

static int prepare(void **state)
{
    uint8_t public_key[SIGN_PUBLIC_LEN];

    (void)state;
    log_init("test", LOG_ERROR + 1);
    assert_int_equal(crypto_init(), 0);
    key_make(&log_seed, 1, &log_key, ORIGIN);
    key_make(&other_seed, 2, &other_key, ORIGIN);
    memset(our_seed.octets, 3, sizeof(our_seed.octets));
    assert_int_equal(sign_public(&our_seed, public_key), 0);
    assert_int_equal(cosign_key_init(&our_key, "health", public_key), 0);
    real = log_new(LEAVES);
    forged = log_new(3);
    return 0;
}

static int finish(void **state)
{
    (void)state;
    free(real);
    free(forged);
    return 0;
}

static int open_again(void)
{
    const struct witness_setup setup = { "health", state_path, &log_key, &our_seed };

    w = witness_close(w);
    return witness_open(&setup, &w);
}

static int setup(void **state)
{
    (void)state;
    (void)snprintf(dir, sizeof(dir), "/tmp/alm-witness-XXXXXX");
    assert_non_null(mkdtemp(dir));
    (void)snprintf(state_path, sizeof(state_path), "%s/witness.head", dir);
    (void)snprintf(fork_path, sizeof(fork_path), "%s" WITNESS_FORK_SUFFIX, state_path);
    buf_init(&note, NOTE_MAX);
    return open_again();
}

static int teardown(void **state)
{
    (void)state;
    w = witness_close(w);
    buf_deinit(&note);
    (void)chmod(dir, 0700);
    (void)unlink(state_path);
    (void)rmdir(state_path);
    (void)unlink(fork_path);
    return rmdir(dir);
}

static void head_of(struct nodes *log, uint64_t size, const struct note_key *key,
                    const struct secret *seed, const char *origin)
{
    struct checkpoint c = { .size = size };

    (void)snprintf(c.origin, sizeof(c.origin), "%s", origin);
    assert_int_equal(tree_root_at(size, fetch, log, c.root), 0);
    buf_reset(&note);
    assert_int_equal(checkpoint_sign(&c, key, seed, &note), 0);
}

static void prove(struct nodes *log, uint64_t from, uint64_t to)
{
    struct tree_proof proof = { 0 };

    if (from < to)
        assert_int_equal(tree_prove_consistency(from, to, fetch, log, &proof), 0);
    ask.n_proof = (uint16_t)proof.n;
    memcpy(ask.proof, proof.hashes, sizeof(proof.hashes[0]) * proof.n);
}

/* The broker shows a head of this log, as if the witness held `from`. Return: the status. */
static uint8_t show(struct nodes *log, uint64_t from, uint64_t size)
{
    ask = (struct msg_cosign){ .old_size = from };
    head_of(log, size, &log_key, &log_seed, ORIGIN);
    prove(log, from, size);
    ask.note = buf_view(&note);
    witness_take(w, &ask, NOW, &reply);
    return reply.status;
}

static bool signed_rightly(void)
{
    struct bytes text;
    int64_t at = 0;

    return reply.status == COSIGN_SIGNED && note_text(buf_view(&note), &text) == 0 &&
           cosign_check(text, reply.note, &our_key, &at) == 0 && at == NOW;
}

static bool held(uint64_t size)
{
    struct witness_about about;

    witness_about(w, &about);
    return about.held.any == (size > 0) && about.held.head.size == size;
}

static bool there(const char *path)
{
    return access(path, F_OK) == 0;
}

/* --- a log that grows --- */

static void a_log_that_grows_is_signed_from_its_first_head_on(void **state)
{
    (void)state;
    assert_int_equal(show(real, 0, 5), COSIGN_SIGNED);
    assert_true(signed_rightly());
    for (uint64_t size = 6; size <= LEAVES; size += 7) {
        assert_int_equal(show(real, size == 6 ? 5 : size - 7, size), COSIGN_SIGNED);
        assert_true(signed_rightly() && held(size));
        assert_int_equal(reply.size, size);
    }
    assert_false(there(fork_path));
}

static void an_idle_log_is_signed_again_with_another_time(void **state)
{
    (void)state;
    assert_int_equal(show(real, 0, 5), COSIGN_SIGNED);
    assert_int_equal(show(real, 5, 5), COSIGN_SIGNED);
    assert_true(signed_rightly());
}

static void the_head_and_our_line_are_on_disk_when_it_is_said_to_be_signed(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf kept = { 0 };
    struct checkpoint head;
    struct stat st;

    (void)state;
    assert_false(there(state_path));
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    buf_init(&kept, NOTE_MAX);
    assert_int_equal(file_read(state_path, NOTE_MAX, &kept), 0);
    assert_int_equal(checkpoint_open(buf_view(&kept), &log_key, ORIGIN, &head), 0);
    assert_int_equal(head.size, 9);
    assert_int_equal(cosign_find(buf_view(&kept), &our_key, NULL), 0);
    assert_int_equal(stat(state_path, &st), 0);
    assert_int_equal(st.st_mode & 077, 0);
}

static void a_witness_that_was_killed_after_writing_signs_the_same_head_again(void **state)
{
    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED); /* the reply is lost */
    assert_int_equal(open_again(), 0);
    assert_int_equal(show(real, 0, 9), COSIGN_CONFLICT); /* so the broker thinks it holds nothing */
    assert_int_equal(reply.size, 9);
    assert_int_equal(show(real, 9, 9), COSIGN_SIGNED);
    assert_true(signed_rightly());
    assert_int_equal(show(real, 9, 20), COSIGN_SIGNED);
}

/* --- what it is asked --- */

static void it_says_what_it_holds(void **state)
{
    struct checkpoint head;

    (void)state;
    ask = (struct msg_cosign){ .old_size = 0 };
    witness_take(w, &ask, NOW, &reply);
    assert_true(reply.status == COSIGN_CONFLICT && !reply.size && !reply.note.len);
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    ask = (struct msg_cosign){ .old_size = 0 };
    witness_take(w, &ask, NOW, &reply);
    assert_true(reply.status == COSIGN_CONFLICT && reply.size == 9);
    assert_int_equal(checkpoint_open(reply.note, &log_key, ORIGIN, &head), 0);
    assert_int_equal(head.size, 9);
}

static void another_old_size_than_its_own_is_a_conflict_whichever_it_is(void **state)
{
    static const uint64_t sizes[] = { 0, 1, 8, 10, 19, 20 };

    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    for (size_t i = 0; i < ALM_LEN(sizes); i++) {
        assert_int_equal(show(real, sizes[i], 20), COSIGN_CONFLICT);
        assert_true(reply.size == 9 && held(9));
    }
    assert_int_equal(show(real, 21, 20), COSIGN_REFUSED);
    assert_true(held(9));
    assert_false(there(fork_path)); /* a broker that forgot is none that altered anything */
}

static void a_log_that_went_back_is_told_what_is_held_and_nothing_is_signed(void **state)
{
    (void)state;
    assert_int_equal(show(real, 0, 20), COSIGN_SIGNED);
    for (uint64_t from = 0; from < 20; from++)
        assert_int_equal(show(real, from, 19), COSIGN_CONFLICT);
    assert_int_equal(reply.size, 20);
    assert_int_equal(show(real, 20, 19), COSIGN_REFUSED);
    assert_true(held(20));
}

/* --- altered logs, all signed with the log's own key --- */

static void assert_fork(uint64_t from)
{
    assert_int_equal(reply.status, COSIGN_REFUSED);
    assert_int_equal(reply.size, from);
    assert_true(held(from));
    assert_true(there(fork_path));
    (void)unlink(fork_path);
}

static void a_log_rewritten_with_the_signing_key_is_refused_at_any_size(void **state)
{
    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    for (uint64_t size = 9; size <= LEAVES; size++) {
        (void)show(forged, 9, size);
        assert_fork(9);
    }
    assert_int_equal(show(real, 9, 10), COSIGN_SIGNED); /* the true one still is */
}

static void a_leaf_deleted_or_moved_is_refused(void **state)
{
    struct nodes *less = calloc(1, sizeof(*less)), *moved = calloc(1, sizeof(*moved));
    struct tree_frontier a = { 0 }, b = { 0 };

    (void)state;
    assert_true(less && moved);
    for (unsigned i = 0; i < 20; i++) {
        unsigned other = i == 4 ? 5 : i == 5 ? 4 : i;

        if (i != 4)
            assert_int_equal(tree_append(&a, real->at[0][i], keep, less), 0);
        assert_int_equal(tree_append(&b, real->at[0][other], keep, moved), 0);
    }
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    (void)show(less, 9, 19);
    assert_fork(9);
    (void)show(moved, 9, 20);
    assert_fork(9);
    (void)show(moved, 9, 9);
    assert_fork(9);
    free(less);
    free(moved);
}

static void a_log_cut_short_and_gone_on_with_is_refused(void **state)
{
    struct nodes *cut = log_new(7);

    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    assert_int_equal(show(cut, 7, 8), COSIGN_CONFLICT); /* while it is shorter */
    (void)show(cut, 9, 12);
    assert_fork(9);
    free(cut);
}

static void the_true_log_s_proof_does_not_help_an_altered_one(void **state)
{
    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    (void)show(forged, 9, 20);
    prove(real, 9, 20);
    witness_take(w, &ask, NOW, &reply);
    assert_fork(9);
}

static void a_proof_that_is_not_whole_is_refused(void **state)
{
    uint16_t n;

    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    assert_int_equal(show(real, 9, 20), COSIGN_SIGNED);
    head_of(real, 33, &log_key, &log_seed, ORIGIN);
    ask = (struct msg_cosign){ .note = buf_view(&note), .old_size = 20 };
    prove(real, 20, 33);
    n = ask.n_proof;
    assert_true(n > 1);
    for (ask.n_proof = 0; ask.n_proof < n; ask.n_proof++) {
        witness_take(w, &ask, NOW, &reply);
        assert_int_equal(reply.status, COSIGN_REFUSED);
    }
    ask.n_proof = COSIGN_PROOF_MAX;
    witness_take(w, &ask, NOW, &reply);
    assert_int_equal(reply.status, COSIGN_REFUSED);
    ask.n_proof = n;
    ask.proof[0][0] ^= 1;
    witness_take(w, &ask, NOW, &reply);
    assert_int_equal(reply.status, COSIGN_REFUSED);
    assert_true(held(20));
}

static void the_first_evidence_is_kept_and_not_written_over(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf kept = { 0 };
    struct checkpoint head;

    (void)state;
    buf_init(&kept, NOTE_MAX);
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    (void)show(forged, 9, 20);
    (void)show(forged, 9, 30);
    assert_int_equal(file_read(fork_path, NOTE_MAX, &kept), 0);
    assert_int_equal(checkpoint_open(buf_view(&kept), &log_key, ORIGIN, &head), 0);
    assert_int_equal(head.size, 20);
}

static void a_fork_that_was_seen_is_told_after_a_restart_too(void **state)
{
    struct witness_about about;

    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    (void)show(forged, 9, 20);
    assert_int_equal(show(real, 9, 10), COSIGN_SIGNED);
    witness_about(w, &about);
    assert_true(about.forked && about.trouble[0] && about.n_refused == 1 && about.n_signed == 2);
    assert_int_equal(open_again(), 0);
    witness_about(w, &about);
    assert_true(about.forked && about.trouble[0]);
}

/* --- what is no head of this log --- */

static void what_the_log_did_not_sign_is_refused_and_is_no_evidence(void **state)
{
    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    ask = (struct msg_cosign){ .old_size = 9 };
    prove(real, 9, 20);
    head_of(real, 20, &other_key, &other_seed, ORIGIN); /* another key */
    ask.note = buf_view(&note);
    witness_take(w, &ask, NOW, &reply);
    assert_int_equal(reply.status, COSIGN_REFUSED);
    head_of(real, 20, &log_key, &log_seed, "other.example/almoner"); /* another log */
    ask.note = buf_view(&note);
    witness_take(w, &ask, NOW, &reply);
    assert_int_equal(reply.status, COSIGN_REFUSED);
    head_of(real, 20, &log_key, &log_seed, ORIGIN); /* altered after it was signed */
    note.data[strlen(ORIGIN) + 1] = '3';
    ask.note = buf_view(&note);
    witness_take(w, &ask, NOW, &reply);
    assert_int_equal(reply.status, COSIGN_REFUSED);
    ask.note = bytes_str("garbage");
    witness_take(w, &ask, NOW, &reply);
    assert_int_equal(reply.status, COSIGN_REFUSED);
    assert_int_equal(reply.size, 9);
    assert_true(held(9) && !there(fork_path));
}

static void an_empty_log_has_nothing_to_vouch_for(void **state)
{
    (void)state;
    assert_int_equal(show(real, 0, 0), COSIGN_REFUSED);
    assert_true(held(0) && !reply.size);
}

/* --- the state --- */

static void a_state_that_is_not_this_log_s_is_not_begun_afresh(void **state)
{
    static const struct {
        bool key, origin, cut;
    } bad[] = { { true, false, false }, { false, true, false }, { false, false, true } };

    (void)state;
    for (size_t i = 0; i < ALM_LEN(bad); i++) {
        head_of(real, 9, bad[i].key ? &other_key : &log_key, bad[i].key ? &other_seed : &log_seed,
                bad[i].origin ? "other.example/almoner" : ORIGIN);
        if (bad[i].cut)
            note.len -= 20;
        assert_int_equal(file_write(state_path, buf_view(&note), 0600), 0);
        assert_int_equal(open_again(), -EBADMSG);
    }
    assert_int_equal(file_write(state_path, bytes_str(""), 0600), 0);
    assert_int_equal(open_again(), -EBADMSG);
    assert_int_equal(unlink(state_path), 0);
    assert_int_equal(mkdir(state_path, 0700), 0);
    assert_int_equal(open_again(), -EISDIR);
}

/* --- another origin --- */

static int open_as(const struct note_key *log)
{
    const struct witness_setup as = { "health", state_path, log, &our_seed };

    w = witness_close(w);
    return witness_open(&as, &w);
}

static void a_witness_of_another_log_begins_anew_and_keeps_what_it_held(void **state)
{
    struct note_key next;
    struct witness_about about;
    char aside[192], fork[224];

    (void)state;
    assert_int_equal(note_key_init(&next, "town.example/next", log_key.public_key), 0);
    (void)snprintf(aside, sizeof(aside), "%s" WITNESS_ASIDE "town.example_almoner", state_path);
    (void)snprintf(fork, sizeof(fork), "%s" WITNESS_FORK_SUFFIX, aside);
    assert_int_equal(show(real, 0, 20), COSIGN_SIGNED);
    assert_int_equal(show(forged, 20, 21), COSIGN_REFUSED);
    assert_int_equal(file_write(aside, bytes_str("evidence"), 0600), 0);
    assert_int_equal(open_as(&next), -EEXIST); /* nothing is written over */
    assert_int_equal(unlink(aside), 0);
    assert_int_equal(open_as(&next), 0);
    witness_about(w, &about);
    assert_true(!about.held.any && !about.forked && !there(state_path) && !there(fork_path));
    assert_true(there(aside) && there(fork));
    head_of(real, 5, &next, &log_seed, next.name);
    ask = (struct msg_cosign){ .note = buf_view(&note) };
    witness_take(w, &ask, NOW, &reply);
    assert_int_equal(reply.status, COSIGN_SIGNED);
    assert_int_equal(open_again(), 0); /* and what it held of the first is not forgotten by going back */
    witness_about(w, &about);
    assert_true(about.held.head.size == 20 && about.forked && !there(aside));
    assert_int_equal(open_as(&next), 0);
    witness_about(w, &about);
    assert_true(about.held.head.size == 5 && !about.forked);
    (void)unlink(aside);
    (void)unlink(fork);
}

/* Or killed between moving the one aside and fetching the other: then too there is no state. */
static void gone_back_to_before_the_other_log_was_signed_it_holds_what_it_held(void **state)
{
    struct note_key next;
    struct witness_about about;

    (void)state;
    assert_int_equal(note_key_init(&next, "town.example/next", log_key.public_key), 0);
    assert_int_equal(show(real, 0, 20), COSIGN_SIGNED);
    assert_int_equal(show(forged, 20, 21), COSIGN_REFUSED);
    assert_int_equal(open_as(&next), 0);
    assert_false(there(state_path));
    assert_int_equal(open_again(), 0);
    witness_about(w, &about);
    assert_true(about.held.any && about.held.head.size == 20 && about.forked);
    assert_int_equal(show(forged, 0, 21), COSIGN_CONFLICT);
}

static void a_head_that_cannot_be_written_down_is_not_signed(void **state)
{
    char away[96];

    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    (void)snprintf(away, sizeof(away), "%s-away", dir);
    assert_int_equal(rename(dir, away), 0);
    assert_int_equal(show(real, 9, 20), COSIGN_REFUSED);
    assert_true(held(9) && reply.size == 9);
    assert_int_equal(rename(away, dir), 0);
    assert_int_equal(show(real, 9, 20), COSIGN_SIGNED);
}

static void a_witness_whose_key_was_changed_goes_on_from_what_it_held(void **state)
{
    struct secret next = { { 9 } };
    const struct witness_setup setup_next = { "health", state_path, &log_key, &next };
    struct witness_about about;

    (void)state;
    assert_int_equal(show(real, 0, 9), COSIGN_SIGNED);
    w = witness_close(w);
    assert_int_equal(witness_open(&setup_next, &w), 0);
    assert_true(held(9));
    (void)show(forged, 9, 20);
    assert_fork(9);
    assert_int_equal(show(real, 9, 20), COSIGN_SIGNED);
    assert_false(signed_rightly()); /* under the other key */
    witness_about(w, &about);
    assert_true(strncmp(about.vkey, "health+", 7) == 0);
}

#define WITNESS_TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITNESS_TEST(a_log_that_grows_is_signed_from_its_first_head_on),
        WITNESS_TEST(an_idle_log_is_signed_again_with_another_time),
        WITNESS_TEST(the_head_and_our_line_are_on_disk_when_it_is_said_to_be_signed),
        WITNESS_TEST(a_witness_that_was_killed_after_writing_signs_the_same_head_again),
        WITNESS_TEST(it_says_what_it_holds),
        WITNESS_TEST(another_old_size_than_its_own_is_a_conflict_whichever_it_is),
        WITNESS_TEST(a_log_that_went_back_is_told_what_is_held_and_nothing_is_signed),
        WITNESS_TEST(a_log_rewritten_with_the_signing_key_is_refused_at_any_size),
        WITNESS_TEST(a_leaf_deleted_or_moved_is_refused),
        WITNESS_TEST(a_log_cut_short_and_gone_on_with_is_refused),
        WITNESS_TEST(the_true_log_s_proof_does_not_help_an_altered_one),
        WITNESS_TEST(a_proof_that_is_not_whole_is_refused),
        WITNESS_TEST(the_first_evidence_is_kept_and_not_written_over),
        WITNESS_TEST(a_fork_that_was_seen_is_told_after_a_restart_too),
        WITNESS_TEST(what_the_log_did_not_sign_is_refused_and_is_no_evidence),
        WITNESS_TEST(an_empty_log_has_nothing_to_vouch_for),
        WITNESS_TEST(a_state_that_is_not_this_log_s_is_not_begun_afresh),
        WITNESS_TEST(a_witness_of_another_log_begins_anew_and_keeps_what_it_held),
        WITNESS_TEST(gone_back_to_before_the_other_log_was_signed_it_holds_what_it_held),
        WITNESS_TEST(a_head_that_cannot_be_written_down_is_not_signed),
        WITNESS_TEST(a_witness_whose_key_was_changed_goes_on_from_what_it_held),
    };

    return cmocka_run_group_tests_name("witness", tests, prepare, finish);
}
