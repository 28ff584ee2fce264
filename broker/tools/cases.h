/* SPDX-License-Identifier: Apache-2.0 */
/* cases.h - test cases of a policy, as text: facts by their words, and what should be decided. */
#pragma once
#include "analyse/matrix.h"
#include "conf/conf.h"

struct test_case { /* texts are borrowed from the files. A case whose facts are lists is many */
    const char *name, *file;
    unsigned line;
    struct cell c;
    int32_t day;
    const char *basis; /* claimed; NULL none */
    bool permitted;
    enum reason reason;
    const char *told, *rests_on;           /* NULL: not looked at */
    const struct conf_node *asks, *masked; /* lists of ids; NULL: not looked at */
};
struct cases {
    struct conf **files;
    struct test_case *at;
    size_t n_files, n, cap;
};
/**
 * cases_read() - read one file of cases over a domain of the policy
 * @e: every mistake is added, with file and line
 * Return: 0, also with errors added; -ENOMEM.
 */
ALM_MUST_USE int cases_read(struct cases *cs, const char *path, const struct domain *d,
                            struct conf_errors *e);
void cases_deinit(struct cases *cs);
