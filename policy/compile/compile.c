/* SPDX-License-Identifier: Apache-2.0 */
/* compile.c - policy files to a bundle: finds the files, gathers what they declare, reads it,
 * checks it, encodes it.
 *
 * Errors do not stop the reading, so one run shows them all; any error stops the encoding. */
#include "compile/compile.h"
#include "compile/model.h"
#include "engine/casework.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define SUFFIX    ".policy"
#define FILES_MAX 64

static void model_init(struct model *m, struct conf_errors *e)
{
    static const struct names kinds[NAMES_COUNT] = {
        [NAMES_SECTOR] = { .noun = "sector", .max = LAYOUT_SECTORS_MAX, .id_max = LAYOUT_ID_MAX },
        [NAMES_AREA] = { .noun = "area", .max = LAYOUT_AREAS_MAX, .id_max = LAYOUT_ID_MAX },
        [NAMES_ROLE] = { .noun = "role", .max = LAYOUT_ROLES_MAX, .id_max = LAYOUT_ID_MAX },
        [NAMES_CLASS] = { .noun = "closed class", .max = 64, .id_max = LAYOUT_ID_MAX },
        [NAMES_DATA_CLASS] = { .noun = "class of data",
                               .max = LAYOUT_CLASSES_MAX,
                               .id_max = LAYOUT_ID_MAX },
        [NAMES_CATEGORY] = { .noun = "category",
                             .max = POLICY_CATEGORIES_MAX,
                             .id_max = LAYOUT_ID_MAX },
        [NAMES_NEED] = { .noun = "need", .max = LAYOUT_NEEDS_MAX, .id_max = LAYOUT_ID_MAX },
        [NAMES_AGENCY] = { .noun = "agency", .max = POLICY_AGENCIES_MAX, .id_max = LAYOUT_ID_MAX },
        [NAMES_GATEWAY] = { .noun = "gateway",
                            .max = LAYOUT_GATEWAYS_MAX,
                            .id_max = LAYOUT_ID_MAX },
        [NAMES_PROTOCOL] = { .noun = "protocol",
                             .max = LAYOUT_PROTOCOLS_MAX,
                             .id_max = LAYOUT_ID_MAX },
        [NAMES_PURPOSE] = { .noun = "purpose",
                            .max = LAYOUT_PURPOSES_MAX,
                            .id_max = LAYOUT_RULE_ID_MAX },
        [NAMES_QUESTION] = { .noun = "question",
                             .max = LAYOUT_QUESTIONS_MAX,
                             .id_max = LAYOUT_RULE_ID_MAX },
        [NAMES_SERVICE] = { .noun = "service",
                            .max = LAYOUT_SERVICES_MAX,
                            .id_max = LAYOUT_ID_MAX },
    };

    memset(m, 0, sizeof(*m));
    memcpy(m->names, kinds, sizeof(kinds));
    m->e = e;
}

static void model_deinit(struct model *m)
{
    for (uint16_t i = 0; m->l.protocols && i < m->l.n_protocols; i++)
        free(m->l.protocols[i].parties);
    free(m->l.agencies);
    free(m->l.gateways);
    free(m->l.protocols);
    free(m->l.purposes);
    free(m->l.questions);
    casework_deinit(&m->l);
    for (size_t i = 0; i < NAMES_COUNT; i++)
        names_deinit(&m->names[i]);
    for (size_t i = 0; i < m->n_files; i++)
        conf_free(m->files[i]);
    free(m->files);
}

static int load_file(struct model *m, const char *path)
{
    struct conf **files = realloc(m->files, (m->n_files + 1) * sizeof(*files));
    struct conf *loaded = NULL;
    int r;

    if (!files)
        return -ENOMEM;
    m->files = files;
    r = conf_load(path, m->e, &loaded);
    if (r == -ENOMEM)
        return r;
    if (r == 0)
        m->files[m->n_files++] = loaded;
    return 0; /* the error is in m->e; go on, to show the others too */
}

static int is_policy(const struct dirent *d)
{
    size_t n = strlen(d->d_name), s = strlen(SUFFIX);

    return n > s && d->d_name[0] != '.' && strcmp(d->d_name + n - s, SUFFIX) == 0;
}

/* By bytes, whatever the locale: the same folder gives the same bundle everywhere. */
static int by_bytes(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static int load_folder(struct model *m, const char *path)
{
    struct dirent **found = NULL;
    int n = scandir(path, &found, is_policy, by_bytes), r = 0;

    if (n < 0) {
        r = -errno;
        conf_fail_at(m->e, path, 0, "cannot read the folder: %s", strerror(-r));
        return r;
    }
    if (n == 0)
        conf_fail_at(m->e, path, 0, "no file named *%s is in the folder", SUFFIX);
    if (n > FILES_MAX)
        conf_fail_at(m->e, path, 0, "%d policy files: at most %d", n, FILES_MAX);
    for (int i = 0; i < n; i++) {
        char *file = NULL;

        if (r == 0 && i < FILES_MAX)
            r = asprintf(&file, "%s/%s", path, found[i]->d_name) < 0 ? -ENOMEM : 0;
        if (r == 0 && file)
            r = load_file(m, file);
        free(file);
        free(found[i]);
    }
    free(found);
    return r;
}

static int load(struct model *m, const char *path)
{
    struct stat st;

    if (stat(path, &st) < 0) {
        int r = -errno;

        conf_fail_at(m->e, path, 0, "%s", strerror(-r));
        return r;
    }
    return S_ISDIR(st.st_mode) ? load_folder(m, path) : load_file(m, path);
}

static void once(struct model *m, const struct conf_node **slot, const struct conf_node *n)
{
    if (conf_type_of(n) != CONF_GROUP)
        conf_fail(m->e, n, "%s is a group: write %s = { ... };", conf_name(n), conf_name(n));
    else if (*slot)
        conf_fail(m->e, n, "%s is declared twice; first at %s:%u", conf_name(n), conf_file(*slot),
                  conf_line(*slot));
    else
        *slot = n;
}

static const struct {
    const char *key;
    int kind;     /* enum names_kind, or -1 */
    size_t group; /* offset of the group's slot */
} top[] = {
    { "partnership", -1, offsetof(struct model, partnership) },
    { "consent", -1, offsetof(struct model, consent) },
    { "shields", -1, offsetof(struct model, shields) },
    { "composites", -1, offsetof(struct model, composites) },
    { "overrides", -1, offsetof(struct model, overrides) },
    { "concerns", -1, offsetof(struct model, concerns) },
    { "referrals", -1, offsetof(struct model, referrals) },
    { "limits", -1, offsetof(struct model, limits) },
    { "evaluation", -1, offsetof(struct model, evaluation) },
    { "tokens", -1, offsetof(struct model, tokens) },
    { "witnesses", -1, offsetof(struct model, witnesses) },
    { "retention", -1, offsetof(struct model, retention) },
    { "office_hours", -1, offsetof(struct model, office_hours) },
    { "concern_categories", NAMES_CATEGORY, 0 },
    { "needs", NAMES_NEED, 0 },
    { "sectors", NAMES_SECTOR, 0 },
    { "areas", NAMES_AREA, 0 },
    { "roles", NAMES_ROLE, 0 },
    { "closed_classes", NAMES_CLASS, 0 },
    { "data_classes", NAMES_DATA_CLASS, 0 },
    { "agencies", NAMES_AGENCY, 0 },
    { "gateways", NAMES_GATEWAY, 0 },
    { "protocols", NAMES_PROTOCOL, 0 },
    { "purposes", NAMES_PURPOSE, 0 },
    { "questions", NAMES_QUESTION, 0 },
    { "services", NAMES_SERVICE, 0 },
};

static int gather_file(struct model *m, const struct conf_node *root)
{
    const char *known[ALM_LEN(top) + 1] = { NULL };

    for (size_t t = 0; t < ALM_LEN(top); t++) {
        const struct conf_node *n = conf_child(root, top[t].key);

        known[t] = top[t].key;
        if (!n)
            continue;
        if (top[t].kind < 0)
            once(m, (const struct conf_node **)(void *)((char *)m + top[t].group), n);
        else if (names_add(m, (enum names_kind)top[t].kind, n) < 0)
            return -ENOMEM;
    }
    conf_only(root, m->e, known);
    return 0;
}

static int gather(struct model *m)
{
    for (size_t i = 0; i < m->n_files; i++)
        if (gather_file(m, conf_root(m->files[i])) < 0)
            return -ENOMEM;
    for (int k = 0; k < NAMES_COUNT; k++)
        names_settle(m, (enum names_kind)k);
    return 0;
}

static void take_words(const struct names *from, const char **to, uint16_t *n)
{
    *n = (uint16_t)from->n;
    for (size_t i = 0; i < from->n; i++)
        to[i] = from->items[i].id;
}

static int read_all(struct model *m)
{
    static int (*const readers[])(struct model *) = {
        read_agencies, read_gateways, read_protocols, read_purposes, read_questions, read_services
    };
    int r = 0;

    take_words(&m->names[NAMES_SECTOR], m->l.sectors, &m->l.n_sectors);
    take_words(&m->names[NAMES_AREA], m->l.areas, &m->l.n_areas);
    take_words(&m->names[NAMES_ROLE], m->l.roles, &m->l.n_roles);
    take_words(&m->names[NAMES_DATA_CLASS], m->l.data_classes, &m->l.n_data_classes);
    take_words(&m->names[NAMES_CATEGORY], m->l.categories, &m->l.n_categories);
    take_words(&m->names[NAMES_NEED], m->l.needs, &m->l.n_needs);
    read_partnership(m);
    for (size_t i = 0; i < ALM_LEN(readers) && r == 0; i++)
        r = readers[i](m);
    if (r < 0)
        return r;
    read_consent(m);
    read_shields(m);
    read_overrides(m);
    read_composite_rules(m);
    read_concerns(m);
    read_referrals(m);
    read_limits(m);
    read_evaluation(m);
    read_tokens(m);
    read_witnesses(m);
    read_retention(m);
    read_office_hours(m);
    checks_run(m);
    return 0;
}

/* What we wrote must be what the engine takes: a difference is our mistake, found here and not in
 * the store. */
static int self_check(struct model *m, struct bytes compiled)
{
    ALM_CLEANUP(bundle_freep) struct bundle *b = NULL;
    int r = bundle_decode(compiled, &b);

    if (r == -ENOMEM)
        return r;
    if (r < 0)
        conf_fail(m->e, NULL, "the policy compiled to bytes that the engine refuses (%s)",
                  strerror(-r));
    return 0;
}

static int encode(struct model *m, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    int r;

    buf_init(&compiled, LAYOUT_BUNDLE_MAX);
    r = layout_encode(&m->l, &compiled);
    if (r == -E2BIG) {
        conf_fail(m->e, NULL, "the policy is too large: more than %u bytes when compiled",
                  LAYOUT_BUNDLE_MAX);
        return -EINVAL;
    }
    if (r == 0)
        r = self_check(m, buf_view(&compiled));
    if (r < 0)
        return r;
    if (conf_errors_count(m->e))
        return -EINVAL;
    buf_put(out, compiled.data, compiled.len);
    return buf_status(out);
}

int policy_compile(const char *path, struct conf_errors *errors, struct buf *out)
{
    size_t before = conf_errors_count(errors);
    struct model m;
    int r;

    model_init(&m, errors);
    r = load(&m, path);
    /* A file that does not parse hides what it declares: its dependants' errors would mislead. */
    if (r == 0 && conf_errors_count(errors) > before)
        r = -EINVAL;
    if (r == 0)
        r = gather(&m);
    if (r == 0)
        r = read_all(&m);
    if (r == 0)
        r = conf_errors_count(errors) > before ? -EINVAL : encode(&m, out);
    model_deinit(&m);
    return r;
}
