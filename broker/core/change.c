/* SPDX-License-Identifier: Apache-2.0 */
/* change.c - officers' signed changes (CONTROL.md): checked here, in the core, by keys and never by
 * a uid; applied and recorded in the batch. */
#include "change.h"

#include "stages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CHANGE_LABEL    "almoner/change/v1" /* and a NUL */
#define CHANGE_AT_MS    (INT64_C(24) * 3600 * 1000)
#define CHANGE_AHEAD_MS (INT64_C(5) * 60 * 1000)

struct change_kind {
    const char *name;
    uint8_t signatures;
    uint8_t event;
    change_apply_fn *apply;
};
static const struct change_kind change_kinds[] = {
    { "officer-add", 2, EVENT_OFFICER_CHANGED, change_officer_add },
    { "officer-suspend", 2, EVENT_OFFICER_CHANGED, change_officer_suspend },
    { "agency-add", 1, EVENT_AGENCY_CHANGED, change_agency_add },
    { "agency-revoke-key", 1, EVENT_AGENCY_CHANGED, change_agency_revoke_key },
    { "agency-suspend", 1, EVENT_AGENCY_CHANGED, change_agency_suspend },
    { "agency-resume", 2, EVENT_AGENCY_CHANGED, change_agency_resume },
    { "practitioner-suspend", 1, EVENT_PRACTITIONER_CHANGED, change_practitioner_suspend },
    { "practitioner-resume", 1, EVENT_PRACTITIONER_CHANGED, change_practitioner_resume },
    { "policy-activate", 2, EVENT_POLICY_ACTIVATED, change_policy_activate },
    { "shield-lift", 2, EVENT_SHIELD_LIFTED, change_shield_lift },
    { "hold-add", 1, EVENT_HOLD_CHANGED, change_hold_add },
    { "hold-lift", 2, EVENT_HOLD_CHANGED, change_hold_lift },
    { "erase", 2, EVENT_ERASE_ORDERED, change_erase },
    { "retention-run", 1, EVENT_RETENTION_BEGUN, change_retention_run },
    { "dispute-lift", 1, EVENT_DISPUTE_LIFTED, change_dispute_lift },
    { "override-veto", 1, EVENT_OVERRIDE_VETOED, change_override_veto },
    { "dead-letters-requeue", 1, EVENT_REQUEUED, change_dead_requeue },
    { "day-set", 1, EVENT_DAY_SET, change_day_set },
};

static const struct change_kind *change_kind(const char *name)
{
    for (size_t i = 0; i < ALM_LEN(change_kinds); i++) {
        if (!strcmp(change_kinds[i].name, name))
            return &change_kinds[i];
    }
    return NULL;
}

/* "2026-05-03T10:11:12Z", with or without a fraction. Return: 0 or -EINVAL. */
static int change_time(const char *text, int64_t *out)
{
    char day_text[CIVIL_TEXT];
    int32_t day;
    int hour, minute, second, used = 0;

    if (strlen(text) < 20 || text[10] != 'T')
        return -EINVAL;
    memcpy(day_text, text, 10);
    day_text[10] = '\0';
    if (civil_parse(day_text, &day) ||
        sscanf(text + 11, "%2d:%2d:%2d%n", &hour, &minute, &second, &used) != 3 || used != 8)
        return -EINVAL;
    text += 19;
    if (*text == '.')
        text += 1 + strspn(text + 1, "0123456789");
    if (strcmp(text, "Z") != 0 || hour < 0 || hour > 23 || minute < 0 || minute > 59 ||
        second < 0 || second > 60)
        return -EINVAL;
    *out = ((((int64_t)day * 24 + hour) * 60 + minute) * 60 + second) * 1000;
    return 0;
}

/* What officers sign: the label, mode and origin bind it to this log, so that a rehearsal's
 * signature is worth nothing in life. */
static int change_signed_bytes(const struct core *c, const char *text, struct buf *out)
{
    size_t len = strlen(c->set.wire.origin);

    buf_put(out, CHANGE_LABEL, sizeof(CHANGE_LABEL));
    buf_put_u8(out, c->set.wire.mode);
    buf_put_u8(out, (uint8_t)len);
    buf_put(out, c->set.wire.origin, len);
    buf_put(out, text, strlen(text));
    return buf_status(out);
}

/* One signature. Return: 1 good, of an officer in good standing; 0 worth nothing; negative: the
 * store. */
static int change_signature(struct core *c, const json_t *item, struct bytes message,
                            char officer[static REGISTRY_ID_MAX])
{
    struct registry_officer o;
    struct store_txn *t = batch_txn(c);
    const char *sig_text = json_string_value(json_object_get(item, "sig"));
    uint8_t sig[SIGN_LEN];
    int r;

    if (!t)
        return -EIO;
    if (!sig_text || local_get_text(item, "officer", officer, REGISTRY_ID_MAX) ||
        base64_decode(sig_text, strlen(sig_text), sig, sizeof(sig)) != SIGN_LEN)
        return 0;
    r = registry_officer_get(t, officer, &o);
    if (r == -ENOENT)
        return 0;
    if (r)
        return r;
    return o.standing == STANDING_ACTIVE && sign_check(o.sign, message, sig) == 0;
}

/* Counts officers, not signatures. */
static int change_signatures(struct core *c, struct change *ch, const json_t *list)
{
    ALM_CLEANUP(buf_deinit) struct buf message = { 0 };
    int r;

    buf_init(&message, LOCAL_MESSAGE_MAX + 256);
    r = change_signed_bytes(c, ch->text, &message);
    for (size_t i = 0; !r && i < json_array_size(list) && ch->n_officers < CHANGE_OFFICERS_MAX;
         i++) {
        char *officer = ch->officers[ch->n_officers];
        bool again = false;
        int good = change_signature(c, json_array_get(list, i), buf_view(&message), officer);

        if (good < 0)
            return good;
        for (size_t k = 0; k < ch->n_officers; k++)
            again = again || !strcmp(ch->officers[k], officer);
        if (good == 1 && !again)
            ch->n_officers++;
    }
    return r;
}

/* "nonce: uuid, never used before": kept among the receipts, under the empty agency that nobody can
 * be. */
static json_t *change_fresh(struct core *c, struct change *ch)
{
    char at[40], nonce[ID_TEXT];
    int64_t at_ms;
    struct id id;

    if (local_get_text(ch->body, "at", at, sizeof(at)) || change_time(at, &at_ms) ||
        local_get_text(ch->body, "nonce", nonce, sizeof(nonce)) || id_parse(nonce, &id))
        return local_error("bad-change", 65,
                           "a change needs \"at\" (a UTC time) and \"nonce\" (a uuid)");
    if (at_ms < c->wall_ms - CHANGE_AT_MS || at_ms > c->wall_ms + CHANGE_AHEAD_MS)
        return local_error(
            "stale-change", 65,
            "the change was signed more than 24 hours ago, or in the future: sign it anew");
    if (receipts_find(c, "", &id, bytes_str(ch->text), &ch->receipt) != RECEIPT_NEW)
        return local_error("replayed-change", 65, "this change (its nonce) was made before");
    ch->nonce = id;
    return NULL;
}

static json_t *change_record(struct core *c, struct change *ch, const struct change_kind *kind)
{
    struct ledger_clear *l = record_begin(c, kind->event, AGENCY_NONE);

    l->message = ch->nonce;
    l->outcome = 1;
    memcpy(l->agency, ch->agency, sizeof(l->agency));
    text_cut(l->officer, sizeof(l->officer), ch->n_officers ? ch->officers[0] : ch->genesis);
    buf_reset(&c->scratch);
    buf_printf(&c->scratch, "%s %s", kind->name, ch->detail);
    for (size_t i = 1; i < ch->n_officers; i++)
        buf_printf(&c->scratch, ", with %s", ch->officers[i]);
    if (ch->reason[0])
        buf_printf(&c->scratch, ": %s", ch->reason);
    buf_put_u8(&c->scratch, 0);
    if (!buf_status(&c->scratch))
        text_cut(l->detail, sizeof(l->detail), (const char *)c->scratch.data);
    record_practitioner(c, ch->practitioner);
    if (ch->why[0])
        record_reason(c, ch->why);
    ch->receipt.leaf = record_end(c);
    receipts_put(c, "", &ch->nonce, &ch->receipt);
    return json_pack("{s:b,s:I}", "ok", 1, "leaf", (json_int_t)ch->receipt.leaf);
}

static json_t *change_check_signatures(struct core *c, struct change *ch,
                                       const struct change_kind *kind, const json_t *signatures)
{
    size_t needed = kind->signatures;
    int r = change_signatures(c, ch, signatures);

    if (!r && kind->apply == change_officer_add)
        r = change_genesis(c, ch, &needed);
    if (r) {
        batch_fail(c, r, "change");
        return local_error("internal", 70, "the change could not be checked");
    }
    if (ch->n_officers < needed)
        return local_error(
            "too-few-signatures", 77,
            "%s needs the signatures of %zu officer%s in good standing; %zu were good: is each key that "
            "officer's own, and is none of them suspended (almoner officer list)?",
            kind->name, needed, needed == 1 ? "" : "s", ch->n_officers);
    return NULL;
}

static json_t *change_do(struct core *c, struct change *ch, const json_t *request,
                         const char **made)
{
    const struct change_kind *kind;
    char name[64];
    json_t *refused;

    if (local_get_text(ch->body, "change", name, sizeof(name)) || !(kind = change_kind(name)))
        return local_error("unknown-change", 65, "there is no such change; see broker/CONTROL.md");
    refused = change_fresh(c, ch);
    if (!refused)
        refused = change_check_signatures(c, ch, kind, json_object_get(request, "signatures"));
    if (!refused)
        refused = kind->apply(c, ch);
    if (refused || c->batch.error)
        return refused;
    *made = kind->name;
    return change_record(c, ch, kind);
}

/* An applied change that then cannot be recorded fails the whole batch, so nothing of it stays. */
json_t *change_apply(struct core *c, const json_t *request, const char **kind)
{
    struct change *ch = calloc(1, sizeof(*ch));
    json_error_t error;
    json_t *reply;

    if (!ch)
        return NULL;
    ch->text = json_string_value(json_object_get(request, "change"));
    ch->body = ch->text ? json_loads(ch->text, JSON_REJECT_DUPLICATES, &error) : NULL;
    if (json_is_object(ch->body) &&
        json_array_size(json_object_get(request, "signatures")) <= CHANGE_OFFICERS_MAX)
        reply = change_do(c, ch, request, kind);
    else
        reply = local_error(
            "bad-change", 65,
            "\"change\" must be the text of a JSON object, \"signatures\" a list of at most %d",
            CHANGE_OFFICERS_MAX);
    json_decref(ch->body);
    free(ch);
    return reply;
}
