/* SPDX-License-Identifier: Apache-2.0 */
/* policy.c - policies shown as tables and in a few words for the other commands. */
#include "base/clock.h"
#include "bundles.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

json_t *policy_summary(const struct compiled *c)
{
    return json_pack("{s:b, s:s, s:s, s:i, s:i, s:i, s:i}", "ok", 1, "name", bundle_name(c->bundle),
                     "hash", c->hash, "bytes", (int)c->bytes.len, "agencies",
                     (int)bundle_n_agencies(c->bundle), "purposes",
                     (int)bundle_n_purposes(c->bundle), "questions",
                     (int)bundle_n_questions(c->bundle));
}

/* --- policy show --- */

static void show_agencies(const struct bundle *b)
{
    static const char *const titles[] = { "agency", "sector", "of", "sensitive", "hub", "name" };
    struct table *t = table_new(ALM_LEN(titles), titles);

    for (uint16_t i = 0; t && i < bundle_n_agencies(b); i++) {
        const struct policy_agency *a = bundle_agency_at(b, i);
        const char *of = a->organisation == i || a->organisation >= bundle_n_agencies(b)
                             ? ""
                             : bundle_agency_at(b, a->organisation)->id;

        table_row(t, (const char *const[]){ a->id, a->sector, of, a->sensitive ? "sensitive" : "",
                                            a->hub ? "hub" : "", a->name });
    }
    table_print(t);
}

static void day_text(int32_t day, char out[static CIVIL_TEXT])
{
    civil_format(day == POLICY_DAY_NONE ? CIVIL_NONE : day, out);
}

static void show_purposes(const struct bundle *b)
{
    static const char *const titles[] = { "purpose", "protocol", "consent", "who",
                                          "from",    "until",    "title" };
    struct table *t = table_new(ALM_LEN(titles), titles);

    for (uint16_t i = 0; t && i < bundle_n_purposes(b); i++) {
        const struct policy_purpose *p = bundle_purpose_at(b, i);
        char from[CIVIL_TEXT], until[CIVIL_TEXT];

        day_text(p->from, from);
        day_text(p->until, until);
        table_row(t,
                  (const char *const[]){ p->id, p->protocol, p->consent ? "needed" : "",
                                         p->involvement ? "may ask" : "", from, until, p->title });
    }
    table_print(t);
}

static void show_questions(const struct bundle *b)
{
    static const char *const titles[] = { "question", "about", "sensitive", "wording" };
    struct table *t = table_new(ALM_LEN(titles), titles);

    for (uint16_t i = 0; t && i < bundle_n_questions(b); i++) {
        const struct policy_question *q = bundle_question_at(b, i);

        table_row(t, (const char *const[]){ q->id, q->household ? "person, household" : "person",
                                            q->sensitive ? "sensitive" : "", q->wording });
    }
    table_print(t);
}

static int policy_show_text(struct officer_session *s)
{
    ALM_CLEANUP(compiled_deinit) struct compiled c = { .bundle = NULL };
    int rc = policy_load(s, s->args->operands[2], &c);

    if (rc)
        return rc;
    if (s->args->json) {
        json_t *o = policy_summary(&c);

        print_json(o);
        json_decref(o);
        return 0;
    }
    (void)printf("%s, hash %s\n\n", bundle_name(c.bundle), c.hash);
    show_agencies(c.bundle);
    (void)putchar('\n');
    show_purposes(c.bundle);
    (void)putchar('\n');
    show_questions(c.bundle);
    return 0;
}

static void print_in_force(const json_t *r)
{
    const char *hash = reply_text(r, "policy");
    char shown[128];

    if (!*hash) {
        (void)printf("no policy is in force: nothing is shared until two officers activate one "
                     "(almoner policy activate PATH)\n");
        return;
    }
    (void)printf("name  %s\n", printable(reply_text(r, "name"), shown, sizeof(shown)));
    (void)printf("hash  %s\n", printable(hash, shown, sizeof(shown)));
    (void)printf("\nTo see whether a folder of policy text is this one: almoner policy check "
                 "PATH prints its hash.\n");
}

int command_policy_show(struct officer_session *s)
{
    return s->args->n_operands > 2 ? policy_show_text(s)
                                   : reply_show(s, "policy", 0, print_in_force);
}
