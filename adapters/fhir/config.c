/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - reads the group `fhir`. Searches are read in search.c, questions in questions.c. */
#include "fhir/config.h"

#include "base/bytes.h"
#include "conf/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CONFIDENTIALITY "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|"

struct scalars {
    char base[FHIR_BASE_MAX], method[8];
    char ca_file[PATH_MAX], client_cert[PATH_MAX], client_key[PATH_MAX], proxy[256];
    char nhs_system[FHIR_CODED_MAX], upn_system[FHIR_CODED_MAX], unborn_tag[FHIR_CODED_MAX];
    bool insecure_loopback;
    int64_t page_size, pages_most, answer_pages, reload_s;
};
#define TEXT_ROW(name, struct_name, field, least, otherwise, line)                                 \
    {                                                                                              \
        .key = name, .type = SETTING_STRING, .offset = offsetof(struct struct_name, field),        \
        .size = sizeof(((struct struct_name *)0)->field), .min = least,                            \
        .max = sizeof(((struct struct_name *)0)->field) - 1, .fallback = otherwise, .help = line   \
    }
#define INT_ROW(name, struct_name, field, least, most, otherwise, line)                            \
    {                                                                                              \
        .key = name, .type = SETTING_INT, .offset = offsetof(struct struct_name, field),           \
        .min = least, .max = most, .fallback = otherwise, .help = line                             \
    }

/* clang-format off: a table, one row a line */
static const struct setting settings_fhir[] = {
    TEXT_ROW("base", scalars, base, 9, NULL, "the server's address: https://host/path"),
    { .key = "method",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct scalars, method),
      .size = 8,
      .choices = { "post", "get" },
      .fallback = "post",
      .help = "how searches are sent; with get, numbers stand in the server's access log" },
    TEXT_ROW("ca_file", scalars, ca_file, 0, "", "certificates to trust; none: the system's"),
    TEXT_ROW("client_cert", scalars, client_cert, 0, "", "our certificate, for mutual TLS (PEM)"),
    TEXT_ROW("client_key", scalars, client_key, 0, "", "its key (PEM, 0600)"),
    TEXT_ROW("proxy", scalars, proxy, 0, "", "http://host:port; none: straight"),
    TEXT_ROW("nhs_system", scalars, nhs_system, 1, "https://fhir.nhs.uk/Id/nhs-number",
             "identifier system of NHS numbers"),
    TEXT_ROW("upn_system", scalars, upn_system, 0, "", "identifier system of UPNs; none: not held"),
    TEXT_ROW("unborn_tag", scalars, unborn_tag, 0, "",
             "system|code of meta.tag of an unborn child's record"),
    { .key = "insecure_loopback",
      .type = SETTING_BOOL,
      .offset = offsetof(struct scalars, insecure_loopback),
      .fallback = "false",
      .help = "http to 127.0.0.1 is allowed: tests and exercises" },
    INT_ROW("page_size", scalars, page_size, 1, 1000, "200", "resources a page (_count)"),
    INT_ROW("pages_most", scalars, pages_most, 1, 1000000, "20000", "pages of one load"),
    INT_ROW("answer_pages", scalars, answer_pages, 1, 1000, "20",
            "pages of one search of an answer"),
    INT_ROW("reload_s", scalars, reload_s, -1, 604800, "-1",
            "seconds between loads of people; 0: only on SIGHUP; -1: 3600 live, 0 in an exercise"),
};
struct search_scalar {
    char search[FHIR_QUERY_MAX];
};
static const struct setting settings_search[] = {
    TEXT_ROW("search", search_scalar, search, 0, "", "parameters, as after the question mark"),
};
static const struct setting settings_oauth[] = {
    TEXT_ROW("token_url", fhir_oauth, token_url, 9, NULL, "where tokens are had"),
    TEXT_ROW("audience", fhir_oauth, audience, 0, "", "aud of the assertion; none: token_url"),
    TEXT_ROW("client_id", fhir_oauth, client_id, 1, NULL, "iss and sub"),
    TEXT_ROW("kid", fhir_oauth, kid, 0, "", "which of our keys"),
    TEXT_ROW("scope", fhir_oauth, scope, 0, "", "scopes, parted by spaces"),
    { .key = "alg",
      .type = SETTING_CHOICE,
      .offset = offsetof(struct fhir_oauth, alg),
      .size = 8,
      .choices = { "RS384", "ES384" },
      .fallback = "RS384",
      .help = "how the assertion is signed" },
    TEXT_ROW("key_file", fhir_oauth, key_file, 1, NULL, "our private key (PEM, 0600)"),
};
/* clang-format on */
static const char *const keys_fhir[] = { "people",        "locations", "searches",   "involvements",
                                         "relationships", "oauth",     "restricted", NULL };
static const char *const keys_asking[] = { "people", "involvements", "referrals", NULL };

static void path_under(const struct alm_setup *setup, const struct conf_node *at, char *path)
{
    char whole[PATH_MAX];
    int n;

    if (!*path || *path == '/')
        return;
    n = snprintf(whole, sizeof(whole), "%s/%s", setup->dir, path);
    if (n < 0 || (size_t)n >= sizeof(whole))
        conf_fail(setup->errors, at, "the path is too long");
    else
        memcpy(path, whole, (size_t)n + 1);
}

static bool address_allowed(const char *url, bool loopback)
{
    return strncmp(url, "https://", 8) == 0 ||
           (loopback &&
            (strncmp(url, "http://127.0.0.1:", 17) == 0 || strncmp(url, "http://[::1]:", 13) == 0));
}

static void address_check(const char *url, bool loopback, const struct conf_node *at,
                          struct conf_errors *e)
{
    if (!address_allowed(url, loopback))
        conf_fail(e, at, "an address begins with https://");
    else if (strpbrk(url, "?#@ "))
        conf_fail(e, at, "an address without user, question mark, # or space");
}

static void scalars_take(const struct alm_setup *setup, const struct conf_node *fhir,
                         struct scalars *v, struct fhir_config *c)
{
    size_t len = strlen(v->base);

    while (len && v->base[len - 1] == '/')
        v->base[--len] = '\0';
    address_check(v->base, v->insecure_loopback, fhir, setup->errors);
    path_under(setup, fhir, v->ca_file);
    path_under(setup, fhir, v->client_cert);
    path_under(setup, fhir, v->client_key);
    if (!*v->client_cert != !*v->client_key)
        conf_fail(setup->errors, fhir, "client_cert and client_key go together");
    memcpy(c->base, v->base, sizeof(c->base));
    memcpy(c->ca_file, v->ca_file, sizeof(c->ca_file));
    memcpy(c->client_cert, v->client_cert, sizeof(c->client_cert));
    memcpy(c->client_key, v->client_key, sizeof(c->client_key));
    memcpy(c->proxy, v->proxy, sizeof(c->proxy));
    memcpy(c->nhs_system, v->nhs_system, sizeof(c->nhs_system));
    memcpy(c->upn_system, v->upn_system, sizeof(c->upn_system));
    memcpy(c->unborn_tag, v->unborn_tag, sizeof(c->unborn_tag));
    c->post = strcmp(v->method, "post") == 0;
    c->insecure_loopback = v->insecure_loopback;
    c->page_size = v->page_size;
    c->pages_most = v->pages_most;
    c->answer_pages = v->answer_pages;
    c->reload_s = v->reload_s >= 0 ? v->reload_s : setup->exercise ? 0 : 3600;
}

/* { search = "..."; } */
static bool search_of(const struct conf_node *group, const char *key, struct conf_errors *e,
                      char out[static FHIR_QUERY_MAX])
{
    const struct conf_node *n = group ? conf_child(group, key) : NULL;
    struct search_scalar v = { "" };

    if (!n)
        return false;
    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(e, n, "%s is a group: { search = \"...\"; }", key);
        return false;
    }
    settings_read(settings_search, ALM_LEN(settings_search), n, NULL, e, &v);
    if (strpbrk(v.search, " #{}"))
        conf_fail(e, n, "a search without space, # or braces; write %%20 for a space");
    memcpy(out, v.search, sizeof(v.search));
    return true;
}

static void oauth_read(const struct alm_setup *setup, const struct conf_node *fhir,
                       struct fhir_config *c)
{
    const struct conf_node *n = conf_child(fhir, "oauth");

    if (!n)
        return;
    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(setup->errors, n, "oauth is a group: { token_url = \"...\"; ... }");
        return;
    }
    c->oauth.given = true;
    settings_read(settings_oauth, ALM_LEN(settings_oauth), n, NULL, setup->errors, &c->oauth);
    path_under(setup, n, c->oauth.key_file);
    if (*c->oauth.token_url)
        address_check(c->oauth.token_url, c->insecure_loopback, n, setup->errors);
    if (!*c->oauth.audience)
        memcpy(c->oauth.audience, c->oauth.token_url, sizeof(c->oauth.audience));
}

static void restricted_read(const struct alm_setup *setup, const struct conf_node *fhir,
                            struct fhir_config *c)
{
    static const char *const usual[] = { CONFIDENTIALITY "R", CONFIDENTIALITY "V" };
    const struct conf_node *list = conf_child(fhir, "restricted");

    if (list && (conf_type_of(list) != CONF_LIST || conf_len(list) > FHIR_LABELS_MAX - 2)) {
        conf_fail(setup->errors, list, "restricted is a list of at most %d texts",
                  FHIR_LABELS_MAX - 2);
        return;
    }
    for (size_t i = 0; i < ALM_LEN(usual); i++)
        text_take(c->restricted[c->n_restricted++], FHIR_CODED_MAX, usual[i]);
    /* More than these, never fewer. */
    for (size_t i = 0; list && i < conf_len(list); i++) {
        const char *label = NULL;

        if (!conf_string(conf_at(list, i), setup->errors, &label))
            continue;
        if (!*label || text_copy(c->restricted[c->n_restricted], FHIR_CODED_MAX, label) != 0)
            conf_fail(setup->errors, conf_at(list, i), "a label is \"system|code\"");
        else
            c->n_restricted++;
    }
}

static void searches_read(const struct conf_node *group, const char *key, enum fhir_list list,
                          struct conf_errors *e, struct fhir_config *c)
{
    const struct conf_node *n = group ? conf_child(group, key) : NULL;

    if (!n)
        return;
    if (conf_type_of(n) != CONF_LIST) {
        conf_fail(e, n, "%s is a list of groups: ( { resource = \"...\"; query = \"...\"; } )",
                  key);
        return;
    }
    for (size_t i = 0; i < conf_len(n); i++)
        fhir_search_read(conf_at(n, i), list, e, c);
}

static int config_fill(const struct alm_setup *setup, struct fhir_config *c)
{
    const struct conf_node *fhir = conf_child(setup->root, "fhir"), *asking;
    struct scalars v = { 0 };

    if (!fhir || conf_type_of(fhir) != CONF_GROUP) {
        conf_fail(setup->errors, fhir, "backend \"fhir\" needs fhir = { base = \"https://...\"; }");
        return -EINVAL;
    }
    settings_read(settings_fhir, ALM_LEN(settings_fhir), fhir, keys_fhir, setup->errors, &v);
    scalars_take(setup, fhir, &v, c);
    (void)search_of(fhir, "people", setup->errors, c->people);
    c->has_locations = search_of(fhir, "locations", setup->errors, c->locations);
    asking = conf_child(fhir, "relationships");
    if (asking && conf_type_of(asking) != CONF_GROUP) {
        conf_fail(setup->errors, asking, "relationships is a group");
        asking = NULL;
    }
    if (asking)
        conf_only(asking, setup->errors, keys_asking);
    c->has_asking_people = search_of(asking, "people", setup->errors, c->asking_people);
    oauth_read(setup, fhir, c);
    restricted_read(setup, fhir, c);
    c->searches = calloc(FHIR_SEARCHES_MAX, sizeof(*c->searches));
    if (!c->searches)
        return -ENOMEM;
    searches_read(fhir, "searches", FHIR_EVENTS, setup->errors, c);
    searches_read(fhir, "involvements", FHIR_INVOLVEMENTS, setup->errors, c);
    searches_read(asking, "involvements", FHIR_ASKING_INVOLVEMENTS, setup->errors, c);
    searches_read(asking, "referrals", FHIR_ASKING_REFERRALS, setup->errors, c);
    return fhir_questions_read(setup, c);
}

int fhir_config_read(const struct alm_setup *setup, struct fhir_config **out)
{
    struct fhir_config *c = calloc(1, sizeof(*c));
    size_t before = conf_errors_count(setup->errors);
    int r;

    if (!c)
        return -ENOMEM;
    r = config_fill(setup, c);
    if (r == 0 && conf_errors_count(setup->errors) > before)
        r = -EINVAL;
    if (r != 0) {
        fhir_config_free(c);
        return r;
    }
    *out = c;
    return 0;
}

struct fhir_config *fhir_config_free(struct fhir_config *c)
{
    if (!c)
        return NULL;
    for (size_t i = 0; i < c->n_searches; i++)
        free(c->searches[i].kinds);
    free(c->searches);
    free(c->questions);
    free(c);
    return NULL;
}
