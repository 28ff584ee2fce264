/* SPDX-License-Identifier: Apache-2.0 */
/* config.h - the FHIR backend's part of an adapter's configuration: the server, the searches, the
 * questions. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "fhir/path.h"
#include "lib/tally.h"
#include <limits.h>

#define FHIR_QUESTIONS_MAX 512
#define FHIR_SEARCHES_MAX  64  /* of all lists together: one bit each in a question */
#define FHIR_KINDS_MAX     64  /* of one search */
#define FHIR_CODED_MAX     192 /* bytes of "system|code", with NUL */
#define FHIR_QUERY_MAX     512
#define FHIR_BASE_MAX      512
#define FHIR_LABELS_MAX    8

enum fhir_rule { FHIR_STATE = 1, FHIR_WINDOW, FHIR_EVER, FHIR_INVOLVEMENT, FHIR_RESIDENCE };
enum fhir_list { /* which list a search stands in */
                 FHIR_EVENTS,
                 FHIR_INVOLVEMENTS,
                 FHIR_ASKING_INVOLVEMENTS, /* for working out a relationship alone */
                 FHIR_ASKING_REFERRALS
};

struct fhir_kind {
    char kind[TALLY_WORD_MAX], coded[FHIR_CODED_MAX];
};
struct fhir_search {
    char name[TALLY_WORD_MAX]; /* "" in a question's own list */
    uint8_t list;              /* enum fhir_list */
    bool own;                  /* of one question: not among "all" */
    bool by_location;          /* query has {location}, else {patient} */
    char resource[40], query[FHIR_QUERY_MAX];
    char subject[PATH_MAX_LEN], location[PATH_MAX_LEN]; /* references */
    char date[PATH_MAX_LEN], end[PATH_MAX_LEN];         /* end: "" none, a point in time */
    char code[PATH_MAX_LEN], system[FHIR_CODED_MAX];    /* codings; "" any system */
    char status[PATH_MAX_LEN], over_at[PATH_MAX_LEN];
    struct tally_words ignored, over; /* statuses: as if not there; ended, whatever the dates say */
    size_t n_kinds;                   /* 0: the code itself is the kind */
    struct fhir_kind *kinds;
    char service[PATH_MAX_LEN], route[PATH_MAX_LEN], lead[PATH_MAX_LEN]; /* texts */
};
struct fhir_question {
    char id[TALLY_WORD_MAX];
    uint8_t rule; /* enum fhir_rule */
    struct tally_words kinds, end_kinds, services;
    int32_t window_days;
    uint64_t searches; /* bits of fhir_config.searches */
};
struct fhir_oauth {
    bool given;
    char token_url[FHIR_BASE_MAX], audience[FHIR_BASE_MAX], client_id[256], kid[128], scope[512];
    char alg[8], key_file[PATH_MAX];
};
struct fhir_config {
    char base[FHIR_BASE_MAX]; /* without a slash at its end */
    bool post, insecure_loopback;
    char ca_file[PATH_MAX], client_cert[PATH_MAX], client_key[PATH_MAX], proxy[256];
    char nhs_system[FHIR_CODED_MAX], upn_system[FHIR_CODED_MAX], unborn_tag[FHIR_CODED_MAX];
    char people[FHIR_QUERY_MAX], asking_people[FHIR_QUERY_MAX], locations[FHIR_QUERY_MAX];
    bool has_asking_people, has_locations;
    size_t n_restricted;
    char restricted[FHIR_LABELS_MAX][FHIR_CODED_MAX];
    int64_t page_size, pages_most, answer_pages, reload_s;
    struct fhir_oauth oauth;
    size_t n_searches, n_questions;
    struct fhir_search *searches;
    struct fhir_question *questions;
};

/* Return: 0, *out set; -EINVAL with errors added to setup->errors; -ENOMEM. */
ALM_MUST_USE int fhir_config_read(const struct alm_setup *setup, struct fhir_config **out);
struct fhir_config *fhir_config_free(struct fhir_config *c);
const struct fhir_question *fhir_question_find(const struct fhir_config *c, const char *id);
/* Reads `questions` into c, whose searches were read before. */
ALM_MUST_USE int fhir_questions_read(const struct alm_setup *setup, struct fhir_config *c);
/* One group of a list of searches. */
void fhir_search_read(const struct conf_node *n, enum fhir_list list, struct conf_errors *e,
                      struct fhir_config *c);
/* A list of texts. */
void fhir_words_read(const struct conf_node *list, struct conf_errors *e, struct tally_words *out);
