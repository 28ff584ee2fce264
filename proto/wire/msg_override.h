/* SPDX-License-Identifier: Apache-2.0 */
/* msg_override.h - an answer without consent: asked for by one agency, approved by another, reviewed by a third. The enums
 * are msg.h's. */
#pragma once
#include "wire/msg_base.h"

struct msg_override { /* body id is the override's id; purpose and basis (its gateway) are the body's */
    struct token_set subject;
    bool involvement;
    name_t question; /* "" for involvement */
    bool has_parameter;
    struct token parameter;
    uint8_t para18, harm, likelihood, immediacy, told; /* the enums above */
    text_t not_told;
    text_t necessity, proportionality; /* for people; they name nobody */
    uint16_t hours;
    bool immediate_danger; /* one person alone */
    bool no_part;          /* DOMAIN.md section 3: "neither may be a party" */
};
struct msg_approval { /* signed by another agency */
    struct id override;
    uint8_t decision; /* enum approval_decision; REFUSE by who approved takes the approval back */
    bool senior, no_part;
    text_t reason;
};
struct msg_override_review {
    struct id override;
    uint8_t finding; /* enum finding */
    bool no_part;
    text_t reason;
};
struct msg_override_query {
    struct id override;
};
struct msg_override_view { /* no tokens, no practitioners */
    struct id override;
    uint8_t state; /* enum override_state */
    name_t agency, purpose, basis, question; /* question "": who is involved */
    uint8_t para18, harm, likelihood, immediacy, told;
    text_t not_told, necessity, proportionality;
    uint16_t hours;
    bool immediate_danger;
    int64_t requested_ms, until_ms, review_due_ms; /* until, review: 0 none */
    name_t approver;                               /* agency; "" none */
    uint8_t finding;                               /* 0: not reviewed */
};
