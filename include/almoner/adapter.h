/* SPDX-License-Identifier: Apache-2.0 */
/* adapter.h - the contract that a backend fulfils: one agency's source becomes people, homes and
 * answers.
 *
 * A backend knows its own references (whatever its rows call a person or a home) and nothing of
 * tokens, keys, the network or who asks. The host resolves tokens to references before it asks, so a
 * backend cannot log, keep or guess at a person whom its agency does not know.
 *
 * Processes: a backend is a program of its own, almoner-source-NAME: the worker's main loop
 * (adapters/worker) linked with the folder of the backend. The host starts it and it lives through
 *
 *     open -> load -> (answer | relate | changed | describe | command | ready)* -> close
 *
 * When rows have changed the host starts a second worker, takes what that one loads, and only then
 * ends the first: one process has one load, and questions are answered meanwhile. A worker that does
 * not come back within the deadline is killed: the question it hung on is answered "cannot say", and
 * the next worker takes the rest.
 *
 * Threads: one. Never two operations at once. Every operation but describe may block, within the
 * deadline it is given; what it blocks is its own worker.
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
#define ALM_BY_MAX        64  /* bytes of a practitioner reference, with NUL */
#define ALM_TEXT_MAX      128 /* bytes of a line that another agency may read, with NUL */
#define ALM_SAME_HOME_MAX 8   /* local references that one address may have */
#define ALM_STAYS_MAX     64  /* homes of one person */
#define ALM_DAY_NONE      INT32_MIN

/* --- What a backend tells the host while it loads; strings are borrowed for the call. --- */
struct alm_person {
    const char *ref;
    const char *given, *family; /* "" when not held, as born ALM_DAY_NONE: then nhs or upn is, */
    int32_t born;               /* and the person is found by that alone */
    const char *nhs, *upn;      /* "" when not held */
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
/* Return of person, home and stay: ALM_OK; an alm_fault (the row is not taken: report where it
 * stands); -ENOBUFS more rows or bytes than worker.rows_most or worker.bytes_most allow (reported by
 * the sink; give the load up); -ENOMEM; -EPIPE the host has gone. */
struct alm_sink {
    void *ctx;
    int (*person)(void *ctx, const struct alm_person *p);
    int (*home)(void *ctx, const struct alm_home *h);
    /* After both were told; for the tokens that join a person with a home. */
    int (*stay)(void *ctx, const char *person, const struct alm_stay *s);
    /* What is wrong, where, and what to do: "people.csv", 17, "no such day; write YYYY-MM-DD". where:
     * a file, table or address; line 0: none. Never a person's data. */
    void (*report)(void *ctx, const char *where, unsigned long line, const char *text);
};

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
#define ALM_KEY_LEN 16
struct alm_question {
    const uint8_t *key;   /* ALM_KEY_LEN bytes: names this putting of the question. The same again is
                             the same question, after a restart too */
    int64_t within_ms;    /* how long there is: a driver's own timeout belongs below it */
    bool by_hand;         /* within_ms is hours: it may be answered by a person (ALM_LATER) */
    const char *purpose;  /* "" not told */
    const char *asker;    /* agency, or its class where the agency is sensitive */
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
    char by[ALM_BY_MAX]; /* who states this by hand: their opaque reference; "": nobody, rows say it */
    int64_t by_ms;       /* when they stated it, Unix milliseconds */
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
struct alm_limits { /* of one worker; settings of the group `worker` */
    int64_t deadline_ms; /* most of one answer or relate */
    uint64_t rows_most;  /* rows of one load, or of one answer's result */
    uint64_t bytes_most; /* of what a source sends for one load or answer; also the process's memory */
};
struct alm_setup { /* borrowed until close */
    const struct conf_node *root; /* the adapter's configuration: a backend reads the group of its own
                                     name, and questions */
    const char *dir;              /* that relative paths are relative to */
    struct conf_errors *errors;   /* open adds its errors here, with file and line */
    struct alm_limits limits;
    bool exercise;
};
struct alm_state { /* of the source, as of the last load or look */
    bool partial;     /* something is missing: a file, a column, a page */
    bool stale;       /* older than the configuration allows: answers are ALM_STALE */
    int32_t data_day; /* complete up to this day; ALM_DAY_NONE: up to whichever day is asked about */
};
struct alm_ready { /* an answer that was given by hand */
    uint8_t key[ALM_KEY_LEN];
    struct alm_answer answer;
};
#define ALM_COMMAND_MAX 65536 /* bytes of a command or its reply, with NUL */

/* What answer may return beside 0 and -errno. */
#define ALM_LATER 1

struct alm_backend {
    const char *name; /* of the setting `backend`, of its group, and of the program almoner-source-NAME */

    /* Answers rest on what load read, so a fresh worker loads before it answers. False: each answer
     * asks the source, load only tells the sink, and a worker that takes over after a hang answers at
     * once. */
    bool keeps_rows;

    /* Reads the configuration; reaches for nothing. Return: 0, *out set, freed by close; -EINVAL with
     * errors added; -ENOMEM. */
    int (*open)(const struct alm_setup *setup, void **out);

    /**
     * load: reads the source and tells people, homes and stays to the sink, in that order; once in a
     * worker's life
     * @strict: something missing is an error too (--check); otherwise it is reported, and makes
     * answers partial
     * May take minutes; the host shows progress and no question waits for it. Return: 0; -EINVAL with
     * at least one report made; -EAGAIN the source cannot be reached now (reported; tried again with
     * back-off); what the sink returned; -ENOMEM; -errno.
     */
    int (*load)(void *backend, const struct alm_sink *sink, bool strict);

    /**
     * answer: from the agency's own source alone; the same question of the same data gives the same
     * answer
     * @out: zeroed before the call, data_as_of ALM_DAY_NONE (the host fills in describe's day), since
     * ALM_DAY_NONE
     * What is missing is ALM_CANNOT_SAY (ALM_PARTIAL), what is too old ALM_STALE, an identifier that
     * is several people ALM_AMBIGUOUS, a source that does not answer ALM_FAILED; never ALM_NO. Somebody
     * restricted at the source is ALM_NOT_KNOWN, as if there were no such person. Called only when the
     * person is one known person, or is not known: the host answers ambiguous ones itself.
     * Return: 0; ALM_LATER (only where by_hand: kept on disk, told by ready); -errno: ALM_FAILED.
     */
    int (*answer)(void *backend, const struct alm_question *q, struct alm_answer *out);

    /* Why this agency may ask, on the subject's day: the strongest that holds, ALM_RELATION_NONE when
     * none does. Return: 0; -errno: the asker is told that our own source cannot say. */
    int (*relate)(void *backend, const struct alm_subject *s, struct alm_relationship *out);

    /* Does not block. */
    void (*describe)(void *backend, struct alm_state *out);

    /* Has anything changed since load began? Called every few seconds; a backend keeps its own
     * interval. NULL: never by itself (SIGHUP loads again). Return: 1, 0, or -errno. */
    int (*changed)(void *backend);

    /* A command of the local socket that is the backend's own ("source-..."): JSON in, JSON out
     * (as in proto/local: "ok", or "error", "exit", "text"). NULL: has none. Return: 0 with a
     * NUL-terminated reply; -ENOBUFS; -ENOMEM. */
    int (*command)(void *backend, const char *request, char *reply, size_t size);

    /* Answers that became ready since; asked after each command and every second. The same one is
     * given again until sent says that the host keeps it durably. NULL: none ever. Return: 1 with *out
     * set; 0 none; -errno. */
    int (*ready)(void *backend, struct alm_ready *out);
    int (*sent)(void *backend, const uint8_t key[ALM_KEY_LEN]);

    void (*close)(void *backend); /* accepts NULL */
};

/* The main function of a backend's program (adapters/worker). Return: an exit code of sysexits.h. */
int alm_backend_main(const struct alm_backend *backend, int argc, char *argv[]);
