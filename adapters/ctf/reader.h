/* SPDX-License-Identifier: Apache-2.0 */
/* reader.h - a Common Transfer File, one pupil after another.
 *
 * The only user of libxml2. Reads a DOM of nothing: the pull reader, no network, no DTD, no
 * entities, a bounded depth. Elements that it does not know are passed over. Source: DfE, "Common
 * transfer file CTF 21 specification", version 1.1, July 2021, section 4. */
#pragma once
#include "almoner/adapter.h"
#include "base/attr.h"
#include "base/bytes.h"

#define CTF_FILE_MAX    (256u << 20) /* bytes */
#define CTF_CODE_MAX    32           /* bytes of a code, number or date, with NUL */
#define CTF_SEN_MAX     64           /* of one pupil */
#define CTF_YEARS_MAX   32
#define CTF_SCHOOLS_MAX 64

enum ctf_section { /* bits: which groups a pupil has */
                   CTF_ADDRESS = 1,
                   CTF_CARE = 2,
                   CTF_SEN = 4,
                   CTF_ATTENDANCE = 8,
                   CTF_HISTORY = 16
};
typedef char ctf_code[CTF_CODE_MAX];
typedef char ctf_text[ALM_FIELD_MAX];
struct ctf_header {
    ctf_code version, when, qualifier, lea, estab; /* of the source school */
};
struct ctf_sen {
    ctf_code start, end, provision;
};
struct ctf_year { /* of attendance */
    ctf_code year, lea, estab, possible, authorised, unauthorised;
};
struct ctf_school {
    ctf_code lea, estab, entry, leaving;
};
struct ctf_pupil {
    unsigned long line;
    unsigned sections;
    ctf_code upn, born;
    ctf_text surname, forename;
    ctf_text saon, paon, street, line1, line2; /* BS 7666, or lines */
    ctf_code postcode, in_care;
    size_t n_sen, n_years, n_schools;
    struct ctf_sen sen[CTF_SEN_MAX];
    struct ctf_year years[CTF_YEARS_MAX];
    struct ctf_school schools[CTF_SCHOOLS_MAX];
};
struct ctf_reading { /* what the caller is told of; ctx comes first */
    void *ctx;
    /* Return: 0; negative: give the file up. */
    int (*header)(void *ctx, const struct ctf_header *h);
    int (*pupil)(void *ctx, const struct ctf_pupil *p);
    /* What is wrong with the file, or (of_pupil) with the pupil that ends there, who is then not
     * told of. Never content. Return: 0 go on; negative: give the file up. */
    int (*fault)(void *ctx, unsigned long line, const char *text, bool of_pupil, const char *upn);
};
/**
 * ctf_read() - a whole file
 * @file: its bytes, passed by guard_check
 * Return: 0; -EINVAL no transfer file, or not well-formed (told by fault); -ENOMEM; what a function
 * returned.
 */
ALM_MUST_USE int ctf_read(struct bytes file, const struct ctf_reading *r);
