/* SPDX-License-Identifier: Apache-2.0 */
/* registry.h - who may act: agencies' keys and standing, practitioners' standing, officers, policy bundles.
 * What an agency is (sector, team, sensitive) is policy, in the bundle. */
#pragma once
#include "store/store.h"

#define REGISTRY_ID_MAX 64
#define REGISTRY_KEYS_MAX 4 /* of each sort; several while one is replaced */

enum standing { STANDING_ACTIVE = 1, STANDING_SUSPENDED };
struct registry_agency {
    char id[REGISTRY_ID_MAX];
    uint8_t standing; /* enum standing */
    uint8_t n_curve, n_sign;
    uint8_t curve[REGISTRY_KEYS_MAX][32];
    uint8_t sign[REGISTRY_KEYS_MAX][32];
    int64_t added_ms, changed_ms;
};
struct registry_officer {
    char id[REGISTRY_ID_MAX];
    uint8_t sign[32];
    uint8_t standing;
    int64_t added_ms;
};
/* Return: 0, -ENOENT, -EBADMSG, -errno */
ALM_MUST_USE int registry_agency_get(struct store_txn *t, const char *id, struct registry_agency *out);
/* Also keeps TABLE_KEYS. A key that is another agency's fails the transaction with -EEXIST, so ask registry_key_owner first.
 * Dropping a key from the record is revoking it. */
void registry_agency_put(struct store_txn *t, const struct registry_agency *a);
enum registry_key_sort { REGISTRY_KEY_CURVE = 1, REGISTRY_KEY_SIGN };
/* Whose key this is. Return: 0; -ENOENT nobody's; -EBADMSG; -errno. */
ALM_MUST_USE int registry_key_owner(struct store_txn *t, enum registry_key_sort sort, const uint8_t key[static 32], char out[static REGISTRY_ID_MAX]);
typedef int registry_agency_visit(void *ctx, const struct registry_agency *a);
ALM_MUST_USE int registry_agency_each(struct store_txn *t, registry_agency_visit *visit, void *ctx);
ALM_MUST_USE int registry_officer_get(struct store_txn *t, const char *id, struct registry_officer *out);
void registry_officer_put(struct store_txn *t, const struct registry_officer *o);
ALM_MUST_USE int registry_officer_count(struct store_txn *t, size_t *active);
typedef int registry_officer_visit(void *ctx, const struct registry_officer *o);
ALM_MUST_USE int registry_officer_each(struct store_txn *t, registry_officer_visit *visit, void *ctx);
/* Standing of a practitioner; never suspended: STANDING_ACTIVE. An agency or reference that is empty or too long: -EINVAL. */
ALM_MUST_USE int registry_practitioner_get(struct store_txn *t, const char *agency, const char *ref, uint8_t *standing);
void registry_practitioner_put(struct store_txn *t, const char *agency, const char *ref, uint8_t standing);
/* Policy bundles, kept for ever under their hash so that past decisions can be explained. */
void registry_bundle_put(struct store_txn *t, const uint8_t hash[static 32], struct bytes compiled);
/* Appends the compiled bytes to out, after checking that they hash to this. Return: 0; -ENOENT; -EBADMSG; -errno. */
ALM_MUST_USE int registry_bundle_get(struct store_txn *t, const uint8_t hash[static 32], struct buf *out);
/* A bundle that is not there fails the transaction with -ENOENT. */
void registry_bundle_activate(struct store_txn *t, const uint8_t hash[static 32]);
ALM_MUST_USE int registry_bundle_active(struct store_txn *t, uint8_t hash[static 32]); /* -ENOENT: none yet */
