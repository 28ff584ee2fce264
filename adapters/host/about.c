/* SPDX-License-Identifier: Apache-2.0 */
/* about.c - tokens out, references back. */
#include "host/about.h"

#include "base/clock.h"
#include "host/request.h"
#include "host/words.h"
#include "lib/ask.h"

#include <string.h>
#include <sysexits.h>

/* The home on the day: those of ask_work_out are newest first and hold none that our rows mark
 * shielded. */
static void home_on(const struct ask *ask, int32_t day, struct about *out)
{
    for (size_t i = 0; i < ask->n_homes; i++) {
        const struct msg_home *home = &ask->homes[i];

        if (home->from > day || (home->until != CIVIL_NONE && home->until <= day))
            continue;
        out->household = home->token;
        out->has_household = true;
        return;
    }
}

static json_t *home_asked(struct host *h, const json_t *o, struct about *out)
{
    struct asker a = host_asker(h);
    struct asked_home home;
    bool given;
    json_t *wrong = request_home(o, "at_home", &given, &home);
    int r;

    if (wrong || !given)
        return wrong;
    r = ask_home_token(&a, &home, &out->household);
    crypto_wipe(&home, sizeof(home));
    out->has_household = r == 0;
    return r == 0 ? NULL : ops_wrong(r, "at_home");
}

json_t *about_read(struct host *h, const json_t *o, bool household_too, int32_t day,
                   struct about *out)
{
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed;
    struct asker a = host_asker(h);
    const char *which = "";
    struct ask ask;
    bool given;
    json_t *wrong = request_subject(o, household_too, false, &given, &typed);
    int r;

    memset(out, 0, sizeof(*out));
    if (wrong)
        return wrong;
    if (typed.household && request_has(o, "at_home"))
        return local_error("two-subjects", EX_USAGE,
                           "at_home goes with a person; household says which home it is about");
    r = ask_work_out(&a, &typed, false, "", &ask, &which);
    if (r != 0)
        return ops_wrong(r, which);
    out->subject_kind = ask.subject_kind;
    out->subject = ask.subject;
    out->household = ask.household;
    out->has_household = typed.household;
    wrong = home_asked(h, o, out);
    if (!wrong && !out->has_household)
        home_on(&ask, day, out);
    return wrong;
}

json_t *about_json(const struct host *h, uint8_t kind, const struct token_set *subject,
                   const struct token *household)
{
    const struct index *x = source_index(h->source);
    const char *homes[1], *ref = "";
    size_t n_homes = x && household && household->kind ? index_homes_find(x, household, homes, 1)
                                                       : 0,
           person;
    enum index_known known = INDEX_UNKNOWN;

    if (kind == SUBJECT_HOUSEHOLD)
        known = n_homes ? INDEX_ONE : INDEX_UNKNOWN;
    else if (x && subject->n)
        known = index_find(x, subject, true, &person);
    if (kind != SUBJECT_HOUSEHOLD && known == INDEX_ONE)
        ref = index_person_ref(x, person);
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", words_of(WORDS_SUBJECT, kind), "known",
                     words_of(WORDS_KNOWN, known), "ref", ref, "home_known", n_homes ? "yes" : "no",
                     "home_ref", n_homes ? homes[0] : "");
}
