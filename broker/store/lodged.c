/* SPDX-License-Identifier: Apache-2.0 */
/* lodged.c - see lodged.h. */
#include "store/lodged.h"

#include "store/recalls.h"
#include "store/statements.h"

#include <errno.h>
#include <string.h>

static int statement_forget(struct store_txn *t, const struct id *id)
{
    struct statement_record record;
    int r = statements_get(t, id, &record);

    if (r == 0)
        statements_erase(t, id);
    crypto_wipe(&record, sizeof(record));
    return r;
}

static int recall_forget(struct store_txn *t, const struct id *id)
{
    struct recall_record record;
    int r = recalls_get(t, id, &record);

    if (r == 0)
        recalls_erase(t, id);
    crypto_wipe(&record, sizeof(record));
    return r;
}

/* An id follows the prefix, and the suffix follows that. */
static const struct {
    enum table table;
    const char *prefix, *suffix;
    record_forget *forget;
} kinds[LODGED_END] = {
    [LODGED_CONSENT] = { TABLE_CONSENTS, "", "", consents_forget },
    [LODGED_OVERTAKEN] = { TABLE_CONSENTS, "", "w", overtaken_forget },
    [LODGED_SHIELD] = { TABLE_SHIELDS, "", "", shields_forget },
    [LODGED_DISPUTE] = { TABLE_DISPUTES, "", "", disputes_forget },
    [LODGED_OVERRIDE] = { TABLE_OVERRIDES, "", "", overrides_forget },
    [LODGED_CONCERN] = { TABLE_CONCERNS, "r", "", concerns_forget },
    [LODGED_REFERRAL] = { TABLE_REFERRALS, "r", "", referrals_forget },
    [LODGED_STATEMENT] = { TABLE_STATEMENTS, "", "", statement_forget },
    [LODGED_RECALL] = { TABLE_RECALLS, "r", "", recall_forget },
    [LODGED_EPISODE] = { TABLE_EPISODES, "r", "", episodes_forget },
    [LODGED_WATCH] = { TABLE_WATCHES, "r", "", watches_forget },
};

struct listing {
    enum lodged_kind kind;
    size_t most, n;
    struct id *out;
};

static int listing_visit(void *ctx, struct bytes key, struct bytes value)
{
    struct listing *l = ctx;
    size_t before = strlen(kinds[l->kind].prefix), after = strlen(kinds[l->kind].suffix);

    (void)value;
    if (key.len != before + ID_LEN + after ||
        (after && memcmp(key.data + before + ID_LEN, kinds[l->kind].suffix, after) != 0))
        return 0;
    if (l->n == l->most)
        return 1;
    memcpy(l->out[l->n++].octets, key.data + before, ID_LEN);
    return 0;
}

int lodged_ids(struct store_txn *t, enum lodged_kind kind, const struct id *after, size_t most,
               struct id *out, size_t *n)
{
    struct listing l = { .kind = kind, .most = most, .out = out };
    uint8_t from[1 + ID_LEN + 2];
    size_t len = 0, prefix;
    int r;

    *n = 0;
    if (kind < 1 || kind >= LODGED_END)
        return -EINVAL;
    prefix = strlen(kinds[kind].prefix);
    if (!id_is_zero(after)) {
        memcpy(from, kinds[kind].prefix, prefix);
        memcpy(from + prefix, after->octets, ID_LEN);
        memset(from + prefix + ID_LEN, 0xff, 2); /* past every key of that id */
        len = prefix + ID_LEN + 2;
    }
    r = store_scan(t, kinds[kind].table, bytes_str(kinds[kind].prefix), bytes_of(from, len), false,
                   listing_visit, &l);
    *n = l.n;
    return r < 0 ? r : 0;
}

int lodged_forget(struct store_txn *t, enum lodged_kind kind, const struct id *id)
{
    int r;

    if (kind < 1 || kind >= LODGED_END)
        return -EINVAL;
    r = kinds[kind].forget(t, id);
    if (r < 0)
        return r;
    return store_status(t);
}
