/* SPDX-License-Identifier: Apache-2.0 */
/* verify.c - leaf hashes, the root, and the head's signature, recomputed. */
#include "verify.h"
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ENTRY_VERSION 1
#define NONCE_LEN     32

ALM_PRINTF(2, 3) static int verify_fail(struct verify *v, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(v->why, sizeof(v->why), fmt, args);
    va_end(args);
    return -EBADMSG;
}

int verify_begin(struct verify *v, struct bytes note, const struct note_key *key)
{
    *v = (struct verify){ .why = "" };
    switch (checkpoint_open(note, key, key->name, &v->head)) {
    case 0:
        return 0;
    case -ENOKEY:
        return verify_fail(
            v, "the head is not signed by this verifier key (another log's key, or a forged head)");
    case -EBADMSG:
        return verify_fail(
            v, "the head's signature is wrong: it was altered after it was signed, or forged");
    case -EXDEV:
        return verify_fail(v, "the head belongs to another log than the verifier key's");
    default:
        return verify_fail(v, "the head is not a signed checkpoint");
    }
}

int verify_continues(struct verify *v, struct bytes note, const struct note_key *key)
{
    if (checkpoint_open(note, key, key->name, &v->earlier))
        return verify_fail(v, "the head that was kept is not one that this verifier key signed: it "
                              "cannot be compared with");
    if (v->earlier.size > v->head.size) {
        v->bad = true;
        v->bad_leaf = v->head.size;
        return verify_fail(v,
                           "the log was cut short: %" PRIu64
                           " leaves were signed in the head that was kept, "
                           "%" PRIu64 " in this one",
                           v->earlier.size, v->head.size);
    }
    v->continues = true;
    return verify_grown(v, &v->tree);
}

int verify_grown(struct verify *v, const struct tree_frontier *tree)
{
    uint8_t root[SHA256_LEN];
    int rc;

    if (!v->continues || tree->size != v->earlier.size)
        return 0;
    rc = tree_root(tree, root);
    if (rc)
        return rc;
    if (memcmp(root, v->earlier.root, sizeof(root)))
        return verify_fail(
            v,
            "the log does not continue the head that was kept: one of its first %" PRIu64
            " leaves was altered, moved or left out since, and signed anew",
            v->earlier.size);
    return 0;
}

/* SHA-256 of a base64 field's octets. Return: 0; -EBADMSG; -errno. */
static int field_hash(struct verify *v, const json_t *row, const char *key,
                      uint8_t out[static SHA256_LEN])
{
    const json_t *field = json_object_get(row, key);
    size_t len = json_string_length(field);
    uint8_t *octets;
    int n, rc;

    if (!json_is_string(field))
        return verify_fail(v, "leaf %" PRIu64 ": no \"%s\" in the export", v->tree.size, key);
    octets = malloc(len / 4 * 3 + 3);
    if (!octets)
        return -ENOMEM;
    n = base64_decode(json_string_value(field), len, octets, len / 4 * 3 + 3);
    rc = n < 0 ? verify_fail(v, "leaf %" PRIu64 ": \"%s\" is not base64", v->tree.size, key)
               : crypto_sha256(bytes_of(octets, (size_t)n), out);
    free(octets);
    return rc;
}

/* Where the sealed part was erased (DESIGN.md section 8), its hash stands in its place. */
static int sealed_hash(struct verify *v, const json_t *row, uint8_t out[static SHA256_LEN])
{
    const json_t *field = json_object_get(row, "sealed_hash");
    uint8_t hash[SHA256_LEN + 3];

    if (json_object_get(row, "sealed") || !field)
        return field_hash(v, row, "sealed", out);
    if (!json_is_string(field) || base64_decode(json_string_value(field), json_string_length(field),
                                                hash, sizeof(hash)) != SHA256_LEN)
        return verify_fail(v, "leaf %" PRIu64 ": \"sealed_hash\" is not %d bytes of base64",
                           v->tree.size, SHA256_LEN);
    memcpy(out, hash, SHA256_LEN);
    return 0;
}

static int row_leaf_hash(struct verify *v, const json_t *row, uint8_t out[static SHA256_LEN])
{
    uint8_t entry[1 + NONCE_LEN + 2 * SHA256_LEN] = { ENTRY_VERSION }, nonce[NONCE_LEN + 3];
    const json_t *field = json_object_get(row, "nonce");
    int rc;

    if (!json_is_string(field) || base64_decode(json_string_value(field), json_string_length(field),
                                                nonce, sizeof(nonce)) != NONCE_LEN)
        return verify_fail(v, "leaf %" PRIu64 ": its nonce is missing or not %d bytes of base64",
                           v->tree.size, NONCE_LEN);
    memcpy(entry + 1, nonce, NONCE_LEN);
    rc = field_hash(v, row, "clear", entry + 1 + NONCE_LEN);
    if (!rc)
        rc = sealed_hash(v, row, entry + 1 + NONCE_LEN + SHA256_LEN);
    return rc ? rc : tree_leaf_hash(bytes_of(entry, sizeof(entry)), out);
}

static int row_add(struct verify *v, const json_t *row)
{
    uint8_t hash[SHA256_LEN];
    int rc = row_leaf_hash(v, row, hash);

    if (!rc)
        rc = tree_append(&v->tree, hash, NULL, NULL);
    if (!rc && !json_object_get(row, "sealed"))
        v->erased++;
    return rc;
}

int verify_row(struct verify *v, const json_t *row)
{
    const json_t *field = json_object_get(row, "leaf");
    json_int_t leaf = json_integer_value(field);
    int rc;

    if (!json_is_integer(field) || leaf < 0)
        return verify_fail(v, "a row without a leaf's number after leaf %" PRIu64, v->tree.size);
    if (v->tree.size >= v->head.size)
        return 0;
    v->bad_leaf = v->tree.size;
    v->bad = true; /* until it is shown to be good */
    if ((uint64_t)leaf != v->tree.size)
        return verify_fail(
            v, "leaf %" PRIu64 " is missing: leaf %" JSON_INTEGER_FORMAT " came in its place",
            v->tree.size, leaf);
    rc = row_add(v, row);
    v->bad = rc != 0;
    return rc ? rc : verify_grown(v, &v->tree);
}

int verify_end(struct verify *v)
{
    uint8_t root[SHA256_LEN];
    int rc;

    if (v->tree.size < v->head.size) {
        v->bad = true;
        v->bad_leaf = v->tree.size;
        return verify_fail(
            v, "the log ends at leaf %" PRIu64 ", but %" PRIu64 " were signed: the rest is missing",
            v->tree.size, v->head.size);
    }
    rc = tree_root(&v->tree, root);
    if (rc)
        return rc;
    if (memcmp(root, v->head.root, sizeof(root)))
        return verify_fail(v,
                           "the root recomputed from the %" PRIu64
                           " leaves is not the one that was signed: a record was altered",
                           v->head.size);
    return 0;
}
