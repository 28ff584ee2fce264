/* SPDX-License-Identifier: Apache-2.0 */
/* change_policy.c - changes to what holds: the policy in force, a shield lifted, the day of an
 * exercise. */
#include "change.h"
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *policy_failed(struct core *c, int r)
{
    batch_fail(c, r, "policy");
    return local_error("internal", 70, "the change could not be made");
}

/* What the officers signed to must still be so: which policy it replaces, and that they read what that
 * changes. Which groups of differences there are the core does not work out: their command does. */
static json_t *policy_replaces(struct core *c, const struct change *ch, const char *hash)
{
    const char *from = json_string_value(json_object_get(ch->body, "from"));

    if (strcmp(from ? from : "", c->policy) != 0 && (from || strcmp(hash, c->policy) != 0))
        return local_error(
            "policy-changed-meanwhile", 75,
            "the policy in force is %s, not the one that this change was signed to replace: read "
            "the difference anew, and sign again",
            c->policy[0] ? c->policy : "none");
    if (from && from[0] && !json_is_array(json_object_get(ch->body, "acknowledged")))
        return local_error("not-acknowledged", 77,
                           "a policy is in force: the groups of what changes must be acknowledged");
    return NULL;
}

static json_t *policy_activate(struct core *c, struct change *ch, struct bytes compiled)
{
    uint8_t hash[SHA256_LEN], claimed[SHA256_LEN];
    char claimed_hex[2 * SHA256_LEN + 1], name[81];
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    struct store_txn *t = batch_txn(c);
    json_t *refused;
    int r = t ? crypto_sha256(compiled, hash) : -EIO;

    if (r)
        return policy_failed(c, r);
    if (local_get_text(ch->body, "hash", claimed_hex, sizeof(claimed_hex)) ||
        hex_decode(claimed_hex, claimed, sizeof(claimed)) ||
        memcmp(hash, claimed, sizeof(hash)) != 0)
        return local_error("bad-bundle", 65, "the bundle does not hash to \"hash\"");
    r = bundle_decode(compiled, &b);
    if (r)
        return local_error("bad-bundle", 65,
                           "the bundle is not a compiled policy that this broker reads: compile it "
                           "with its own almoner");
    refused = policy_replaces(c, ch, claimed_hex);
    if (!refused)
        refused = epochs_refuse(c, b);
    if (refused)
        return refused;
    registry_bundle_put(t, hash, compiled);
    registry_bundle_activate(t, hash);
    c->batch.wrote = c->batch.policy_changed = true;
    text_cut(name, sizeof(name), bundle_name(b));
    (void)snprintf(ch->detail, sizeof(ch->detail), "%.64s %s", claimed_hex, name);
    r = store_status(t);
    if (!r)
        r = reload(c, t);
    return r ? policy_failed(c, r) : NULL;
}

json_t *change_policy_activate(struct core *c, struct change *ch)
{
    const char *text = json_string_value(json_object_get(ch->body, "bundle"));
    size_t len = text ? strlen(text) : 0;
    uint8_t *compiled;
    json_t *refused;
    int n;

    if (!len)
        return local_error("bad-change", 65, "\"bundle\" must be the compiled policy in base64");
    compiled = malloc(len);
    if (!compiled)
        return policy_failed(c, -ENOMEM);
    n = base64_decode(text, len, compiled, len);
    if (n < 0)
        refused = local_error("bad-change", 65, "\"bundle\" must be the compiled policy in base64");
    else
        refused = policy_activate(c, ch, bytes_of(compiled, (size_t)n));
    free(compiled);
    return refused;
}

json_t *change_shield_lift(struct core *c, struct change *ch)
{
    struct store_txn *t = batch_txn(c);
    char text[ID_TEXT];
    struct id id;
    int r;

    if (local_get_text(ch->body, "shield", text, sizeof(text)) || id_parse(text, &id) ||
        local_get_text(ch->body, "reason", ch->reason, sizeof(ch->reason)) || !ch->reason[0])
        return local_error("bad-change", 65, "\"shield\" (its id) and \"reason\" must be given");
    r = t ? shields_get(t, &id, &c->shield_record) : -EIO;
    if (r == -ENOENT)
        return local_error("unknown-shield", 65, "there is no shield %s", text);
    if (r)
        return policy_failed(c, r);
    c->shield_record.lifted = true;
    if (c->shield_record.shield.until == CIVIL_NONE || c->shield_record.shield.until > c->day)
        c->shield_record.shield.until = c->day; /* its clock begins: retention_records.c */
    shields_put(t, c->store, &c->shield_record);
    pins_drop(c, &c->shield_record.shield.subject);
    c->batch.wrote = true;
    text_cut(ch->agency, sizeof(ch->agency), c->shield_record.owner);
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s", text);
    return NULL;
}

/* DESIGN.md section 10: "a live broker has no clock command". */
json_t *change_day_set(struct core *c, struct change *ch)
{
    char text[CIVIL_TEXT];
    int32_t day;

    if (c->set.wire.mode != MODE_EXERCISE)
        return local_error("live", 77, "a live broker takes its day from the clock");
    if (local_get_day(ch->body, "day", &day))
        return local_error("bad-change", 65, "\"day\" must be a date: YYYY-MM-DD");
    if (c->day_known && day < c->day) {
        civil_format(c->day, text);
        return local_error("backwards", 65, "the day moves only forward; it is %s", text);
    }
    day_put(c, day);
    civil_format(day, text);
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s", text);
    return NULL;
}
