/* SPDX-License-Identifier: Apache-2.0 */
/* change_registry.c - changes to who may act: officers, agencies' keys and standing, practitioners'
 * standing. */
#include "cert/cert.h"
#include "change.h"
#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static json_t *change_failed(struct core *c, int r, const char *where)
{
    batch_fail(c, r, where);
    return local_error("internal", 70, "the change could not be made");
}

/* An id as policy and wire spell it: [a-z0-9][a-z0-9._-]*, at most 63 characters. */
static bool change_id(const struct change *ch, const char *key, char out[static REGISTRY_ID_MAX])
{
    if (local_get_text(ch->body, key, out, REGISTRY_ID_MAX) || !out[0] || out[0] == '.' ||
        out[0] == '_' || out[0] == '-')
        return false;
    return strspn(out, "abcdefghijklmnopqrstuvwxyz0123456789._-") == strlen(out);
}

static json_t *change_bad_id(const char *key)
{
    return local_error("bad-change", 65,
                       "\"%s\" must be an id: small letters, digits, '.', '_' and '-', at most 63",
                       key);
}

static bool change_public(const struct change *ch, const char *key, uint8_t out[static 32])
{
    const char *text = json_string_value(json_object_get(ch->body, key));

    return text && base64_decode(text, strlen(text), out, 32) == 32;
}

/* Recorded as given; required for the changes that need one. */
static bool change_reason(struct change *ch)
{
    return local_get_text(ch->body, "reason", ch->reason, sizeof(ch->reason)) == 0 && ch->reason[0];
}

int change_genesis(struct core *c, struct change *ch, size_t *needed)
{
    struct store_txn *t = batch_txn(c);
    size_t active = 0;
    int r = t ? registry_officer_count(t, &active) : -EIO;

    if (r || active >= 2)
        return r;
    *needed = 0;
    text_cut(ch->genesis, sizeof(ch->genesis), "genesis");
    return 0;
}

json_t *change_officer_add(struct core *c, struct change *ch)
{
    struct registry_officer o = { .standing = STANDING_ACTIVE, .added_ms = c->wall_ms }, old;
    struct store_txn *t = batch_txn(c);
    int r;

    if (!change_id(ch, "officer", o.id))
        return change_bad_id("officer");
    if (!change_public(ch, "public", o.sign))
        return local_error("bad-change", 65, "\"public\" must be 32 bytes in base64");
    r = t ? registry_officer_get(t, o.id, &old) : -EIO;
    if (r == 0)
        return local_error("exists", 65, "officer %s exists already", o.id);
    if (r != -ENOENT)
        return change_failed(c, r, "officer");
    registry_officer_put(t, &o);
    c->batch.wrote = true;
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s%s", o.id,
                   ch->genesis[0] ? " (genesis)" : "");
    return NULL;
}

json_t *change_officer_suspend(struct core *c, struct change *ch)
{
    struct registry_officer o;
    char id[REGISTRY_ID_MAX];
    struct store_txn *t = batch_txn(c);
    int r;

    if (!change_id(ch, "officer", id))
        return change_bad_id("officer");
    for (size_t i = 0; i < ch->n_officers; i++) {
        if (!strcmp(ch->officers[i], id)) /* "neither the one suspended" */
            return local_error("too-few-signatures", 77,
                               "the officer to be suspended cannot be one of the two who sign");
    }
    r = t ? registry_officer_get(t, id, &o) : -EIO;
    if (r == -ENOENT)
        return local_error("unknown-officer", 65, "there is no officer %s", id);
    if (r)
        return change_failed(c, r, "officer");
    o.standing = STANDING_SUSPENDED;
    registry_officer_put(t, &o);
    c->batch.wrote = true;
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s", id);
    return NULL;
}

/* --- agencies --- */

/* Return: NULL and the agency in c->registry_agency; else the reply. */
static json_t *change_find_agency(struct core *c, struct change *ch)
{
    struct store_txn *t = batch_txn(c);
    int r;

    if (!change_id(ch, "agency", ch->agency))
        return change_bad_id("agency");
    r = t ? registry_agency_get(t, ch->agency, &c->registry_agency) : -EIO;
    if (r == -ENOENT)
        return local_error("unknown-agency", 65, "no agency %s is enrolled", ch->agency);
    return r ? change_failed(c, r, "agency") : NULL;
}

static json_t *change_put_agency(struct core *c)
{
    struct store_txn *t = batch_txn(c);
    int r;

    if (!t)
        return NULL;
    c->registry_agency.changed_ms = c->wall_ms;
    registry_agency_put(t, &c->registry_agency);
    c->batch.wrote = true;
    c->batch.registry_changed = true;
    r = store_status(t);
    if (!r)
        r = reload(c, t); /* the rest of this batch is decided on it */
    return r ? change_failed(c, r, "agency") : NULL;
}

static bool change_add_key(uint8_t keys[][32], uint8_t *n, const uint8_t key[static 32])
{
    for (uint8_t i = 0; i < *n; i++) {
        if (!memcmp(keys[i], key, 32))
            return true;
    }
    if (*n == REGISTRY_KEYS_MAX)
        return false;
    memcpy(keys[(*n)++], key, 32);
    return true;
}

/* A key speaks for one agency: another's may not be enrolled under this one. */
static bool change_key_taken(const struct core *c, const char *agency, const uint8_t key[static 32])
{
    for (uint16_t s = 0; s < c->agencies.n; s++) {
        const struct registry_agency *a = &c->agencies.slots[s].reg;

        for (uint8_t i = 0; strcmp(a->id, agency) != 0 && i < REGISTRY_KEYS_MAX; i++) {
            if ((i < a->n_curve && !memcmp(a->curve[i], key, 32)) ||
                (i < a->n_sign && !memcmp(a->sign[i], key, 32)))
                return true;
        }
    }
    return false;
}

json_t *change_agency_add(struct core *c, struct change *ch)
{
    struct registry_agency *a = &c->registry_agency;
    const char *curve_text = json_string_value(json_object_get(ch->body, "curve"));
    uint8_t curve[32], sign[32];
    struct store_txn *t = batch_txn(c);
    int r;

    if (!change_id(ch, "agency", ch->agency))
        return change_bad_id("agency");
    if (!curve_text || cert_key_decode(curve_text, curve) || !change_public(ch, "sign", sign))
        return local_error("bad-change", 65,
                           "\"curve\" must be 40 characters of Z85, \"sign\" 32 bytes in base64");
    if (change_key_taken(c, ch->agency, curve) || change_key_taken(c, ch->agency, sign))
        return local_error("key-taken", 65, "another agency has enrolled this key");
    r = t ? registry_agency_get(t, ch->agency, a) : -EIO;
    if (r && r != -ENOENT)
        return change_failed(c, r, "agency");
    if (r == -ENOENT) {
        memset(a, 0, sizeof(*a));
        memcpy(a->id, ch->agency, sizeof(a->id));
        a->standing = STANDING_ACTIVE;
        a->added_ms = c->wall_ms;
    }
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s %s", ch->agency,
                   r == -ENOENT ? "enrolled" : "further keys");
    if (!change_add_key(a->curve, &a->n_curve, curve) || !change_add_key(a->sign, &a->n_sign, sign))
        return local_error("too-many-keys", 65,
                           "an agency has at most %d keys of each sort: revoke one",
                           REGISTRY_KEYS_MAX);
    return change_put_agency(c);
}

static bool change_drop_key(uint8_t keys[][32], uint8_t *n, const uint8_t key[static 32])
{
    for (uint8_t i = 0; i < *n; i++) {
        if (memcmp(keys[i], key, 32) != 0)
            continue;
        memmove(keys[i], keys[i + 1], (size_t)(*n - i - 1) * 32);
        memset(keys[--*n], 0, 32);
        return true;
    }
    return false;
}

json_t *change_agency_revoke_key(struct core *c, struct change *ch)
{
    struct registry_agency *a = &c->registry_agency;
    const char *text = json_string_value(json_object_get(ch->body, "key"));
    uint8_t key[32];
    bool curve;
    json_t *refused = change_find_agency(c, ch);

    if (refused)
        return refused;
    if (!text ||
        (cert_key_decode(text, key) && base64_decode(text, strlen(text), key, sizeof(key)) != 32))
        return local_error("bad-change", 65,
                           "\"key\" must be a CURVE key (Z85) or a signing key (base64)");
    curve = change_drop_key(a->curve, &a->n_curve, key);
    if (!curve && !change_drop_key(a->sign, &a->n_sign, key))
        return local_error("unknown-key", 65, "agency %s has no such key", ch->agency);
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s %s key", ch->agency,
                   curve ? "CURVE" : "signing");
    /* "revoking a key leaves its connection open" (DESIGN.md section 3): the list that follows the
     * commit makes the gate cut what came in with this key, and no other. */
    return change_put_agency(c);
}

static json_t *change_standing(struct core *c, struct change *ch, enum standing standing)
{
    json_t *refused = change_find_agency(c, ch);

    if (refused)
        return refused;
    if (!change_reason(ch))
        return local_error("bad-change", 65, "a \"reason\" must be given");
    c->registry_agency.standing = (uint8_t)standing;
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s", ch->agency);
    return change_put_agency(c);
}

json_t *change_agency_suspend(struct core *c, struct change *ch)
{
    return change_standing(c, ch, STANDING_SUSPENDED);
}

json_t *change_agency_resume(struct core *c, struct change *ch)
{
    return change_standing(c, ch, STANDING_ACTIVE);
}

static json_t *change_practitioner(struct core *c, struct change *ch, enum standing standing)
{
    struct store_txn *t;
    json_t *refused = change_find_agency(c, ch);

    if (refused)
        return refused;
    if (local_get_text(ch->body, "practitioner", ch->practitioner, sizeof(ch->practitioner)) ||
        !ch->practitioner[0] || !change_reason(ch))
        return local_error("bad-change", 65,
                           "\"practitioner\" (a reference) and \"reason\" must be given");
    t = batch_txn(c);
    if (!t)
        return NULL;
    registry_practitioner_put(t, ch->agency, ch->practitioner, (uint8_t)standing);
    c->batch.wrote = true;
    (void)snprintf(ch->detail, sizeof(ch->detail), "%s", ch->agency); /* whom: in the sealed part */
    return NULL;
}

json_t *change_practitioner_suspend(struct core *c, struct change *ch)
{
    return change_practitioner(c, ch, STANDING_SUSPENDED);
}

json_t *change_practitioner_resume(struct core *c, struct change *ch)
{
    return change_practitioner(c, ch, STANDING_ACTIVE);
}
