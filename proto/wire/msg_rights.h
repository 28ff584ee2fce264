/* SPDX-License-Identifier: Apache-2.0 */
/* msg_rights.h - what people's rights need of the wire: an answer that was wrong is taken back from everybody who
 * had it, and a family's own statement stands beside what is said of them. */
#pragma once
#include "wire/msg_base.h"

#define STATEMENT_MAX_LEN 2001 /* a family's statement, with NUL */

enum correction_kind { /* why; the numbers are in the log: never reuse one */
    CORRECTION_WRONG_ANSWER = 1, /* the answer was wrong of this person */
    CORRECTION_WRONG_PERSON,     /* it was another person's */
    CORRECTION_CHANGED_SINCE,    /* it was right, and the decision that it served would be another now */
};
enum stop_cause { /* likewise */
    STOP_CORRECTED = 1, /* it was corrected by whoever contributed to it */
    STOP_CONSENT_ENDED, /* the consent that it was told on is gone */
    STOP_STATEMENT,     /* nothing to stop: the family has lodged a statement, which is to be read beside it */
};
enum stop_done { /* likewise */
    DONE_STOPPED = 1, /* it was used, and is no more */
    DONE_NEVER_USED,
    DONE_PASSED_ON, /* and others have it: text says who */
    DONE_CANNOT,    /* text says why */
};

struct msg_correction { /* whoever answered -> broker: that answer is taken back; Body.id is its id */
    uint8_t subject_kind;
    struct token_set subject; /* person, unborn */
    struct token household;   /* subject_kind household: a TOKEN_HOME; else kind 0 */
    name_t question;          /* that was answered; "": who is involved */
    int32_t from, until;      /* civil days on which the wrong answer was given, both included */
    uint8_t kind;             /* enum correction_kind */
    text_t reason;            /* kept sealed; told to nobody through the broker */
};
struct msg_stop_using { /* part of a Deliver: exactly one for each recall and agency */
    struct id recall;
    struct id message; /* Body.id of the recipient's own query, the latest of those that it is about */
    name_t question;   /* as the recipient asked it; "": who is involved */
    int32_t told_on;   /* civil day of that reply */
    uint8_t cause;     /* enum stop_cause */
    uint16_t replies;  /* of the recipient's that it is about, that one included */
    int64_t due_ms;    /* an AckOf is expected by then; 0: none is */
    text_t text;
};
struct msg_ack_of { /* the recipient of a StopUsing -> broker: what was done */
    struct id recall;
    uint8_t done; /* enum stop_done */
    text_t text;  /* required of DONE_PASSED_ON and DONE_CANNOT */
};
struct msg_statement { /* an agency that works with the family -> broker; kept sealed, shown in the report to the family */
    struct token_set subject;
    bool has_about;
    struct id about; /* a query's Body.id that it speaks of */
    char text[STATEMENT_MAX_LEN];
};
struct msg_correction_query { /* one's own: the one named, or a page of all */
    bool has_correction;
    struct id correction;
    uint16_t page;
};
struct msg_correction_state {
    struct id correction;
    name_t question;
    int32_t lodged_on;
    bool searching; /* it is not yet known whom it is about: the counts may grow */
    uint32_t told, acknowledged, overdue; /* agencies */
    int64_t due_ms;                       /* the latest of those that are outstanding; 0: none is */
};
struct msg_correction_list { /* in_reply_to the CorrectionQuery; newest first */
    uint16_t page, pages;
    uint8_t n;
    struct msg_correction_state entries[LIST_MAX];
};
