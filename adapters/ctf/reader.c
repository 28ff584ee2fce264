/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - libxml2's pull reader, and a table of the elements that are kept. */
#include "ctf/reader.h"

#include <errno.h>
#include <libxml/xmlreader.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX  24
#define PATH_BYTES 512
#define TEXT_MAX   1024 /* bytes of one element's text that are kept */

enum group { GROUP_HEADER, GROUP_PUPIL, GROUP_SEN, GROUP_YEAR, GROUP_SCHOOL };

#define PUPIL     "CTfile/CTFpupilData/Pupil"
#define H(member) offsetof(struct ctf_header, member), sizeof(((struct ctf_header *)0)->member)
#define P(member) offsetof(struct ctf_pupil, member), sizeof(((struct ctf_pupil *)0)->member)
#define S(member) offsetof(struct ctf_sen, member), sizeof(((struct ctf_sen *)0)->member)
#define Y(member) offsetof(struct ctf_year, member), sizeof(((struct ctf_year *)0)->member)
#define C(member) offsetof(struct ctf_school, member), sizeof(((struct ctf_school *)0)->member)
/* clang-format off: a table, one row an element */
static const struct leaf {
    const char *path;
    enum group group;
    size_t offset, size;
} leaves[] = {
    { "CTfile/Header/CTFversion", GROUP_HEADER, H(version) },
    { "CTfile/Header/DateTime", GROUP_HEADER, H(when) },
    { "CTfile/Header/DocumentQualifier", GROUP_HEADER, H(qualifier) },
    { "CTfile/Header/SourceSchool/LEA", GROUP_HEADER, H(lea) },
    { "CTfile/Header/SourceSchool/Estab", GROUP_HEADER, H(estab) },
    { PUPIL "/UPN", GROUP_PUPIL, P(upn) },
    { PUPIL "/Surname", GROUP_PUPIL, P(surname) },
    { PUPIL "/Forename", GROUP_PUPIL, P(forename) },
    { PUPIL "/DOB", GROUP_PUPIL, P(born) },
    { PUPIL "/Address/BS7666Address/SAON", GROUP_PUPIL, P(saon) },
    { PUPIL "/Address/BS7666Address/PAON", GROUP_PUPIL, P(paon) },
    { PUPIL "/Address/BS7666Address/Street", GROUP_PUPIL, P(street) },
    { PUPIL "/Address/AddressLines/AddressLine1", GROUP_PUPIL, P(line1) },
    { PUPIL "/Address/AddressLines/AddressLine2", GROUP_PUPIL, P(line2) },
    { PUPIL "/Address/PostCode", GROUP_PUPIL, P(postcode) },
    { PUPIL "/LookedAfter/InCare", GROUP_PUPIL, P(in_care) },
    { PUPIL "/SENhistory/SEN/StartDate", GROUP_SEN, S(start) },
    { PUPIL "/SENhistory/SEN/EndDate", GROUP_SEN, S(end) },
    { PUPIL "/SENhistory/SEN/SENprovision", GROUP_SEN, S(provision) },
    { PUPIL "/Attendance/YearData/Year", GROUP_YEAR, Y(year) },
    { PUPIL "/Attendance/YearData/LEA", GROUP_YEAR, Y(lea) },
    { PUPIL "/Attendance/YearData/Estab", GROUP_YEAR, Y(estab) },
    { PUPIL "/Attendance/YearData/SessionsPossible", GROUP_YEAR, Y(possible) },
    { PUPIL "/Attendance/YearData/SessionsAuthorised", GROUP_YEAR, Y(authorised) },
    { PUPIL "/Attendance/YearData/SessionsUnauthorised", GROUP_YEAR, Y(unauthorised) },
    { PUPIL "/SchoolHistory/School/LEA", GROUP_SCHOOL, C(lea) },
    { PUPIL "/SchoolHistory/School/Estab", GROUP_SCHOOL, C(estab) },
    { PUPIL "/SchoolHistory/School/EntryDate", GROUP_SCHOOL, C(entry) },
    { PUPIL "/SchoolHistory/School/LeavingDate", GROUP_SCHOOL, C(leaving) },
};
static const struct {
    const char *path;
    unsigned section;
} sections[] = {
    { PUPIL "/Address", CTF_ADDRESS },       { PUPIL "/LookedAfter", CTF_CARE },
    { PUPIL "/SENhistory", CTF_SEN },        { PUPIL "/Attendance", CTF_ATTENDANCE },
    { PUPIL "/SchoolHistory", CTF_HISTORY },
};
/* clang-format on */

struct reader {
    const struct ctf_reading *to;
    xmlTextReaderPtr xml;
    char path[PATH_BYTES];
    size_t ends[DEPTH_MAX]; /* length of path at each depth */
    size_t depth;
    char text[TEXT_MAX];
    size_t text_len;
    bool text_long, header_seen, pupils_seen;
    const char *wrong; /* with the pupil under way; the first */
    unsigned long wrong_line;
    struct ctf_header header;
    struct ctf_pupil pupil;
    struct ctf_sen sen;
    struct ctf_year year;
    struct ctf_school school;
    int xml_line; /* of libxml2's first error; 0: none */
};

static unsigned long line_of(const struct reader *r)
{
    int line = xmlTextReaderGetParserLineNumber(r->xml);

    return line > 0 ? (unsigned long)line : 0;
}

static int file_fault(struct reader *r, unsigned long line, const char *text)
{
    int e = r->to->fault(r->to->ctx, line, text, false, "");

    return e < 0 ? e : -EINVAL;
}

static void pupil_fault(struct reader *r, const char *text)
{
    if (r->wrong)
        return;
    r->wrong = text;
    r->wrong_line = line_of(r);
}

/* --- what stands in an element --- */
static char *leaf_place(struct reader *r, const struct leaf *l)
{
    char *const groups[] = {
        [GROUP_HEADER] = (char *)&r->header, [GROUP_PUPIL] = (char *)&r->pupil,
        [GROUP_SEN] = (char *)&r->sen,       [GROUP_YEAR] = (char *)&r->year,
        [GROUP_SCHOOL] = (char *)&r->school,
    };

    return groups[l->group] + l->offset;
}

static const struct leaf *leaf_find(const char *path)
{
    for (size_t i = 0; i < ALM_LEN(leaves); i++) {
        if (strcmp(leaves[i].path, path) == 0)
            return &leaves[i];
    }
    return NULL;
}

static void leaf_take(struct reader *r, const struct leaf *l)
{
    static const char space[] = " \t\r\n";
    char *to = leaf_place(r, l), *from = r->text;
    size_t len;

    r->text[r->text_len] = '\0';
    from += strspn(from, space);
    len = strlen(from);
    while (len && strchr(space, from[len - 1]))
        len--;
    from[len] = '\0';
    if (*to)
        pupil_fault(r, "an element stands twice in one pupil");
    else if (r->text_long || len >= l->size)
        pupil_fault(r, "an element's text is too long");
    else
        memcpy(to, from, len + 1);
}

static bool group_add(struct reader *r, void *list, size_t *n, size_t most, const void *one,
                      size_t size)
{
    if (*n == most) {
        pupil_fault(r, "more entries of one kind than one pupil can have");
        return false;
    }
    memcpy((char *)list + *n * size, one, size);
    ++*n;
    return true;
}

static int pupil_end(struct reader *r)
{
    int e;

    if (!r->header_seen)
        return file_fault(r, line_of(r), "a pupil before the header: not a transfer file");
    if (r->wrong)
        e = r->to->fault(r->to->ctx, r->wrong_line, r->wrong, true, r->pupil.upn);
    else
        e = r->to->pupil(r->to->ctx, &r->pupil);
    r->wrong = NULL;
    return e;
}

/* An element ends. */
static int element_end(struct reader *r)
{
    const struct leaf *l = leaf_find(r->path);
    struct ctf_pupil *p = &r->pupil;

    if (l)
        leaf_take(r, l);
    else if (strcmp(r->path, "CTfile/Header") == 0) {
        r->header_seen = true;
        if (r->wrong) {
            int e = file_fault(r, r->wrong_line, r->wrong);

            r->wrong = NULL;
            return e;
        }
        return r->to->header(r->to->ctx, &r->header);
    } else if (strcmp(r->path, PUPIL) == 0)
        return pupil_end(r);
    else if (strcmp(r->path, PUPIL "/SENhistory/SEN") == 0)
        (void)group_add(r, p->sen, &p->n_sen, CTF_SEN_MAX, &r->sen, sizeof(r->sen));
    else if (strcmp(r->path, PUPIL "/Attendance/YearData") == 0)
        (void)group_add(r, p->years, &p->n_years, CTF_YEARS_MAX, &r->year, sizeof(r->year));
    else if (strcmp(r->path, PUPIL "/SchoolHistory/School") == 0)
        (void)group_add(r, p->schools, &p->n_schools, CTF_SCHOOLS_MAX, &r->school,
                        sizeof(r->school));
    return 0;
}

static void element_begin(struct reader *r)
{
    r->text_len = 0;
    r->text_long = false;
    if (strcmp(r->path, PUPIL) == 0) {
        memset(&r->pupil, 0, sizeof(r->pupil));
        r->pupil.line = line_of(r);
        r->pupils_seen = true;
        r->wrong = NULL;
    } else if (strcmp(r->path, PUPIL "/SENhistory/SEN") == 0) {
        memset(&r->sen, 0, sizeof(r->sen));
    } else if (strcmp(r->path, PUPIL "/Attendance/YearData") == 0) {
        memset(&r->year, 0, sizeof(r->year));
    } else if (strcmp(r->path, PUPIL "/SchoolHistory/School") == 0) {
        memset(&r->school, 0, sizeof(r->school));
    }
    for (size_t i = 0; i < ALM_LEN(sections); i++) {
        if (strcmp(r->path, sections[i].path) == 0)
            r->pupil.sections |= sections[i].section;
    }
}

/* --- the path --- */
static int path_push(struct reader *r, const char *name)
{
    size_t at = r->depth ? r->ends[r->depth - 1] : 0;
    int n;

    if (r->depth == DEPTH_MAX)
        return file_fault(r, line_of(r), "elements within elements, too deep for a transfer file");
    n = snprintf(r->path + at, sizeof(r->path) - at, "%s%s", at ? "/" : "", name);
    if (n < 0 || (size_t)n >= sizeof(r->path) - at)
        return file_fault(r, line_of(r), "an element's name that is too long");
    r->ends[r->depth++] = at + (size_t)n;
    return 0;
}

static void path_pop(struct reader *r)
{
    if (r->depth)
        r->depth--;
    r->path[r->depth ? r->ends[r->depth - 1] : 0] = '\0';
}

static int node_begin(struct reader *r)
{
    bool empty = xmlTextReaderIsEmptyElement(r->xml) == 1;
    int e = path_push(r, (const char *)xmlTextReaderConstLocalName(r->xml));

    if (e != 0)
        return e;
    if (r->depth == 1 && strcmp(r->path, "CTfile") != 0)
        return file_fault(r, line_of(r),
                          "not a Common Transfer File: its first element is another");
    element_begin(r);
    if (!empty)
        return 0;
    e = element_end(r);
    path_pop(r);
    return e;
}

static void node_text(struct reader *r)
{
    const char *text = (const char *)xmlTextReaderConstValue(r->xml);
    size_t len = text ? strlen(text) : 0;

    if (len >= TEXT_MAX - r->text_len) {
        r->text_long = true;
        len = TEXT_MAX - 1 - r->text_len;
    }
    if (len)
        memcpy(r->text + r->text_len, text, len);
    r->text_len += len;
}

static int node(struct reader *r)
{
    int e;

    switch (xmlTextReaderNodeType(r->xml)) {
    case XML_READER_TYPE_ELEMENT:
        return node_begin(r);
    case XML_READER_TYPE_END_ELEMENT:
        e = element_end(r);
        path_pop(r);
        r->text_len = 0;
        return e;
    case XML_READER_TYPE_TEXT:
    case XML_READER_TYPE_CDATA:
        node_text(r);
        return 0;
    case XML_READER_TYPE_DOCUMENT_TYPE:
    case XML_READER_TYPE_ENTITY_REFERENCE:
    case XML_READER_TYPE_ENTITY:
        return file_fault(r, line_of(r), "a document type or an entity of its own: not read");
    default:
        return 0; /* comments, white space */
    }
}

/* --- the file --- */
#if LIBXML_VERSION >= 21200
static void on_error(void *ctx, const xmlError *error)
#else
static void on_error(void *ctx, xmlErrorPtr error)
#endif
{
    struct reader *r = ctx;

    /* libxml2's own text may quote the file: the line is all that is told. */
    if (error && error->level >= XML_ERR_ERROR && !r->xml_line)
        r->xml_line = error->line > 0 ? error->line : 1;
}

static int read_all(struct reader *r)
{
    int more = 1, e = 0;

    while (e == 0 && !r->xml_line && (more = xmlTextReaderRead(r->xml)) == 1)
        e = node(r);
    if (e != 0)
        return e;
    if (more < 0 || r->xml_line)
        return file_fault(r, r->xml_line ? (unsigned long)r->xml_line : line_of(r),
                          "not well-formed XML, or bytes that its encoding does not have: the file "
                          "is cut off or damaged");
    if (!r->header_seen || !r->pupils_seen)
        return file_fault(r, 0,
                          r->header_seen ? "no pupil in the file: is it whole?"
                                         : "no header: not a Common Transfer File");
    return 0;
}

int ctf_read(struct bytes file, const struct ctf_reading *to)
{
    struct reader *r = calloc(1, sizeof(*r));
    int e;

    if (!r)
        return -ENOMEM;
    r->to = to;
    r->xml = file.len <= CTF_FILE_MAX
                 ? xmlReaderForMemory((const char *)file.data, (int)file.len, NULL, NULL,
                                      XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING)
                 : NULL;
    if (!r->xml) {
        free(r);
        return -ENOMEM;
    }
    xmlTextReaderSetStructuredErrorHandler(r->xml, on_error, r);
    e = read_all(r);
    xmlFreeTextReader(r->xml);
    free(r);
    return e;
}
