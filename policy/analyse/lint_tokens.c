/* SPDX-License-Identifier: Apache-2.0 */
/* lint_tokens.c - a keyholder that could test guesses, and who answers by hand and is never asked. */
#include "analyse/linter.h"
#include "engine/catalogue.h"

static bool answers(const struct linter *x, uint16_t agency)
{
    for (uint16_t p = 0; p < bundle_n_purposes(x->b); p++)
        if (bundle_answers(x->b, agency, p))
            return true;
    return false;
}

static bool party(const struct linter *x, uint16_t agency)
{
    for (uint16_t p = 0; p < bundle_n_purposes(x->b); p++)
        if (bundle_party(x->b, agency, p))
            return true;
    return false;
}

/* DESIGN.md section 1, promise 3: a guess is tested with the key, against tokens that one has seen. */
static void lint_keyholder(struct linter *x)
{
    const struct policy_tokens *t = bundle_tokens(x->b);

    if (t->keyholder == POLICY_NONE)
        return;
    if (party(x, t->keyholder))
        lint_add(x, LINT_AGENCY, bundle_agency_at(x->b, t->keyholder)->id,
                 "holds the key of the tokens and is a party too: with the questions that it is "
                 "asked it can test guesses on its own");
    if (!*bundle_agency_at(x->b, t->keyholder)->contact)
        lint_add(x, LINT_AGENCY, bundle_agency_at(x->b, t->keyholder)->id,
                 "holds the key of the tokens, and has no contact: nobody can ask without it");
}

void lint_tokens(struct linter *x)
{
    lint_keyholder(x);
    for (uint16_t a = 0; a < bundle_n_agencies(x->b); a++)
        if (bundle_agency_at(x->b, a)->desk_hours && !answers(x, a))
            lint_add(x, LINT_AGENCY, bundle_agency_at(x->b, a)->id,
                     "answers by hand (desk_hours), but no protocol has it answer");
}
