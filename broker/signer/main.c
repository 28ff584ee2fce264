/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-signer: the only process with the audit key; signs tree heads, and never two
 * that disagree.
 *
 * The core asks ('H'), the signer answers ('N', 'P' or 'X'); see pair/children.h. Of several
 * requests that wait, the newest is signed. Before the first it asks ('W') which heads the witnesses
 * hold, and hears it ('A'): its own state may be a copy of an older day. */
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "pair/child.h"
#include "sandbox/sandbox.h"
#include "signer/head.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIGNER_HEAR_MAX (1 + 2 + 2 + 8 + 2 + TREE_PROOF_MAX * SHA256_LEN + 2 + NOTE_MAX)
#define SIGNER_WANT_AGAIN_MS 2000
#define SIGNER_CONFLICT ".conflict" /* beside the state: a head of ours that it does not continue */

struct signer {
    const char *state_file, *origin, *restored_file;
    int64_t interval_ms, witness_wait_ms;
    struct secret secret;
    struct note_key key;
    struct head last;
    int64_t signed_ms; /* when the last note went out, monotonic */
    bool asked;        /* a request waits */
    struct head_ask ask;
    bool gated;    /* nothing is signed before the witnesses have been heard */
    bool wanted;   /* they have been asked for */
    int64_t wanted_ms; /* when last, monotonic */
    bool restored; /* from a backup: without them, nothing at all */
    bool forked;   /* our key has signed two histories: nothing is signed any more */
    int64_t gate_ms; /* when it opens all the same, monotonic */
};

static int signer_send(struct bytes datagram)
{
    ssize_t n;

    do {
        n = send(CHILD_FD_SIGNER, datagram.data, datagram.len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

static int signer_reply_note(const struct head *h)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    size_t len = strlen(h->note);

    buf_init(&b, NOTE_MAX + 64);
    buf_put_u8(&b, 'N');
    buf_put_u64(&b, h->size);
    buf_put(&b, h->root, SHA256_LEN);
    buf_put_u16(&b, (uint16_t)len); /* below NOTE_MAX */
    buf_put(&b, h->note, len);
    return buf_status(&b) ? buf_status(&b) : signer_send(buf_view(&b));
}

static int signer_refuse(const char *reason)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, 256);
    buf_put_u8(&b, 'X');
    buf_put_u16(&b, (uint16_t)strlen(reason));
    buf_put(&b, reason, strlen(reason));
    return buf_status(&b) ? buf_status(&b) : signer_send(buf_view(&b));
}

/* From which size a proof is wanted: the core cannot know what was signed for the one before it. */
static int signer_want_proof(uint64_t size)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    buf_init(&b, 16);
    buf_put_u8(&b, 'P');
    buf_put_u64(&b, size);
    return buf_status(&b) ? buf_status(&b) : signer_send(buf_view(&b));
}

static int signer_make(const struct signer *s, uint64_t size, const uint8_t root[static SHA256_LEN],
                       struct head *h)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    struct checkpoint checkpoint = { .size = size };
    int r = text_copy(checkpoint.origin, sizeof(checkpoint.origin), s->origin);

    if (r)
        return r;
    memcpy(checkpoint.root, root, SHA256_LEN);
    buf_init(&note, NOTE_MAX - 1);
    r = checkpoint_sign(&checkpoint, &s->key, &s->secret, &note);
    if (r)
        return r;
    *h = (struct head){ .any = true, .size = size };
    memcpy(h->root, root, SHA256_LEN);
    memcpy(h->note, note.data, note.len); /* note.len < NOTE_MAX: the rest is zero */
    return 0;
}

/* Signs, makes it durable, and only then answers: a note that was seen is never forgotten. Return:
 * 0 or -errno. */
static int signer_follow(struct signer *s)
{
    struct head h;
    int r = signer_make(s, s->ask.size, s->ask.root, &h);

    if (!r)
        r = head_store(s->state_file, &h);
    if (r) {
        log_error("head-not-signed", "size=%llu reason=%s", (unsigned long long)s->ask.size,
                  LOG_Q(strerror(-r)));
        return r;
    }
    s->last = h;
    return signer_reply_note(&s->last);
}

/* --- what witnesses hold --- */

static int signer_want_witnesses(struct signer *s, bool first)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };

    s->wanted = true;
    s->wanted_ms = clock_mono_ms();
    buf_init(&b, 16);
    buf_put_u8(&b, 'W');
    buf_put_u64(&b, s->last.any ? s->last.size : 0);
    buf_put_u8(&b, s->gated);
    buf_put_u8(&b, first);
    return buf_status(&b) ? buf_status(&b) : signer_send(buf_view(&b));
}

static int signer_fork_refuse(void)
{
    return signer_refuse("a witness holds a head of this key's that this log does not continue");
}

static bool conflict_path(const struct signer *s, char out[static PATH_MAX])
{
    int n = snprintf(out, PATH_MAX, "%s" SIGNER_CONFLICT, s->state_file);

    return n > 0 && n < PATH_MAX;
}

/* For good: also after the next start, whatever witnesses are there by then. */
static int signer_forked(struct signer *s, const struct head *held)
{
    char path[PATH_MAX];

    log_error("head-conflict", "held=%llu signed=%llu", (unsigned long long)held->size,
              (unsigned long long)s->last.size);
    s->forked = true;
    return conflict_path(s, path) ? head_store(path, held) : -ENAMETOOLONG;
}

/* What was signed last is more than this state knows: it is an old copy. Only what continues that head
 * is signed from now on. */
static int signer_adopt(struct signer *s, const struct head *held)
{
    int r = head_store(s->state_file, held);

    log_warn("head-remembered", "held=%llu known=%llu error=%d", (unsigned long long)held->size,
             (unsigned long long)(s->last.any ? s->last.size : 0), -r);
    if (!r)
        s->last = *held;
    return r;
}

/* A witness may show anything: what our key has not signed for this log is nothing to us. */
static int signer_meet(struct signer *s, struct bytes note, const struct tree_proof *proof)
{
    struct checkpoint checkpoint;
    struct head held;
    int r;

    if (checkpoint_open(note, &s->key, s->origin, &checkpoint)) {
        log_warn("witness-head-refused", "reason=%s", "not-signed-by-us");
        return 0;
    }
    r = signer_make(s, checkpoint.size, checkpoint.root, &held);
    if (r)
        return r;
    switch (head_meet(&s->last, &held, proof)) {
    case HELD_KNOWN:
        return 0;
    case HELD_AHEAD:
        return signer_adopt(s, &held);
    case HELD_FORKED:
        return signer_forked(s, &held);
    }
    return 0;
}

static void signer_restored_over(struct signer *s)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(s->restored_file, '/');
    ALM_CLEANUP(fd_closep) int fd = -1;

    s->restored = false;
    if (unlink(s->restored_file) && errno != ENOENT)
        log_warn("restored-mark-left", "error=%d", errno);
    if (!slash || (size_t)(slash - s->restored_file) >= sizeof(dir))
        return;
    memcpy(dir, s->restored_file, (size_t)(slash - s->restored_file));
    dir[slash - s->restored_file] = '\0';
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0)
        (void)fsync(fd); /* the mark coming back would only make us ask again */
}

static void signer_gate_open(struct signer *s, unsigned answered, unsigned needed)
{
    s->gated = false;
    if (s->restored && !needed)
        log_warn("restored-unwitnessed", "size=%llu", (unsigned long long)s->last.size);
    else if (answered < needed)
        log_warn("witnesses-not-heard", "answered=%u needed=%u", answered, needed);
    if (s->restored)
        signer_restored_over(s);
}

/* 'A', of one witness or of none. */
static int signer_take_witness(struct signer *s, struct bytes datagram)
{
    struct cursor c = cursor_of(datagram);
    struct tree_proof proof = { .n = 0 };
    uint16_t answered, needed, n;
    struct bytes hashes, note;
    uint64_t at;
    int r = 0;

    (void)cursor_u8(&c);
    answered = cursor_u16(&c);
    needed = cursor_u16(&c);
    at = cursor_u64(&c);
    n = cursor_u16(&c);
    if (n > TREE_PROOF_MAX)
        return -EBADMSG;
    hashes = cursor_take(&c, (size_t)n * SHA256_LEN);
    note = cursor_take(&c, cursor_u16(&c));
    if (cursor_end(&c))
        return -EBADMSG;
    proof.n = n;
    if (n)
        memcpy(proof.hashes, hashes.data, hashes.len);
    if (at != (s->last.any ? s->last.size : 0)) /* the proof is of another head than ours by now */
        return signer_want_witnesses(s, false);
    if (note.len)
        r = signer_meet(s, note, &proof);
    if (r)
        return r;
    if (s->forked)
        return signer_fork_refuse();
    if (s->gated && answered >= needed)
        signer_gate_open(s, answered, needed);
    return signer_want_witnesses(s, false);
}

/* --- signing --- */

static int signer_answer(struct signer *s)
{
    enum head_verdict verdict = head_judge(&s->last, &s->ask);

    s->asked = false;
    if (s->forked) {
        s->signed_ms = clock_mono_ms();
        return signer_fork_refuse();
    }
    if (verdict != HEAD_UNPROVED) /* that one is asked again at once */
        s->signed_ms = clock_mono_ms();
    switch (verdict) {
    case HEAD_FOLLOWS:
        return signer_follow(s);
    case HEAD_SAME:
        return signer_reply_note(&s->last);
    case HEAD_DISAGREES:
        log_error("head-refused", "size=%llu reason=disagrees", (unsigned long long)s->ask.size);
        return signer_refuse("a head of this size with another root was signed before");
    case HEAD_SHRINKS:
        log_error("head-refused", "size=%llu signed=%llu reason=smaller",
                  (unsigned long long)s->ask.size, (unsigned long long)s->last.size);
        return signer_refuse("a head of a larger log was signed before");
    case HEAD_UNPROVED:
        return signer_want_proof(s->last.size);
    case HEAD_BREAKS:
        log_error("head-refused", "size=%llu signed=%llu reason=not-continued",
                  (unsigned long long)s->ask.size, (unsigned long long)s->last.size);
        return signer_refuse("this log does not continue the one that was signed before");
    }
    return 0;
}

static int signer_ask_parse(struct bytes datagram, struct head_ask *out)
{
    struct cursor c = cursor_of(datagram);
    uint8_t kind = cursor_u8(&c);
    struct bytes root, hashes;
    uint16_t n;

    out->size = cursor_u64(&c);
    root = cursor_take(&c, SHA256_LEN);
    out->from = cursor_u64(&c);
    n = cursor_u16(&c);
    if (kind != 'H' || n > TREE_PROOF_MAX || out->from > out->size)
        return -EBADMSG;
    hashes = cursor_take(&c, (size_t)n * SHA256_LEN);
    if (cursor_end(&c))
        return -EBADMSG;
    memcpy(out->root, root.data, SHA256_LEN);
    out->proof.n = n;
    if (n)
        memcpy(out->proof.hashes, hashes.data, hashes.len);
    return 0;
}

static int signer_take_ask(struct signer *s, struct bytes datagram)
{
    int r = signer_ask_parse(datagram, &s->ask);

    if (r)
        return r;
    s->asked = true;
    if (!s->gated || (s->wanted && clock_mono_ms() - s->wanted_ms < SIGNER_WANT_AGAIN_MS))
        return 0;
    return signer_want_witnesses(s, !s->wanted); /* it may be another core than was told before */
}

/* Keeps the newest request. Return: 0; -EBADMSG not a request; -ECONNRESET; -errno. */
static int signer_hear(struct signer *s)
{
    static uint8_t datagram[SIGNER_HEAR_MAX + 1];
    ssize_t n;
    int r;

    while ((n = recv(CHILD_FD_SIGNER, datagram, sizeof(datagram), MSG_DONTWAIT)) > 0) {
        struct bytes said = bytes_of(datagram, (size_t)n);

        r = datagram[0] == 'A' ? signer_take_witness(s, said) : signer_take_ask(s, said);
        if (r)
            return r;
    }
    if (n == 0)
        return -ECONNRESET;
    return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR ? 0 : -errno;
}

/* Refusing needs no witness. */
static bool signer_held_back(const struct signer *s)
{
    return s->gated && !s->forked && !(s->last.any && s->ask.size < s->last.size);
}

static int signer_wait_ms(const struct signer *s)
{
    int64_t now = clock_mono_ms(), left = s->signed_ms + s->interval_ms - now;

    if (!s->asked)
        return -1;
    if (signer_held_back(s)) {
        if (s->restored)
            return -1;
        left = s->gate_ms - now > left ? s->gate_ms - now : left;
    }
    return left > 0 ? (int)left : 0;
}

/* Return: 1 stopped, 0 go on, -errno. */
static int signer_turn(struct signer *s)
{
    struct pollfd polled[] = { { .fd = CHILD_FD_SUPERVISOR, .events = POLLIN },
                               { .fd = CHILD_FD_SIGNER, .events = POLLIN } };
    int r = 0;

    if (poll(polled, ALM_LEN(polled), signer_wait_ms(s)) < 0)
        return errno == EINTR ? 0 : -errno;
    if (polled[0].revents)
        r = child_heard();
    if (r == CHILD_STOP)
        return 1;
    if (!r && polled[1].revents)
        r = signer_hear(s);
    if (!r && s->asked && signer_wait_ms(s) == 0) {
        if (signer_held_back(s))
            signer_gate_open(s, 0, 1);
        r = signer_answer(s);
    }
    return r;
}

static int signer_settings(struct signer *s, const json_t *settings)
{
    uint8_t public_key[SIGN_PUBLIC_LEN];
    enum log_level level;
    int r;

    if (child_log_level(settings, &level) || child_text(settings, "origin", &s->origin) ||
        child_text(settings, "state_file", &s->state_file) ||
        child_int(settings, "interval_ms", 1, 3600000, &s->interval_ms) ||
        child_text(settings, "restored_file", &s->restored_file) ||
        child_int(settings, "witness_wait_ms", 0, 3600000, &s->witness_wait_ms) ||
        child_secret(settings, "audit_key", &s->secret))
        return -EINVAL;
    log_init("signer", level);
    r = sign_public(&s->secret, public_key);
    return r ? r : note_key_init(&s->key, s->origin, public_key);
}

static int signer_set_up(struct signer *s)
{
    char path[PATH_MAX];
    int r = head_load(s->state_file, &s->key, s->origin, &s->last);

    if (r) {
        /* Beginning afresh would sign a second history. */
        log_error("signer-state-refused", "file=%s reason=%s", LOG_Q(s->state_file),
                  LOG_Q(r == -EBADMSG ? "not the last head of this log and key" : strerror(-r)));
        return CHILD_EXIT_DATA;
    }
    s->signed_ms = clock_mono_ms() - s->interval_ms;
    s->gated = true;
    s->gate_ms = clock_mono_ms() + s->witness_wait_ms;
    s->restored = access(s->restored_file, F_OK) == 0;
    s->forked = conflict_path(s, path) && access(path, F_OK) == 0;
    if (s->restored)
        log_warn("restored", "size=%llu", (unsigned long long)s->last.size);
    if (s->forked)
        log_error("head-conflict", "file=%s", LOG_Q(path));
    if (sandbox_enter(SANDBOX_SIGNER))
        return EXIT_FAILURE;
    return child_say(CHILD_READY, 0) ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int signer_serve(struct signer *s)
{
    int r = 0;

    while (!r)
        r = signer_turn(s);
    if (r == 1 || r == -ECONNRESET)
        return EXIT_SUCCESS;
    log_error("signer-failed", "error=%d", -r);
    return EXIT_FAILURE;
}

static int signer_run(struct signer *s)
{
    json_t *settings = NULL;
    int r = child_settings(&settings);

    if (!r)
        r = crypto_init();
    if (!r)
        r = signer_settings(s, settings);
    if (r) {
        log_error("child-settings", "error=%d", -r);
        json_decref(settings);
        return CHILD_EXIT_CONFIG;
    }
    r = signer_set_up(s);
    if (r == EXIT_SUCCESS)
        r = signer_serve(s);
    secret_wipe(&s->secret);
    json_decref(settings);
    return r;
}

int main(void)
{
    static struct signer s; /* two notes' worth: not for the stack */

    log_init("signer", LOG_INFO);
    signal(SIGPIPE, SIG_IGN);
    return signer_run(&s);
}
