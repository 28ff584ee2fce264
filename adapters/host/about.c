/* SPDX-License-Identifier: Apache-2.0 */
/* about.c - tokens out, references back. */
#include "host/about.h"

#include "base/clock.h"
#include "host/request.h"
#include "host/words.h"
#include "lib/ask.h"

#include <errno.h>
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

int about_make(const struct asker *a, const struct book_subject *s, struct about *out,
               const char **which)
{
    struct ask ask;
    int r = ask_work_out(a, &s->subject, false, "", &ask, which), home = 0;

    memset(out, 0, sizeof(*out));
    if (r != 0 && r != -EAGAIN)
        return r;
    if (s->has_home)
        home = ask_home_token(a, &s->home, &out->household);
    if (home != 0 && home != -EAGAIN) {
        *which = "at_home";
        return home;
    }
    if (r != 0 || home != 0)
        return -EAGAIN;
    out->subject_kind = ask.subject_kind;
    out->subject = ask.subject;
    out->has_household = s->has_home || s->subject.household;
    if (s->subject.household)
        out->household = ask.household;
    if (!out->has_household)
        home_on(&ask, s->day, out);
    return 0;
}

json_t *about_read(struct host *h, const json_t *o, bool household_too, int32_t day,
                   struct about *out)
{
    struct book_subject *s = &h->lodging;
    struct asker a = host_asker(h);
    const char *which = "";
    json_t *wrong = request_subject(o, household_too, false, &s->has_subject, &s->subject);
    int r;

    memset(out, 0, sizeof(*out));
    if (wrong)
        return wrong;
    if (s->subject.household && request_has(o, "at_home"))
        return local_error("two-subjects", EX_USAGE,
                           "at_home goes with a person; household says which home it is about");
    wrong = request_home(o, "at_home", &s->has_home, &s->home);
    if (wrong)
        return wrong;
    s->day = day;
    r = about_make(&a, s, out, &which);
    return r == 0 ? NULL : ops_wrong(h, r, which);
}

json_t *about_json(const struct host *h, uint8_t kind, const struct token_set *subject,
                   const struct token *household)
{
    const struct index *x = source_index(h->source);
    const char *homes[1], *ref = "";
    size_t n_homes = x && household && household->kind ? index_homes_find(x, household, homes, 1)
                                                       : 0,
           person;
    bool ready = x && (kind != SUBJECT_HOUSEHOLD || !household || index_ready_for(x, household));
    enum index_known known = ready ? INDEX_UNKNOWN : INDEX_NOT_READY;

    if (kind == SUBJECT_HOUSEHOLD)
        known = n_homes ? INDEX_ONE : known;
    else if (x && subject->n)
        known = index_find(x, subject, true, &person);
    if (kind != SUBJECT_HOUSEHOLD && known == INDEX_ONE)
        ref = index_person_ref(x, person);
    return json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", words_of(WORDS_SUBJECT, kind), "known",
                     words_of(WORDS_KNOWN, known), "ref", ref, "home_known", n_homes ? "yes" : "no",
                     "home_ref", n_homes ? homes[0] : "");
}
