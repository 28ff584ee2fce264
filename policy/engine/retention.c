/* SPDX-License-Identifier: Apache-2.0 */
/* retention.c - how long each class of record is kept, as a policy states it. DOMAIN.md section 7:
 * "Broker default: routing data days, sealed concerns to expiry, decisions 6 y, per-class
 * override". */
#include "engine/bundle.h"
#include "engine/oversight.h"

#define SIX_YEARS (6u * 1461u / 4u + 1u) /* 2,192 days: no six years by the calendar are longer */
#define TWO_YEARS 731u

const struct policy_retention retention_usual = {
    .n = RETENTION_CLASSES,
    .clocks = { { .class = RETENTION_DECISIONS, .days = SIX_YEARS },
                { .class = RETENTION_CONSENTS, .days = SIX_YEARS },
                { .class = RETENTION_SHIELDS, .days = SIX_YEARS },
                { .class = RETENTION_CONCERNS, .days = 0 },
                { .class = RETENTION_REFERRALS, .days = SIX_YEARS },
                { .class = RETENTION_OVERRIDES, .days = SIX_YEARS },
                { .class = RETENTION_OFFICERS, .days = SIX_YEARS },
                { .class = RETENTION_OTHER, .days = TWO_YEARS } },
    .backup_days = 35,
    .receipts_days = 90,
};

void retention_put(struct buf *out, const struct policy_retention *r)
{
    buf_put_u8(out, r->n);
    for (uint8_t i = 0; i < r->n; i++) {
        buf_put_u8(out, r->clocks[i].class);
        buf_put_u8(out, r->clocks[i].part);
        buf_put_u8(out, r->clocks[i].outcome);
        buf_put_u32(out, r->clocks[i].days);
    }
    buf_put_u16(out, r->backup_days);
    buf_put_u16(out, r->receipts_days);
}

void retention_read(struct reader *r, struct policy_retention *v)
{
    *v = retention_usual;
    if (r->version < 7)
        return;
    v->n = reader_enum(r, RETENTION_CLASSES, POLICY_CLOCKS_MAX);
    for (uint8_t i = 0; i < v->n && !r->bad; i++) {
        struct policy_clock *c = &v->clocks[i];

        c->class = reader_enum(r, 1, RETENTION_CLASSES);
        c->part = reader_enum(r, 0, CONCERN_ALLEGED);
        c->outcome = reader_enum(r, 0, CONCERN_UNFOUNDED);
        c->days = cursor_u32(&r->c);
    }
    v->backup_days = reader_number(r, 1, RETENTION_BACKUP_MOST);
    v->receipts_days = reader_number(r, RETENTION_RECEIPTS_LEAST, RETENTION_RECEIPTS_MOST);
    if (!r->bad && !retention_sound(v))
        reader_refuse(r);
}

static unsigned order_of(const struct policy_clock *c)
{
    return c->class * 100u + c->part * 10u + c->outcome;
}

void retention_sort(struct policy_retention *r)
{
    for (uint8_t i = 1; i < r->n; i++)
        for (uint8_t k = i; k > 0 && order_of(&r->clocks[k]) < order_of(&r->clocks[k - 1]); k--) {
            struct policy_clock swap = r->clocks[k];

            r->clocks[k] = r->clocks[k - 1];
            r->clocks[k - 1] = swap;
        }
}

const struct policy_clock *retention_clock(const struct policy_retention *r, uint8_t class,
                                           uint8_t part, uint8_t outcome)
{
    for (uint8_t i = 0; i < r->n; i++)
        if (r->clocks[i].class == class && r->clocks[i].part == part &&
            r->clocks[i].outcome == outcome)
            return &r->clocks[i];
    return NULL;
}

bool retention_torn(const struct policy_retention *r, uint8_t *part, uint8_t *outcome)
{
    for (*part = 1; *part <= CONCERN_ALLEGED; ++*part)
        for (*outcome = 1; *outcome <= CONCERN_UNFOUNDED; ++*outcome)
            if (retention_clock(r, RETENTION_CONCERNS, *part, 0) &&
                retention_clock(r, RETENTION_CONCERNS, 0, *outcome) &&
                !retention_clock(r, RETENTION_CONCERNS, *part, *outcome))
                return true;
    return false;
}

bool retention_sound(const struct policy_retention *r)
{
    uint8_t part, outcome;

    for (uint8_t class = 1; class <= RETENTION_CLASSES; class ++)
        if (!retention_clock(r, class, 0, 0))
            return false;
    for (uint8_t i = 0; i < r->n; i++) {
        const struct policy_clock *c = &r->clocks[i];

        if (c->days > RETENTION_DAYS_MOST ||
            (c->class != RETENTION_CONCERNS && (c->days == 0 || c->part || c->outcome)))
            return false;
        if (i > 0 && order_of(c) <= order_of(c - 1))
            return false; /* twice, or not as the compiler writes them */
    }
    return !retention_torn(r, &part, &outcome);
}

const char *retention_class_word(uint8_t class)
{
    static const char *const words[] = { "other",    "decisions", "consents",  "shields",
                                         "concerns", "referrals", "overrides", "officers" };

    return class < ALM_LEN(words) ? words[class] : words[0];
}

const struct policy_retention *bundle_retention(const struct bundle *b)
{
    return &b->l.retention;
}

uint32_t bundle_retention_days(const struct bundle *b, uint8_t class, uint8_t part, uint8_t outcome)
{
    const struct policy_retention *r = &b->l.retention;
    const struct policy_clock *c = retention_clock(r, class, part, outcome);

    if (!c)
        c = retention_clock(r, class, part, 0);
    if (!c)
        c = retention_clock(r, class, 0, outcome);
    if (!c)
        c = retention_clock(r, class, 0, 0);
    return c ? c->days : retention_clock(r, RETENTION_OTHER, 0, 0)->days;
}
