/* SPDX-License-Identifier: Apache-2.0 */
/* cosign_signer.c - the signer, which has no network, hears through the core which heads the witnesses
 * hold; and what officers are told of witnesses. See pair/children.h for the datagrams. */
#include "cosign.h"
#include "stages.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#define SIGNER_ANSWER_MS 10000
#define SIGNER_TELL_MAX  (1 + 2 + 2 + 8 + 2 + TREE_PROOF_MAX * SHA256_LEN + 2 + COSIGN_NOTE_MAX)

static void signer_untold(struct cosign *s)
{
    if (!s->signer_told)
        return;
    s->signer_told->handed = false;
    s->signer_told->evidence = true;
}

void cosign_signer_said(struct core *c, struct cursor *at)
{
    struct cosign *s = c->cosign;
    uint64_t size = cursor_u64(at);
    uint8_t wants = cursor_u8(at), first = cursor_u8(at);

    if (cursor_end(at))
        return;
    if (s->signer_busy && !first && size != s->signer_size)
        signer_untold(s); /* it has another head by now than the proof was from: it hears it again */
    s->signer_size = size;
    s->signer_wants = wants;
    s->signer_busy = false;
    if (!first)
        return;
    s->signer_told_none = false;
    for (size_t i = 0; i < COSIGN_PLACES; i++) {
        s->at[i].answered = s->at[i].handed = false;
        s->at[i].asked_ms = INT64_MIN;
        s->at[i].out = false;
    }
}

/* Of whom the signer will have heard with this one: it opens its gate by this number. */
static uint16_t answered(const struct cosign *s, const struct cosign_place *with)
{
    uint16_t n = 0;

    for (size_t i = 0; i < COSIGN_PLACES; i++)
        n += s->at[i].named && s->at[i].answered && (s->at[i].handed || &s->at[i] == with);
    return n;
}

/* Between the signer's last head and the witness's, whichever is larger; none where this log does not
 * reach so far. */
static int tell_prove(struct core *c, const struct cosign_place *p, struct tree_proof *proof)
{
    ALM_CLEANUP(store_abortp) struct store_txn *t = NULL;
    uint64_t own = c->cosign->signer_size, held = p ? p->held : 0, n;
    int r;

    proof->n = 0;
    if (!own || !held || own == held)
        return 0;
    r = store_begin(c->store, false, &t);
    if (!r)
        r = ledger_count(t, &n);
    if (r || own > n || held > n)
        return r;
    return tree_prove_consistency(own < held ? own : held, own < held ? held : own, ledger_node, t,
                                  proof);
}

static int tell(struct core *c, const struct cosign_place *p)
{
    ALM_CLEANUP(buf_deinit) struct buf b = { 0 };
    struct cosign *s = c->cosign;
    struct tree_proof proof = { .n = 0 };
    int r = tell_prove(c, p, &proof);

    if (r)
        return r;
    buf_init(&b, SIGNER_TELL_MAX);
    buf_put_u8(&b, 'A');
    buf_put_u16(&b, answered(s, p));
    buf_put_u16(&b, s->need);
    buf_put_u64(&b, s->signer_size);
    buf_put_u16(&b, (uint16_t)proof.n); /* at most TREE_PROOF_MAX */
    buf_put(&b, proof.hashes, proof.n * SHA256_LEN);
    buf_put_u16(&b, (uint16_t)(p ? p->note_len : 0)); /* at most COSIGN_NOTE_MAX */
    buf_put(&b, p ? p->note : "", p ? p->note_len : 0);
    r = buf_status(&b);
    if (!r && send(c->heads.fd, b.data, b.len, MSG_NOSIGNAL | MSG_DONTWAIT) != (ssize_t)b.len)
        r = -errno;
    s->signer_busy = r == 0;
    s->signer_ms = c->mono_ms;
    return r;
}

static void tell_place(struct core *c, struct cosign_place *p)
{
    int r = tell(c, p);

    c->cosign->signer_told = r ? NULL : p;
    if (r)
        log_warn("signer-not-told", "error=%d", -r);
    p->handed = r == 0;
    if (r == 0)
        p->evidence = false;
}

void cosign_tell_signer(struct core *c)
{
    struct cosign *s = c->cosign;

    if (c->heads.fd < 0 || (s->signer_busy && c->mono_ms - s->signer_ms < SIGNER_ANSWER_MS))
        return;
    s->signer_busy = false;
    if (s->signer_wants && !s->n && !s->signer_told_none) {
        s->signer_told_none = tell(c, NULL) == 0;
        s->signer_told = NULL;
        return;
    }
    for (size_t i = 0; i < COSIGN_PLACES && !s->signer_busy; i++) {
        struct cosign_place *p = &s->at[i];

        if (p->named && (p->evidence || (s->signer_wants && p->answered && !p->handed)))
            tell_place(c, p);
    }
}

/* --- what officers see --- */

static bool place_fresh(const struct core *c, const struct cosign_place *p)
{
    return p->record.said_s && c->mono_ms - p->fresh_ms <= c->cosign->outage_ms;
}

json_t *cosign_status(const struct core *c)
{
    const struct cosign *s = c->cosign;
    int64_t newest = INT64_MIN;
    int fresh = 0;

    for (size_t i = 0; i < COSIGN_PLACES; i++) {
        const struct cosign_place *p = &s->at[i];

        if (!p->named || !p->record.said_s)
            continue;
        fresh += place_fresh(c, p);
        newest = p->fresh_ms > newest ? p->fresh_ms : newest;
    }
    return json_pack("{s:i, s:i, s:i, s:I, s:o, s:b, s:b}", "named", (int)s->n, "need", (int)s->need,
                     "signed", fresh, "outage_ms", (json_int_t)s->outage_ms, "newest_ms",
                     newest == INT64_MIN ? json_null() : json_integer(c->mono_ms - newest), "forked",
                     s->forked, "asked_by_signer", s->signer_wants);
}

static json_t *place_keys(const struct core *c, uint16_t slot)
{
    json_t *list = json_array();

    for (uint8_t i = 0; slot != AGENCY_NONE && i < c->agencies.slots[slot].reg.n_sign; i++) {
        struct note_key key;
        char vkey[NOTE_VKEY_MAX];

        if (cosign_key_init(&key, c->agencies.slots[slot].reg.id, c->agencies.slots[slot].reg.sign[i]))
            continue;
        cosign_key_format(&key, vkey);
        json_array_append_new(list, json_string(vkey));
    }
    return list;
}

static json_t *place_json(const struct core *c, const struct cosign_place *p)
{
    uint16_t slot = agencies_find(&c->agencies, p->agency);
    char came[25] = "", said[25] = "";

    if (p->record.said_s) {
        clock_format_utc(p->record.at_ms, came);
        clock_format_utc(p->record.said_s * 1000, said);
    }
    return json_pack(
        "{s:s, s:b, s:b, s:b, s:I, s:s, s:s, s:s, s:o, s:o, s:s}", "agency", p->agency, "enrolled",
        slot != AGENCY_NONE, "connected",
        slot != AGENCY_NONE && c->agencies.slots[slot].presence == PRESENCE_HERE, "fresh",
        place_fresh(c, p), "size", (json_int_t)p->record.size, "came_at", came, "signed_at", said,
        "under", p->record.vkey, "vkeys", place_keys(c, slot), "holds",
        p->held_known ? json_integer((json_int_t)p->held) : json_null(), "trouble",
        p->trouble ? p->trouble : "");
}

json_t *cosign_list(struct core *c)
{
    json_t *list = json_array(), *o;

    for (size_t i = 0; list && i < COSIGN_PLACES; i++) {
        if (c->cosign->at[i].named)
            json_array_append_new(list, place_json(c, &c->cosign->at[i]));
    }
    o = json_pack("{s:b, s:o, s:o}", "ok", 1, "summary", cosign_status(c), "witnesses", list);
    if (o && cosign_stops(c))
        json_object_set_new(o, "stops", json_string(cosign_stops(c)));
    return o ? o : local_error("internal", 70, "short of memory");
}
