/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_bundle.c - any bytes either decode to a bundle or are refused; a bundle decides any facts
 * without harm. The facts are made from the bytes too: index numbers of every size, and dates at
 * both ends. */
#include "base/crypto.h"
#include "engine/engine.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void decide(const struct bundle *b, struct cursor *c)
{
    struct shield_fact shield = {
        .level = cursor_u8(c), .match = FACT_BROAD, .from = cursor_i32(c), .until = POLICY_DAY_NONE
    };
    struct consent_fact consent = {
        .refused = cursor_u8(c) & 1,
        .match = cursor_u8(c) & 3,
        .capacity = cursor_u8(c) & 15,
        .giver_authority = true,
        .expires_on = POLICY_DAY_NONE,
        .withdrawn_on = POLICY_DAY_NONE,
        .able_from = POLICY_DAY_NONE,
        .able_until = cursor_i32(c),
        .review_on = cursor_i32(c),
        .stage = cursor_u8(c) & 3,
        .competence = true,
        .recipients = { .any = true },
        .sources = { .any = true },
        .sensitive_sources = { .bits = { cursor_u64(c) } },
    };
    struct facts f = {
        .agency_standing = true,
        .practitioner_standing = true,
        .consents = &consent,
        .shields = &shield,
        .n_consents = 1,
        .n_shields = 1,
        .relation = FACT_RELATION_INVOLVED,
        .relation_until = POLICY_DAY_NONE,
        .conditions = UINT32_MAX,
        .referral_party = 1,
    };
    static struct decision d;

    for (unsigned i = 0; i < 64; i++) {
        f.agency = cursor_u8(c) % (bundle_n_agencies(b) + 1);
        f.role = cursor_u8(c) & 3;
        f.purpose = (uint16_t)(i % (bundle_n_purposes(b) + 1));
        f.question = (uint16_t)(i % (bundle_n_questions(b) + 1));
        f.involvement = i & 1;
        f.subject_kind = (uint8_t)(i % 4);
        f.has_parameter = (i & 2) != 0;
        f.day = i & 4 ? cursor_i32(c) : 19000;
        f.basis_given = (i & 8) != 0;
        f.basis = cursor_u16(c);
        policy_decide(b, &f, &d);
        assert(d.n_holders <= POLICY_AGENCIES_MAX && d.n_clauses <= POLICY_TRACE_MAX &&
               d.reason < REASON_COUNT);
        assert((d.outcome == OUTCOME_PERMIT) == (d.reason == REASON_NONE));
        assert((d.outcome == OUTCOME_PERMIT) == (d.telling == 0));
    }
}

/* What the bundle says of casework holds together, whatever is asked. */
static void look(const struct bundle *b, struct cursor *c)
{
    for (uint16_t i = 0; i < bundle_n_services(b); i++) {
        const struct policy_service *s = bundle_service_at(b, i);

        assert(s->agency < bundle_n_agencies(b) && s->n_needs <= SERVICE_NEEDS_MAX);
        for (uint8_t k = 0; k < s->n_needs; k++)
            assert(*bundle_need_id(b, s->needs[k]));
        for (uint8_t k = 0; k < s->n_criteria; k++)
            assert(s->criteria[k].question < bundle_n_questions(b));
        (void)bundle_service_permits(b, i, cursor_u8(c), cursor_u8(c),
                                     (enum service_step)cursor_u8(c), cursor_i32(c), cursor_u32(c));
    }
    for (unsigned i = 0; i < 16; i++) {
        uint16_t n = cursor_u16(c);

        (void)bundle_agency_in(b, n, cursor_u8(c));
        (void)bundle_area_arm(b, n);
        (void)bundle_category_id(b, n);
        (void)bundle_area_id(b, n);
    }
    (void)bundle_wording(b, "2026-1", cursor_i32(c));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    struct cursor c = cursor_of(bytes_of(data, size));
    int r;

    if (crypto_init() < 0)
        abort();
    r = bundle_decode(bytes_of(data, size), &b);
    assert(r == 0 || r == -EBADMSG || r == -ENOMEM);
    if (b)
        decide(b, &c);
    if (b)
        look(b, &c);
    return 0;
}
