/* SPDX-License-Identifier: Apache-2.0 */
/* retokens_survey.c - which record has tokens of which epochs. */
#include "store/retokens.h"

#include <errno.h>
#include <string.h>

static const struct {
    enum table table;
    const char *prefix;
    enum subjects_kind kind;
    record_survey *survey;
} kinds[] = {
    { TABLE_CONSENTS, "", SUBJECTS_CONSENT, consents_survey },
    { TABLE_SHIELDS, "", SUBJECTS_SHIELD, shields_survey },
    { TABLE_DISPUTES, "", SUBJECTS_DISPUTE, disputes_survey },
    { TABLE_CONCERNS, "r", SUBJECTS_CONCERN, concerns_survey },
    { TABLE_WATCHES, "r", SUBJECTS_WATCH, watches_survey },
    { TABLE_REFERRALS, "r", SUBJECTS_REFERRAL, referrals_survey },
};

bool survey_has(const struct survey_record *r, struct token_epoch e)
{
    for (uint8_t i = 0; i < r->n; i++) {
        if (token_epoch_same(r->epochs[i], e))
            return true;
    }
    return false;
}

/* A withdrawal never ends: a grant given before it may still come, from whoever was away. */
bool survey_forbids(const struct survey_record *r)
{
    if (r->over)
        return false;
    return r->refusal || r->withdrawal || r->kind == SUBJECTS_SHIELD || r->kind == SUBJECTS_DISPUTE;
}

void survey_tokens(struct survey_seen *s, const struct tokens_view *v)
{
    s->own->subject = *v->subject;
    if (v->household)
        s->own->has_household = v->has_household ? *v->has_household : v->household->kind != 0;
    if (s->own->has_household)
        s->own->household = *v->household;
    if (v->origin)
        s->own->has_origin = *v->has_origin;
}

static int survey_fill(struct store_txn *t, size_t k, const struct id *id, int32_t day,
                       struct survey_record *out, struct retoken *own)
{
    struct survey_seen s = { .out = out, .own = own, .day = day };
    int r;

    memset(own, 0, sizeof(*own));

    *out = (struct survey_record){ .kind = kinds[k].kind, .id = *id };
    r = kinds[k].survey(t, id, &s);
    if (r < 0)
        return r;
    r = retokens_epochs(t, kinds[k].kind, id, out->epochs, &out->n);
    if (r == 0 && retoken_epoch(own).scheme)
        out->epochs[out->n++] = retoken_epoch(own);
    return r;
}

struct surveying {
    struct store_txn *t;
    size_t k;
    int32_t day;
    retokens_visit *visit;
    void *ctx;
};

static int survey_visit(void *ctx, struct bytes key, struct bytes value)
{
    const struct surveying *s = ctx;
    size_t prefix = strlen(kinds[s->k].prefix);
    struct survey_record record;
    struct retoken own;
    struct id id;
    int r;

    (void)value;
    if (key.len != prefix + ID_LEN)
        return 0; /* a withdrawal that overtook its grant names nobody */
    memcpy(id.octets, key.data + prefix, ID_LEN);
    r = survey_fill(s->t, s->k, &id, s->day, &record, &own);
    return r < 0 ? r : s->visit(s->ctx, &record);
}

int retokens_survey(struct store_txn *t, int32_t day, retokens_visit *visit, void *ctx)
{
    struct surveying s = { .t = t, .day = day, .visit = visit, .ctx = ctx };
    int r = 0;

    for (s.k = 0; s.k < ALM_LEN(kinds) && r == 0; s.k++)
        r = store_scan(t, kinds[s.k].table, bytes_str(kinds[s.k].prefix), bytes_of(NULL, 0), false,
                       survey_visit, &s);
    return r < 0 ? r : 0;
}

int retokens_of(struct store_txn *t, enum subjects_kind kind, const struct id *id, int32_t day,
                struct survey_record *out, struct retoken *own)
{
    for (size_t k = 0; k < ALM_LEN(kinds); k++) {
        if (kinds[k].kind == kind)
            return survey_fill(t, k, id, day, out, own);
    }
    return -ENOENT;
}
