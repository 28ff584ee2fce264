/* SPDX-License-Identifier: Apache-2.0 */
/* logged.c - what a leaf's clear part says of a decision, as a domain: the request is fixed; what
 * the clear part does not hold (subject, relationship, consents, shields, statements) stays open.
 */
#include "base/civil.h"
#include "local/local.h"
#include "policy_explain.h"
#include <string.h>

static uint8_t telling_of(const char *word)
{
    static const char *const words[] = { "", "reason", "no-consent-line", "hidden" };

    for (uint8_t i = 0; i < ALM_LEN(words); i++)
        if (strcmp(words[i], word) == 0)
            return i;
    return 0;
}

int logged_read(const json_t *row, struct logged *out)
{
    char event[32] = "", day[CIVIL_TEXT] = "", told[32] = "";
    json_t *leaf = json_object_get(row, "leaf");

    *out = (struct logged){ .leaf = json_integer_value(leaf) };
    if (local_get_text(row, "event", event, sizeof(event)) ||
        local_get_text(row, "agency", out->agency, sizeof(out->agency)) ||
        local_get_text(row, "role", out->role, sizeof(out->role)) ||
        local_get_text(row, "purpose", out->purpose, sizeof(out->purpose)) ||
        local_get_text(row, "question", out->question, sizeof(out->question)) ||
        local_get_text(row, "basis", out->basis, sizeof(out->basis)) ||
        local_get_text(row, "reason", out->reason, sizeof(out->reason)) ||
        local_get_text(row, "policy", out->policy, sizeof(out->policy)) ||
        local_get_text(row, "told", told, sizeof(told)) ||
        local_get_text(row, "day", day, sizeof(day)) || civil_parse(day, &out->day))
        return 1;
    out->telling = telling_of(told);
    out->permitted = strcmp(event, "decided") == 0;
    if (!out->permitted && strcmp(event, "refused") != 0)
        return 1;
    if (!out->permitted && reason_from_word(out->reason) == REASON_DENY &&
        strcmp(out->reason, reason_word(REASON_DENY)) != 0)
        return 1; /* a repeat, a stale time: refused as a message, not as a request */
    if (!strcmp(out->question, "refer") || !strcmp(out->question, "eligible"))
        return 1; /* of a receiver, or of several questions: not in the clear part */
    return out->question[0] && out->agency[0] && out->purpose[0] ? 0 : 1;
}

int logged_domain(const struct logged *l, const struct bundle *a, const struct bundle *b,
                  struct domain **out, const char **unknown)
{
    struct domain_filter f = {
        .purpose = l->purpose, .agency = l->agency, .role = l->role, .question = l->question
    };
    int rc = domain_new(a, b, &f, out, unknown);

    if (rc)
        return rc;
    domain_fix_day(*out, l->day);
    (*out)->agency_suspended = reason_from_word(l->reason) == REASON_AGENCY_SUSPENDED;
    (*out)->practitioner_suspended = reason_from_word(l->reason) == REASON_PRACTITIONER_SUSPENDED;
    (*out)->basis = l->basis[0] ? l->basis : NULL;
    return 0;
}

void logged_recorded(const struct logged *l, struct recorded *out)
{
    *out = (struct recorded){ .permitted = l->permitted,
                              .reason = l->permitted ? REASON_NONE : reason_from_word(l->reason),
                              .telling = l->telling };
}
