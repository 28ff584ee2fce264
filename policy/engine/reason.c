/* SPDX-License-Identifier: Apache-2.0 */
/* reason.c - each reason: its word in the log, what the asker may see, a sentence, and the lawful
 * way forward.
 *
 * Told and hidden follow DESIGN.md promise 5: told only if it follows from the request and the
 * asker's own facts, or is the one line on consent. */
#include "engine/engine.h"
#include <string.h>

#define ASK_AGREEMENT                                                                              \
    "Speak to the person, or whoever may agree for them, and record their agreement; if you "      \
    "think somebody is at risk, ask under a "                                                      \
    "safeguarding purpose, which does not rest on consent."
#define SEE_HIDDEN                                                                                 \
    "The asker sees only \"cannot say\", as for an unknown person. The way forward that they are " \
    "given is to telephone the hub."

struct reason_entry {
    const char *word;
    enum telling telling;
    const char *text, *way_forward;
};

static const struct reason_entry reasons[REASON_COUNT] = {
    [REASON_DENY] = { "deny", TELL_REASON, "No rule permits this.",
                      "Ask your information-governance officer which protocol covers it." },
    [REASON_NONE] = { "permitted", TELL_REASON, "Permitted.", "" },
    [REASON_PURPOSE_OUTSIDE_PROTOCOL] = { "purpose-outside-protocol", TELL_REASON,
                                          "No protocol lists this purpose.",
                                          "Choose the purpose that fits what you are doing. If "
                                          "none does, this may not be asked here." },
    [REASON_PROTOCOL_NOT_IN_FORCE] = { "protocol-not-in-force", TELL_REASON,
                                       "The protocol for this purpose is not in force today.",
                                       "Ask your information-governance officer when it starts or "
                                       "whether it is to be renewed." },
    [REASON_NOT_A_PARTY] = { "not-a-party", TELL_REASON,
                             "Your agency may not ask under this protocol.",
                             "Your agency can apply to sign the protocol, or a signatory already "
                             "working with the family can ask." },
    [REASON_ROLE_NOT_PERMITTED] = { "role-not-permitted", TELL_REASON,
                                    "Your role may not ask for this purpose.",
                                    "Pass it to a colleague whose role may, such as your "
                                    "safeguarding lead." },
    [REASON_QUESTION_NOT_PERMITTED] = { "question-not-permitted", TELL_REASON,
                                        "This question may not be asked for this purpose, or not "
                                        "by you.",
                                        "`almoner questions` lists what may be asked for the "
                                        "purpose; narrower questions may be open to you." },
    [REASON_NO_RELATIONSHIP] = { "no-relationship", TELL_REASON,
                                 "Your agency's records show no current or recent work with this "
                                 "person or household.",
                                 "Record your involvement or the referral to you first. For an "
                                 "immediate danger use a safeguarding purpose." },
    [REASON_NOT_REFERRAL_PARTY] = { "not-referral-party", TELL_REASON,
                                    "Only the sender and the receiver may follow a referral.",
                                    "Ask the agency that sent it." },
    [REASON_NO_CONSENT] = { "no-consent", TELL_NO_CONSENT_LINE,
                            "Nobody has been asked to agree, or nothing is on file.",
                            ASK_AGREEMENT },
    [REASON_CONSENT_REFUSED] = { "consent-refused", TELL_NO_CONSENT_LINE, "The person has said no.",
                                 ASK_AGREEMENT },
    [REASON_CONSENT_WITHDRAWN] = { "consent-withdrawn", TELL_NO_CONSENT_LINE,
                                   "The consent was withdrawn.", ASK_AGREEMENT },
    [REASON_CONSENT_EXPIRED] = { "consent-expired", TELL_NO_CONSENT_LINE,
                                 "The consent has run out, or was not reviewed in time.", ASK_AGREEMENT },
    [REASON_CONSENT_INVALID] = { "consent-invalid", TELL_NO_CONSENT_LINE,
                                 "Whoever gave the consent may not, or no longer, give it; or "
                                 "parents dispute it; or nobody is named who judged that the young "
                                 "person understands.",
                                 ASK_AGREEMENT },
    [REASON_CONSENT_SCOPE] = { "consent-scope", TELL_NO_CONSENT_LINE,
                               "The consent is for others, or for less than this question, or "
                               "does not reach any service that "
                               "could answer.",
                               ASK_AGREEMENT },
    [REASON_SENSITIVE_SERVICE] = { "sensitive-service", TELL_NO_CONSENT_LINE,
                                   "A sensitive service may answer only if the consent names it.",
                                   ASK_AGREEMENT },
    [REASON_SHIELDED_ADDRESS] = { "shielded-address", TELL_HIDDEN, "The person's home is shielded.",
                                  SEE_HIDDEN },
    [REASON_SHIELDED_IDENTITY] = { "shielded-identity", TELL_HIDDEN,
                                   "Only the person's identity may be shown.", SEE_HIDDEN },
    [REASON_SHIELDED_EXISTENCE] = { "shielded-existence", TELL_HIDDEN,
                                    "That the person is known at all is shielded.", SEE_HIDDEN },
    [REASON_MATCH_CONFLICT] = { "match-conflict", TELL_HIDDEN,
                                "A refusal may or may not be this person's.", SEE_HIDDEN },
    [REASON_AGENCY_SUSPENDED] = { "agency-suspended", TELL_REASON, "Your agency is suspended.",
                                  "Your agency's lead officer knows why and how it is lifted." },
    [REASON_PRACTITIONER_SUSPENDED] = { "practitioner-suspended", TELL_REASON,
                                        "Your access is suspended.",
                                        "Speak to your agency's lead officer." },
    [REASON_BASIS_NOT_LISTED] = { "basis-not-listed", TELL_REASON,
                                  "The purpose does not rest on the legal basis that you named.",
                                  "Name a basis that the purpose lists, or none." },
    [REASON_GATEWAY_NOT_IN_FORCE] = { "gateway-not-in-force", TELL_REASON,
                                      "No legal gateway of this purpose is in force today with its "
                                      "conditions stated.",
                                      "State the condition that the gateway asks for, or ask your "
                                      "information-governance officer." },
    [REASON_FACTS_INCOMPLETE] = { "facts-incomplete", TELL_HIDDEN,
                                  "The facts about the subject could not all be read.",
                                  SEE_HIDDEN },
    [REASON_NO_POLICY] = { "no-policy", TELL_REASON, "The broker has no policy in force.",
                           "An officer must activate one: `almoner policy activate`." },
    [REASON_TOO_FEW_CONTRIBUTORS] = { "too-few-contributors", TELL_REASON,
                                      "Without your own organisation too few agencies could "
                                      "contribute: the answer might show which of them it is from.",
                                      "Ask the narrower questions that it is made of, if they are "
                                      "open to you, or telephone the hub." },
    [REASON_DIFFERENCING] = { "differencing", TELL_REASON,
                              "Beside what your organisation has asked about this person before, "
                              "the answer would show more than it may.",
                              "Use the answer that your organisation has, or telephone the hub: "
                              "people can weigh what a catalogue cannot." },
    [REASON_OVER_QUOTA] = { "over-quota", TELL_REASON,
                            "As many questions as the policy allows for one day have been asked: "
                            "by you, by your agency, or about this person by your organisation.",
                            "Telephone the hub if it cannot wait until tomorrow, and ask your "
                            "information-governance officer whether the limit fits your work." },
    [REASON_NEAR_SHIELDED] = { "near-shielded", TELL_HIDDEN,
                               "Somebody shielded may or may not be this person.", SEE_HIDDEN },
};

static const struct reason_entry *entry(enum reason r)
{
    unsigned i = (unsigned)r;

    return &reasons[i < REASON_COUNT && reasons[i].word ? i : REASON_DENY];
}

const char *reason_word(enum reason r)
{
    return entry(r)->word;
}

enum telling reason_telling(enum reason r)
{
    return entry(r)->telling;
}

const char *reason_text(enum reason r)
{
    return entry(r)->text;
}

const char *reason_way_forward(enum reason r)
{
    return entry(r)->way_forward;
}

enum reason reason_from_word(const char *word)
{
    for (unsigned i = 0; word && i < REASON_COUNT; i++)
        if (reasons[i].word && strcmp(reasons[i].word, word) == 0)
            return (enum reason)i;
    return REASON_DENY;
}
