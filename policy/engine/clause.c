/* SPDX-License-Identifier: Apache-2.0 */
/* clause.c - what each clause says, for the log and for `almoner policy explain`. */
#include "engine/clause.h"
#include "engine/engine.h"

static const char *const texts[CLAUSE_COUNT] = {
    [CLAUSE_AGENCY_STANDING] = "the asking agency is enrolled and not suspended",
    [CLAUSE_PRACTITIONER_STANDING] = "the practitioner is not suspended",
    [CLAUSE_PURPOSE_KNOWN] = "the purpose belongs to a protocol",
    [CLAUSE_PROTOCOL_DATES] = "the protocol is in force on the day",
    [CLAUSE_PURPOSE_DATES] = "the purpose is in force on the day",
    [CLAUSE_PARTY] = "the agency, or the organisation it is a team of, may ask under the protocol",
    [CLAUSE_ROLE] = "the role may ask for this purpose",
    [CLAUSE_QUESTION_LISTED] = "the question is in the catalogue and lists the purpose",
    [CLAUSE_QUESTION_OPEN_CLASS] = "the question is not about a closed class of data",
    [CLAUSE_QUESTION_SUBJECT] = "the question may be asked about such a subject for this purpose",
    [CLAUSE_QUESTION_PARAMETER] = "the question has the parameter that it needs, and no other",
    [CLAUSE_INVOLVEMENT_ALLOWED] = "the purpose admits asking who is involved",
    [CLAUSE_ASK_FULL] = "the agency's place in the protocol is full, not insight only",
    [CLAUSE_REFERRAL_PARTY] = "the asking organisation sent or received the referral",
    [CLAUSE_RELATIONSHIP] = "the asking organisation has a relationship with the subject or "
                            "household, open or recent enough",
    [CLAUSE_BASIS_LISTED] = "the basis claimed is one that the purpose lists",
    [CLAUSE_BASIS_IN_FORCE] = "the basis claimed is in force on the day",
    [CLAUSE_GATEWAY_DUTY] = "a duty of this purpose is in force and its conditions are stated",
    [CLAUSE_GATEWAY_POWER] = "a power of this purpose is in force and its conditions are stated",
    [CLAUSE_GATEWAY_CONSENT] = "consent is a basis of this purpose on the day",
    [CLAUSE_FACTS_WHOLE] = "all facts about the subject could be read",
    [CLAUSE_CONSENT_NEEDED] = "the purpose rests on consent",
    [CLAUSE_NOT_REFUSED] = "the subject has not refused this to the agency",
    [CLAUSE_CONSENT_VALID] = "a valid consent covers the agency",
    [CLAUSE_HOLDERS_LISTED] = "the protocol lists a holder for the question",
    [CLAUSE_SENSITIVE_NAMED] = "a consent names a sensitive service that may answer",
    [CLAUSE_SOURCES_COVERED] = "the consent covers a holder that may answer",
    [CLAUSE_NO_SHIELD] = "no shield hides this from the purpose",
    [CLAUSE_NO_CONFLICT] = "no record that may or may not be this person's stands against it",
    [CLAUSE_CONTRIBUTORS] = "four organisations without the asker's own could contribute, and none "
                            "of them is needed by itself",
    [CLAUSE_FACTORS_COVERED] = "consent and the rule on sensitive services leave as many",
    [CLAUSE_NO_DIFFERENCING] = "nothing that the organisation asked about the subject before would "
                               "show more beside it",
    [CLAUSE_OVERRIDE_ALLOWED] = "the policy lets an override pass this refusal for this purpose",
    [CLAUSE_OVERRIDE_EXACT] = "the override is the agency's, of this question about this subject",
    [CLAUSE_OVERRIDE_IN_TIME] = "the override came into force and its hours have not passed",
    [CLAUSE_OVERRIDE_APPROVED] = "another agency approved the override, or one person acts alone in "
                                 "immediate danger; nobody has ended it",
    [CLAUSE_OVERRIDE_GATEWAY] = "the gateway of the override is in force and its conditions are "
                                "stated",
    [CLAUSE_WITHIN_QUOTA] = "the practitioner, the agency, and its organisation about this subject "
                            "have permitted questions left today",
};

const char *clause_text(uint16_t rule)
{
    if (rule >= CLAUSE_COUNT || !texts[rule])
        return "unknown clause";
    return texts[rule];
}
