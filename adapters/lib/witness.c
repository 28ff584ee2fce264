/* SPDX-License-Identifier: Apache-2.0 */
/* witness.c - see witness.h. The state is the signed head itself with our own line under it: it needs
 * no form of its own, and vouches for itself. */
#include "lib/witness.h"

#include "base/file.h"
#include "base/log.h"
#include "tree/tree.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct witness {
    struct witness_setup setup;
    struct note_key key; /* ours */
    struct checkpoint held;
    bool any;
    int64_t signed_s;
    struct buf note; /* that we hold, with the log's signature and our line */
    struct buf line; /* our line under it */
    char trouble[TEXT_MAX_LEN];
    bool forked;
    uint64_t n_signed, n_refused;
};

/* --- the state --- */

/* Where the state of another log lies: its origin, with what has no place in a file's name as '_'. */
static bool aside_path(const struct witness *w, const char *origin, const char *suffix,
                       char out[static PATH_MAX])
{
    int from = snprintf(out, PATH_MAX, "%s" WITNESS_ASIDE, w->setup.state);
    int n = snprintf(out, PATH_MAX, "%s" WITNESS_ASIDE "%s%s", w->setup.state, origin, suffix);

    for (int i = from; i < n && i < PATH_MAX; i++) {
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-", out[i]))
            out[i] = '_';
    }
    return from > 0 && n > from && n < PATH_MAX;
}

/* Nothing is ever written over. Return: 0, also where there is nothing to move; -EEXIST; -errno. */
static int state_move(const char *from, const char *to)
{
    if (access(from, F_OK))
        return errno == ENOENT ? 0 : -errno;
    if (access(to, F_OK) == 0)
        return -EEXIST;
    return rename(from, to) ? -errno : 0;
}

/* The state and its evidence, away to where those of this origin lie, or back from there. */
static int state_swap(const struct witness *w, const char *origin, bool back)
{
    static const char *const suffixes[] = { WITNESS_FORK_SUFFIX, "" }; /* the state itself last */
    char here[PATH_MAX], aside[PATH_MAX];
    int r = 0;

    for (size_t i = 0; i < ALM_LEN(suffixes) && r == 0; i++) {
        int n = snprintf(here, sizeof(here), "%s%s", w->setup.state, suffixes[i]);

        if (n < 0 || n >= (int)sizeof(here) || !aside_path(w, origin, suffixes[i], aside))
            return -ENAMETOOLONG;
        r = back ? state_move(aside, here) : state_move(here, aside);
    }
    return r;
}

static int state_read(struct witness *w)
{
    int r;

    buf_reset(&w->note);
    r = file_read(w->setup.state, NOTE_MAX - 1, &w->note);
    return r == -E2BIG ? -EBADMSG : r;
}

/* A head that we vouched for, of another log than the one that we are a witness of by now: a state for each
 * origin. Without our line it could be anything, and is a person's to judge. */
static bool state_other(const struct witness *w, struct checkpoint *head)
{
    struct bytes text;

    return note_text(buf_view(&w->note), &text) == 0 && checkpoint_parse(text, head) == 0 &&
           strcmp(head->origin, w->setup.log->name) != 0 &&
           cosign_find(buf_view(&w->note), &w->key, NULL) == 0;
}

/* Return: as file_read; the state is this log's, or nobody's to move. */
static int state_choose(struct witness *w)
{
    struct checkpoint head;
    int r = state_read(w);

    if (r == -ENOENT) { /* gone aside for a log that was never signed, or we were killed on the way back */
        r = state_swap(w, w->setup.log->name, true);
        return r ? r : state_read(w);
    }
    if (r || !state_other(w, &head))
        return r;
    r = state_swap(w, head.origin, false);
    if (r == 0)
        r = state_swap(w, w->setup.log->name, true);
    if (r == 0)
        log_warn("witness-log-changed", "from=%s to=%s held=%" PRIu64, LOG_Q(head.origin),
                 LOG_Q(w->setup.log->name), head.size);
    return r ? r : state_read(w);
}

/* What lies there must be signed by the log; our own line may be under a key that we no longer have. */
static int witness_load(struct witness *w)
{
    int r = state_choose(w);

    if (r == -ENOENT)
        return 0;
    if (r)
        return r;
    if (checkpoint_open(buf_view(&w->note), w->setup.log, w->setup.log->name, &w->held) ||
        w->note.len > COSIGN_HEAD_MAX)
        return -EBADMSG;
    w->any = true;
    if (cosign_find(buf_view(&w->note), &w->key, &w->signed_s))
        w->signed_s = 0;
    return 0;
}

static bool fork_path(const struct witness *w, char out[static PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s%s", w->setup.state, WITNESS_FORK_SUFFIX);

    return n > 0 && n < PATH_MAX;
}

int witness_open(const struct witness_setup *setup, struct witness **out)
{
    struct witness *w = calloc(1, sizeof(*w));
    uint8_t public_key[SIGN_PUBLIC_LEN];
    char path[PATH_MAX];
    int r;

    if (!w)
        return -ENOMEM;
    w->setup = *setup;
    buf_init(&w->note, NOTE_MAX);
    buf_init(&w->line, COSIGN_LINE_MAX);
    r = sign_public(setup->sign, public_key);
    if (!r)
        r = cosign_key_init(&w->key, setup->agency, public_key);
    if (!r)
        r = witness_load(w);
    if (r) {
        witness_close(w);
        return r;
    }
    w->forked = fork_path(w, path) && access(path, F_OK) == 0;
    *out = w;
    return 0;
}

struct witness *witness_close(struct witness *w)
{
    if (!w)
        return NULL;
    buf_deinit(&w->note);
    buf_deinit(&w->line);
    free(w);
    return NULL;
}

/* --- judging --- */

static void reply_held(const struct witness *w, uint8_t status, struct msg_cosignature *reply)
{
    *reply = (struct msg_cosignature){ .status = status };
    if (!w->any)
        return;
    reply->size = w->held.size;
    reply->note = buf_view(&w->note);
}

static void refuse(struct witness *w, const char *word, const char *text,
                   struct msg_cosignature *reply)
{
    log_error("cosign-refused", "reason=%s", word);
    (void)snprintf(w->trouble, sizeof(w->trouble), "%s", text);
    w->n_refused++;
    reply_held(w, COSIGN_REFUSED, reply);
}

/* The first one stays: whoever altered the log may go on sending others. */
static void fork_keep(const struct witness *w, struct bytes note)
{
    char path[PATH_MAX];
    int r = fork_path(w, path) ? 0 : -ENAMETOOLONG;

    if (!r && access(path, F_OK) == 0)
        return;
    if (!r)
        r = file_write(path, note, 0600);
    if (r)
        log_error("witness-evidence-not-kept", "error=%s", LOG_Q(strerror(-r)));
}

static void refuse_fork(struct witness *w, const struct msg_cosign *ask, uint64_t size,
                        struct msg_cosignature *reply)
{
    log_error("witness-fork", "held=%" PRIu64 " shown=%" PRIu64, w->held.size, size);
    fork_keep(w, ask->note);
    w->forked = true;
    refuse(w, "not-continued",
           "the broker's log does not continue what this witness has seen of it: it was altered or cut "
           "short. Keep the state file and what lies beside it, and tell the officers",
           reply);
}

/* Signed by the log's key and of its origin, or it is nothing to us. */
static bool head_open(struct witness *w, const struct msg_cosign *ask, struct checkpoint *head,
                      struct msg_cosignature *reply)
{
    switch (checkpoint_open(ask->note, w->setup.log, w->setup.log->name, head)) {
    case 0:
        return true;
    case -EXDEV:
        refuse(w, "another-log", "a head of another log was shown", reply);
        return false;
    case -ENOKEY:
    case -EBADMSG:
        refuse(w, "not-signed",
               "a head was shown that the log's key has not signed: is witness.log this broker's "
               "verifier key?",
               reply);
        return false;
    default:
        refuse(w, "not-a-head", "something else than a signed head was shown", reply);
        return false;
    }
}

static void proof_of(const struct msg_cosign *ask, struct tree_proof *out)
{
    out->n = ask->n_proof < TREE_PROOF_MAX ? ask->n_proof : TREE_PROOF_MAX;
    memcpy(out->hashes, ask->proof, out->n * SHA256_LEN);
}

/* Does this head continue the one that we hold? Checked against the root that we hold ourselves. */
static bool head_continues(const struct witness *w, const struct msg_cosign *ask,
                           const struct checkpoint *head)
{
    struct tree_proof proof;

    if (!w->any)
        return true;
    if (head->size == w->held.size)
        return memcmp(head->root, w->held.root, SHA256_LEN) == 0 && !ask->n_proof;
    proof_of(ask, &proof);
    return tree_check_consistency(w->held.size, head->size, w->held.root, head->root, &proof) == 0;
}

/* --- signing --- */

/* The head as it came with our line under it. */
static int head_sign(struct witness *w, const struct msg_cosign *ask, int64_t at_s,
                     struct buf *note)
{
    struct bytes text;
    int r = note_text(ask->note, &text);

    buf_reset(&w->line);
    buf_init(note, NOTE_MAX);
    if (!r)
        r = cosign_make(text, at_s, &w->key, w->setup.sign, &w->line);
    if (r)
        return r;
    buf_put(note, ask->note.data, ask->note.len);
    buf_put(note, w->line.data, w->line.len);
    r = buf_status(note);
    return r ? r : note->len > COSIGN_HEAD_MAX ? -E2BIG : 0;
}

/* On disk before it is said: killed in between, we hold more than the broker knows of, and say so. */
static void head_take(struct witness *w, const struct msg_cosign *ask,
                      const struct checkpoint *head, int64_t at_s, struct msg_cosignature *reply)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    int r = head_sign(w, ask, at_s, &note);

    if (!r)
        r = file_write(w->setup.state, buf_view(&note), 0600);
    if (r) {
        log_error("witness-state", "error=%s", LOG_Q(strerror(-r)));
        refuse(w, "not-kept", "a head could not be written down, and so was not signed", reply);
        return;
    }
    buf_reset(&w->note);
    buf_put(&w->note, note.data, note.len); /* fits: NOTE_MAX both */
    w->held = *head;
    w->any = true;
    w->signed_s = at_s;
    w->n_signed++;
    if (!w->forked)
        w->trouble[0] = '\0';
    log_line(LOG_DEBUG, "head-cosigned", "size=%" PRIu64, head->size);
    *reply = (struct msg_cosignature){ .status = COSIGN_SIGNED, .size = head->size,
                                       .note = buf_view(&w->line) };
}

void witness_take(struct witness *w, const struct msg_cosign *ask, int64_t at_s,
                  struct msg_cosignature *reply)
{
    struct checkpoint head;

    if (!ask->note.len) {
        reply_held(w, COSIGN_CONFLICT, reply);
        return;
    }
    if (!head_open(w, ask, &head, reply))
        return;
    if (ask->old_size > head.size || head.size == 0) {
        refuse(w, "bad-request", "a head was shown as if it continued a larger one", reply);
        return;
    }
    if (ask->old_size != (w->any ? w->held.size : 0)) {
        reply_held(w, COSIGN_CONFLICT, reply);
        return;
    }
    if (!head_continues(w, ask, &head)) {
        refuse_fork(w, ask, head.size, reply);
        return;
    }
    head_take(w, ask, &head, at_s, reply);
}

void witness_about(const struct witness *w, struct witness_about *out)
{
    *out = (struct witness_about){ .forked = w->forked,
                                   .n_signed = w->n_signed,
                                   .n_refused = w->n_refused };
    out->held.any = w->any;
    out->held.head = w->held;
    out->held.signed_s = w->signed_s;
    if (base64_encode(w->held.root, SHA256_LEN, out->held.root, sizeof(out->held.root)) < 0)
        out->held.root[0] = '\0'; /* cannot be: the room is exact */
    cosign_key_format(&w->key, out->vkey);
    memcpy(out->trouble, w->trouble, sizeof(out->trouble));
    if (w->forked && !out->trouble[0])
        (void)snprintf(out->trouble, sizeof(out->trouble),
                       "a head was shown before that did not continue ours: see the file beside the "
                       "state");
}
