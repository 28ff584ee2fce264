/* SPDX-License-Identifier: Apache-2.0 */
/* transforms.c - the third pass: shrinks the answer whatever the basis. Who may answer, who is
 * named or masked, and what hides it all. */
#include "engine/composite.h"

static void and_mask(struct mask *m, const struct mask *with)
{
    for (size_t w = 0; w < SET_WORDS; w++)
        m->bits[w] &= with->bits[w];
}

static void take_out(struct mask *m, const struct mask *what)
{
    for (size_t w = 0; w < SET_WORDS; w++)
        m->bits[w] &= ~what->bits[w];
}

/* The answering parties that the protocol lists; and of them, those that a gateway in force covers.
 */
static struct mask listed_holders(struct choice *c)
{
    struct mask m;

    if (c->question) {
        m = c->cell->holders;
    } else {
        m = c->protocol->answer;
        take_out(&m,
                 &c->b->organisations[c->f->agency]); /* "except the asker's own organisation" */
    }
    c->out->n_listed = c->question ? c->cell->n_listed : mask_count(&m);
    and_mask(&m, &c->covered);
    return m;
}

static void add_holder(struct choice *c, uint16_t agency, enum holder_visibility v)
{
    c->out->holders[c->out->n_holders] = agency;
    c->out->visibility[c->out->n_holders++] = (uint8_t)v;
}

static void add_holders(struct choice *c, const struct mask *m)
{
    for (uint16_t i = mask_next(m, 0); i != POLICY_NONE; i = mask_next(m, i + 1))
        add_holder(c, i, HOLDER_NAMED);
}

static bool source_covered(const struct choice *c, uint16_t agency)
{
    return !c->purpose->consent || c->grants.sources_any || mask_has(&c->grants.sources, agency);
}

/* Data README, "Who is involved". */
static enum holder_visibility seen_as(const struct choice *c, uint16_t agency)
{
    if (!mask_has(&c->b->sensitive, agency))
        return source_covered(c, agency) ? HOLDER_NAMED : HOLDER_OMIT;
    if (c->purpose->sensitive == SENSITIVE_NAMED || mask_has(&c->grants.sensitive, agency))
        return HOLDER_NAMED;
    if (c->purpose->sensitive == SENSITIVE_MASKED &&
        (!c->purpose->consent || c->grants.sources_any))
        return HOLDER_MASKED;
    return HOLDER_OMIT;
}

static enum reason involvement_holders(struct choice *c)
{
    struct mask m = listed_holders(c);

    take_out(&m, &c->grants.refused);
    for (uint16_t i = mask_next(&m, 0); i != POLICY_NONE; i = mask_next(&m, i + 1)) {
        enum holder_visibility v = seen_as(c, i);

        if (v != HOLDER_OMIT)
            add_holder(c, i, v);
    }
    return REASON_NONE; /* "-" for none: nobody involved whom the asker may see */
}

/* "only sources that the consent covers may answer": by the sources, or named as a sensitive one.
 */
static void keep_covered(const struct choice *c, struct mask *m)
{
    struct mask covered = c->grants.sources;

    if (c->grants.sources_any)
        return;
    mask_or(&covered, &c->grants.sensitive);
    and_mask(m, &covered);
}

/* Data README, "Insights": a sensitive question first, then whether anybody could answer at all,
 * then the reach of the consent. Whether a holder knows the person plays no part: "a refusal must
 * not depend on the fact asked about". */
static enum reason insight_holders(struct choice *c)
{
    struct mask m = listed_holders(c);
    bool any = mask_any(&m);

    take_out(&m, &c->grants.refused);
    if (c->question->sensitive && c->purpose->sensitive != SENSITIVE_NAMED) {
        and_mask(&m, &c->grants.sensitive);
        if (trace(c, PASS_TRANSFORMS, CLAUSE_SENSITIVE_NAMED, mask_any(&m) ? HOLDS : FAILS) !=
            HOLDS)
            return REASON_SENSITIVE_SERVICE;
    } else if (trace(c, PASS_TRANSFORMS, CLAUSE_HOLDERS_LISTED, any ? HOLDS : FAILS) != HOLDS) {
        return REASON_NONE; /* nobody to ask: permitted, and becomes "cannot say", never "no" */
    } else if (c->purpose->consent) {
        keep_covered(c, &m);
        if (trace(c, PASS_TRANSFORMS, CLAUSE_SOURCES_COVERED, mask_any(&m) ? HOLDS : FAILS) !=
            HOLDS)
            return REASON_CONSENT_SCOPE;
    }
    add_holders(c, &m);
    return REASON_NONE;
}

enum reason transforms_holders(struct choice *c)
{
    if (!c->question)
        return involvement_holders(c);
    if (question_of_broker(c))
        return REASON_NONE;
    if (c->question->kind == QUESTION_COMPOSITE)
        return composite_holders(c);
    return insight_holders(c);
}

void transforms_list_all(struct choice *c)
{
    struct mask m;

    if (c->question && c->question->kind == QUESTION_COMPOSITE) {
        composite_list_all(c);
        return;
    }
    m = listed_holders(c);
    add_holders(c, &m);
}

static bool in_force(const struct choice *c, const struct shield_fact *s)
{
    return s->from <= c->f->day && (s->until == POLICY_DAY_NONE || c->f->day <= s->until);
}

/* A level that is not one of ours is taken as the highest: an unknown attribute denies. */
static uint8_t level_of(const struct shield_fact *s)
{
    return s->level >= 1 && s->level <= 3 ? s->level : 3;
}

static bool hides(const struct choice *c, const struct shield_fact *s)
{
    uint8_t level = level_of(s);

    if (!in_force(c, s) || level <= c->purpose->past_shield)
        return false;
    return level > 1 || (c->question && c->question->reveals_location);
}

static enum reason shield_reason(const struct choice *c)
{
    static const enum reason by_level[] = { REASON_NONE, REASON_SHIELDED_ADDRESS,
                                            REASON_SHIELDED_IDENTITY, REASON_SHIELDED_EXISTENCE };
    uint8_t highest = 0;
    bool near = false;

    for (uint16_t i = 0; i < c->f->n_shields; i++) {
        const struct shield_fact *s = &c->f->shields[i];

        if (!hides(c, s))
            continue;
        if (s->match == FACT_CONFLICT)
            near = true;
        else if (level_of(s) > highest)
            highest = level_of(s);
    }
    return highest ? by_level[highest] : near ? REASON_NEAR_SHIELDED : REASON_NONE;
}

/* A refusal that may be another person's: it matters when it would refuse all, or take out somebody
 * whom we would ask. */
static bool consent_conflict(const struct choice *c)
{
    if (!c->purpose->consent)
        return false;
    if (c->grants.conflict)
        return true;
    for (uint16_t i = 0; i < c->out->n_holders; i++)
        if (mask_has(&c->grants.conflict_sources, c->out->holders[i]))
            return true;
    return false;
}

enum reason transforms_hidden(struct choice *c)
{
    enum reason shield;

    if (question_of_broker(c))
        return REASON_NONE; /* no holder is asked; thresholds and referrals reveal no attribute of
                               the subject */
    shield = shield_reason(c);
    trace(c, PASS_TRANSFORMS, CLAUSE_NO_SHIELD,
          shield == REASON_NONE            ? HOLDS
          : shield == REASON_NEAR_SHIELDED ? CANNOT_TELL
                                           : FAILS);
    if (shield != REASON_NONE)
        return shield;
    if (trace(c, PASS_TRANSFORMS, CLAUSE_NO_CONFLICT, consent_conflict(c) ? CANNOT_TELL : HOLDS) !=
        HOLDS)
        return REASON_MATCH_CONFLICT;
    return REASON_NONE;
}
