/* SPDX-License-Identifier: Apache-2.0 */
/* explain_reason.c - `almoner explain REASON`: each reason code in words, what is told of it, the
 * lawful way forward, and where the rule comes from. */
#include "bundles.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define CONSENT_LAW                                                                                \
    "the common-law duty of confidence; who may consent: Mental Capacity Act 2005, Gillick v "     \
    "West "                                                                                        \
    "Norfolk [1986], Children Act 1989 s3 and s33"
#define SHIELD_LAW                                                                                 \
    "UK GDPR Art 5(1)(c) and (f); the levels follow regulation 6 of the ContactPoint regulations " \
    "(SI 2007/2182)"
#define PROTOCOL_RULE "the partnership's information sharing protocol, as its policy has it"

static const char *const sources[REASON_COUNT] = {
    [REASON_DENY] = "deny by default: nothing is shared unless a rule of a protocol permits it",
    [REASON_NONE] = "the rule and the legal basis that the record names",
    [REASON_PURPOSE_OUTSIDE_PROTOCOL] = "UK GDPR Art 5(1)(b), purpose limitation; " PROTOCOL_RULE,
    [REASON_PROTOCOL_NOT_IN_FORCE] = "the dates of " PROTOCOL_RULE,
    [REASON_NOT_A_PARTY] = "the signatories of " PROTOCOL_RULE,
    [REASON_ROLE_NOT_PERMITTED] = "Caldicott principle 4, need to know; the purpose's roles",
    [REASON_QUESTION_NOT_PERMITTED] =
        "UK GDPR Art 5(1)(c), data minimisation; the catalogue of questions; closed classes by "
        "their own statutes",
    [REASON_NO_RELATIONSHIP] = "a legitimate relationship with the person; the purpose's terms",
    [REASON_NOT_REFERRAL_PARTY] = "only sender and receiver follow a referral; the catalogue",
    [REASON_NO_CONSENT] = CONSENT_LAW,
    [REASON_CONSENT_REFUSED] = CONSENT_LAW,
    [REASON_CONSENT_WITHDRAWN] = CONSENT_LAW,
    [REASON_CONSENT_EXPIRED] = CONSENT_LAW,
    [REASON_CONSENT_INVALID] = CONSENT_LAW,
    [REASON_CONSENT_SCOPE] = CONSENT_LAW,
    [REASON_SENSITIVE_SERVICE] =
        "regulations 6(3) and 11(3) of the ContactPoint regulations (SI 2007/2182), as practice",
    [REASON_SHIELDED_ADDRESS] = SHIELD_LAW,
    [REASON_SHIELDED_IDENTITY] = SHIELD_LAW,
    [REASON_SHIELDED_EXISTENCE] = SHIELD_LAW,
    [REASON_MATCH_CONFLICT] = "UK GDPR Art 5(1)(d), accuracy: a prohibition counts when in doubt",
    [REASON_NEAR_SHIELDED] = SHIELD_LAW "; in doubt a shield counts (UK GDPR Art 5(1)(d), accuracy)",
    [REASON_AGENCY_SUSPENDED] = "an officer's change, recorded in the log",
    [REASON_PRACTITIONER_SUSPENDED] = "an officer's change, recorded in the log",
    [REASON_BASIS_NOT_LISTED] = "UK GDPR Art 5(2), accountability; the purpose's bases",
    [REASON_GATEWAY_NOT_IN_FORCE] =
        "the commencement, repeal and conditions of the statutes that the purpose lists",
    [REASON_FACTS_INCOMPLETE] = "fail closed: what could not be read counts against sharing",
    [REASON_TOO_FEW_CONTRIBUTORS] =
        "UK GDPR Art 5(1)(c): an answer may not show which agency or factor it is from; the "
        "catalogue's composite questions",
    [REASON_DIFFERENCING] =
        "UK GDPR Art 5(1)(c): two answers together may not show more than one may; the policy's "
        "rules for composite questions",
    [REASON_OVER_QUOTA] =
        "UK GDPR Art 5(1)(f), security: one account cannot go through a town's families; the "
        "policy's limits",
    [REASON_NO_POLICY] = "deny by default: no policy, no rule",
};

static const char *told_of(enum reason r)
{
    switch (reason_telling(r)) {
    case TELL_NO_CONSENT_LINE:
        return "told as one line, \"" NO_CONSENT_LINE "\", alike for every reason about consent";
    case TELL_HIDDEN:
        return "hidden: the asker sees what an unknown person's asker sees; the log has the reason";
    case TELL_REASON:
    default:
        return "told to the asker, with the way forward";
    }
}

static const char *telling_word(enum reason r)
{
    static const char *const words[] = { "", "reason", "no-consent-line", "hidden" };

    return words[reason_telling(r)];
}

static const char *source_of(enum reason r)
{
    return sources[r] ? sources[r] : PROTOCOL_RULE;
}

static json_t *reason_json(enum reason r)
{
    return json_pack("{s:s, s:i, s:s, s:s, s:s, s:s}", "reason", reason_word(r), "number", (int)r,
                     "text", reason_text(r), "told", telling_word(r), "way_forward",
                     reason_way_forward(r), "source", source_of(r));
}

static int explain_all(const struct officer_session *s)
{
    static const char *const titles[] = { "reason", "told", "in words" };
    struct table *t = s->args->json ? NULL : table_new(ALM_LEN(titles), titles);
    json_t *list = json_array();

    for (int r = 0; r < REASON_COUNT; r++) {
        if (t)
            table_row(t, (const char *const[]){ reason_word((enum reason)r),
                                                telling_word((enum reason)r),
                                                reason_text((enum reason)r) });
        (void)json_array_append_new(list, reason_json((enum reason)r));
    }
    table_print(t);
    if (s->args->json) {
        json_t *o = json_pack("{s:b, s:O}", "ok", 1, "reasons", list);

        print_json(o);
        json_decref(o);
    }
    json_decref(list);
    return 0;
}

int command_explain(struct officer_session *s)
{
    const char *word = s->args->n_operands > 1 ? s->args->operands[1] : NULL;
    enum reason r = reason_from_word(word);

    if (!word)
        return explain_all(s);
    if (r == REASON_DENY && strcmp(word, reason_word(REASON_DENY)) != 0)
        return officer_fail(s, EX_DATAERR,
                            "\"%.40s\" is not a reason; \"almoner explain\" lists them", word);
    if (s->args->json) {
        json_t *o = reason_json(r);

        print_json(o);
        json_decref(o);
        return 0;
    }
    (void)printf("%s: %s\n\ntold         %s\nway forward  %s\nsource       %s\n", reason_word(r),
                 reason_text(r), told_of(r), reason_way_forward(r), source_of(r));
    return 0;
}
