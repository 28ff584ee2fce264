/* SPDX-License-Identifier: Apache-2.0 */
/* prove.c - `audit prove LEAF`: that a leaf is in the log up to a signed head, for somebody who has
 * nothing else of the log. */
#include "audit.h"
#include "bundle.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

struct proving {
    struct officer_session *s;
    const char *folder;
    uint64_t leaf;
    struct checkpoint head;
    struct tree_proof proof;
    uint8_t hash[SHA256_LEN];
};

static int prove_tile(void *ctx, unsigned level, uint64_t n, unsigned width,
                      uint8_t (*hashes)[SHA256_LEN])
{
    ALM_CLEANUP(buf_deinit) struct buf octets = { 0 };
    const struct proving *p = ctx;
    char kind[16];
    int r;

    buf_init(&octets, TILE_BYTES + 1);
    tile_kind(level, kind);
    r = bundle_read(p->folder, kind, n, width, TILE_BYTES + 1, &octets);
    if (!r && octets.len != (size_t)width * SHA256_LEN)
        r = -EBADMSG;
    if (!r)
        memcpy(hashes, octets.data, octets.len);
    return r;
}

static json_t *base64_json(struct bytes octets)
{
    size_t size = (octets.len + 2) / 3 * 4 + 1;
    char *text = malloc(size);
    json_t *o =
        text && base64_encode(octets.data, octets.len, text, size) >= 0 ? json_string(text) : NULL;

    free(text);
    return o;
}

static int proof_print(const struct proving *p, const struct bundle_row *row,
                       const struct buf *note)
{
    json_t *hashes = json_array(), *o;

    for (size_t i = 0; hashes && i < p->proof.n; i++)
        (void)json_array_append_new(hashes, base64_json(bytes_of(p->proof.hashes[i], SHA256_LEN)));
    o = json_pack("{s:i, s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:s#}", "almoner_proof", 1, "leaf",
                  (json_int_t)p->leaf, "size", (json_int_t)p->head.size, "clear",
                  base64_json(row->clear), "entry",
                  base64_json(bytes_of(row->entry, BUNDLE_ENTRY_LEN)), "leaf_hash",
                  base64_json(bytes_of(p->hash, SHA256_LEN)), "hashes", hashes, "root",
                  base64_json(bytes_of(p->head.root, SHA256_LEN)), "note", (const char *)note->data,
                  note->len);
    if (!o)
        return officer_fail(p->s, EX_OSERR, "short of memory");
    print_json(o);
    json_decref(o);
    return 0;
}

/* The leaf's row in its bundle; views into the two. Return: 0; -EBADMSG; -errno. */
static int row_find(const struct proving *p, struct buf *entries, struct buf *records,
                    struct bundle_row *row)
{
    uint64_t n = p->leaf / TILE_WIDTH;
    unsigned width = tile_width(p->head.size, 0, n);
    struct cursor at, beside;
    int r = bundle_read(p->folder, BUNDLE_ENTRIES, n, width, BUNDLE_MAX, entries);

    if (!r)
        r = bundle_read(p->folder, BUNDLE_RECORDS, n, width, BUNDLE_MAX, records);
    if (r)
        return r;
    at = cursor_of(buf_view(entries));
    beside = cursor_of(buf_view(records));
    for (uint64_t i = 0; i <= p->leaf % TILE_WIDTH; i++) {
        r = bundle_take(&at, &beside, row);
        if (r < 0)
            return r;
        if (r == BUNDLE_ENTRY_ENDS || r == BUNDLE_RECORD_ENDS)
            return -EBADMSG;
    }
    return r ? -EBADMSG : 0; /* of the leaf itself */
}

static int prove(struct proving *p, const struct buf *note)
{
    ALM_CLEANUP(buf_deinit) struct buf entries = { 0 }, records = { 0 };
    struct tile_source source = { .read = prove_tile, .ctx = p, .size = p->head.size };
    struct bundle_row row;
    int r;

    buf_init(&entries, BUNDLE_MAX);
    buf_init(&records, BUNDLE_MAX);
    r = row_find(p, &entries, &records, &row);
    if (!r)
        r = tree_leaf_hash(bytes_of(row.entry, BUNDLE_ENTRY_LEN), p->hash);
    if (!r)
        r = tree_prove_inclusion(p->leaf, p->head.size, tile_node, &source, &p->proof);
    if (!r)
        r = tree_check_inclusion(p->hash, p->leaf, p->head.size, &p->proof, p->head.root);
    if (!r)
        return proof_print(p, &row, note);
    if (r == -ENOMEM)
        return officer_fail(p->s, EX_OSERR, "short of memory");
    return officer_fail(p->s, EX_DATAERR,
                        "leaf %" PRIu64 " cannot be proved from %s (%s); \"almoner audit verify\" "
                        "says what is wrong with it",
                        p->leaf, p->folder,
                        r == -EBADMSG ? "it does not fit the head" : strerror(-r));
}

int command_audit_prove(struct officer_session *s)
{
    ALM_CLEANUP(buf_deinit) struct buf note = { 0 };
    struct proving p = { .s = s, .folder = s->args->input };
    const char *text = s->args->operands[2];
    struct note_key key;
    char *end;
    int rc;

    errno = 0;
    p.leaf = strtoull(text, &end, 10);
    if (errno || end == text || *end || *text < '0' || *text > '9')
        return officer_fail(s, EX_USAGE, "\"%.40s\" is not a leaf's number", text);
    if (!p.folder)
        return officer_fail(s, EX_USAGE,
                            "from which export? Give --export FOLDER: one made with "
                            "\"almoner audit export --format tiles FOLDER\"");
    buf_init(&note, NOTE_MAX);
    rc = audit_key(s, &key);
    if (!rc)
        rc = audit_folder_head(s, p.folder, &note);
    if (rc)
        return rc;
    if (checkpoint_open(buf_view(&note), &key, key.name, &p.head))
        return officer_fail(s, EX_DATAERR,
                            "NOT VERIFIED: the head of %s is not one that this "
                            "verifier key signed",
                            p.folder);
    if (p.leaf >= p.head.size)
        return officer_fail(s, EX_DATAERR,
                            "leaf %" PRIu64 " is not under this head, which has %" PRIu64 " leaves",
                            p.leaf, p.head.size);
    return prove(&p, &note);
}
