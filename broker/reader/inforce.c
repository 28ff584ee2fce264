/* SPDX-License-Identifier: Apache-2.0 */
/* inforce.c - see inforce.h. */
#include "inforce.h"
#include "store/consents.h"
#include <errno.h>

#define BUNDLE_BYTES_MAX (8u << 20)

int inforce_bundle(struct store_txn *t, struct bundle **out)
{
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    uint8_t hash[SHA256_LEN];
    int rc = registry_bundle_active(t, hash);

    buf_init(&compiled, BUNDLE_BYTES_MAX);
    if (!rc)
        rc = registry_bundle_get(t, hash, &compiled);
    return rc ? rc : bundle_decode(buf_view(&compiled), out);
}

struct looking {
    const struct token_set *set;
    int32_t day;
    bool found;
};

static int look_one(void *ctx, const struct shield_record *r)
{
    struct looking *l = ctx;
    const struct msg_shield *m = &r->shield;

    if (r->lifted || m->from > l->day || (m->until != CIVIL_NONE && m->until < l->day))
        return 0;
    /* as the core hides: the shield's own person, and whoever is near enough to be taken for them */
    l->found = l->found || match_broad(&m->subject, l->set) == MATCH_YES ||
               match_near(&m->subject, l->set);
    return 0;
}

int inforce_shielded(struct store_txn *t, struct store *s, const struct token_set *set, int32_t day)
{
    struct looking l = { set, day, false };
    int rc = set->n ? shields_about(t, s, set, look_one, &l) : -EKEYREJECTED;

    return rc ? rc : l.found;
}
