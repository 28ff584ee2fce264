/* SPDX-License-Identifier: Apache-2.0 */
/* words.c - the words of names and addresses that are written in several ways: data, and nothing
 * else.
 *
 * Part of what a token is: a change here is a new epoch for everybody (adapters/README.md). */
#include "lib/words.h"

#include <stdlib.h>
#include <string.h>

/* clang-format off: one a line */
/* short, formal; sorted by the first. Only forms that nobody gives to two children of one family:
 * twins may be Libby and Beth, Jack and John, Alexander and Alexandra, Harry and Henry, and each of
 * those would be taken for the other. So those are not here, nor what may stand for several names
 * (Alex, Chris, Sam, Pat, Jo, Nicky, Jamie, Drew). */
static const char *const given_forms[][2] = {
    { "abbie", "abigail" },       { "abby", "abigail" },
    { "abi", "abigail" },         { "andy", "andrew" },
    { "antony", "anthony" },      { "becca", "rebecca" },
    { "becky", "rebecca" },       { "ben", "benjamin" },
    { "benji", "benjamin" },      { "benny", "benjamin" },
    { "bill", "william" },        { "billy", "william" },
    { "bob", "robert" },          { "bobby", "robert" },
    { "cam", "cameron" },         { "catharine", "catherine" },
    { "cathryn", "catherine" },   { "cathy", "catherine" },
    { "dan", "daniel" },          { "danny", "daniel" },
    { "dave", "david" },          { "deb", "deborah" },
    { "debbie", "deborah" },      { "debora", "deborah" },
    { "debra", "deborah" },       { "dom", "dominic" },
    { "dominick", "dominic" },    { "don", "donald" },
    { "ed", "edward" },           { "eddie", "edward" },
    { "elisabeth", "elizabeth" }, { "fred", "frederick" },
    { "freddie", "frederick" },   { "freddy", "frederick" },
    { "geoff", "geoffrey" },      { "greg", "gregory" },
    { "gregor", "gregory" },      { "isobel", "isabel" },
    { "jackie", "jacqueline" },   { "jacqui", "jacqueline" },
    { "jake", "jacob" },          { "jeff", "geoffrey" },
    { "jeffrey", "geoffrey" },    { "jen", "jennifer" },
    { "jenni", "jennifer" },      { "jennie", "jennifer" },
    { "jenny", "jennifer" },      { "jess", "jessica" },
    { "jessie", "jessica" },      { "jim", "james" },
    { "jimmy", "james" },         { "joe", "joseph" },
    { "joey", "joseph" },         { "johnathan", "jonathan" },
    { "jonathon", "jonathan" },   { "josh", "joshua" },
    { "kate", "catherine" },      { "katharine", "catherine" },
    { "katherine", "catherine" }, { "kathryn", "catherine" },
    { "kathy", "catherine" },     { "katie", "catherine" },
    { "katy", "catherine" },      { "ken", "kenneth" },
    { "kenny", "kenneth" },       { "kim", "kimberley" },
    { "kimberly", "kimberley" },  { "kristopher", "christopher" },
    { "len", "leonard" },         { "lenny", "leonard" },
    { "liz", "elizabeth" },       { "lizzie", "elizabeth" },
    { "lizzy", "elizabeth" },     { "maddie", "madeleine" },
    { "maddy", "madeleine" },     { "madeline", "madeleine" },
    { "maggie", "margaret" },     { "mandy", "amanda" },
    { "mathew", "matthew" },      { "matt", "matthew" },
    { "mhd", "muhammad" },        { "micheal", "michael" },
    { "mick", "michael" },        { "mike", "michael" },
    { "mikey", "michael" },       { "mohamad", "muhammad" },
    { "mohamed", "muhammad" },    { "mohammad", "muhammad" },
    { "mohammed", "muhammad" },   { "mohd", "muhammad" },
    { "muhamed", "muhammad" },    { "muhammed", "muhammad" },
    { "nathalie", "natalie" },    { "nick", "nicholas" },
    { "nicolas", "nicholas" },    { "paddy", "patrick" },
    { "pam", "pamela" },          { "patsy", "patricia" },
    { "pete", "peter" },          { "phil", "philip" },
    { "phillip", "philip" },      { "ray", "raymond" },
    { "rebekah", "rebecca" },     { "rich", "richard" },
    { "richie", "richard" },      { "rick", "richard" },
    { "rob", "robert" },          { "robbie", "robert" },
    { "ron", "ronald" },          { "shaun", "sean" },
    { "shawn", "sean" },          { "steve", "stephen" },
    { "steven", "stephen" },      { "sue", "susan" },
    { "susie", "susan" },         { "tim", "timothy" },
    { "timmy", "timothy" },       { "tom", "thomas" },
    { "tommy", "thomas" },        { "tony", "anthony" },
    { "topher", "christopher" },  { "tricia", "patricia" },
    { "trish", "patricia" },      { "vicki", "victoria" },
    { "vicky", "victoria" },      { "vikki", "victoria" },
    { "will", "william" },        { "willy", "william" },
    { "zac", "zachary" },         { "zach", "zachary" },
    { "zachery", "zachary" },     { "zack", "zachary" },
    { "zak", "zachary" },
};

struct address_word {
    const char *shortened, *word;
    bool last; /* only as the last word, for "St Mary's Road" is not a street of Mary's */
};

/* Sorted by the first. */
static const struct address_word address_forms[] = {
    { "apartment", "flat", false }, { "apt", "flat", false },       { "av", "avenue", true },
    { "ave", "avenue", true },      { "bldg", "building", false },  { "bldgs", "buildings", false },
    { "blvd", "boulevard", true },  { "cl", "close", true },        { "clo", "close", true },
    { "cott", "cottage", false },   { "cotts", "cottages", false }, { "cres", "crescent", true },
    { "crt", "court", true },       { "ct", "court", true },        { "dr", "drive", true },
    { "drv", "drive", true },       { "est", "estate", true },      { "flt", "flat", false },
    { "fm", "farm", false },        { "gdns", "gardens", true },    { "gn", "green", true },
    { "grn", "green", true },       { "gro", "grove", true },       { "grv", "grove", true },
    { "hse", "house", false },      { "hts", "heights", true },     { "la", "lane", true },
    { "ln", "lane", true },         { "lwr", "lower", false },      { "mt", "mount", false },
    { "pde", "parade", true },      { "pk", "park", true },         { "pl", "place", true },
    { "prom", "promenade", true },  { "rd", "road", true },         { "sq", "square", true },
    { "st", "street", true },       { "str", "street", true },      { "tce", "terrace", true },
    { "ter", "terrace", true },     { "terr", "terrace", true },    { "upr", "upper", false },
    { "vw", "view", true },         { "wk", "walk", true },         { "wlk", "walk", true },
    { "wy", "way", true },
};

/* clang-format on */
static int given_order(const void *key, const void *row)
{
    return strcmp(key, ((const char *const *)row)[0]);
}

const char *words_given(const char *folded)
{
    const char *const *row =
        bsearch(folded, given_forms, sizeof(given_forms) / sizeof(given_forms[0]),
                sizeof(given_forms[0]), given_order);

    return row ? row[1] : folded;
}

struct address_key {
    const char *word;
    size_t len;
};

static int address_order(const void *key, const void *row)
{
    const struct address_key *k = key;
    const char *other = ((const struct address_word *)row)->shortened;
    int order = strncmp(k->word, other, k->len);

    return order ? order : other[k->len] ? -1 : 0;
}

const char *words_address(const char *word, size_t len, bool last)
{
    const struct address_key key = { word, len };
    const struct address_word *row =
        bsearch(&key, address_forms, sizeof(address_forms) / sizeof(address_forms[0]),
                sizeof(address_forms[0]), address_order);

    return row && (last || !row->last) ? row->word : NULL;
}

size_t words_n_given(void)
{
    return sizeof(given_forms) / sizeof(given_forms[0]);
}

const char *const *words_given_at(size_t i)
{
    return given_forms[i];
}

size_t words_n_address(void)
{
    return sizeof(address_forms) / sizeof(address_forms[0]);
}

const char *words_address_at(size_t i)
{
    return address_forms[i].shortened;
}
