/* SPDX-License-Identifier: Apache-2.0 */
/* codec.h - what the frames between host and worker say, as plain structs and back.
 *
 * Decoding is strict: texts are UTF-8 of bounded length, numbers of an enumeration are of it,
 * counts have a bound, and nothing may be left over. Pure; reentrant. */
#pragma once
#include "almoner/adapter.h"
#include "worker/frame.h"

#define WORK_VERSION    1
#define WORK_NAME_MAX   32 /* bytes of a backend's name, with NUL */
#define WORK_ZONE_MAX   64
#define WORK_WHERE_MAX  512 /* bytes of a report's place and of its text, with NUL */
#define WORK_REPORT_MAX 512
#define WORK_PLACES_MAX 32

enum work_type {
    /* The host's. */
    WORK_BEGIN = 1,
    WORK_LOAD,
    WORK_ANSWER,
    WORK_RELATE,
    WORK_CHANGED,
    WORK_COMMAND,
    WORK_READY,
    WORK_SENT,
    /* The worker's. */
    WORK_OPENED = 32,
    WORK_PERSON,
    WORK_HOME,
    WORK_STAY,
    WORK_REPORT,
    WORK_LOADED,
    WORK_DONE /* with an operation's number and what it gave */
};

struct work_begin {
    bool exercise;
    uint8_t log; /* enum log_level: the least that is logged */
    char zone[WORK_ZONE_MAX];
    struct alm_limits limits;
};
struct work_opened {
    int32_t result;                              /* of open */
    bool keeps_rows, changes, commands, by_hand; /* which operations the backend has */
    char name[WORK_NAME_MAX];
};
struct work_person {
    char ref[ALM_REF_MAX], given[ALM_FIELD_MAX], family[ALM_FIELD_MAX];
    char nhs[ALM_FIELD_MAX], upn[ALM_FIELD_MAX];
    int32_t born;
    bool unborn, asking_only;
};
struct work_home {
    char ref[ALM_REF_MAX], address[ALM_FIELD_MAX], postcode[ALM_FIELD_MAX];
    int32_t shielded_from;
};
struct work_stay {
    char person[ALM_REF_MAX], home[ALM_REF_MAX];
    int32_t from, until;
};
struct work_report {
    char where[WORK_WHERE_MAX], text[WORK_REPORT_MAX];
    uint32_t line;
};
struct work_loaded {
    int32_t result;
    struct alm_state state;
};

struct work_places { /* what the pointers of a decoded question or subject point to */
    char refs[WORK_PLACES_MAX + 2][ALM_SAME_HOME_MAX][ALM_REF_MAX];
    struct alm_place places[WORK_PLACES_MAX];
};
struct work_question {
    struct alm_question q; /* points into the rest: never copied */
    uint8_t key[ALM_KEY_LEN];
    char purpose[ALM_TEXT_MAX], asker[ALM_TEXT_MAX], id[ALM_TEXT_MAX], person[ALM_REF_MAX];
    struct work_places at;
};
struct work_subject {
    struct alm_subject s; /* likewise */
    char person[ALM_REF_MAX];
    struct work_places at;
};

struct work_done {
    uint32_t seq;
    uint8_t of;     /* enum work_type: the operation */
    int32_t result; /* what the operation returned */
    struct alm_state state;
    struct alm_answer answer;         /* WORK_ANSWER */
    struct alm_relationship relation; /* WORK_RELATE */
    struct alm_ready ready;           /* WORK_READY with result 1 */
    struct bytes reply;               /* WORK_COMMAND: JSON, borrowed from the frame */
};

/* --- the host's frames --- */
void work_put_begin(struct buf *out, const struct work_begin *b);
void work_put_load(struct buf *out, bool strict);
/* Return: 0; -EINVAL a text is too long, or there are too many places: nothing was put. */
ALM_MUST_USE int work_put_answer(struct buf *out, uint32_t seq, const struct alm_question *q);
/* A whole ANSWER frame's within_ms, when its time has come to be sent: what is left, and for a
 * driver (not by_hand) no more than most_ms. */
void work_set_within(struct buf *frame, int64_t left_ms, int64_t most_ms);
ALM_MUST_USE int work_put_relate(struct buf *out, uint32_t seq, const struct alm_subject *s);
void work_put_plain(struct buf *out, enum work_type op, uint32_t seq); /* CHANGED, READY */
void work_put_command(struct buf *out, uint32_t seq, struct bytes json);
void work_put_sent(struct buf *out, uint32_t seq, const uint8_t key[ALM_KEY_LEN]);

/* The worker's reading of them. Return: 0 or -EBADMSG. */
ALM_MUST_USE int work_get_begin(struct bytes body, struct work_begin *out);
ALM_MUST_USE int work_get_load(struct bytes body, bool *strict);
ALM_MUST_USE int work_get_answer(struct bytes body, uint32_t *seq, struct work_question *out);
ALM_MUST_USE int work_get_relate(struct bytes body, uint32_t *seq, struct work_subject *out);
ALM_MUST_USE int work_get_plain(struct bytes body, uint32_t *seq);
ALM_MUST_USE int work_get_command(struct bytes body, uint32_t *seq, struct bytes *json);
ALM_MUST_USE int work_get_sent(struct bytes body, uint32_t *seq, uint8_t key[ALM_KEY_LEN]);

/* --- the worker's frames --- */
void work_put_opened(struct buf *out, const struct work_opened *o);
/* Texts are of the bounds of adapter.h: the sink has looked. */
void work_put_person(struct buf *out, const struct alm_person *p);
void work_put_home(struct buf *out, const struct alm_home *h);
void work_put_stay(struct buf *out, const char *person, const struct alm_stay *s);
void work_put_report(struct buf *out, const char *where, unsigned long line, const char *text);
void work_put_loaded(struct buf *out, const struct work_loaded *l);
void work_put_done(struct buf *out, const struct work_done *d);

/* The host's reading of them: nothing in them is believed. Return: 0 or -EBADMSG. */
ALM_MUST_USE int work_get_opened(struct bytes body, struct work_opened *out);
ALM_MUST_USE int work_get_person(struct bytes body, struct work_person *out);
ALM_MUST_USE int work_get_home(struct bytes body, struct work_home *out);
ALM_MUST_USE int work_get_stay(struct bytes body, struct work_stay *out);
ALM_MUST_USE int work_get_report(struct bytes body, struct work_report *out);
ALM_MUST_USE int work_get_loaded(struct bytes body, struct work_loaded *out);
ALM_MUST_USE int work_get_done(struct bytes body, struct work_done *out);

/* The host's view of a person, home or stay, pointing into the decoded one. */
struct alm_person work_person_of(const struct work_person *p);
struct alm_home work_home_of(const struct work_home *h);
struct alm_stay work_stay_of(const struct work_stay *s);
