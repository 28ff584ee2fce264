/* SPDX-License-Identifier: Apache-2.0 */
/* random_policy.c - small policies that nobody would write, from a seed. */
#include "random_policy.h"
#include <stdio.h>
#include <string.h>

uint64_t random_next(struct random *r)
{
    uint64_t z = (r->state += UINT64_C(0x9e3779b97f4a7c15)); /* splitmix64 */

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

unsigned random_below(struct random *r, unsigned n)
{
    return (unsigned)(random_next(r) % n);
}

static const char *pick(struct random *r, const char *const *words, unsigned n)
{
    return words[random_below(r, n)];
}
#define PICK(r, ...)                                                                               \
    pick((r), (const char *const[]){ __VA_ARGS__ },                                                \
         sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(const char *))

static void agencies(struct random *r, struct buf *out)
{
    unsigned n = 2 + random_below(r, 3);

    buf_printf(out, "agencies = (");
    for (unsigned i = 0; i < n; i++) {
        buf_printf(out, "%s{ id = \"a%u\"; name = \"A\"; sector = \"s%u\"; sensitive = %s; ",
                   i ? ", " : "", i, random_below(r, 3), PICK(r, "true", "false", "false"));
        if (i && random_below(r, 3) == 0)
            buf_printf(out, "team_of = \"a0\"; ");
        buf_printf(out, "regime = \"%s\"; }", PICK(r, "ukgdpr", "law-enforcement"));
    }
    buf_printf(out, ");\n");
    buf_printf(out, "protocols = (");
    for (unsigned p = 0; p < 2; p++) {
        unsigned parties = 0;

        buf_printf(out,
                   "%s{ id = \"p%u\"; title = \"P\"; from = \"202%u-01-01\"; to = \"202%u-12-31\"; "
                   "review = \"2024-06-30\"; parties = (",
                   p ? ", " : "", p, random_below(r, 3), 3 + random_below(r, 3));
        for (unsigned i = 0; i < n; i++)
            if (i + 1 == n || random_below(r, 4))
                buf_printf(out, "%s{ agency = \"a%u\"; ask = \"%s\"; answer = \"%s\"; }",
                           parties++ ? ", " : "", i, PICK(r, "full", "full", "insight-only", "no"),
                           PICK(r, "yes", "yes", "no"));
        buf_printf(out, "); }");
    }
    buf_printf(out, ");\n");
}

static void gateways(struct random *r, struct buf *out)
{
    static const char *const kinds[] = { "duty", "power", "consent", "power" };

    buf_printf(out, "gateways = (");
    for (unsigned i = 0; i < 4; i++) {
        buf_printf(out,
                   "%s{ id = \"g%u\"; title = \"G\"; statute = \"S\"; section = \"1\"; countries = "
                   "[ \"england\" ]; kind = \"%s\"; from = \"20%s-01-01\"; ",
                   i ? ", " : "", i, kinds[i], PICK(r, "18", "21", "22"));
        if (random_below(r, 3) == 0)
            buf_printf(out, "to = \"202%u-06-30\"; ", 3 + random_below(r, 2));
        if (random_below(r, 3) == 0)
            buf_printf(out, "excluded_sectors = [ \"s%u\" ]; ", random_below(r, 3));
        if (random_below(r, 4) == 0)
            buf_printf(out, "excluded_classes = [ \"d0\" ]; ");
        if (i == 3 || random_below(r, 4) == 0)
            buf_printf(out, "conditions = [ \"%s\" ]; ",
                       PICK(r, "para18-reason", "public-task-statement", "necessity"));
        if (random_below(r, 5) == 0)
            buf_printf(out, "regime = \"%s\"; ", PICK(r, "ukgdpr", "law-enforcement"));
        buf_printf(out, "}");
    }
    buf_printf(out, ");\n");
}

static void purposes(struct random *r, struct buf *out)
{
    buf_printf(out, "purposes = (");
    for (unsigned i = 0; i < 3; i++) {
        bool consent = random_below(r, 2) == 0;

        buf_printf(out, "%s{ id = \"u%u\"; title = \"U\"; protocol = \"p%u\"; consent = \"%s\"; ",
                   i ? ", " : "", i, random_below(r, 2), consent ? "required" : "not-required");
        buf_printf(out, "relationship = \"%s\"; within_days = %u; self_claimed = %s; ",
                   PICK(r, "required", "not-required"), random_below(r, 3) * 100,
                   PICK(r, "true", "false"));
        buf_printf(out, "who_is_involved = %s; sensitive = \"%s\"; sees_past_shield = \"%s\"; ",
                   PICK(r, "true", "true", "false"), PICK(r, "named", "masked", "hidden"),
                   PICK(r, "none", "none", "location", "identity", "existence"));
        buf_printf(out, "bases = [ %s ]; ",
                   consent
                       ? "\"g2\""
                       : PICK(r, "\"g0\"", "\"g1\"", "\"g0\", \"g3\"", "\"g1\", \"g3\"", "\"g3\""));
        if (random_below(r, 2))
            buf_printf(out, "roles = [ \"r%u\" ]; ", random_below(r, 2));
        buf_printf(out, "}");
    }
    buf_printf(out, ");\n");
}

static void questions(struct random *r, struct buf *out)
{
    buf_printf(out, "questions = (");
    for (unsigned i = 0; i < 3; i++) {
        bool home = random_below(r, 4) == 0;

        buf_printf(out,
                   "%s{ id = \"q%u\"; text = \"Q\"; owner = \"o\"; decision = \"d\"; purposes = [ "
                   "\"u%u\", \"u%u\" ]; ",
                   i ? ", " : "", i, random_below(r, 2), 2u);
        if (i == 2 && random_below(r, 3) == 0) {
            buf_printf(out, "kind = \"referral\"; }");
            continue;
        }
        if (random_below(r, 3) == 0)
            buf_printf(out, "holders = \"all-parties\"; ");
        else
            buf_printf(out, "holders = [ \"s%u\", \"s%u\" ]; ", random_below(r, 2), 2u);
        buf_printf(out, "sensitive = %s; household = %s; home_parameter = %s; ",
                   PICK(r, "true", "false", "false"), home ? "false" : PICK(r, "true", "false"),
                   home ? "true" : "false");
        buf_printf(out, "reveals_location = %s; ", home ? "true" : PICK(r, "true", "false"));
        if (random_below(r, 3) == 0)
            buf_printf(out, "data_class = \"d0\"; ");
        if (random_below(r, 8) == 0)
            buf_printf(out, "class = \"shut\"; ");
        buf_printf(out, "}");
    }
    buf_printf(out, ");\n");
}

static void consent(struct random *r, struct buf *out)
{
    buf_printf(out,
               "consent = { capacities = ( { capacity = \"self\"; able = true; }, { capacity "
               "= \"parent\"; able = %s; before_age = 16; }, { capacity = \"gillick\"; able "
               "= %s; } ); grace_days = 0; };\n",
               PICK(r, "true", "false"), PICK(r, "true", "false"));
}

/* Purposes that do not rest on consent have nothing to override: then the compiler refuses it. */
static void overrides(struct random *r, struct buf *out)
{
    unsigned p = random_below(r, 3);

    if (random_below(r, 3) == 0)
        return;
    buf_printf(
        out,
        "overrides = { purposes = [ \"u%u\" ]; gateways = [ \"g%u\", \"g3\" ]; reasons = [ "
        "\"no-consent\", \"%s\" ]; approvers = [ \"holders\" ]; most_hours = 24; review_hours "
        "= 24; unreviewed_limit = 2; ",
        p, random_below(r, 2), PICK(r, "consent-refused", "consent-withdrawn", "consent-scope"));
    if (random_below(r, 2))
        buf_printf(out, "alone = [ \"u%u\" ]; ", p);
    if (random_below(r, 2))
        buf_printf(out, "past_sensitive = [ \"u%u\" ]; ", p);
    buf_printf(out, "};\n");
}

void random_policy(const uint64_t seeds[static RANDOM_PARTS], struct buf *out)
{
    static void (*const parts[RANDOM_PARTS])(struct random * r,
                                             struct buf * out) = { agencies,  gateways, purposes,
                                                                   questions, consent,  overrides };

    buf_printf(out, "partnership = { id = \"random\"; name = \"Random\"; country = \"england\"; "
                    "};\nsectors = [ \"s0\", \"s1\", \"s2\" ];\nareas = [ \"north\" ];\nroles = [ "
                    "\"r0\", \"r1\" ];\nclosed_classes = [ \"shut\" ];\ndata_classes = [ \"d0\" "
                    "];\nshields = { owners = [ "
                    "\"s0\" ]; };\n");
    for (size_t i = 0; i < RANDOM_PARTS; i++) {
        struct random r = { .state = seeds[i] * 1000003u + i };

        parts[i](&r, out);
    }
}
