/* SPDX-License-Identifier: Apache-2.0 */
/* model.h - inside the compiler only: what was gathered from the files, before and while it becomes
 * a layout. */
#pragma once
#include "conf/conf.h"
#include "engine/layout.h"

struct item { /* one declared id */
    const char *id;
    const struct conf_node *at; /* its group, or the string itself in a list of words */
    size_t order;               /* of appearance: the first of two with one id is the one kept */
};
struct names {        /* every declared id of one kind, sorted once gathered */
    const char *noun; /* "agency" */
    size_t max;
    size_t id_max;
    struct item *items;
    size_t n, cap;
};
enum names_kind {
    NAMES_SECTOR,
    NAMES_AREA,
    NAMES_ROLE,
    NAMES_CLASS,
    NAMES_DATA_CLASS,
    NAMES_CATEGORY,
    NAMES_NEED,
    NAMES_AGENCY, /* from here on each is a group with an id */
    NAMES_GATEWAY,
    NAMES_PROTOCOL,
    NAMES_PURPOSE,
    NAMES_QUESTION,
    NAMES_SERVICE,
    NAMES_COUNT
};
struct model {
    struct conf_errors *e;
    struct conf **files;
    size_t n_files;
    struct names names[NAMES_COUNT];
    const struct conf_node *partnership, *consent, *shields, *composites, *overrides, *concerns,
        *referrals, *limits, *evaluation, *tokens, *witnesses, *retention,
        *office_hours; /* groups that may stand once */
    struct layout l;
};

/* names.c. Return: 0 or -ENOMEM; what is wrong with the text is added to m->e. */
ALM_MUST_USE int names_add(struct model *m, enum names_kind kind, const struct conf_node *list);
/* sorts, and reports ids declared twice */
void names_settle(struct model *m, enum names_kind kind);
void names_deinit(struct names *n);
uint16_t names_find(const struct names *n, const char *id); /* POLICY_NONE when not declared */

/* read_agencies.c, read_rules.c: fill the layout from the gathered groups. Return: 0 or -ENOMEM. */
ALM_MUST_USE int read_agencies(struct model *m);
ALM_MUST_USE int read_gateways(struct model *m);
ALM_MUST_USE int read_protocols(struct model *m);
ALM_MUST_USE int read_purposes(struct model *m);
ALM_MUST_USE int read_questions(struct model *m);
void read_partnership(struct model *m);
void read_consent(struct model *m);
void read_shields(struct model *m);
void read_overrides(struct model *m);
void read_composite_rules(struct model *m);
/* casework.c, services.c */
void read_concerns(struct model *m);
void read_referrals(struct model *m);
void read_limits(struct model *m);
void read_evaluation(struct model *m);
void read_tokens(struct model *m); /* tokens.c */
/* oversight.c, retention.c */
void read_witnesses(struct model *m); /* after read_tokens() */
void read_office_hours(struct model *m);
void read_retention(struct model *m);
ALM_MUST_USE int read_services(struct model *m);

/* checks.c: what no single group shows. */
void checks_run(struct model *m);
void check_composite(struct model *m, uint16_t question);
void check_pins(struct model *m, uint16_t question);
void check_pinning(struct model *m, uint16_t purpose);
void check_services(struct model *m);
