/* SPDX-License-Identifier: Apache-2.0 */
/* read_agencies.c - who takes part and under which law: partnership, agencies, gateways, protocols
 * with their parties. */
#include "compile/fields.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const struct word regimes[] = { { "ukgdpr", REGIME_UKGDPR },
                                       { "law-enforcement", REGIME_LAW_ENFORCEMENT },
                                       { NULL, 0 } };
static const struct word gateway_regimes[] = { { "any", REGIME_ANY },
                                               { "ukgdpr", REGIME_UKGDPR },
                                               { "law-enforcement", REGIME_LAW_ENFORCEMENT },
                                               { NULL, 0 } };
static const struct word countries[] = { { "england", COUNTRY_ENGLAND },
                                         { "wales", COUNTRY_WALES },
                                         { "scotland", COUNTRY_SCOTLAND },
                                         { "northern-ireland", COUNTRY_NORTHERN_IRELAND },
                                         { NULL, 0 } };
static const struct word kinds[] = { { "duty", GATEWAY_DUTY },
                                     { "power", GATEWAY_POWER },
                                     { "consent", GATEWAY_CONSENT },
                                     { NULL, 0 } };
static const struct word asks[] = {
    { "full", ASK_FULL }, { "insight-only", ASK_INSIGHT_ONLY }, { "no", ASK_NO }, { NULL, 0 }
};
static const struct word answers[] = { { "yes", 1 }, { "no", 0 }, { NULL, 0 } };
static const struct word conditions[] = {
    { "para18-reason", CONDITION_PARA18_REASON },
    { "public-task-statement", CONDITION_PUBLIC_TASK_STATEMENT },
    { "not-more-detrimental", CONDITION_NOT_MORE_DETRIMENTAL },
    { "necessity", CONDITION_NECESSITY },
    { NULL, 0 }
};

static struct field field_of(struct model *m, enum names_kind kind, uint16_t i)
{
    const struct item *item = &m->names[kind].items[i];

    return (struct field){ .m = m, .group = item->at, .noun = m->names[kind].noun, .id = item->id };
}

void read_partnership(struct model *m)
{
    static const char *const known[] = { "id", "name", "country", NULL };
    struct field f = { .m = m, .group = m->partnership, .noun = "partnership", .id = "" };

    m->l.id = m->l.name = m->l.country = "";
    if (!m->partnership) {
        conf_fail(m->e, NULL,
                  "no partnership is declared: write partnership = { id = \"...\"; name = \"...\"; "
                  "country = \"england\"; };");
        return;
    }
    conf_only(f.group, m->e, known);
    m->l.id = field_text(&f, "id", NULL);
    m->l.name = field_text(&f, "name", NULL);
    m->l.country = countries[field_word(&f, "country", countries, NULL) - 1].word;
    if (*m->l.id && !layout_id_valid(m->l.id, LAYOUT_ID_MAX))
        conf_fail(m->e, conf_child(f.group, "id"),
                  "partnership id must be of a-z, 0-9, '.', '_' and '-'");
}

static void read_agency(struct model *m, uint16_t i)
{
    static const char *const known[] = { "id",        "name",    "sector",     "team_of",
                                         "sensitive", "regime",  "controller", "areas",
                                         "hub",       "contact", "desk_hours", NULL };
    struct field f = field_of(m, NAMES_AGENCY, i);
    struct lay_agency *a = &m->l.agencies[i];
    uint16_t team_of;

    conf_only(f.group, m->e, known);
    a->id = f.id;
    a->name = field_text(&f, "name", NULL);
    a->controller = field_text(&f, "controller", "");
    a->contact = field_text(&f, "contact", "");
    a->sector = field_ref(&f, "sector", NAMES_SECTOR, true);
    team_of = field_ref(&f, "team_of", NAMES_AGENCY, false);
    a->organisation = team_of == POLICY_NONE ? i : team_of;
    if (team_of == i)
        conf_fail(m->e, conf_child(f.group, "team_of"), "agency \"%s\" is a team of itself", a->id);
    a->sensitive = field_bool(&f, "sensitive", false);
    a->hub = field_bool(&f, "hub", false);
    a->desk_hours = (uint16_t)field_int(&f, "desk_hours", 0, POLICY_DESK_HOURS_MOST, 0);
    a->regime = field_word(&f, "regime", regimes, "ukgdpr");
    field_bits(&f, "areas", NAMES_AREA, &a->areas);
}

int read_agencies(struct model *m)
{
    m->l.n_agencies = (uint16_t)m->names[NAMES_AGENCY].n;
    m->l.agencies = calloc(m->l.n_agencies + 1u, sizeof(*m->l.agencies));
    if (!m->l.agencies)
        return -ENOMEM;
    for (uint16_t i = 0; i < m->l.n_agencies; i++)
        read_agency(m, i);
    if (m->l.n_agencies == 0)
        conf_fail(m->e, NULL, "no agency is declared");
    return 0;
}

static bool word_of(const struct field *f, const struct conf_node *n, const char *key,
                    const struct word *words, uint32_t *out)
{
    const char *text = NULL;

    if (!conf_string(n, f->m->e, &text))
        return false;
    for (size_t i = 0; words[i].word; i++)
        if (strcmp(words[i].word, text) == 0) {
            *out = words[i].value;
            return true;
        }
    conf_fail(f->m->e, n, "%s \"%s\": %s has an unknown word \"%.40s\"", f->noun, f->id, key, text);
    return false;
}

/* A gateway of another country's law would be a basis that does not exist here. */
static uint8_t read_countries(const struct field *f)
{
    const struct conf_node *list = field_list(f, "countries");
    uint8_t bits = 0;
    bool here = false;

    if (!list || conf_len(list) == 0) {
        conf_fail(
            f->m->e, f->group,
            "gateway \"%s\": countries is missing: write countries = [\"england\", \"wales\"];",
            f->id);
        return 0;
    }
    for (size_t i = 0; i < conf_len(list); i++) {
        uint32_t value;

        if (!word_of(f, conf_at(list, i), "countries", countries, &value))
            continue;
        bits |= (uint8_t)(1u << (value - 1));
        here = here || strcmp(countries[value - 1].word, f->m->l.country) == 0;
    }
    if (!here && *f->m->l.country)
        conf_fail(f->m->e, list, "gateway \"%s\" is not law in %s, where this partnership is",
                  f->id, f->m->l.country);
    return bits;
}

static void read_gateway(struct model *m, uint16_t i)
{
    static const char *const known[] = {
        "id",   "title",  "statute",          "section",          "countries",  "from", "to",
        "kind", "regime", "excluded_sectors", "excluded_classes", "conditions", "note", NULL
    };
    struct field f = field_of(m, NAMES_GATEWAY, i);
    struct lay_gateway *g = &m->l.gateways[i];
    const struct conf_node *list;

    conf_only(f.group, m->e, known);
    g->id = f.id;
    g->title = field_text(&f, "title", NULL);
    g->statute = field_text(&f, "statute", NULL);
    g->section = field_text(&f, "section", "");
    (void)field_text(&f, "note", ""); /* for readers of the text; checked, not compiled */
    g->countries = read_countries(&f);
    g->from = field_day(&f, "from", true);
    g->until = field_day(&f, "to", false);
    field_order(&f, g->from, g->until);
    g->kind = field_word(&f, "kind", kinds, NULL);
    g->regime = field_word(&f, "regime", gateway_regimes, "any");
    field_bits(&f, "excluded_sectors", NAMES_SECTOR, &g->excluded_sectors);
    field_bits(&f, "excluded_classes", NAMES_DATA_CLASS, &g->excluded_classes);
    list = field_list(&f, "conditions");
    for (size_t k = 0; list && k < conf_len(list); k++) {
        uint32_t bit;

        if (word_of(&f, conf_at(list, k), "conditions", conditions, &bit))
            g->conditions |= bit;
    }
}

int read_gateways(struct model *m)
{
    m->l.n_gateways = (uint16_t)m->names[NAMES_GATEWAY].n;
    m->l.gateways = calloc(m->l.n_gateways + 1u, sizeof(*m->l.gateways));
    if (!m->l.gateways)
        return -ENOMEM;
    for (uint16_t i = 0; i < m->l.n_gateways; i++)
        read_gateway(m, i);
    return 0;
}

static int by_agency(const void *a, const void *b)
{
    const struct lay_party *x = a, *y = b;

    return (x->agency > y->agency) - (x->agency < y->agency);
}

static void read_party(const struct field *protocol, struct lay_protocol *p,
                       const struct conf_node *n, bool seen[])
{
    static const char *const known[] = { "agency", "ask", "answer", NULL };
    struct field f = {
        .m = protocol->m, .group = n, .noun = "party of protocol", .id = protocol->id
    };
    struct lay_party party;

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(f.m->e, n,
                  "a party is written as { agency = \"...\"; ask = \"full\"; answer = \"yes\"; }");
        return;
    }
    conf_only(n, f.m->e, known);
    party.agency = field_ref(&f, "agency", NAMES_AGENCY, true);
    party.ask = field_word(&f, "ask", asks, NULL);
    party.answer = field_word(&f, "answer", answers, NULL) == 1;
    if (party.agency == POLICY_NONE)
        return;
    if (seen[party.agency]) {
        conf_fail(f.m->e, n, "protocol \"%s\" has the party \"%s\" twice", f.id,
                  f.m->l.agencies[party.agency].id);
        return;
    }
    seen[party.agency] = true;
    p->parties[p->n_parties++] = party;
}

static int read_parties(const struct field *f, struct lay_protocol *p)
{
    const struct conf_node *list = field_list(f, "parties");
    bool seen[POLICY_AGENCIES_MAX] = { false };
    size_t n = list ? conf_len(list) : 0;

    p->parties = calloc(f->m->l.n_agencies + 1u, sizeof(*p->parties));
    if (!p->parties)
        return -ENOMEM;
    if (n == 0)
        conf_fail(f->m->e, f->group, "protocol \"%s\" has no parties", f->id);
    for (size_t i = 0; i < n; i++)
        read_party(f, p, conf_at(list, i), seen);
    if (p->n_parties)
        qsort(p->parties, p->n_parties, sizeof(*p->parties), by_agency);
    return 0;
}

static int read_protocol(struct model *m, uint16_t i)
{
    static const char *const known[] = { "id", "title", "from", "to", "review", "parties",
                                         "unsigned_queries", NULL };
    struct field f = field_of(m, NAMES_PROTOCOL, i);
    struct lay_protocol *p = &m->l.protocols[i];

    conf_only(f.group, m->e, known);
    p->id = f.id;
    p->title = field_text(&f, "title", NULL);
    p->from = field_day(&f, "from", true);
    p->until = field_day(&f, "to", true);
    p->review = field_day(&f, "review", true);
    p->unsigned_queries = field_bool(&f, "unsigned_queries", false);
    field_order(&f, p->from, p->until);
    if (p->review != POLICY_DAY_NONE && p->from != POLICY_DAY_NONE && p->review < p->from)
        conf_fail(m->e, conf_child(f.group, "review"), "protocol \"%s\": review is before from",
                  p->id);
    return read_parties(&f, p);
}

int read_protocols(struct model *m)
{
    int r = 0;

    m->l.n_protocols = (uint16_t)m->names[NAMES_PROTOCOL].n;
    m->l.protocols = calloc(m->l.n_protocols + 1u, sizeof(*m->l.protocols));
    if (!m->l.protocols)
        return -ENOMEM;
    for (uint16_t i = 0; i < m->l.n_protocols && r == 0; i++)
        r = read_protocol(m, i);
    return r;
}
