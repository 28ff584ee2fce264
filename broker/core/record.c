/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - audit leaves: the clear part that officers search, and the layout of the sealed part.
 *
 * Sealed layout, version 1: u8 version, then blocks of u8 tag and u32 length:
 *   'P' practitioner: text ref, u8 login
 *   'C' case: text
 *   'R' reason of a self-claimed relationship: text
 *   'S' what the practitioner states: u16, the bits of the wire's statements; left out when none
 *   'T' tokens: u8 unborn, u8 n, n x (u8 kind, u8 scheme, u16 epoch, 32 bytes)
 *   'A' answers: u16 n, n x (text agency, u8 answered, u8 value), then u8 what was told
 *   'I' id of a consent, dispute, shield or override
 *   'B' an answer by hand: text reference of who stated it, i64 when
 *   'J' competence, as judged: text reference, text role, i32 day
 *   'W' of a reading (reading_seal.c): the practitioner read up on: text agency, text reference
 *   'F' of a family report: how the family is reached safely: text
 *   'D' a redaction of it: u64 leaf, u8 cause (1 third party, 2 serious harm), text
 * A record of a question's answers holds no tokens: those of a person whom nobody knew stand in the
 * query's own record only.
 *
 * What finds a record goes with its key (store/ledger_keys.h): tags of tokens, of practitioners, of
 * the message, and of the earlier leaf that it is about. */
#include "stages.h"

#include "engine/catalogue.h"

#include "store/ledger_keys.h"

#include <stddef.h>
#include <string.h>

#define SEALED_VERSION 1

struct ledger_clear *record_begin(struct core *c, uint8_t event, uint16_t slot)
{
    struct ledger_clear *l = &c->clear;

    memset(l, 0, offsetof(struct ledger_clear, holders)); /* of those n_holders counts, and no more are looked at */
    l->event = event;
    l->at_ms = c->wall_ms;
    l->civil_day = c->day;
    l->mode = c->set.wire.mode;
    l->about = LEAF_NONE;
    memcpy(l->policy, c->policy, sizeof(l->policy));
    if (slot != AGENCY_NONE)
        memcpy(l->agency, c->agencies.slots[slot].reg.id, sizeof(l->agency));
    buf_reset(&c->sealed);
    buf_put_u8(&c->sealed, SEALED_VERSION);
    c->private.sealed_part = bytes_of(NULL, 0);
    c->private.class = 0;
    c->private.n_tags = 0;
    c->tagging = 0;
    return l;
}

/* A failure to tag is one of the record: it would never be found. */
static void record_tag(struct core *c, int r, uint64_t tag)
{
    if (r == 0)
        r = ledger_tag_add(&c->private, tag);
    if (c->tagging == 0)
        c->tagging = r;
}

/* Of the agency that the record is of, as it stands now. */
static void record_tag_practitioner(struct core *c, const char *ref)
{
    uint64_t tag = 0;
    int r = ledger_tag_practitioner(c->store, c->clear.agency, ref, &tag);

    record_tag(c, r, tag);
}

void record_class(struct core *c, uint8_t class)
{
    c->private.class = class;
}

static void record_asker(struct core *c, const struct msg_practitioner *p, const char *case_ref)
{
    if (p->ref[0]) {
        record_tag_practitioner(c, p->ref);
        buf_put_u8(&c->sealed, 'P');
        buf_put_u32(&c->sealed, (uint32_t)(4 + strlen(p->ref) + 1));
        buf_put_text(&c->sealed, p->ref);
        buf_put_u8(&c->sealed, p->login);
    }
    if (case_ref[0]) {
        buf_put_u8(&c->sealed, 'C');
        buf_put_u32(&c->sealed, (uint32_t)(4 + strlen(case_ref)));
        buf_put_text(&c->sealed, case_ref);
    }
}

void record_practitioner(struct core *c, const char *ref)
{
    struct msg_practitioner p = { 0 };

    text_cut(p.ref, sizeof(p.ref), ref);
    record_asker(c, &p, "");
}

void record_tokens(struct core *c, const struct token_set *subject)
{
    struct buf *b = &c->sealed;

    if (!subject->n)
        return;
    buf_put_u8(b, 'T');
    buf_put_u32(b, 2u + subject->n * (4u + TOKEN_LEN));
    buf_put_u8(b, subject->unborn);
    buf_put_u8(b, subject->n);
    for (uint8_t i = 0; i < subject->n; i++) {
        buf_put_u8(b, subject->tokens[i].kind);
        buf_put_u8(b, subject->tokens[i].scheme);
        buf_put_u16(b, subject->tokens[i].epoch);
        buf_put(b, subject->tokens[i].value, TOKEN_LEN);
    }
    if (c->tagging == 0)
        c->tagging = ledger_tag_add_set(c->store, &c->private, subject);
}

void record_ask(struct core *c, const struct ask *ask)
{
    struct ledger_clear *l = &c->clear;

    l->message = ask->id;
    memcpy(l->role, ask->practitioner.role, sizeof(l->role));
    memcpy(l->purpose, ask->purpose, sizeof(l->purpose));
    memcpy(l->basis, ask->basis, sizeof(l->basis));
    text_cut(l->question, sizeof(l->question),
             ask->involvement ? "who-is-involved" : ask->question);
    record_asker(c, &ask->practitioner, ask->case_ref);
    if (ask->statements) {
        buf_put_u8(&c->sealed, 'S');
        buf_put_u32(&c->sealed, 2);
        buf_put_u16(&c->sealed, ask->statements);
    }
}

void record_reason(struct core *c, const char *reason)
{
    buf_put_u8(&c->sealed, 'R');
    buf_put_u32(&c->sealed, (uint32_t)(4 + strlen(reason)));
    buf_put_text(&c->sealed, reason);
}

void record_message(struct core *c)
{
    struct ledger_clear *l = &c->clear;

    l->message = c->in.id;
    memcpy(l->role, c->in.practitioner.role, sizeof(l->role));
    memcpy(l->purpose, c->in.purpose, sizeof(l->purpose));
    memcpy(l->basis, c->in.basis, sizeof(l->basis));
    record_asker(c, &c->in.practitioner, c->in.case_ref);
}

void record_id(struct core *c, const struct ledger_clear *begun, const struct id *id)
{
    (void)begun; /* taken so that it cannot be called before the record is begun */
    buf_put_u8(&c->sealed, 'I');
    buf_put_u32(&c->sealed, ID_LEN);
    buf_put(&c->sealed, id->octets, ID_LEN);
}

void record_competence(struct core *c, const struct msg_consent *m)
{
    if (!m->competence_by[0])
        return;
    record_tag_practitioner(c, m->competence_by);
    buf_put_u8(&c->sealed, 'J');
    buf_put_u32(&c->sealed,
                (uint32_t)(4 + strlen(m->competence_by) + 4 + strlen(m->competence_role) + 4));
    buf_put_text(&c->sealed, m->competence_by);
    buf_put_text(&c->sealed, m->competence_role);
    buf_put_i32(&c->sealed, m->competence_on);
}

void record_by(struct core *c, const struct msg_answer *a)
{
    if (!a->by[0])
        return;
    record_tag_practitioner(c, a->by);
    buf_put_u8(&c->sealed, 'B');
    buf_put_u32(&c->sealed, (uint32_t)(4 + strlen(a->by) + 8));
    buf_put_text(&c->sealed, a->by);
    buf_put_i64(&c->sealed, a->by_ms);
}

void record_holders(struct core *c, const struct pending *p)
{
    struct ledger_clear *l = &c->clear;

    l->n_holders = 0;
    for (uint16_t i = 0; i < p->n_holders; i++) {
        if (p->holders[i].agency == AGENCY_NONE)
            continue;
        if (i && p->holders[i].agency == p->holders[i - 1].agency)
            continue; /* asked several factors of a composite: how many is nobody's business */
        if (l->n_holders < ALM_LEN(l->holders))
            memcpy(l->holders[l->n_holders], c->agencies.slots[p->holders[i].agency].reg.id,
                   sizeof(l->holders[0]));
        l->n_holders++;
    }
}

void record_heard(struct core *c, uint16_t n, uint8_t value)
{
    struct buf *b = &c->sealed;
    size_t at;
    uint32_t len;

    buf_put_u8(b, 'A');
    at = b->len;
    buf_put_u32(b, 0); /* the length, filled in below */
    buf_put_u16(b, n);
    for (uint16_t i = 0; i < n; i++) {
        buf_put_text(b, c->heard[i].agency->id);
        buf_put_u8(b, c->heard[i].answered);
        buf_put_u8(b, c->heard[i].value);
    }
    buf_put_u8(b, value);
    if (buf_status(b))
        return;
    len = (uint32_t)(b->len - at - 4);
    for (int i = 0; i < 4; i++)
        b->data[at + (size_t)i] = (uint8_t)(len >> (24 - 8 * i));
}

/* What the clear part names and a search asks for. */
static void record_tag_clear(struct core *c)
{
    const struct ledger_clear *l = &c->clear;
    uint64_t tag = 0;
    int r;

    if (l->about != LEAF_NONE) {
        r = ledger_tag_about(c->store, l->about, &tag);
        record_tag(c, r, tag);
    }
    if (l->agency[0] && !id_is_zero(&l->message)) {
        r = ledger_tag_message(c->store, l->agency, &l->message, &tag);
        record_tag(c, r, tag);
    }
}

/* Whole ids only: half a name is another law. */
void record_laws(struct core *c)
{
    uint16_t laws[POLICY_LAWS_MAX];
    size_t n = c->bundle ? policy_laws(c->bundle, &c->facts, &c->decision, laws) : 0;
    char *detail = c->clear.detail;

    for (size_t i = 0; i < n; i++) {
        const char *before = i ? "," : *detail ? " law=" : "law=";
        const char *id = bundle_gateway_at(c->bundle, laws[i]).id;
        size_t len = strlen(detail), n_before = strlen(before), n_id = strlen(id);

        if (len + n_before + n_id + 1 > sizeof(c->clear.detail))
            return;
        memcpy(detail + len, before, n_before);
        memcpy(detail + len + n_before, id, n_id + 1);
    }
}

uint64_t record_end(struct core *c)
{
    struct store_txn *t = batch_txn(c);
    uint64_t leaf = LEAF_NONE;
    int r;

    if (!t)
        return LEAF_NONE;
    record_tag_clear(c);
    r = buf_status(&c->sealed) ? buf_status(&c->sealed) : c->tagging;
    if (r) {
        batch_fail(c, r, "record");
        return LEAF_NONE;
    }
    c->private.sealed_part = buf_view(&c->sealed);
    ledger_append(c->ledger, t, &c->clear, &c->private, &leaf);
    c->batch.wrote = true;
    r = store_status(t);
    if (r) {
        batch_fail(c, r, "record");
        return LEAF_NONE;
    }
    return leaf;
}
