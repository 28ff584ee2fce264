/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - the supervisor's JSON object into plain values with explicit ranges. */
#include "settings.h"

#include "pair/child.h"
#include "verify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define MIB (UINT64_C(1) << 20)

void core_settings_init(struct core_settings *s)
{
    memset(s, 0, sizeof(*s));
    s->limits = (struct core_limits){
        .messages_per_s = 200,
        .daily_bytes = UINT64_C(1) << 30,
        .pending_agency = 256,
        .pending_total = 4096,
        .deadline_ms = 2000,
        .lease_ms = 5000,
        .head_least_ms = 1000,
        .head_quiet_ms = 60000,
        .head_limit_ms = 120000,
        .queue_items = 50000,
        .queue_bytes = 128 * MIB,
        .queue_days = 30,
        .later_agency = 1024,
        .later_desk = 512,
        .check_threads = -1,
    };
    s->log_level = LOG_INFO;
}

void core_settings_deinit(struct core_settings *s)
{
    secret_wipe(&s->store_key);
    free(s->gates);
    free(s->suspend);
    s->gates = NULL;
    s->suspend = NULL;
}

struct settings_text { /* a text of the object, by where it goes */
    const char *key;
    size_t offset, size;
};
static const struct settings_text settings_texts[] = {
    { "origin", offsetof(struct core_settings, wire.origin), WIRE_ORIGIN_MAX },
    { "zone", offsetof(struct core_settings, zone), sizeof(((struct core_settings *)0)->zone) },
    { "data_dir", offsetof(struct core_settings, store_path), SETTINGS_PATH_MAX },
    { "control_socket", offsetof(struct core_settings, control_path), SETTINGS_PATH_MAX },
    { "curve_public", offsetof(struct core_settings, curve_public), 41 },
};

static int settings_bad(const char *key)
{
    log_error("child-settings", "key=%s", key);
    return -EINVAL;
}

static int settings_read_texts(const json_t *o, struct core_settings *s)
{
    for (size_t i = 0; i < ALM_LEN(settings_texts); i++) {
        const struct settings_text *t = &settings_texts[i];
        const char *text;

        if (child_text(o, t->key, &text))
            return -EINVAL;
        if (text_copy((char *)s + t->offset, t->size, text))
            return settings_bad(t->key);
    }
    return 0;
}

static int settings_read_mode(const json_t *o, struct core_settings *s)
{
    const char *mode;

    if (child_text(o, "mode", &mode))
        return -EINVAL;
    if (!strcmp(mode, "live"))
        s->wire.mode = MODE_LIVE;
    else if (!strcmp(mode, "exercise"))
        s->wire.mode = MODE_EXERCISE;
    else
        return settings_bad("mode");
    return 0;
}

/* Of a supervisor that knows nothing of them the defaults hold. */
static int settings_read_queues(const json_t *queues, struct core_limits *l)
{
    int64_t items, mib, days;

    if (!queues)
        return 0;
    if (child_int(queues, "items", 1, 100000000, &items) ||
        child_int(queues, "mib", 1, 1 << 20, &mib) ||
        child_int(queues, "replay_days", 0, 3650, &days))
        return -EINVAL;
    l->queue_items = (uint32_t)items;
    l->queue_bytes = (uint64_t)mib * MIB;
    l->queue_days = (uint32_t)days;
    return 0;
}

/* Of a supervisor that says nothing of them: as many as the processors allow. */
static int settings_read_threads(const json_t *limits, struct core_limits *l)
{
    int64_t threads;

    if (!json_object_get(limits, "check_threads"))
        return 0;
    if (child_int(limits, "check_threads", -1, VERIFY_THREADS_MAX, &threads))
        return -EINVAL;
    l->check_threads = (int32_t)threads;
    return 0;
}

static int settings_read_limits(const json_t *o, struct core_limits *l)
{
    const json_t *limits = json_object_get(o, "limits");
    const json_t *signer = json_object_get(o, "signer");
    int64_t rate, daily, deadline, lease, interval, limit;

    if (child_int(limits, "messages_per_s", 1, 1000000, &rate) ||
        child_int(limits, "daily_bytes", 1, INT64_MAX, &daily) ||
        child_int(limits, "deadline_ms", 1, 600000, &deadline) ||
        child_int(limits, "lease_ms", 100, 600000, &lease) ||
        child_int(signer, "interval_ms", 1, 3600000, &interval) ||
        child_int(signer, "unsigned_limit_ms", 1, 86400000, &limit))
        return -EINVAL;
    if (settings_read_queues(json_object_get(o, "queues"), l) || settings_read_threads(limits, l))
        return -EINVAL;
    l->messages_per_s = (uint32_t)rate;
    l->daily_bytes = (uint64_t)daily;
    l->deadline_ms = (uint32_t)deadline;
    l->lease_ms = (uint32_t)lease;
    l->head_quiet_ms = (uint32_t)interval;
    l->head_limit_ms = (uint32_t)limit;
    if (l->head_least_ms > l->head_quiet_ms)
        l->head_least_ms = l->head_quiet_ms;
    return 0;
}

/* A list of ids, or of objects that hold one under field. */
static int settings_read_ids(const json_t *list, const char *key, const char *field, size_t max,
                             char (**out)[REGISTRY_ID_MAX], uint16_t *n)
{
    size_t count = json_array_size(list);

    if (!json_is_array(list) || count > max)
        return settings_bad(key);
    *out = calloc(count ? count : 1, sizeof(**out));
    if (!*out)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(list, i);
        const char *id = json_string_value(field ? json_object_get(item, field) : item);

        if (!id || !id[0] || text_copy((*out)[i], sizeof((*out)[i]), id))
            return settings_bad(key);
    }
    *n = (uint16_t)count;
    return 0;
}

static int settings_read_audit_key(const json_t *o, struct core_settings *s)
{
    const char *hex;

    if (child_text(o, "audit_public", &hex))
        return -EINVAL;
    return hex_decode(hex, s->audit_public, sizeof(s->audit_public)) ? settings_bad("audit_public")
                                                                     : 0;
}

int core_settings_read(const json_t *o, struct core_settings *s)
{
    int64_t mib;
    int r;

    if (child_log_level(o, &s->log_level) || settings_read_mode(o, s) ||
        settings_read_texts(o, s) || settings_read_limits(o, &s->limits) ||
        settings_read_audit_key(o, s) || child_secret(o, "store_key", &s->store_key) ||
        child_int(o, "store_mib", 1, 1 << 24, &mib))
        return -EINVAL;
    s->map_bytes = (uint64_t)mib * MIB;
    r = settings_read_ids(json_object_get(o, "gates"), "gates", "organisation", CHILD_GATES_MAX,
                          &s->gates, &s->n_gates);
    if (!r)
        r = settings_read_ids(json_object_get(o, "suspend"), "suspend", NULL, CHILD_GATES_MAX,
                              &s->suspend, &s->n_suspend);
    return r;
}
