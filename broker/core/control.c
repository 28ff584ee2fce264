/* SPDX-License-Identifier: Apache-2.0 */
/* control.c - the control socket: changes join the next batch; reads tell standing only, never a
 * person's data (CONTROL.md). */
#include "backups.h"
#include "due.h"
#include "recall.h"
#include "stages.h"

#include "cert/cert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *control_standing(uint8_t standing)
{
    return standing == STANDING_ACTIVE ? "active" : "suspended";
}

static json_t *control_gates(const struct core *c)
{
    json_t *list = json_array();

    for (size_t i = 0; i < c->set.n_gates; i++)
        json_array_append_new(list,
                              json_pack("{s:s,s:b,s:i}", "organisation", c->set.gates[i], "ready",
                                        c->gates[i].ready, "restarts", (int)c->gates[i].restarts));
    return list;
}

static json_t *control_connected(const struct core *c)
{
    json_t *list = json_array();

    for (uint16_t s = 0; s < c->agencies.n; s++) {
        if (c->agencies.slots[s].presence == PRESENCE_HERE)
            json_array_append_new(list, json_string(c->agencies.slots[s].reg.id));
    }
    return list;
}

/* The key as auditors take it: the note's verifier key. */
static json_t *control_head(const struct core *c)
{
    char vkey[NOTE_VKEY_MAX];

    note_key_format(&c->heads.key, vkey);
    return json_pack("{s:I,s:I,s:b,s:s}", "size", (json_int_t)c->heads.signed_size, "age_ms",
                     (json_int_t)(c->mono_ms - c->heads.signed_ms), "refused", c->heads.refused,
                     "verifier_key", vkey);
}

/* Each stream, and each inbox in which something waits; null when they cannot be read. */
static json_t *control_streams(struct core *c)
{
    json_t *list = deliver_status(c);

    return list ? list : json_null();
}

static json_t *control_dead(struct core *c)
{
    json_t *list = deliver_dead(c);

    if (!list)
        return local_error("internal", 70, "the dead letters could not be read");
    return json_pack("{s:b,s:o}", "ok", 1, "dead_letters", list);
}

/* Who vouches for the log; and why nothing is shared, if nothing is. */
static void control_witnesses(const struct core *c, json_t *status)
{
    const char *stops = heads_stops(c);

    if (!status)
        return;
    (void)json_object_set_new(status, "witnesses", cosign_status(c));
    (void)json_object_set_new(status, "stopped_by", stops ? json_string(stops) : json_null());
}

static json_t *control_status(struct core *c)
{
    char day[CIVIL_TEXT];
    json_t *o;

    civil_format(c->day, day);
    o = json_pack("{s:b,s:s,s:s,s:s,s:s,s:b,s:I,s:o,s:b,s:I,s:s,s:o,s:o,s:o,s:o,s:o}", "ok", 1, "mode",
                     c->set.wire.mode == MODE_LIVE ? "live" : "exercise", "origin",
                     c->set.wire.origin, "policy", c->policy, "civil_day", day, "day_set",
                     c->day_known, "log_size", (json_int_t)ledger_size(c->ledger), "head",
                     control_head(c), "sharing", heads_fresh(c), "pending",
                     (json_int_t)pending_count(c->pending), "curve_public", c->set.curve_public,
                     "gates", control_gates(c), "connected", control_connected(c),
                     "overrides", overrides_status(c), "streams", control_streams(c),
                     "due", due_status(c));
    if (o)
        (void)json_object_set_new(o, "backups", backups_status(c));
    control_witnesses(c, o);
    return o;
}

static json_t *control_keys(const uint8_t keys[][32], uint8_t n, bool curve)
{
    json_t *list = json_array();
    char text[64];

    for (uint8_t i = 0; i < n; i++) {
        if (curve)
            cert_key_encode(keys[i], text);
        else if (base64_encode(keys[i], 32, text, sizeof(text)) < 0)
            continue;
        json_array_append_new(list, json_string(text));
    }
    return list;
}

static json_t *control_agencies(struct core *c)
{
    json_t *list = json_array();

    for (uint16_t s = 0; s < c->agencies.n; s++) {
        const struct agency *a = &c->agencies.slots[s];

        if (!a->reg.standing)
            continue;
        json_array_append_new(
            list, json_pack("{s:s,s:s,s:b,s:b,s:o,s:o}", "agency", a->reg.id, "standing",
                            control_standing(a->reg.standing), "in_policy", a->index != POLICY_NONE,
                            "connected", a->presence == PRESENCE_HERE, "curve",
                            control_keys(a->reg.curve, a->reg.n_curve, true), "sign",
                            control_keys(a->reg.sign, a->reg.n_sign, false)));
    }
    return json_pack("{s:b,s:o}", "ok", 1, "agencies", list);
}

static int control_officer(void *ctx, const struct registry_officer *o)
{
    char added[25];

    clock_format_utc(o->added_ms, added);
    json_array_append_new(ctx, json_pack("{s:s,s:s,s:s,s:o}", "officer", o->id, "standing",
                                         control_standing(o->standing), "added", added, "sign",
                                         control_keys(&o->sign, 1, false)));
    return 0;
}

static json_t *control_officers(struct core *c)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    json_t *list = json_array();
    int r = store_begin(c->store, false, &t);

    if (!r)
        r = registry_officer_each(t, control_officer, list);
    if (r) {
        json_decref(list);
        return local_error("internal", 70, "the officers could not be read");
    }
    return json_pack("{s:b,s:o}", "ok", 1, "officers", list);
}

static json_t *control_policy(struct core *c)
{
    return json_pack("{s:b,s:s,s:s}", "ok", 1, "policy", c->policy, "name",
                     c->bundle ? bundle_name(c->bundle) : "");
}

static const struct {
    const char *op;
    json_t *(*read)(struct core *c);
} control_reads[] = {
    { "status", control_status },
    { "agencies", control_agencies },
    { "officers", control_officers },
    { "policy", control_policy },
    { "dead-letters", control_dead },
    { "tokens", tokens_status },
    { "holds", holds_status },
    { "retention", retention_status },
    { "witnesses", cosign_list },
    { "recalls", recalls_status },
};

static json_t *control_bundle_reply(const char *hash, struct bytes compiled)
{
    size_t size = (compiled.len + 2) / 3 * 4 + 1;
    char *text = malloc(size);
    json_t *reply = NULL;

    if (text && base64_encode(compiled.data, compiled.len, text, size) >= 0)
        reply = json_pack("{s:b,s:s,s:s}", "ok", 1, "hash", hash, "bundle", text);
    free(text);
    return reply ? reply : local_error("internal", 70, "short of memory");
}

/* A policy that is or was in force, so that officers can compare, replay and go back to it. It
 * holds rules and contact routes of agencies, never a person's data. */
static json_t *control_bundle(struct core *c, const json_t *request)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    char hex[2 * SHA256_LEN + 1];
    uint8_t hash[SHA256_LEN];
    int r;

    if (local_get_text(request, "hash", hex, sizeof(hex)) || hex_decode(hex, hash, sizeof(hash)))
        return local_error("bad-request", 64, "\"hash\" must be 64 hexadecimal digits");
    buf_init(&compiled, STORE_VALUE_MAX);
    r = store_begin(c->store, false, &t);
    if (!r)
        r = registry_bundle_get(t, hash, &compiled);
    if (r == -ENOENT)
        return local_error("no-such-bundle", 66, "this broker never had a policy of that hash");
    if (r)
        return local_error("internal", 70, "the policy could not be read");
    return control_bundle_reply(hex, buf_view(&compiled));
}

static json_t *control_read(struct core *c, const char *op, const json_t *request)
{
    if (!strcmp(op, "bundle"))
        return control_bundle(c, request);
    for (size_t i = 0; i < ALM_LEN(control_reads); i++) {
        if (!strcmp(control_reads[i].op, op))
            return control_reads[i].read(c);
    }
    return local_error("unknown-op", 64, "there is no such request; see broker/CONTROL.md");
}

void control_request(void *ctx, uint64_t client, json_t *request)
{
    struct core *c = ctx;
    char op[32];
    json_t *reply;

    if (local_get_text(request, "op", op, sizeof(op))) {
        reply = local_error("bad-request", 64, "\"op\" is missing");
    } else if (strcmp(op, "change") != 0) {
        reply = control_read(c, op, request);
    } else if (c->batch.n_changes < BATCH_CHANGES) {
        c->batch.changes[c->batch.n_changes++] =
            (struct change_work){ .client = client, .request = json_incref(request) };
        return; /* answered after the commit */
    } else {
        reply = local_error("busy", 75, "too many changes at once: try again");
    }
    if (reply)
        local_reply(c->control, client, reply, true);
    json_decref(reply);
}
