/* SPDX-License-Identifier: Apache-2.0 */
/* bare_log.c - see bare_log.h. */
#include "bare_log.h"

#include "base/crypto.h"

#include <errno.h>
#include <lmdb.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct bare_log {
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    uint8_t chain[SHA256_LEN];
    uint64_t n;
};

struct bare_log *bare_log_close(struct bare_log *b)
{
    if (!b)
        return NULL;
    if (b->txn)
        mdb_txn_abort(b->txn);
    if (b->env)
        mdb_env_close(b->env);
    free(b);
    return NULL;
}

int bare_log_open(const char *dir, struct bare_log **out)
{
    struct bare_log *b = calloc(1, sizeof(*b));
    MDB_txn *t = NULL;
    int code;

    if (!b)
        return -ENOMEM;
    code = mdb_env_create(&b->env);
    if (!code)
        code = mdb_env_set_mapsize(b->env, (size_t)16 << 30);
    if (!code)
        code = mdb_env_open(b->env, dir, MDB_NOTLS, 0600);
    if (!code)
        code = mdb_txn_begin(b->env, NULL, 0, &t);
    if (!code)
        code = mdb_dbi_open(t, NULL, 0, &b->dbi);
    if (!code)
        code = mdb_txn_commit(t);
    if (code) {
        bare_log_close(b);
        return -EIO;
    }
    *out = b;
    return 0;
}

int bare_log_add(struct bare_log *b, struct bytes frame)
{
    const struct bytes parts[] = { bytes_of(b->chain, sizeof(b->chain)), frame };
    uint8_t record[BARE_RECORD] = { 0 }, key[8];
    MDB_val k = { sizeof(key), key }, v = { sizeof(record), record };

    if (!b->txn && mdb_txn_begin(b->env, NULL, 0, &b->txn))
        return -EIO;
    if (crypto_sha256_parts(parts, 2, b->chain))
        return -EIO;
    memcpy(record, b->chain, sizeof(b->chain));
    memcpy(record + sizeof(b->chain), frame.data, frame.len < 128 ? frame.len : 128);
    for (int i = 0; i < 8; i++)
        key[i] = (uint8_t)(b->n >> (56 - 8 * i));
    b->n++;
    return mdb_put(b->txn, b->dbi, &k, &v, MDB_APPEND) ? -EIO : 0;
}

int bare_log_commit(struct bare_log *b)
{
    MDB_txn *t = b->txn;

    b->txn = NULL;
    return t && mdb_txn_commit(t) ? -EIO : 0;
}
