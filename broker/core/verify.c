/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - see verify.h. One lock for the list of checks; it is not held while one is made. */
#include "verify.h"

#include "base/log.h"
#include "cut.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define STACK_BYTES ((size_t)256 << 10)

enum check_state { CHECK_POSTED = 0, CHECK_BEGUN, CHECK_DONE };
struct check {
    struct wire_envelope envelope;
    uint8_t key[SIGN_PUBLIC_LEN];
    char agency[VERIFY_NAME_MAX];
    enum check_state state;
    int result;
};
struct verify {
    const struct wire_context *ctx;
    pthread_mutex_t lock;
    pthread_cond_t posted, done;
    struct check *checks; /* owned; VERIFY_CHECKS_MAX */
    size_t n, next;       /* checks before next are not CHECK_POSTED */
    size_t n_begun;       /* by threads, and not done */
    bool ends;
    unsigned n_threads;
    pthread_t threads[VERIFY_THREADS_MAX];
};

/* --- whose message a crash came over --- */

static const int verify_faults[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS };
static _Thread_local const char *volatile verify_at; /* whose message this thread checks; NULL: none */

#ifdef ALM_SANITIZED
void verify_blame_to(struct verify_blame to)
{
    (void)to;
}
#else
static struct verify_blame verify_blame;

/* Only what a handler may do: the thread that a fault is of runs it, so verify_at is of the check that ended the
 * process. Raised again it ends the process by its default action: a fault would come again by itself, a signal that
 * somebody sent (the supervisor to a core that hangs) would not. */
static void verify_crashed(int signal_number)
{
    const char *at = verify_at;

    for (size_t i = 0; at && i < VERIFY_NAME_MAX; i++)
        verify_blame.name[i] = at[i];
    if (at)
        __atomic_store_n(verify_blame.crashed, 1, __ATOMIC_SEQ_CST); /* after the name */
    (void)raise(signal_number);
}

void verify_blame_to(struct verify_blame to)
{
    struct sigaction act = { .sa_handler = verify_crashed, .sa_flags = (int)SA_RESETHAND };

    verify_blame = to;
    (void)sigemptyset(&act.sa_mask);
    for (size_t i = 0; i < ALM_LEN(verify_faults); i++) {
        if (sigaction(verify_faults[i], &act, NULL))
            log_warn("crash-not-named", "error=%d", errno);
    }
}
#endif

/* --- the checks --- */

static void check_make(const struct verify *v, struct check *k)
{
    verify_at = k->agency;
    k->result = wire_verify(&k->envelope, v->ctx, k->key);
    verify_at = NULL;
}

/* With the lock held. Return: NULL: all have begun. */
static struct check *check_take(struct verify *v)
{
    while (v->next < v->n) {
        struct check *k = &v->checks[v->next++];

        if (k->state == CHECK_POSTED) {
            k->state = CHECK_BEGUN;
            return k;
        }
    }
    return NULL;
}

static void *verify_thread(void *ctx)
{
    struct verify *v = ctx;

    (void)pthread_mutex_lock(&v->lock);
    while (!v->ends) {
        struct check *k = check_take(v);

        if (!k) {
            (void)pthread_cond_wait(&v->posted, &v->lock);
            continue;
        }
        v->n_begun++;
        (void)pthread_mutex_unlock(&v->lock);
        check_make(v, k);
        (void)pthread_mutex_lock(&v->lock);
        k->state = CHECK_DONE;
        v->n_begun--;
        (void)pthread_cond_signal(&v->done); /* the core's thread, if it waits */
    }
    (void)pthread_mutex_unlock(&v->lock);
    return NULL;
}

uint32_t verify_post(struct verify *v, const struct wire_envelope *e,
                     const uint8_t key[static SIGN_PUBLIC_LEN], const char *agency)
{
    uint32_t number = VERIFY_NONE;

    if (!v->n_threads)
        return VERIFY_NONE;
    (void)pthread_mutex_lock(&v->lock);
    if (v->n < VERIFY_CHECKS_MAX) {
        struct check *k = &v->checks[v->n];

        k->envelope = *e;
        memcpy(k->key, key, sizeof(k->key));
        text_cut(k->agency, sizeof(k->agency), agency);
        k->state = CHECK_POSTED;
        number = (uint32_t)v->n++;
    }
    (void)pthread_mutex_unlock(&v->lock);
    return number;
}

void verify_go(struct verify *v)
{
    if (v->n_threads)
        (void)pthread_cond_broadcast(&v->posted);
}

/* With the lock held: until k is done, with whatever else there is to do meanwhile. */
static void check_await(struct verify *v, struct check *k)
{
    while (k->state != CHECK_DONE) {
        struct check *mine = k;

        if (k->state != CHECK_POSTED)
            mine = check_take(v);
        if (!mine) {
            (void)pthread_cond_wait(&v->done, &v->lock);
            continue;
        }
        mine->state = CHECK_BEGUN;
        (void)pthread_mutex_unlock(&v->lock);
        check_make(v, mine);
        (void)pthread_mutex_lock(&v->lock);
        mine->state = CHECK_DONE;
    }
}

int verify_result(struct verify *v, uint32_t check, const struct wire_envelope *e,
                  const uint8_t key[static SIGN_PUBLIC_LEN])
{
    struct check *k = check < v->n ? &v->checks[check] : NULL;
    int r;

    if (!k || memcmp(k->key, key, sizeof(k->key)) != 0)
        return wire_verify(e, v->ctx, key);
    (void)pthread_mutex_lock(&v->lock);
    check_await(v, k);
    r = k->result;
    (void)pthread_mutex_unlock(&v->lock);
    return r;
}

void verify_settle(struct verify *v)
{
    if (!v->n)
        return;
    (void)pthread_mutex_lock(&v->lock);
    v->next = v->n;
    while (v->n_begun)
        (void)pthread_cond_wait(&v->done, &v->lock);
    v->n = v->next = 0;
    (void)pthread_mutex_unlock(&v->lock);
}

/* --- its life --- */

static int verify_start(struct verify *v, unsigned threads)
{
    pthread_attr_t attr;
    int r = pthread_attr_init(&attr);

    if (r)
        return -r;
    r = pthread_attr_setstacksize(&attr, STACK_BYTES);
    while (!r && v->n_threads < threads) {
        r = pthread_create(&v->threads[v->n_threads], &attr, verify_thread, v);
        v->n_threads += !r;
    }
    (void)pthread_attr_destroy(&attr);
    return -r;
}

/* What is sent to the process is its main thread's business; faults are the thread's own. */
static int verify_start_unheard(struct verify *v, unsigned threads)
{
    sigset_t most, before;
    int r;

    (void)sigfillset(&most);
    for (size_t i = 0; i < ALM_LEN(verify_faults); i++)
        (void)sigdelset(&most, verify_faults[i]);
    r = -pthread_sigmask(SIG_BLOCK, &most, &before);
    if (r)
        return r;
    r = verify_start(v, threads);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return r;
}

static void verify_freep(struct verify **v)
{
    *v = verify_free(*v);
}

int verify_new(unsigned threads, const struct wire_context *ctx, struct verify **out)
{
    ALM_CLEANUP(verify_freep) struct verify *v = NULL;
    int r;

    if (threads > VERIFY_THREADS_MAX)
        return -EINVAL;
    v = calloc(1, sizeof(*v));
    if (!v)
        return -ENOMEM;
    v->ctx = ctx;
    (void)pthread_mutex_init(&v->lock, NULL); /* with no attributes these cannot fail here */
    (void)pthread_cond_init(&v->posted, NULL);
    (void)pthread_cond_init(&v->done, NULL);
    v->checks = threads ? calloc(VERIFY_CHECKS_MAX, sizeof(*v->checks)) : NULL;
    if (threads && !v->checks)
        return -ENOMEM;
    r = threads ? verify_start_unheard(v, threads) : 0;
    if (r)
        return r;
    *out = v;
    v = NULL;
    return 0;
}

struct verify *verify_free(struct verify *v)
{
    if (!v)
        return NULL;
    (void)pthread_mutex_lock(&v->lock);
    v->next = v->n;
    v->ends = true;
    (void)pthread_cond_broadcast(&v->posted);
    (void)pthread_mutex_unlock(&v->lock);
    for (unsigned i = 0; i < v->n_threads; i++)
        (void)pthread_join(v->threads[i], NULL);
    (void)pthread_mutex_destroy(&v->lock);
    (void)pthread_cond_destroy(&v->posted);
    (void)pthread_cond_destroy(&v->done);
    free(v->checks);
    free(v);
    return NULL;
}

unsigned verify_threads(const struct verify *v)
{
    return v->n_threads;
}
