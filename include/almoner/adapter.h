/* SPDX-License-Identifier: Apache-2.0 */
/* adapter.h - the contract that a backend fulfils: one agency's rows become people, homes and
 * answers.
 *
 * A backend knows its own references (an alm_ref: whatever its rows call a person or a home) and
 * nothing of tokens, keys, the network or who asks. The host resolves tokens to references before
 * it calls, so a backend cannot log, keep or guess at a person whom its agency does not know.
 *
 * Threads: every operation is called from the host's one loop, never two at once. answer, homes and
 * relationship are called while the broker waits and may not block: no input or output that can
 * take longer than a few milliseconds. open and load are called at start (load again when rows have
 * changed) and may take their time.
 *
 * Days are civil days since 1970-01-01; ALM_DAY_NONE is "none". An end is the first day on which it
 * no longer holds. */
#pragma once
#include "almoner/errors.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ALM_REF_MAX       128 /* bytes of a reference, with NUL */
#define ALM_FIELD_MAX     256 /* bytes of any identifier, with NUL */
#define ALM_TEXT_MAX      128 /* bytes of a line that another agency may read, with NUL */
#define ALM_SAME_HOME_MAX 8   /* local references that one address may have */
#define ALM_STAYS_MAX     64  /* homes of one person */
#define ALM_DAY_NONE      INT32_MIN

/* --- What a backend tells the host while it loads; strings are borrowed for the call. --- */
struct alm_person {
    const char *ref;
    const char *given, *family;
    int32_t born;
    const char *nhs, *upn; /* "" when not held */
    bool unborn;           /* an unborn child, by the mother's identifiers */
    bool asking_only;      /* serves working out a relationship; not known when others ask */
};
struct alm_home {
    const char *ref;
    const char *address, *postcode; /* no postcode: never a token */
    int32_t shielded_from;          /* ALM_DAY_NONE: not shielded */
};
struct alm_stay {     /* one person's time in one home */
    const char *home; /* reference */
    int32_t from, until;
};
/* Return of person, home and stay: ALM_OK; an alm_fault (the row is not taken: tell file and line);
 * -ENOMEM. */
struct alm_sink {
    void *ctx;
    int (*person)(void *ctx, const struct alm_person *p);
    int (*home)(void *ctx, const struct alm_home *h);
    /* After both were told; for the tokens that join a person with a home. */
    int (*stay)(void *ctx, const char *person, const struct alm_stay *s);
};
/* For the errors of a load: "people.csv:17: no such day; write YYYY-MM-DD". Never a person's data.
 */
typedef void alm_report_fn(void *ctx, const char *file, unsigned long line, const char *text);

/* --- Questions --- */
enum alm_value { ALM_YES = 1, ALM_NO, ALM_NOT_KNOWN, ALM_CANNOT_SAY }; /* numbers of the wire */
enum alm_cause {
    ALM_CAUSE_NONE = 0,
    ALM_AMBIGUOUS,
    ALM_PARTIAL,
    ALM_STALE,
    ALM_FAILED,
    ALM_UNSUPPORTED
};

struct alm_place { /* one address, as our references for it: none when we do not hold it */
    const char *homes[ALM_SAME_HOME_MAX];
    size_t n;
    int32_t from, until; /* when the subject lived there, as the asker says; both ALM_DAY_NONE for a
                            parameter or household */
};
struct alm_question {
    bool involvement;     /* who-is-involved; id is then "" */
    const char *id;       /* of the catalogue */
    int32_t as_of;        /* only rows dated on or before this day count */
    const char *person;   /* reference; NULL: not known here, or the subject is a household */
    bool about_household; /* household is then the subject */
    struct alm_place household;
    bool has_parameter;
    struct alm_place parameter;
    size_t n_places; /* the subject's homes that came with the question */
    const struct alm_place *places;
};
struct alm_answer {
    uint8_t value;                    /* enum alm_value */
    uint8_t cause;                    /* enum alm_cause, for ALM_CANNOT_SAY */
    int32_t data_as_of;               /* the day up to which the rows are complete */
    char service[ALM_TEXT_MAX];       /* who-is-involved only, value ALM_YES */
    char contact_route[ALM_TEXT_MAX]; /* "": the configured one */
    char lead_professional[ALM_TEXT_MAX];
    int32_t since;
};

/* --- Why we may ask --- */
enum alm_relation {
    ALM_RELATION_NONE = 1,
    ALM_INVOLVED,
    ALM_WAS_INVOLVED,
    ALM_SAME_HOME,
    ALM_REFERRAL
}; /* numbers of the wire */
struct alm_relationship {
    uint8_t kind; /* enum alm_relation */
    int32_t since, until;
};
struct alm_subject {    /* of a query of our own */
    const char *person; /* reference or NULL */
    int32_t day;
    size_t n_places; /* the homes that were typed, and for a household the household itself (dates
                        ALM_DAY_NONE) */
    const struct alm_place *places;
};

/* --- Operations --- */
struct conf_node;
struct conf_errors;
struct alm_setup { /* borrowed until close */
    const struct conf_node
        *root; /* the adapter's whole configuration: a backend reads its own group and questions */
    const char *dir;            /* that relative paths are relative to */
    struct conf_errors *errors; /* open adds its errors here, with file and line */
    bool exercise;
};
struct alm_rows; /* one load: immutable until freed; the backend's own */

struct alm_backend_ops {
    const char *name; /* of the setting `backend` */

    /* Reads the configuration, no rows. Return: 0, *out set, freed by close; -EINVAL with errors
     * added; -ENOMEM. */
    int (*open)(const struct alm_setup *setup, void **out);

    /**
     * load: reads all rows into a new alm_rows and tells people, homes and stays to the sink, in
     * that order
     * @strict: a missing file or column is an error too (--check); otherwise it is reported, and
     * makes answers partial Return: 0, *out set, freed by rows_free; -EINVAL with at least one
     * report made; -ENOMEM; -errno. The rows loaded before stay good whatever comes back.
     */
    int (*load)(void *backend, const struct alm_sink *sink, bool strict, alm_report_fn *report,
                void *ctx, struct alm_rows **out);
    void (*rows_free)(struct alm_rows *rows); /* accepts NULL */

    /* Cheap: has anything changed since the last load began? Called every few seconds. */
    bool (*changed)(void *backend);

    /**
     * answer: from the agency's own rows alone; must write the same for the same question and rows
     * @out: zeroed before the call. Missing rows are ALM_CANNOT_SAY (ALM_PARTIAL), never ALM_NO.
     * Called only when the person is one known person, or is not known: the host answers ambiguous
     * ones itself.
     */
    void (*answer)(const struct alm_rows *rows, const struct alm_question *q,
                   struct alm_answer *out);

    /* Homes of a person up to and on the day, newest first; strings live as long as rows. Return:
     * how many of max were set. */
    size_t (*homes)(const struct alm_rows *rows, const char *person, int32_t day,
                    struct alm_stay *out, size_t max);

    /* Why this agency may ask, on the subject's day: the strongest that holds, ALM_RELATION_NONE
     * when none does. */
    void (*relationship)(const struct alm_rows *rows, const struct alm_subject *s,
                         struct alm_relationship *out);

    /* partial: a file or column is missing; day: the one data_as_of would tell, given today. */
    void (*describe)(const struct alm_rows *rows, int32_t today, bool *partial, int32_t *day);

    void (*close)(void *backend); /* accepts NULL; every alm_rows was freed before */
};

/* The backends that this host was built with. */
extern const struct alm_backend_ops alm_backend_csv;
