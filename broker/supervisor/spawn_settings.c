/* SPDX-License-Identifier: Apache-2.0 */
/* spawn_settings.c - see spawn_settings.h. Each secret goes to the children that need it and to no
 * other. */
#include "supervisor/spawn_settings.h"

#include "base/bytes.h"

#include <errno.h>
#include <jansson.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static void spawn_wiping_free(void *p)
{
    if (p)
        crypto_wipe(p, malloc_usable_size(p));
    free(p);
}

void spawn_settings_init(void)
{
    json_set_alloc_funcs(malloc, spawn_wiping_free);
}

void spawn_settings_free(char **text)
{
    spawn_wiping_free(*text);
    *text = NULL;
}

static json_t *spawn_hex(const uint8_t octets[static 32])
{
    char hex[65];
    json_t *text;

    hex_encode(octets, 32, hex);
    text = json_string(hex);
    crypto_wipe(hex, sizeof(hex));
    return text;
}

/* Where everything begins: the keys that every child has. A failed allocation anywhere shows as
 * NULL at the end. */
static json_t *spawn_common(const struct spawn_request *r)
{
    return json_pack("{s:s}", "log_level", r->settings->log_level);
}

static json_t *spawn_gates(const struct settings *s)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < s->n_gates; i++) {
        json_t *gate = json_pack("{s:s, s:s}", "organisation", s->gates[i].organisation, "bind",
                                 s->gates[i].bind);

        if (json_array_append_new(list, gate)) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *spawn_suspend(const struct spawn_request *r)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < r->n_suspend; i++) {
        if (json_array_append_new(list, json_string(r->suspend[i]))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *spawn_core(const struct spawn_request *r)
{
    const struct settings *s = r->settings;
    char control[SETTINGS_PATH + 16];

    snprintf(control, sizeof(control), "%s/control.sock", s->runtime_dir);
    return json_pack(
        "{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:s, s:s, s:o, s:{s:I, s:I, s:I, s:I, s:I, s:I}, s:{s:I, "
        "s:I}, s:o, s:{s:I, s:I, s:I}}",
        "mode", s->mode, "origin", s->origin, "zone", s->zone, "data_dir", s->data_dir, "store_mib",
        (json_int_t)s->limits.store_mib, "store_key", spawn_hex(s->store_key.octets),
        "audit_public", spawn_hex(s->audit_public), "curve_public", s->curve.public_key,
        "control_socket", control, "gates", spawn_gates(s), "limits", "frame_bytes",
        (json_int_t)s->limits.frame_bytes, "messages_per_s", (json_int_t)s->limits.messages_per_s,
        "daily_bytes", (json_int_t)s->limits.daily_bytes, "deadline_ms",
        (json_int_t)s->limits.deadline_ms, "lease_ms", (json_int_t)s->limits.lease_ms,
        "check_threads", (json_int_t)s->limits.check_threads, "signer",
        "interval_ms", (json_int_t)s->signer.interval_ms, "unsigned_limit_ms",
        (json_int_t)s->signer.unsigned_limit_s * 1000, "suspend", spawn_suspend(r),
        "queues", "items", (json_int_t)s->limits.queue_items, "mib",
        (json_int_t)s->limits.queue_mib, "replay_days", (json_int_t)s->limits.replay_days);
}

static json_t *spawn_gate(const struct spawn_request *r)
{
    const struct settings *s = r->settings;
    char name[16];

    snprintf(name, sizeof(name), "gate-%u", r->gate);
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:{s:I, s:I, s:I, s:I}}", "name", name,
                     "organisation", s->gates[r->gate].organisation, "bind", s->gates[r->gate].bind,
                     "curve_public", s->curve.public_key, "curve_secret", s->curve.secret_key,
                     "limits", "frame_bytes", (json_int_t)s->limits.frame_bytes, "messages_per_s",
                     (json_int_t)s->limits.messages_per_s, "connections",
                     (json_int_t)s->limits.connections, "connections_per_agency",
                     (json_int_t)s->limits.connections_per_agency);
}

static json_t *spawn_signer(const struct spawn_request *r)
{
    const struct settings *s = r->settings;
    char state[SETTINGS_PATH + 16], restored[SETTINGS_PATH + 16];

    snprintf(state, sizeof(state), "%s/signer.head", s->data_dir);
    snprintf(restored, sizeof(restored), "%s/restored", s->data_dir);
    return json_pack("{s:s, s:s, s:o, s:s, s:I, s:s, s:I}", "mode", s->mode, "origin", s->origin, "audit_key",
                     spawn_hex(s->audit_key.octets), "state_file", state, "interval_ms",
                     (json_int_t)s->signer.interval_ms, "restored_file", restored,
                     "witness_wait_ms", (json_int_t)s->signer.witness_wait_s * 1000);
}

static json_t *spawn_reader(const struct spawn_request *r)
{
    const struct settings *s = r->settings;
    char officers[SETTINGS_PATH + 16];

    snprintf(officers, sizeof(officers), "%s/officers.sock", s->runtime_dir);
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:s, s:i}", "mode", s->mode, "origin",
                     s->origin, "zone", s->zone, "data_dir", s->data_dir, "store_mib",
                     (json_int_t)s->limits.store_mib, "store_key", spawn_hex(s->store_key.octets),
                     "audit_public", spawn_hex(s->audit_public), "officers_socket", officers,
                     "snapshot_ms", 5000);
}

static json_t *spawn_own(const struct spawn_request *r)
{
    switch (r->kind) {
    case SPAWN_CORE:
        return spawn_core(r);
    case SPAWN_SIGNER:
        return spawn_signer(r);
    case SPAWN_READER:
        return spawn_reader(r);
    case SPAWN_GATE:
        return spawn_gate(r);
    }
    return NULL;
}

int spawn_settings_text(const struct spawn_request *r, char **out)
{
    json_t *all = spawn_common(r), *own = spawn_own(r);
    int failed = !all || !own || json_object_update(all, own);

    *out = failed ? NULL : json_dumps(all, JSON_COMPACT);
    json_decref(own);
    json_decref(all);
    return *out ? 0 : -ENOMEM;
}
