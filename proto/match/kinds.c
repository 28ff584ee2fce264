/* SPDX-License-Identifier: Apache-2.0 */
/* kinds.c - the token kinds and their weights: the one table that the decision reads.
 *
 * A weight is evidence, in points that match.c adds up: `who` says that two records carry one
 * person's names, `where` that they carry one home. README.md says how the numbers were come by. */
#include "match/token.h"

static const struct token_kind_facts kinds[TOKEN_KIND_COUNT] = {
    [TOKEN_NHS] = { .name = "nhs",
                    .joins = "NHS number",
                    .person = true,
                    .strong = true,
                    .finds = true },
    [TOKEN_UPN] = { .name = "upn", .joins = "UPN", .person = true, .strong = true, .finds = true },
    [TOKEN_NAME_DOB] = { .name = "name-dob",
                         .joins = "both names in either order, birth date",
                         .person = true,
                         .finds = true,
                         .alone = true,
                         .who = 6 },
    [TOKEN_PHONETIC_DOB] = { .name = "phonetic-dob",
                             .joins =
                                 "sounds of both names in either order, birth date with day and "
                                 "month in either order",
                             .person = true,
                             .alone = true,
                             .who = 3 },
    [TOKEN_NAME_POSTCODE] = { .name = "name-postcode",
                              .joins = "both names in either order, postcode",
                              .person = true,
                              .of_home = true,
                              .alone = true,
                              .who = 3,
                              .where = 2 },
    [TOKEN_DOB_HOME] = { .name = "dob-home",
                         .joins = "birth date, numbers of the address, postcode",
                         .person = true,
                         .of_home = true,
                         .where = 4 },
    [TOKEN_HOME] = { .name = "home", .joins = "address, postcode" },
    [TOKEN_GIVEN_DOB] = { .name = "given-dob",
                          .joins = "given names with diminutives written out, birth date",
                          .person = true,
                          .who = 4 },
    [TOKEN_DOB_POSTCODE] = { .name = "dob-postcode",
                             .joins = "birth date, postcode",
                             .person = true,
                             .of_home = true,
                             .where = 2 },
    [TOKEN_DOB_STREET] = { .name = "dob-street",
                           .joins = "birth date, address without postcode",
                           .person = true,
                           .of_home = true,
                           .where = 2 },
};

const struct token_kind_facts *token_kind_facts(uint8_t kind)
{
    static const struct token_kind_facts none = { .name = "unknown", .joins = "" };

    return kind > 0 && kind < TOKEN_KIND_COUNT ? &kinds[kind] : &none;
}

bool token_kind_strong(uint8_t kind)
{
    return token_kind_facts(kind)->strong;
}
