/* SPDX-License-Identifier: Apache-2.0 */
/* oversight.c - who co-signs the log, and which hours are office hours, as a policy states them. */
#include "engine/oversight.h"
#include "engine/bundle.h"

const struct policy_witnesses witnesses_usual = { .need = 0, .outage_hours = 4, .every_s = 60 };
const struct policy_office_hours office_hours_usual = { .from_min = 8 * 60 + 30,
                                                        .until_min = 18 * 60,
                                                        .days = 0x1f };

void witnesses_put(struct buf *out, const struct policy_witnesses *w)
{
    buf_put_u8(out, w->n);
    for (uint8_t i = 0; i < w->n; i++)
        buf_put_u16(out, w->agencies[i]);
    buf_put_u8(out, w->need);
    buf_put_u16(out, w->outage_hours);
    buf_put_u16(out, w->every_s);
}

void witnesses_read(struct reader *r, uint16_t n_agencies, struct policy_witnesses *w)
{
    *w = witnesses_usual;
    if (r->version < 7)
        return;
    w->n = reader_enum(r, 0, POLICY_WITNESSES_MAX);
    for (uint8_t i = 0; i < w->n && !r->bad; i++) {
        w->agencies[i] = reader_index(r, n_agencies, false);
        if (i > 0 && w->agencies[i] <= w->agencies[i - 1])
            reader_refuse(r); /* twice: it would count for two */
    }
    w->need = reader_enum(r, w->n ? 1 : 0, w->n);
    w->outage_hours = reader_number(r, 1, WITNESS_OUTAGE_MOST_HOURS);
    w->every_s = reader_number(r, 1, WITNESS_EVERY_MOST_S);
}

void office_hours_put(struct buf *out, const struct policy_office_hours *o)
{
    buf_put_u16(out, o->from_min);
    buf_put_u16(out, o->until_min);
    buf_put_u8(out, o->days);
}

void office_hours_read(struct reader *r, struct policy_office_hours *o)
{
    *o = office_hours_usual;
    if (r->version < 7)
        return;
    o->from_min = reader_number(r, 0, DAY_MINUTES - 1);
    o->until_min = reader_number(r, 1, DAY_MINUTES);
    o->days = reader_enum(r, 1, 0x7f);
    if (o->from_min >= o->until_min)
        reader_refuse(r);
}

const struct policy_witnesses *bundle_witnesses(const struct bundle *b)
{
    return &b->l.witnesses;
}

const struct policy_office_hours *bundle_office_hours(const struct bundle *b)
{
    return &b->l.office_hours;
}
