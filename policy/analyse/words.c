/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - a line's sets as phrases: everything is "any", nearly everything "any except", whole
 * sectors by their name. */
#include "analyse/words.h"
#include "base/civil.h"
#include <string.h>

const char *words_id(const struct domain *d, enum axis x, uint16_t code)
{
    switch (x) {
    case AXIS_PURPOSE:
        return d->purposes.id[code];
    case AXIS_AGENCY:
        return d->agencies.id[code];
    case AXIS_ROLE:
        return d->roles.id[code];
    case AXIS_ASKED:
        return code == ASKED_INVOLVEMENT ? "who-is-involved" : d->questions.id[code - 1];
    case AXIS_SUBJECT:
    case AXIS_RELATION:
    case AXIS_STATED:
    case AXIS_RECORD:
    case AXIS_CONSENT:
        return situation_word(x, code);
    case AXIS_OVERRIDE:
        return d->overrides[code].word;
    case AXIS_DAY:
    case AXIS_COUNT:
    default:
        return "";
    }
}

const char *words_phrase(const struct domain *d, enum axis x, uint16_t code)
{
    if (x == AXIS_OVERRIDE)
        return d->overrides[code].phrase;
    return x >= AXIS_SUBJECT ? situation_phrase(x, code) : words_id(d, x, code);
}

const char *words_sector(const struct domain *d, uint16_t agency)
{
    for (size_t k = d->n_bundles; k-- > 0;)
        if (d->agencies.index[k][agency] != POLICY_NONE)
            return bundle_agency_at(d->b[k], d->agencies.index[k][agency])->sector;
    return "";
}

const char *words_basis(uint8_t basis)
{
    static const char *const words[] = { "", "as a duty", "by consent", "by a power",
                                         "by an approved override" };

    return basis < ALM_LEN(words) ? words[basis] : "";
}

static void put(struct buf *out, const char *text)
{
    buf_put(out, text, strlen(text));
}

static void join(struct buf *out, size_t nth, size_t of, const char *last)
{
    if (nth == 0)
        return;
    put(out, nth + 1 == of ? last : ", ");
}

static bool in_line(const struct matrix *m, const struct line *l, enum axis x, uint16_t at)
{
    return sets_has(&m->sets[x], l->set[x], at);
}

/* Lists the positions that are in the line's set, or those that are not. */
static void put_ids(const struct matrix *m, const struct line *l, enum axis x, bool in,
                    const char *last, struct buf *out)
{
    const struct axis_values *v = &m->d->axis[x];
    size_t n = sets_count(&m->sets[x], l->set[x]), nth = 0;

    n = in ? n : v->n - n;
    for (uint16_t i = 0; i < v->n; i++)
        if (in_line(m, l, x, i) == in) {
            join(out, nth++, n, last);
            put(out, words_phrase(m->d, x, v->codes[i]));
        }
}

static bool all_but_few(const struct matrix *m, const struct line *l, enum axis x)
{
    size_t all = m->d->axis[x].n, n = sets_count(&m->sets[x], l->set[x]);

    return 3 * (all - n) <= n; /* then the exceptions are easier to read than the list */
}

static bool whole(const struct matrix *m, const struct line *l, enum axis x)
{
    return sets_count(&m->sets[x], l->set[x]) == m->d->axis[x].n && m->d->axis[x].n > 1;
}

/* --- agencies, whole sectors by name --- */

/* How many agencies the sector of the agency at a position has, and how many of them the line. */
static void count_sector(const struct matrix *m, const struct line *l, uint16_t at, size_t *all,
                         size_t *in)
{
    const struct axis_values *v = &m->d->axis[AXIS_AGENCY];
    const char *sector = words_sector(m->d, v->codes[at]);

    *all = *in = 0;
    for (uint16_t i = 0; i < v->n; i++)
        if (strcmp(words_sector(m->d, v->codes[i]), sector) == 0) {
            ++*all;
            *in += in_line(m, l, AXIS_AGENCY, i);
        }
}

static bool first_of_sector(const struct matrix *m, uint16_t at)
{
    const struct axis_values *v = &m->d->axis[AXIS_AGENCY];

    for (uint16_t i = 0; i < at; i++)
        if (strcmp(words_sector(m->d, v->codes[i]), words_sector(m->d, v->codes[at])) == 0)
            return false;
    return true;
}

static void put_agencies(const struct matrix *m, const struct line *l, struct buf *out)
{
    const struct axis_values *v = &m->d->axis[AXIS_AGENCY];
    const char *between = "";

    if (whole(m, l, AXIS_AGENCY)) {
        put(out, "any agency");
        return;
    }
    if (all_but_few(m, l, AXIS_AGENCY) && v->n > 2) {
        put(out, "any agency except ");
        put_ids(m, l, AXIS_AGENCY, false, " and ", out);
        return;
    }
    for (uint16_t i = 0; i < v->n; i++) {
        size_t all, in;

        count_sector(m, l, i, &all, &in);
        if (all == in && all > 1 && first_of_sector(m, i))
            buf_printf(out, "%s%s (%zu agencies)", between, words_sector(m->d, v->codes[i]), all);
        else if (in_line(m, l, AXIS_AGENCY, i) && !(all == in && all > 1))
            buf_printf(out, "%s%s", between, m->d->agencies.id[v->codes[i]]);
        else
            continue;
        between = ", ";
    }
}

/* --- the other axes --- */

static void put_axis(const struct matrix *m, const struct line *l, enum axis x, const char *before,
                     const char *any, const char *but, const char *last, struct buf *out)
{
    if (x >= AXIS_SUBJECT && m->d->axis[x].n == 1)
        return; /* there is no other */
    if (whole(m, l, x)) {
        put(out, any);
        return;
    }
    put(out, before);
    if (all_but_few(m, l, x) && m->d->axis[x].n > 2) {
        put(out, but);
        put_ids(m, l, x, false, last, out);
    } else {
        put_ids(m, l, x, true, last, out);
    }
}

static void put_interval(const struct domain *d, uint16_t first, uint16_t last, struct buf *out)
{
    char from[CIVIL_TEXT], until[CIVIL_TEXT];
    int32_t a, b, none;

    domain_interval(d, first, &a, &none);
    domain_interval(d, last, &none, &b);
    civil_format(a == POLICY_DAY_NONE ? CIVIL_NONE : a, from);
    civil_format(b == POLICY_DAY_NONE ? CIVIL_NONE : b, until);
    if (a == POLICY_DAY_NONE)
        buf_printf(out, "up to %s", until);
    else if (b == POLICY_DAY_NONE)
        buf_printf(out, "from %s", from);
    else if (a == b)
        buf_printf(out, "on %s", from);
    else
        buf_printf(out, "from %s to %s", from, until);
}

void words_days(const struct matrix *m, const struct line *l, struct buf *out)
{
    const struct axis_values *v = &m->d->axis[AXIS_DAY];
    const char *between = "";

    if (sets_count(&m->sets[AXIS_DAY], l->set[AXIS_DAY]) == v->n)
        return;
    for (uint16_t i = 0, last; i < v->n; i = (uint16_t)(last + 1)) {
        last = i;
        if (!in_line(m, l, AXIS_DAY, i))
            continue;
        while (last + 1 < v->n && in_line(m, l, AXIS_DAY, (uint16_t)(last + 1)))
            last++;
        put(out, between);
        put_interval(m->d, v->codes[i], v->codes[last], out);
        between = " or ";
    }
}

static void put_asked(const struct matrix *m, const struct line *l, struct buf *out)
{
    if (whole(m, l, AXIS_ASKED))
        put(out, " about anything");
    else if (sets_count(&m->sets[AXIS_ASKED], l->set[AXIS_ASKED]) == 1 &&
             sets_has(&m->sets[AXIS_ASKED], l->set[AXIS_ASKED], 0) &&
             m->d->axis[AXIS_ASKED].codes[0] == ASKED_INVOLVEMENT)
        put(out, " about who is involved");
    else
        put_axis(m, l, AXIS_ASKED, " about ", " about anything", "anything except ", " or ", out);
}

void words_request(const struct matrix *m, const struct line *l, struct buf *out)
{
    size_t at;

    put_agencies(m, l, out);
    put_axis(m, l, AXIS_ROLE, ", ", ", any role", "any role except ", " or ", out);
    put(out, ", asking");
    put_axis(m, l, AXIS_PURPOSE, " under ", " under any purpose", "any purpose except ", " or ",
             out);
    put_asked(m, l, out);
    put_axis(m, l, AXIS_SUBJECT, ", of ", "", "anybody but ", " or ", out);
    put_axis(m, l, AXIS_RELATION, ", with ", "", "anything but ", " or ", out);
    put_axis(m, l, AXIS_STATED, ", ", "", "unless ", " or ", out);
    put_axis(m, l, AXIS_CONSENT, ", with ", "", "anything but ", " or ", out);
    put_axis(m, l, AXIS_RECORD, ", and ", "", "anything but ", " or ", out);
    put_axis(m, l, AXIS_OVERRIDE, ", with ", "", "anything but ", " or ", out);
    at = out->len;
    put(out, ", ");
    words_days(m, l, out);
    if (out->len == at + 2 && !buf_status(out))
        out->len = at; /* every day */
}

/* Which factors of a composite a holder is asked, counted from 1 as the policy lists them. */
static void put_factors(uint16_t factors, struct buf *out)
{
    const char *between = " [factor ";

    for (unsigned k = 0; k < 16; k++)
        if ((factors >> k) & 1) {
            buf_printf(out, "%s%u", between, k + 1);
            between = " ";
        }
    if (factors)
        put(out, "]");
}

void words_value(const struct domain *d, const struct value *v, struct buf *out)
{
    if (v->outcome != OUTCOME_PERMIT) {
        buf_printf(out, "refused, %s", reason_word((enum reason)v->reason));
        put(out, v->telling == TELL_HIDDEN            ? " (hidden: told as cannot-say)"
                 : v->telling == TELL_NO_CONSENT_LINE ? " (told as the line on consent)"
                                                      : "");
        return;
    }
    buf_printf(out, "permitted%s%s; ", v->basis ? " " : "", words_basis(v->basis));
    put(out, v->broker ? "the broker itself answers" : v->n ? "asks " : "there is nobody to ask");
    for (uint16_t i = 0; i < v->n; i++) {
        buf_printf(
            out, "%s%s%s%s", i ? ", " : "", v->seen[i].visibility == HOLDER_MASKED ? "(" : "",
            d->agencies.id[v->seen[i].agency], v->seen[i].visibility == HOLDER_MASKED ? ")" : "");
        put_factors(v->seen[i].factors, out);
    }
    if (v->but_own && v->n)
        put(out, ", less the asker's own organisation");
}

void words_cell(const struct domain *d, const struct cell *c, struct buf *out)
{
    char day[CIVIL_TEXT];

    civil_format(d->on[domain_code(d, AXIS_DAY, c)], day);
    buf_printf(out, "%s, %s, %s, %s, of %s, with %s, %s, with %s, and %s, on %s",
               words_id(d, AXIS_AGENCY, domain_code(d, AXIS_AGENCY, c)),
               words_id(d, AXIS_ROLE, domain_code(d, AXIS_ROLE, c)),
               words_id(d, AXIS_PURPOSE, domain_code(d, AXIS_PURPOSE, c)),
               words_id(d, AXIS_ASKED, domain_code(d, AXIS_ASKED, c)),
               situation_phrase(AXIS_SUBJECT, domain_code(d, AXIS_SUBJECT, c)),
               situation_phrase(AXIS_RELATION, domain_code(d, AXIS_RELATION, c)),
               situation_phrase(AXIS_STATED, domain_code(d, AXIS_STATED, c)),
               situation_phrase(AXIS_CONSENT, domain_code(d, AXIS_CONSENT, c)),
               situation_phrase(AXIS_RECORD, domain_code(d, AXIS_RECORD, c)), day);
    if (domain_code(d, AXIS_OVERRIDE, c))
        buf_printf(out, ", with %s", d->overrides[domain_code(d, AXIS_OVERRIDE, c)].phrase);
}
