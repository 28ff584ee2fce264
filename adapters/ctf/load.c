/* SPDX-License-Identifier: Apache-2.0 */
/* load.c - one transfer file, read three times from memory: people, then homes, then what is about
 * them. */
#include "ctf/load.h"

#include "base/clock.h"
#include "ctf/guard.h"
#include "lib/fold.h"
#include "rows/load.h"
#include "rows/rejects.h"
#include "rows/watch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define FAULTS_TOLD 50
#define HOME_REF    "%s|%s" /* folded address, postcode: two pupils at one address share it */

enum pass { PASS_PEOPLE, PASS_HOMES, PASS_REST, PASS_COUNT };

struct loading {
    const struct ctf_config *config;
    const struct alm_sink *sink;
    bool strict;
    enum pass pass;
    struct alm_rows *rows;
    struct rows_load to[ROWS_INVOLVEMENTS + 1];
    struct rejects rejects;
    struct ctf_header header;
    char day[CIVIL_TEXT]; /* of the header */
    uint8_t *sections;
    size_t n_sections;
    uint64_t n_pupils, n_faults;
};

/* --- faults --- */
static void fault_tell(struct loading *l, unsigned long line, const char *text)
{
    if (l->n_faults < FAULTS_TOLD)
        l->sink->report(l->sink->ctx, l->config->label, line, text);
    else if (l->n_faults == FAULTS_TOLD)
        l->sink->report(l->sink->ctx, l->config->label, line,
                        "more errors follow; correct these first");
    l->n_faults++;
}

/* Return: whether the row may be left out; told either way. */
static bool fault_row(struct loading *l, unsigned long line, const char *text)
{
    if (!l->config->rows.rejects[0] || l->strict ||
        !rejects_add(&l->rejects, l->config->label, line, text)) {
        fault_tell(l, line, text);
        return false;
    }
    l->sink->report(l->sink->ctx, l->config->label, line, text);
    return true;
}

/* One row of a pupil. Return: 0; negative: give the file up. */
static int put(struct loading *l, enum rows_file f, unsigned long line, const char *const fields[])
{
    struct rows_load *to = &l->to[f];
    const char *wrong = rows_row(to, fields);

    if (to->broken)
        return to->broken;
    if (wrong && fault_row(l, line, wrong))
        rows_reject(to, fields);
    return to->broken;
}

static int on_fault(void *ctx, unsigned long line, const char *text, bool of_pupil, const char *upn)
{
    struct loading *l = ctx;
    const char *fields[ROWS_COLUMNS_MAX] = { upn, "", "", "", "", "", "" };

    if (!of_pupil) {
        fault_tell(l, line, text);
        return 0;
    }
    if (l->pass != PASS_PEOPLE)
        return 0; /* told, and rejected, with the people */
    if (fault_row(l, line, text))
        rows_reject(&l->to[ROWS_PEOPLE], fields);
    return l->to[ROWS_PEOPLE].broken;
}

/* --- header --- */
static int on_header(void *ctx, const struct ctf_header *h)
{
    struct loading *l = ctx;
    int32_t day;

    if (l->pass != PASS_PEOPLE)
        return 0;
    l->header = *h;
    memcpy(l->day, h->when, CIVIL_TEXT - 1);
    l->day[CIVIL_TEXT - 1] = '\0';
    if (civil_parse(l->day, &day) != 0) {
        fault_tell(l, 0,
                   "the header's DateTime is no date: up to when the file is complete is not "
                   "known");
        return -EINVAL;
    }
    l->rows->file_day = day;
    return 0;
}

static bool header_partial(const struct loading *l)
{
    return !l->config->whole && strcasecmp(l->header.qualifier, "full") != 0;
}

/* --- people --- */
static bool of_source(const struct loading *l, const char *lea, const char *estab)
{
    return strcmp(lea, l->header.lea) == 0 && strcmp(estab, l->header.estab) == 0;
}

/* A group that is there but holds nothing of its own is as good as absent; an empty SENhistory says
 * that there is none. */
static unsigned sections_of(const struct loading *l, const struct ctf_pupil *p)
{
    unsigned have = p->sections & (CTF_SEN | CTF_ADDRESS | CTF_CARE);

    if (!*p->line1 && !*p->saon && !*p->paon && !*p->street)
        have &= ~(unsigned)CTF_ADDRESS;
    if (!*p->in_care)
        have &= ~(unsigned)CTF_CARE;
    for (size_t i = 0; i < p->n_years; i++)
        have |= of_source(l, p->years[i].lea, p->years[i].estab) ? CTF_ATTENDANCE : 0;
    for (size_t i = 0; i < p->n_schools; i++)
        have |= of_source(l, p->schools[i].lea, p->schools[i].estab) ? CTF_HISTORY : 0;
    return have;
}

static int sections_note(struct loading *l, const struct ctf_pupil *p)
{
    size_t at;
    uint8_t *grown;

    if (!refs_find(&l->rows->people, p->upn, &at) || at < l->n_sections)
        return 0; /* rejected, or a repeated one */
    grown = reallocarray(l->sections, at + 1, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    l->sections = grown;
    l->sections[at] = (uint8_t)sections_of(l, p);
    l->n_sections = at + 1;
    return 0;
}

static int pupil_person(struct loading *l, const struct ctf_pupil *p)
{
    const char *const fields[ROWS_COLUMNS_MAX] = {
        [PEOPLE_ID] = p->upn,
        [PEOPLE_GIVEN] = p->forename,
        [PEOPLE_FAMILY] = p->surname,
        [PEOPLE_BORN] = p->born,
        [PEOPLE_NHS] = "",
        [PEOPLE_UPN] = p->upn,
        [PEOPLE_UNBORN] = "",
    };
    int r;

    l->n_pupils++;
    r = put(l, ROWS_PEOPLE, p->line, fields);
    return r == 0 ? sections_note(l, p) : r;
}

/* --- homes --- */
struct home {
    char address[ALM_FIELD_MAX], ref[ALM_REF_MAX];
    const char *postcode;
};

/* "Flat 2" alone says nothing without the next line. */
static bool line_is_part(const char *line)
{
    return strncasecmp(line, "flat", 4) == 0 || strncasecmp(line, "apartment", 9) == 0 ||
           strspn(line, "0123456789-/abcdABCD ") == strlen(line);
}

static int address_of(const struct ctf_pupil *p, char out[static ALM_FIELD_MAX])
{
    bool lines = *p->line1 != '\0';
    bool two = lines && *p->line2 && line_is_part(p->line1);
    int n = lines ? snprintf(out, ALM_FIELD_MAX, "%s%s%s", p->line1, two ? " " : "",
                             two ? p->line2 : "")
                  : snprintf(out, ALM_FIELD_MAX, "%s%s%s%s%s", p->saon, *p->saon ? " " : "",
                             p->paon, *p->paon ? " " : "", p->street);

    return n > 0 && n < ALM_FIELD_MAX ? 0 : -EINVAL;
}

/* Return: NULL; what keeps the pupil's address from being a home. */
static const char *home_of(const struct ctf_pupil *p, struct home *h)
{
    char folded[FOLD_OUT_MAX], postcode[POSTCODE_TEXT] = "";
    enum alm_fault f = ALM_OK;
    int n;

    h->postcode = p->postcode;
    if (address_of(p, h->address) != 0)
        return alm_fault_text(ALM_BAD_ADDRESS);
    if (*p->postcode)
        f = fold_postcode(p->postcode, postcode);
    if (f == ALM_OK)
        f = fold_address(h->address, folded);
    if (f != ALM_OK)
        return alm_fault_text(f);
    n = snprintf(h->ref, sizeof(h->ref), HOME_REF, folded, postcode);
    return n > 0 && (size_t)n < sizeof(h->ref) ? NULL : alm_fault_text(ALM_BAD_ADDRESS);
}

/* A pupil whose address cannot be used is one whose address the file does not have. */
static void home_lost(struct loading *l, const struct ctf_pupil *p)
{
    size_t at;

    if (refs_find(&l->rows->people, p->upn, &at) && at < l->n_sections)
        l->sections[at] &= (uint8_t)~CTF_ADDRESS;
    l->rows->partial = true;
}

static int pupil_home(struct loading *l, const struct ctf_pupil *p)
{
    struct home h;
    bool has = (sections_of(l, p) & CTF_ADDRESS) != 0;
    const char *wrong = has ? home_of(p, &h) : NULL;
    size_t at;

    if (wrong && fault_row(l, p->line, wrong))
        home_lost(l, p);
    if (wrong || !has || refs_find(&l->rows->homes, h.ref, &at))
        return 0; /* a sibling's */
    return put(l, ROWS_HOMES, p->line,
               (const char *const[]){ [HOMES_ID] = h.ref,
                                      [HOMES_ADDRESS] = h.address,
                                      [HOMES_POSTCODE] = h.postcode,
                                      [HOMES_SHIELDED] = "" });
}

/* --- what is about a pupil --- */
static int contact(struct loading *l, const struct ctf_pupil *p, const char *date, const char *kind)
{
    return put(l, ROWS_CONTACTS, p->line,
               (const char *const[]){ [CONTACTS_ID] = "",
                                      [CONTACTS_PERSON] = p->upn,
                                      [CONTACTS_HOME] = "",
                                      [CONTACTS_DATE] = date,
                                      [CONTACTS_KIND] = kind });
}

/* Something about a pupil that cannot be used. */
static int unusable(struct loading *l, const struct ctf_pupil *p, const char *text)
{
    const char *const fields[ROWS_COLUMNS_MAX] = { [CONTACTS_ID] = "",
                                                   [CONTACTS_PERSON] = p->upn,
                                                   [CONTACTS_HOME] = "",
                                                   [CONTACTS_DATE] = "",
                                                   [CONTACTS_KIND] = "" };

    if (fault_row(l, p->line, text))
        rows_reject(&l->to[ROWS_CONTACTS], fields);
    return l->to[ROWS_CONTACTS].broken;
}

/* The day after a last day, for ends that do not hold any more; what is no date stays as it is, to
 * be told. */
static const char *day_after(const char *last, char out[static CIVIL_TEXT])
{
    int32_t day;

    if (!*last || civil_parse(last, &day) != 0)
        return last;
    civil_format(day + 1, out);
    return out;
}

static int pupil_sen(struct loading *l, const struct ctf_pupil *p)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->n_sen; i++) {
        const struct ctf_sen *s = &p->sen[i];
        char kind[sizeof(KIND_SEN) + CTF_CODE_MAX], day[CIVIL_TEXT];

        (void)snprintf(kind, sizeof(kind), KIND_SEN "%s", s->provision);
        r = contact(l, p, s->start, *s->provision ? kind : "");
        if (r == 0 && *s->end)
            r = contact(l, p, day_after(s->end, day), KIND_SEN_END);
    }
    return r;
}

static bool count_of(const char *text, unsigned long *out)
{
    char *end;

    errno = 0;
    *out = *text ? strtoul(text, &end, 10) : 0;
    return !*text || (!errno && end != text && !*end && text[0] != '-' && *out < 1000000);
}

/* Of the source school's last year: absent from a tenth, or half, of the sessions that were
 * possible. */
static int pupil_attendance(struct loading *l, const struct ctf_pupil *p)
{
    const struct ctf_year *y = NULL;
    unsigned long possible, authorised, unauthorised;
    int r = 0;

    for (size_t i = 0; i < p->n_years; i++) {
        if (of_source(l, p->years[i].lea, p->years[i].estab) &&
            (!y || strcmp(p->years[i].year, y->year) > 0))
            y = &p->years[i];
    }
    if (!y)
        return 0;
    if (!count_of(y->possible, &possible) || !count_of(y->authorised, &authorised) ||
        !count_of(y->unauthorised, &unauthorised))
        return unusable(l, p, "sessions of attendance that are no numbers");
    if (!possible)
        return 0;
    if ((authorised + unauthorised) * 10 >= possible)
        r = contact(l, p, l->day, KIND_PERSISTENT);
    if (r == 0 && (authorised + unauthorised) * 2 >= possible)
        r = contact(l, p, l->day, KIND_SEVERE);
    return r;
}

static int pupil_care(struct loading *l, const struct ctf_pupil *p)
{
    bool yes = strcasecmp(p->in_care, "true") == 0 || strcmp(p->in_care, "1") == 0;
    bool no = strcasecmp(p->in_care, "false") == 0 || strcmp(p->in_care, "0") == 0;

    if (!*p->in_care)
        return 0;
    if (!yes && !no)
        return unusable(l, p, "InCare is true or false");
    return contact(l, p, l->day, yes ? KIND_IN_CARE : KIND_NOT_IN_CARE);
}

static int pupil_history(struct loading *l, const struct ctf_pupil *p)
{
    int r = 0;

    for (size_t i = 0; r == 0 && i < p->n_schools; i++) {
        const struct ctf_school *s = &p->schools[i];
        char day[CIVIL_TEXT];

        if (!of_source(l, s->lea, s->estab))
            continue; /* another school's to say */
        r = put(l, ROWS_INVOLVEMENTS, p->line,
                (const char *const[]){ [INVOLVED_ID] = "",
                                       [INVOLVED_PERSON] = p->upn,
                                       [INVOLVED_SERVICE] = l->config->service,
                                       [INVOLVED_START] = s->entry,
                                       [INVOLVED_END] = day_after(s->leaving, day),
                                       [INVOLVED_ROUTE] = l->config->contact_route,
                                       [INVOLVED_LEAD] = "" });
    }
    return r;
}

static int pupil_rest(struct loading *l, const struct ctf_pupil *p)
{
    struct home h;
    size_t at;
    int r = 0;

    if (sections_of(l, p) & CTF_ADDRESS && !home_of(p, &h) &&
        refs_find(&l->rows->homes, h.ref, &at))
        r = put(l, ROWS_RESIDENCES, p->line,
                (const char *const[]){ [STAYS_PERSON] = p->upn,
                                       [STAYS_HOME] = h.ref,
                                       [STAYS_FROM] = "",
                                       [STAYS_UNTIL] = "" });
    if (r == 0)
        r = pupil_sen(l, p);
    if (r == 0)
        r = pupil_attendance(l, p);
    if (r == 0)
        r = pupil_care(l, p);
    return r == 0 ? pupil_history(l, p) : r;
}

static int on_pupil(void *ctx, const struct ctf_pupil *p)
{
    static int (*const passes[PASS_COUNT])(
        struct loading * l, const struct ctf_pupil *p) = { pupil_person, pupil_home, pupil_rest };
    struct loading *l = ctx;

    return passes[l->pass](l, p);
}

/* --- the file --- */
static int load_passes(struct loading *l, struct bytes file)
{
    const struct ctf_reading to = { l, on_header, on_pupil, on_fault };
    char text[128];
    int r = 0;

    for (int pass = 0; r == 0 && pass < PASS_COUNT; pass++) {
        l->pass = (enum pass)pass;
        r = ctf_read(file, &to);
        if (r == 0 && pass == PASS_PEOPLE && l->n_pupils < l->config->pupils_least) {
            (void)snprintf(
                text, sizeof(text), "%llu pupils, and expected_least is %llu: an extract of a part",
                (unsigned long long)l->n_pupils, (unsigned long long)l->config->pupils_least);
            fault_tell(l, 0, text);
        }
        if (r == 0 && l->n_faults)
            r = -EINVAL;
    }
    return r;
}

/* Everything of a file that is not there is missing. */
static int load_absent(struct loading *l)
{
    for (int f = ROWS_PEOPLE; f <= ROWS_INVOLVEMENTS; f++)
        rows_miss(l->rows, (enum rows_file)f);
    return l->strict ? -EINVAL : 0;
}

static int load_file(struct loading *l)
{
    ALM_CLEANUP(buf_deinit) struct buf file;
    unsigned long line;
    const char *wrong;
    int r;

    buf_init(&file, CTF_FILE_MAX);
    r = take_file(l->config->path, l->config->label, l->sink->report, l->sink->ctx, &file);
    if (r == TAKE_ABSENT)
        return load_absent(l);
    if (r != 0)
        return r > 0 ? -EAGAIN : r;
    wrong = guard_check(buf_view(&file), &line);
    if (wrong) {
        fault_tell(l, line, wrong);
        return -EINVAL;
    }
    r = load_passes(l, buf_view(&file));
    if (r == 0 && header_partial(l)) {
        l->sink->report(l->sink->ctx, l->config->label, 0,
                        "the header says that this is a part of the school's pupils; say whole = "
                        "true if it is not");
        l->rows->rejected[ROWS_PEOPLE] = true; /* whoever is not in it may be in the rest */
        l->rows->partial = true;
    }
    return r;
}

static int load_all(struct loading *l)
{
    int r = rows_new(&l->config->rows, &l->rows);

    if (r != 0)
        return r;
    for (int f = ROWS_PEOPLE; f <= ROWS_INVOLVEMENTS; f++)
        l->to[f] = rows_begin(l->rows, l->sink, (enum rows_file)f);
    r = load_file(l);
    for (int f = ROWS_PEOPLE; f <= ROWS_INVOLVEMENTS; f++)
        rows_end(&l->to[f]);
    if (r == 0 && l->config->rows.rejects[0] && !l->strict)
        r = rejects_write(&l->rejects, l->config->rows.rejects, l->sink);
    return r == 0 ? rows_index(l->rows) : r;
}

int ctf_load_rows(const struct ctf_config *c, const struct alm_sink *sink, bool strict,
                  struct ctf_rows *out)
{
    struct loading l = { .config = c, .sink = sink, .strict = strict };
    int r;

    rejects_init(&l.rejects, c->rows.rejects_most);
    r = load_all(&l);
    rejects_deinit(&l.rejects);
    *out = (struct ctf_rows){ l.rows, l.sections };
    if (r != 0)
        ctf_rows_deinit(out);
    return r;
}

void ctf_rows_deinit(struct ctf_rows *r)
{
    rows_free(r->rows);
    free(r->sections);
    *r = (struct ctf_rows){ NULL, NULL };
}
