/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - number to word and back, by table. */
#include "host/words.h"

#include "lib/index.h"
#include "wire/msg.h"

#include <string.h>

#define WORDS_MAX 20
/* clang-format off: a table, one row a line */
static const char *const words_table[WORDS_COUNT][WORDS_MAX] = {
    [WORDS_LOGIN] = { [LOGIN_PASSWORD] = "password",
                      [LOGIN_TWO_FACTOR] = "two-factor",
                      [LOGIN_SMARTCARD] = "smartcard" },
    [WORDS_CAPACITY] = { [CAPACITY_SELF] = "self",
                         [CAPACITY_GILLICK] = "gillick",
                         [CAPACITY_PARENT] = "parent",
                         [CAPACITY_CARER_WITHOUT_PR] = "carer-without-pr",
                         [CAPACITY_LOCAL_AUTHORITY] = "local-authority",
                         [CAPACITY_ATTORNEY] = "attorney",
                         [CAPACITY_DEPUTY] = "deputy",
                         [CAPACITY_BEST_INTERESTS] = "best-interests" },
    [WORDS_METHOD] = { [METHOD_SIGNED] = "signed",
                       [METHOD_RECORDED_VERBAL] = "recorded-verbal",
                       [METHOD_DIGITAL] = "digital" },
    [WORDS_LEVEL] = { [1] = "location", [2] = "identity", [3] = "existence" },
    [WORDS_DECISION] = { [CONSENT_GRANTED] = "granted", [CONSENT_REFUSED] = "refused",
                         [CONSENT_NOT_POSSIBLE] = "not-possible" },
    [WORDS_INSIGHT] = { [INSIGHT_YES] = "yes",
                        [INSIGHT_NO] = "no",
                        [INSIGHT_CANNOT_SAY] = "cannot-say" },
    [WORDS_COMPLETENESS] = { [COMPLETE_ALL] = "all",
                             [COMPLETE_MOST] = "most",
                             [COMPLETE_SOME] = "some",
                             [COMPLETE_NONE] = "none" },
    [WORDS_SINCE] = { [SINCE_UNKNOWN] = "unknown",
                      [SINCE_UNDER_3_MONTHS] = "under-3-months",
                      [SINCE_3_TO_12_MONTHS] = "3-to-12-months",
                      [SINCE_1_TO_3_YEARS] = "1-to-3-years",
                      [SINCE_OVER_3_YEARS] = "over-3-years" },
    [WORDS_RELATION] = { [RELATION_NONE] = "none",
                         [RELATION_INVOLVED] = "involved",
                         [RELATION_WAS_INVOLVED] = "was-involved",
                         [RELATION_SAME_HOME] = "same-home",
                         [RELATION_REFERRAL] = "referral",
                         [RELATION_SELF_CLAIMED] = "self-claimed" },
    [WORDS_KNOWN] = { [INDEX_UNKNOWN] = "no",
                      [INDEX_ONE] = "yes",
                      [INDEX_POSSIBLE] = "ambiguous",
                      [INDEX_CONFLICT] = "ambiguous",
                      [INDEX_MANY] = "ambiguous",
                      [INDEX_NOT_READY] = "cannot-say" },
    [WORDS_PARA18] = { [PARA18_CANNOT_BE_GIVEN] = "cannot-be-given",
                       [PARA18_CANNOT_BE_OBTAINED] = "cannot-be-obtained",
                       [PARA18_WOULD_PREJUDICE] = "would-prejudice" },
    [WORDS_HARM] = { [HARM_NEGLECT] = "neglect",
                     [HARM_PHYSICAL] = "physical",
                     [HARM_EMOTIONAL] = "emotional",
                     [HARM_SEXUAL] = "sexual",
                     [HARM_EXPLOITATION] = "exploitation",
                     [HARM_DOMESTIC_ABUSE] = "domestic-abuse",
                     [HARM_SELF] = "self" },
    [WORDS_LIKELIHOOD] = { [LIKELIHOOD_POSSIBLE] = "possible",
                           [LIKELIHOOD_LIKELY] = "likely",
                           [LIKELIHOOD_CERTAIN] = "certain" },
    [WORDS_IMMEDIACY] = { [IMMEDIACY_NOW] = "now",
                          [IMMEDIACY_DAYS] = "days",
                          [IMMEDIACY_WEEKS] = "weeks" },
    [WORDS_TOLD] = { [TOLD_YES] = "yes",
                     [TOLD_LATER] = "later",
                     [TOLD_NOT_SAFE] = "not-safe",
                     [TOLD_NOT_REACHED] = "not-reached" },
    [WORDS_FINDING] = { [FINDING_JUSTIFIED] = "justified",
                        [FINDING_NOT_JUSTIFIED] = "not-justified" },
    [WORDS_OVERRIDE] = { [OVERRIDE_WAITING] = "waiting",
                         [OVERRIDE_IN_FORCE] = "in-force",
                         [OVERRIDE_OVER] = "over",
                         [OVERRIDE_REFUSED] = "refused",
                         [OVERRIDE_VETOED] = "vetoed",
                         [OVERRIDE_NOT_JUSTIFIED] = "not-justified" },
    [WORDS_STATEMENT] = { [1] = "para18-reason",
                          [2] = "public-task-statement",
                          [3] = "not-more-detrimental",
                          [4] = "necessity" },
    [WORDS_SEVERITY] = { [SEVERITY_LOW] = "low",
                         [SEVERITY_MEDIUM] = "medium",
                         [SEVERITY_HIGH] = "high",
                         [SEVERITY_CRITICAL] = "critical" },
    [WORDS_PART] = { [PART_AT_RISK] = "at-risk", [PART_ALLEGED] = "alleged" },
    [WORDS_FOUND] = { [OUTCOME_FOUNDED] = "founded", [OUTCOME_UNFOUNDED] = "unfounded" },
    [WORDS_SUBJECT] = { [SUBJECT_PERSON] = "person",
                        [SUBJECT_UNBORN] = "unborn",
                        [SUBJECT_HOUSEHOLD] = "household" },
    [WORDS_DELIVERY] = { [DELIVERY_FIRING] = "firing",
                         [DELIVERY_REFERRAL] = "referral",
                         [DELIVERY_REFERRAL_UPDATE] = "referral-update",
                         [DELIVERY_WATCH] = "watch",
                         [DELIVERY_NOTICE] = "notice",
                         [DELIVERY_INSIGHT] = "insight",
                         [DELIVERY_INVOLVEMENT] = "involvement",
                         [DELIVERY_STOP_USING] = "stop-using" },
    [WORDS_CORRECTION] = { [CORRECTION_WRONG_ANSWER] = "wrong-answer",
                           [CORRECTION_WRONG_PERSON] = "wrong-person",
                           [CORRECTION_CHANGED_SINCE] = "changed-since" },
    [WORDS_STOP] = { [STOP_CORRECTED] = "corrected",
                     [STOP_CONSENT_ENDED] = "consent-ended",
                     [STOP_STATEMENT] = "statement" },
    [WORDS_DONE] = { [DONE_STOPPED] = "stopped",
                     [DONE_NEVER_USED] = "never-used",
                     [DONE_PASSED_ON] = "passed-on",
                     [DONE_CANNOT] = "cannot" },
    [WORDS_NOTICE] = { [NOTICE_JOINED_OTHERS] = "joined-others",
                       [NOTICE_CONTACT_REQUEST] = "contact-request",
                       [NOTICE_SHIELD_ATTEMPT] = "shield-attempt",
                       [NOTICE_WITHDRAWN] = "withdrawn",
                       [NOTICE_OVERDUE] = "overdue",
                       [NOTICE_REVIEW_DUE] = "review-due",
                       [NOTICE_UNDELIVERED] = "undelivered",
                       [NOTICE_KEY_CHANGED] = "key-changed" },
    [WORDS_REFERRAL] = { [REFERRAL_SIGNPOSTING] = "signposting",
                         [REFERRAL_SOFT] = "soft",
                         [REFERRAL_APPLICATION] = "application",
                         [REFERRAL_HARD] = "hard",
                         [REFERRAL_COMMISSIONED] = "commissioned",
                         [REFERRAL_BOOKED] = "booked" },
    [WORDS_ORIGIN] = { [ORIGIN_AGENCY] = "agency",
                       [ORIGIN_SELF] = "self",
                       [ORIGIN_ANONYMOUS] = "anonymous",
                       [ORIGIN_NOT_STATED] = "not-stated" },
    [WORDS_MADE] = { [1] = "eligibility-checked",
                     [2] = "form-verified",
                     [3] = "eligibility-decided",
                     [4] = "assessed",
                     [5] = "budget-permitted",
                     [6] = "slot-agreed" },
    [WORDS_STEP] = { [STEP_RECEIVED] = "received",
                     [STEP_ACCEPTED] = "accepted",
                     [STEP_MORE_INFO] = "more-info",
                     [STEP_INFO_GIVEN] = "info-given",
                     [STEP_REDIRECTED] = "redirected",
                     [STEP_REJECTED] = "rejected",
                     [STEP_DOWNGRADED] = "downgraded",
                     [STEP_ELIGIBILITY] = "eligibility",
                     [STEP_ASSESSMENT] = "assessment",
                     [STEP_DIAGNOSIS] = "diagnosis",
                     [STEP_PLANNED] = "planned",
                     [STEP_DELIVERING] = "delivering",
                     [STEP_CLOSED] = "closed",
                     [STEP_WITHDRAWN] = "withdrawn",
                     [STEP_REVOKED] = "revoked",
                     [STEP_FEEDBACK] = "feedback" },
    [WORDS_STATE] = { [REFERRAL_NONE] = "none",
                      [REFERRAL_SENT] = "sent",
                      [REFERRAL_OVERDUE] = "overdue",
                      [REFERRAL_RECEIVED] = "received",
                      [REFERRAL_ACCEPTED] = "accepted",
                      [REFERRAL_MORE_INFO] = "more-info",
                      [REFERRAL_REDIRECTED] = "redirected",
                      [REFERRAL_REJECTED] = "rejected",
                      [REFERRAL_ELIGIBILITY] = "eligibility",
                      [REFERRAL_ASSESSMENT] = "assessment",
                      [REFERRAL_DIAGNOSIS] = "diagnosis",
                      [REFERRAL_PLANNED] = "planned",
                      [REFERRAL_DELIVERING] = "delivering",
                      [REFERRAL_CLOSED] = "closed",
                      [REFERRAL_WITHDRAWN] = "withdrawn",
                      [REFERRAL_REVOKED] = "revoked",
                      [REFERRAL_EXPIRED] = "expired" },
    [WORDS_ELIGIBLE] = { [ELIGIBLE_YES] = "eligible",
                         [ELIGIBLE_NO] = "not",
                         [ELIGIBLE_CANNOT_SAY] = "cannot-say" },
    [WORDS_EFFECT] = { [EFFECT_SOONER] = "sooner",
                       [EFFECT_DIFFERENT] = "different",
                       [EFFECT_NO_USE] = "no-use" },
    [WORDS_DUE] = { [DUE_FIRING] = "firing",
                    [DUE_REFERRAL] = "referral",
                    [DUE_FEEDBACK] = "feedback",
                    [DUE_REVIEW] = "review",
                    [DUE_RECALL] = "recall" },
};
/* clang-format on */

const char *words_of(enum words which, unsigned number)
{
    if (number >= WORDS_MAX || !words_table[which][number])
        return "";
    return words_table[which][number];
}

bool words_number(enum words which, const char *word, uint8_t *number)
{
    for (uint8_t i = 0; i < WORDS_MAX; i++) {
        if (words_table[which][i] && strcmp(words_table[which][i], word) == 0) {
            *number = i;
            return true;
        }
    }
    return false;
}

const char *words_list(enum words which, char out[static WORDS_LIST_MAX])
{
    size_t at = 0;

    for (size_t i = 0; i < WORDS_MAX; i++) {
        size_t len = words_table[which][i] ? strlen(words_table[which][i]) : 0;

        if (!len || at + len + 3 > WORDS_LIST_MAX)
            continue;
        if (at) {
            memcpy(out + at, ", ", 2);
            at += 2;
        }
        memcpy(out + at, words_table[which][i], len);
        at += len;
    }
    out[at] = '\0';
    return out;
}
