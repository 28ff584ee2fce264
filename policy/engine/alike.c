/* SPDX-License-Identifier: Apache-2.0 */
/* alike.c - what no decision can tell apart, for tools that decide very many requests: one of those
 * that are alike is decided, and stands for the others.
 *
 * Beside the checks, because it says what they do not look at. All of a question is compared but
 * what is listed here by name: a field that is new makes fewer questions alike, never too many. */
#include "engine/bundle.h"
#include "engine/catalogue.h"
#include <string.h>

/* A question as the checks see it. Sectors and "every answering party" are in its cell; which other
 * purposes it has, its words, how it is answered and what a threshold counts are nobody's business
 * here. Copied byte by byte, so that what lies between two fields is alike too. */
static void as_checked(const struct lay_question *q, struct lay_question *out)
{
    memcpy(out, q, sizeof(*out));
    out->id = out->wording = out->owner = out->decision = NULL;
    memset(out->purposes, 0, sizeof(out->purposes));
    out->all_parties = false;
    out->sectors = 0;
    out->uses_homes = out->unknown_cannot_say = false;
    out->look_back_days = out->deadline_ms = 0;
    out->pin_days = 0;
    memset(&out->threshold, 0, sizeof(out->threshold));
}

bool bundle_questions_alike(const struct bundle *b, uint16_t purpose, uint16_t one, uint16_t other)
{
    bool listed = bundle_lists(b, purpose, one);
    const struct cell *c, *k;
    struct lay_question p, q;

    if (one == other || !listed || !bundle_lists(b, purpose, other))
        return one == other || listed == bundle_lists(b, purpose, other);
    c = &b->cells[(size_t)purpose * b->l.n_questions + one];
    k = &b->cells[(size_t)purpose * b->l.n_questions + other];
    if (memcmp(&c->holders, &k->holders, sizeof(c->holders)) != 0)
        return false;
    as_checked(&b->l.questions[one], &p);
    as_checked(&b->l.questions[other], &q);
    return memcmp(&p, &q, sizeof(p)) == 0;
}

static uint8_t ask_of(const struct bundle *b, const struct protocol_view *v, uint16_t agency)
{
    return agency < b->l.n_agencies && mask_has(&v->party, agency) ? v->ask[agency] : ASK_NO;
}

static bool somebody_answers(const struct bundle *b, const struct protocol_view *v, uint16_t agency)
{
    struct mask own = b->organisations[agency];

    for (size_t w = 0; w < SET_WORDS; w++)
        own.bits[w] &= v->answer.bits[w];
    return mask_any(&own);
}

bool bundle_askers_alike(const struct bundle *b, uint16_t purpose, bool own, uint16_t one,
                         uint16_t other)
{
    const struct protocol_view *v;
    uint8_t ask;

    if (one == other || purpose >= b->l.n_purposes)
        return true;
    v = &b->protocols[b->l.purposes[purpose].protocol];
    ask = ask_of(b, v, one);
    if (ask == ASK_NO || ask_of(b, v, other) == ASK_NO)
        return ask == ask_of(b, v, other);
    /* Full or insight only is read of who is involved alone; and what leaves out the asker's own
     * organisation leaves out nobody where nobody there answers. */
    return !own || (ask == ask_of(b, v, other) &&
                    (bundle_same_organisation(b, one, other) ||
                     (!somebody_answers(b, v, one) && !somebody_answers(b, v, other))));
}

static bool met(const struct lay_gateway *g, uint32_t stated)
{
    return (g->conditions & stated) == g->conditions;
}

/* Gateways not in force are passed over, and where a purpose rests on consent all of other kinds:
 * basis.c, gateways_of(). */
static bool bases_alike(const struct bundle *b, const struct lay_purpose *p, int32_t day,
                        uint32_t one, uint32_t other)
{
    for (uint16_t i = 0; i < p->n_bases; i++) {
        const struct lay_gateway *g = &b->l.gateways[p->bases[i]];
        bool read = (g->kind == GATEWAY_CONSENT) == p->consent && day >= g->from &&
                    (g->until == POLICY_DAY_NONE || day <= g->until);

        if (read && met(g, one) != met(g, other))
            return false;
    }
    return true;
}

static bool overrides_alike(const struct bundle *b, uint16_t purpose, int32_t day, uint32_t one,
                            uint32_t other)
{
    const struct policy_override_rules *o = &b->l.overrides;

    if (!((o->purposes[purpose / 64] >> (purpose % 64)) & 1))
        return true;
    for (uint16_t i = 0; i < b->l.n_gateways; i++)
        if (met(&b->l.gateways[i], one) != met(&b->l.gateways[i], other) &&
            bundle_override_gateway(b, i, day))
            return false;
    return true;
}

bool bundle_statements_alike(const struct bundle *b, uint16_t purpose, int32_t day, uint32_t one,
                             uint32_t other)
{
    return purpose >= b->l.n_purposes ||
           (bases_alike(b, &b->l.purposes[purpose], day, one, other) &&
            overrides_alike(b, purpose, day, one, other));
}
