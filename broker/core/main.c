/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-core: settings from the supervisor, the descriptors of pair/children.h,
 * confinement, and the loop. */
#include "confine.h"
#include "core.h"

#include "base/clock.h"
#include "base/log.h"
#include "pair/child.h"
#include "store/wild.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>

#define TURN_MS 1000

#define EXIT_IO       74
#define EXIT_INTERNAL 70

static int main_settings(struct core_settings *s)
{
    json_t *object = NULL;
    int r = child_settings(&object);

    if (!r)
        r = core_settings_read(object, s);
    json_decref(object);
    if (r)
        log_error("core-settings", "error=%d", -r);
    return r;
}

static struct child_shared *main_shared(void)
{
    void *page = mmap(NULL, sizeof(struct child_shared), PROT_READ | PROT_WRITE, MAP_SHARED,
                      CHILD_FD_SHARED, 0);

    return page == MAP_FAILED ? NULL : page;
}

static int main_open(struct core_settings *s, struct core **out)
{
    static const struct core_clock clock = { .wall_ms = clock_wall_ms, .mono_ms = clock_mono_ms };
    static int gates[CHILD_GATES_MAX];
    struct core_ends ends = {
        .supervisor = CHILD_FD_SUPERVISOR,
        .signer = CHILD_FD_SIGNER,
        .reader = CHILD_FD_READER,
        .gates = gates,
        .shared = main_shared(),
    };
    int r;

    if (!ends.shared) {
        log_error("core-shared-page", "error=%d", errno);
        return -EIO;
    }
    for (int i = 0; i < CHILD_GATES_MAX; i++)
        gates[i] = CHILD_FD_GATES + i;
    r = core_open(s, &ends, &clock, out);
    if (r == -EPROTONOSUPPORT)
        log_error("store-too-old", "why=%s",
                  LOG_Q("an earlier version of almoner made this store, and its values cannot be "
                        "read by this one: begin with an empty data_dir"));
    else if (r)
        log_error("core-open", "error=%d", -r);
    return r;
}

/* What must not be opened ends almonerd too; anything else is tried again. */
static int main_exit_code(int error)
{
    switch (error) {
    case -EXDEV:
    case -EBADMSG:
    case -EPROTO:
    case -EPROTONOSUPPORT:
        return CHILD_EXIT_DATA;
    case -EINVAL:
        return CHILD_EXIT_CONFIG;
    case -EIO:
        return EXIT_IO;
    default:
        return EXIT_INTERNAL;
    }
}

static int main_loop(struct core *c)
{
    int r = CORE_GOES_ON;

    while (r == CORE_GOES_ON)
        r = core_turn(c, TURN_MS);
    if (r < 0)
        log_error("core-ends", "error=%d", -r);
    return r == CORE_STOPPED ? EXIT_SUCCESS : main_exit_code(r);
}

int main(void)
{
    ALM_CLEANUP(core_settings_deinit) struct core_settings settings;
    ALM_CLEANUP(core_closep) struct core *c = NULL;
    int r;

    log_init("core", LOG_INFO);
    (void)signal(SIGPIPE, SIG_IGN); /* a client of the control socket that has gone */
    wild_exits(CHILD_EXIT_DATA);
    core_settings_init(&settings);
    r = main_settings(&settings);
    if (r)
        return CHILD_EXIT_CONFIG;
    log_init("core", settings.log_level);
    if (civil_set_zone(settings.zone)) {
        log_error("core-zone", "%s", "");
        return CHILD_EXIT_CONFIG;
    }
    r = main_open(&settings, &c);
    if (r)
        return main_exit_code(r);
    if (confine_enter() || child_say(CHILD_READY, 0))
        return EXIT_INTERNAL;
    log_info("core-ready", "%s", "");
    return main_loop(c);
}
