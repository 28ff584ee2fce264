/* SPDX-License-Identifier: Apache-2.0 */
/* keys.c - the tables' names, the keys derived from the store key, and what binds a value to its
 * place. No LMDB here. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "store/internal.h"
#include "store/raw.h"

const struct store_table_facts store_tables[TABLE_COUNT] = {
    [TABLE_META] = { "meta", 1 },
    [TABLE_AGENCIES] = { "agencies", 1 },
    [TABLE_KEYS] = { "keys", 1 },
    [TABLE_PRACTITIONERS] = { "practitioners", 1 },
    [TABLE_OFFICERS] = { "officers", 1 },
    [TABLE_BUNDLES] = { "bundles", 1 },
    [TABLE_CONSENTS] = { "consents", 1 },
    [TABLE_SHIELDS] = { "shields", 1 },
    [TABLE_SUBJECTS] = { "subjects", 2 },
    [TABLE_RECEIPTS] = { "receipts", 1 },
    [TABLE_LOG] = { "log", 1 },
    [TABLE_TREE] = { "tree", 2 },
    [TABLE_HEADS] = { "heads", 1 },
    [TABLE_QUOTAS] = { "quotas", 1 },
    [TABLE_ASKED] = { "asked", 1 },
    [TABLE_OVERRIDES] = { "overrides", 1 },
    [TABLE_CONCERNS] = { "concerns", 1 },
    [TABLE_EPISODES] = { "episodes", 1 },
    [TABLE_WATCHES] = { "watches", 1 },
    [TABLE_DUE] = { "due", 1 },
    [TABLE_QUEUES] = { "queues", 1 },
    [TABLE_CONTACTS] = { "contacts", 1 },
    [TABLE_REFERRALS] = { "referrals", 1 },
    [TABLE_SEALING] = { "sealing", 1 },
    [TABLE_DISPUTES] = { "disputes", 1 },
    [TABLE_RELIANCE] = { "reliance", 1 },
    [TABLE_LATER] = { "later", 1 },
    [TABLE_RETOKENS] = { "retokens", 1 },
    [TABLE_LEAF_KEYS] = { "leaf-keys", 2 },
    [TABLE_RECALLS] = { "recalls", 1 },
    [TABLE_STATEMENTS] = { "statements", 1 },
    [TABLE_HOLDS] = { "holds", 1 },
    [TABLE_RELIANCE_NEW] = { "reliance-new", 1 },
};

/* Nothing of a person's: these values stand under the table's own key for ever. */
const bool store_fixed[TABLE_COUNT] = {
    [TABLE_META] = true,    [TABLE_AGENCIES] = true, [TABLE_KEYS] = true, [TABLE_OFFICERS] = true,
    [TABLE_BUNDLES] = true, [TABLE_LOG] = true,      [TABLE_TREE] = true, [TABLE_HEADS] = true,
    [TABLE_QUOTAS] = true,  [TABLE_SEALING] = true,
};

const char *store_table_name(enum table table)
{
    return store_tables[table].name;
}

uint16_t store_table_schema(enum table table)
{
    return store_tables[table].schema;
}

bool store_table_personal(enum table table)
{
    return !store_fixed[table];
}

int store_table_of(const char *name)
{
    for (int i = 0; i < TABLE_COUNT; i++) {
        if (strcmp(store_tables[i].name, name) == 0)
            return i;
    }
    return -ENOENT;
}

int store_subkey_root(const struct secret *from, struct secret *out)
{
    return crypto_derive(from, "almoner/store/v1/subkeys", out);
}

int store_keys_derive(struct store_keys *k, const struct secret *from)
{
    ALM_CLEANUP(secret_wipe) struct secret key = { 0 };
    char label[64];
    int r = crypto_derive(from, "almoner/store/v1/blind", &k->blind);

    if (r == 0)
        r = crypto_derive(from, "almoner/store/v1/tag", &k->tag);
    if (r == 0)
        r = store_subkey_root(from, &k->subkey_root);
    for (size_t i = 0; i < TABLE_COUNT && r == 0; i++) {
        (void)snprintf(label, sizeof(label), "almoner/store/v1/seal/%s", store_tables[i].name);
        r = crypto_derive(from, label, &key);
        if (r == 0)
            seal_key_init(&k->seal[i], &key);
    }
    return r;
}

void store_keys_wipe(struct store_keys *k)
{
    crypto_wipe(k, sizeof(*k));
}

struct bytes store_associated(struct store_ad *ad, enum table table, struct bytes key)
{
    size_t name_len = strlen(store_tables[table].name) + 1; /* with its NUL */

    memcpy(ad->octets, store_tables[table].name, name_len);
    ad->octets[name_len] = (uint8_t)(store_tables[table].schema >> 8);
    ad->octets[name_len + 1] = (uint8_t)store_tables[table].schema;
    memcpy(ad->octets + name_len + 2, key.data, key.len);
    ad->len = name_len + 2 + key.len;
    return bytes_of(ad->octets, ad->len);
}

size_t store_past(struct bytes prefix, uint8_t out[static STORE_KEY_MAX])
{
    size_t len = prefix.len;

    if (len)
        memcpy(out, prefix.data, len);
    while (len && out[len - 1] == UINT8_MAX)
        len--;
    if (len)
        out[len - 1]++;
    return len;
}

int store_raw_period(struct bytes value, uint32_t *period)
{
    struct cursor c = cursor_of(value);

    *period = cursor_u32(&c);
    return c.failed ? -EBADMSG : 0;
}
