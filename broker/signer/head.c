/* SPDX-License-Identifier: Apache-2.0 */
/* head.c - see head.h. The file is the signed note itself: it needs no form of its own, and vouches
 * for itself. */
#include "signer/head.h"

#include "base/file.h"

#include <errno.h>
#include <string.h>

enum head_verdict head_judge(const struct head *last, const struct head_ask *ask)
{
    if (!last->any)
        return HEAD_FOLLOWS;
    if (ask->size < last->size)
        return HEAD_SHRINKS;
    if (ask->size == last->size)
        return memcmp(ask->root, last->root, SHA256_LEN) ? HEAD_DISAGREES : HEAD_SAME;
    if (ask->from != last->size)
        return HEAD_UNPROVED;
    return tree_check_consistency(last->size, ask->size, last->root, ask->root, &ask->proof)
               ? HEAD_BREAKS
               : HEAD_FOLLOWS;
}

enum held_verdict head_meet(const struct head *last, const struct head *held,
                            const struct tree_proof *proof)
{
    if (!last->any)
        return HELD_AHEAD;
    if (held->size == last->size)
        return memcmp(held->root, last->root, SHA256_LEN) ? HELD_FORKED : HELD_KNOWN;
    if (held->size < last->size && !proof->n)
        return HELD_KNOWN; /* the log is too short to tell, and so will not be signed */
    if (held->size < last->size)
        return tree_check_consistency(held->size, last->size, held->root, last->root, proof)
                   ? HELD_FORKED
                   : HELD_KNOWN;
    if (!proof->n)
        return HELD_AHEAD; /* whatever is signed next must continue it, so a fork is found there */
    return tree_check_consistency(last->size, held->size, last->root, held->root, proof)
               ? HELD_FORKED
               : HELD_AHEAD;
}

int head_load(const char *path, const struct note_key *key, const char *origin, struct head *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    struct checkpoint checkpoint;
    int r;

    *out = (struct head){ .any = false };
    buf_init(&text, NOTE_MAX);
    r = file_read(path, NOTE_MAX - 1, &text);
    if (r == -ENOENT)
        return 0;
    if (r == -E2BIG)
        return -EBADMSG;
    if (r)
        return r;
    r = checkpoint_open(buf_view(&text), key, origin, &checkpoint);
    if (r)
        return -EBADMSG;
    memcpy(out->note, text.data, text.len);
    out->note[text.len] = '\0';
    out->size = checkpoint.size;
    memcpy(out->root, checkpoint.root, SHA256_LEN);
    out->any = true;
    return 0;
}

int head_store(const char *path, const struct head *h)
{
    return file_write(path, bytes_str(h->note), 0600);
}
