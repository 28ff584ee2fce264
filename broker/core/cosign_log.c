/* SPDX-License-Identifier: Apache-2.0 */
/* cosign_log.c - a witness's line is checked and kept beside the head that it signed; a head that a
 * witness holds is compared with this log. */
#include "cosign.h"
#include "stages.h"

#include <errno.h>
#include <string.h>

#define FUTURE_S 600 /* "verifiers MAY reject cosignatures with timestamps in the future" */

/* Any of the agency's keys: while one is replaced by the next, it may sign with either. */
static int line_check(const struct agency *a, struct bytes text, struct bytes line,
                      struct head_witness *out)
{
    struct note_key key;
    int r = -EBADMSG;

    for (uint8_t i = 0; r && i < a->reg.n_sign; i++) {
        if (cosign_key_init(&key, a->reg.id, a->reg.sign[i]))
            continue;
        r = cosign_check(text, line, &key, &out->said_s);
        if (!r)
            cosign_key_format(&key, out->vkey);
    }
    return r ? -EBADMSG : 0;
}

/* Is this line of the note the agency's? An earlier one of it is replaced, also under another key. */
static bool line_of(struct bytes line, const char *agency)
{
    const uint8_t *name = memchr(line.data, ' ', line.len);
    size_t left = name ? line.len - (size_t)(name - line.data) - 1 : 0, len = strlen(agency);

    return left > len && !memcmp(name + 1, agency, len) && name[1 + len] == ' ';
}

static int note_with(struct bytes note, const char *agency, struct bytes line, struct buf *out)
{
    struct bytes text;
    size_t at;
    int r = note_text(note, &text);

    if (r)
        return r;
    at = text.len + 1; /* and the empty line */
    buf_put(out, note.data, at);
    while (at < note.len) {
        const uint8_t *end = memchr(note.data + at, '\n', note.len - at);
        size_t len = end ? (size_t)(end - note.data) - at + 1 : note.len - at;

        if (!line_of(bytes_of(note.data + at, len), agency))
            buf_put(out, note.data + at, len);
        at += len;
    }
    buf_put(out, line.data, line.len);
    if (line.data[line.len - 1] != '\n')
        buf_put_u8(out, '\n');
    return buf_status(out);
}

/* How many of the policy's witnesses stand under it, each with a key that it has now. */
static uint8_t note_count(const struct core *c, struct bytes note)
{
    uint8_t n = 0;

    for (size_t i = 0; i < COSIGN_PLACES; i++) {
        const struct cosign_place *p = &c->cosign->at[i];
        uint16_t slot = p->named ? agencies_find(&c->agencies, p->agency) : AGENCY_NONE;
        bool found = false;

        for (uint8_t k = 0; slot != AGENCY_NONE && !found && k < c->agencies.slots[slot].reg.n_sign;
             k++) {
            struct note_key key;

            found = !cosign_key_init(&key, p->agency, c->agencies.slots[slot].reg.sign[k]) &&
                    !cosign_find(note, &key, NULL);
        }
        n += found;
    }
    return n;
}

static int line_store(struct core *c, struct store_txn *t, const char *agency, struct bytes line)
{
    ALM_CLEANUP(buf_deinit) struct buf old = { 0 }, note = { 0 };
    const struct cosign *s = c->cosign;
    int r;

    buf_init(&old, NOTE_MAX);
    buf_init(&note, NOTE_MAX - 1);
    r = heads_get(t, s->round_size, &old);
    if (r == -ENOENT) {
        buf_put(&old, s->round_note, s->round_len);
        r = buf_status(&old);
    }
    if (!r)
        r = note_with(buf_view(&old), agency, line, &note);
    if (!r && note_count(c, buf_view(&note)) >= s->need)
        heads_witnessed_put(t, s->round_size);
    if (!r) {
        buf_put_u8(&note, 0);
        r = buf_status(&note);
    }
    if (!r)
        ledger_head_put(t, s->round_size, (const char *)note.data);
    return r;
}

int cosign_line(struct core *c, struct cosign_place *p, struct bytes line)
{
    uint16_t slot = agencies_find(&c->agencies, p->agency);
    struct head_witness record = { .size = c->cosign->round_size, .at_ms = c->wall_ms };
    struct store_txn *t;
    struct bytes text;
    int r = note_text(bytes_of(c->cosign->round_note, c->cosign->round_len), &text);

    if (!r)
        r = slot == AGENCY_NONE ? -EBADMSG
                                : line_check(&c->agencies.slots[slot], text, line, &record);
    if (!r)
        r = text_copy(record.agency, sizeof(record.agency), p->agency);
    if (!r && record.said_s > c->wall_ms / 1000 + FUTURE_S)
        r = -ETIME;
    t = r ? NULL : batch_txn(c);
    if (!t)
        return r ? r : -EIO;
    r = line_store(c, t, p->agency, line);
    if (r)
        return r;
    p->record = record;
    p->record_due = true;
    c->batch.wrote = true;
    return 0;
}

int cosign_ours(struct core *c, uint64_t size, const uint8_t root[static SHA256_LEN])
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    uint8_t own[SHA256_LEN];
    uint64_t n;
    int r = store_begin(c->store, false, &t);

    if (!r)
        r = ledger_count(t, &n);
    if (!r && size > n)
        return -EBADMSG; /* we signed it, and have forgotten */
    if (!r)
        r = tree_root_at(size, ledger_node, t, own);
    if (r)
        return r == -EBADMSG ? -EIO : r;
    return memcmp(own, root, SHA256_LEN) ? -EBADMSG : 0;
}
