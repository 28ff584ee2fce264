/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - settings as tables, one a group; then the keys. */
#include "keyholder/config.h"

#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define AT(field)                                                                                  \
    .offset = offsetof(struct keyholder_config, field),                                            \
    .size = sizeof(((struct keyholder_config *)0)->field)
#define PATH_LEAST_MOST .min = 1, .max = 1024
#define POINTS_MOST     1000000000000

/* clang-format off: a table, one row a line */
static const struct setting settings_top[] = {
    { .key = "agency", .type = SETTING_STRING, AT(agency), .min = 1, .max = NAME_MAX_LEN - 1,
      .help = "the key holder's own agency id: policy's tokens.keyholder" },
    { .key = "mode", .type = SETTING_CHOICE, AT(mode), .choices = { "live", "exercise" },
      .help = "must be the broker's" },
    { .key = "origin", .type = SETTING_STRING, AT(origin), .min = 1, .max = WIRE_ORIGIN_MAX - 1,
      .help = "the broker's log origin line" },
    { .key = "state", .type = SETTING_STRING, AT(state), PATH_LEAST_MOST,
      .help = "folder: what of today's budgets is used" },
    { .key = "log", .type = SETTING_CHOICE, AT(log), .choices = { "debug", "info", "warn", "error" },
      .fallback = "info", .help = "least level logged" },
};
static const char *const keys_top[] = { "broker", "keys", "limits", "agencies", "epochs", NULL };
static const struct setting settings_broker[] = {
    { .key = "address", .type = SETTING_STRING, AT(address), .min = 8, .max = 255,
      .help = "tcp://host:port of the gate" },
    { .key = "public_key", .type = SETTING_STRING, AT(server_key), .min = CERT_KEY_TEXT - 1,
      .max = CERT_KEY_TEXT - 1, .help = "the gate's CURVE key, 40 characters of Z85" },
};
static const struct setting settings_keys[] = {
    { .key = "curve", .type = SETTING_STRING, AT(curve_path), PATH_LEAST_MOST,
      .help = "ZPL certificate with the secret key" },
    { .key = "sign", .type = SETTING_STRING, AT(sign_path), PATH_LEAST_MOST,
      .help = "Ed25519 seed, 64 hex characters" },
};
static const struct setting settings_limits[] = {
    { .key = "points_per_second", .type = SETTING_INT, AT(usual.per_second), .min = 1,
      .max = POINTS_MOST, .fallback = "2000", .help = "of one agency" },
    { .key = "points_per_day", .type = SETTING_INT, AT(usual.per_day), .min = 1,
      .max = POINTS_MOST, .fallback = "1000000",
      .help = "of one agency: a first index takes some six a person and three a stay in a home" },
    { .key = "all_points_per_second", .type = SETTING_INT, AT(all.per_second), .min = 1,
      .max = POINTS_MOST, .fallback = "4000", .help = "of all agencies together" },
    { .key = "all_points_per_day", .type = SETTING_INT, AT(all.per_day), .min = 1,
      .max = POINTS_MOST, .fallback = "5000000", .help = "of all agencies together" },
};
/* clang-format on */

static const struct {
    const char *name;
    const struct setting *table;
    size_t n;
    bool required;
} groups[] = {
    { "broker", settings_broker, ALM_LEN(settings_broker), true },
    { "keys", settings_keys, ALM_LEN(settings_keys), true },
    { "limits", settings_limits, ALM_LEN(settings_limits), false },
};

static void groups_read(const struct conf_node *root, struct conf_errors *e,
                        struct keyholder_config *c)
{
    for (size_t i = 0; i < ALM_LEN(groups); i++) {
        const struct conf_node *n = conf_child(root, groups[i].name);

        if (n && conf_type_of(n) != CONF_GROUP)
            conf_fail(e, n, "%s is a group: %s = { ... };", groups[i].name, groups[i].name);
        else if (!n && groups[i].required)
            conf_fail(e, root, "the group %s is missing", groups[i].name);
        else
            settings_read(groups[i].table, groups[i].n, n, NULL, e, c);
    }
}

/* --- paths and what they hold --- */
static void dir_of(const char *path, char out[static PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t len = slash ? (size_t)(slash - path) : 1;

    if (len >= PATH_MAX)
        len = PATH_MAX - 1;
    memcpy(out, slash ? path : ".", len);
    out[len] = '\0';
    if (slash == path)
        memcpy(out, "/", 2);
}

static bool secret_load(const struct conf_node *at, const char *path, const char *made_by,
                        struct conf_errors *e, struct secret *out)
{
    int r;

    if (!path[0])
        return false; /* told already */
    r = file_read_secret(path, out);
    if (r == -EPERM)
        conf_fail(e, at,
                  "%.200s: others may read this secret: chmod 600 it, and think about replacing "
                  "the key",
                  path);
    else if (r == -EINVAL)
        conf_fail(e, at, "%.200s: not a secret of 64 hex characters, as `%s` writes it", path,
                  made_by);
    else if (r != 0)
        conf_fail(e, at, "%.200s: %s", path, strerror(-r));
    return r == 0;
}

const struct keyholder_key *keyholder_key_of(const struct keyholder_config *c, uint16_t epoch)
{
    for (size_t i = 0; i < c->n_keys; i++) {
        if (c->keys[i].epoch == epoch)
            return &c->keys[i];
    }
    return NULL;
}

/* { epoch = 2; key = "tokens-2.oprf"; } */
static void epoch_read(const struct conf_node *n, struct conf_errors *e, struct keyholder_config *c)
{
    static const char *const known[] = { "epoch", "key", NULL };
    const struct conf_node *number = conf_child(n, "epoch"), *file = conf_child(n, "key");
    struct keyholder_key *k = &c->keys[c->n_keys];
    char path[PATH_MAX];
    const char *text = "";
    int64_t epoch = 0;

    conf_only(n, e, known);
    if (!number || !file) {
        conf_fail(e, n, "an epoch is { epoch = NUMBER; key = \"FILE\"; }");
        return;
    }
    if (!conf_int(number, e, 1, UINT16_MAX, &epoch) || !conf_string(file, e, &text))
        return;
    if (keyholder_key_of(c, (uint16_t)epoch)) {
        conf_fail(e, number, "epoch %lld has two keys", (long long)epoch);
        return;
    }
    if (!text[0] || text_copy(path, sizeof(path), text) != 0) {
        conf_fail(e, file, "key is the path of a file");
        return;
    }
    conf_path_absolute(file, e, c->dir, path, PATH_MAX);
    if (!secret_load(file, path, "almoner tokens key new", e, &k->key))
        return;
    k->epoch = (uint16_t)epoch;
    if (oprf_public(&k->key, k->public_key) != 0) {
        secret_wipe(&k->key);
        conf_fail(e, file, "this is no key of the oblivious scheme: make one with `almoner tokens "
                           "key new`");
        return;
    }
    c->n_keys++;
}

static void epochs_read(const struct conf_node *root, struct conf_errors *e,
                        struct keyholder_config *c)
{
    const struct conf_node *list = conf_child(root, "epochs");

    if (!list || conf_type_of(list) != CONF_LIST || !conf_len(list)) {
        conf_fail(e, list ? list : root,
                  "epochs is missing: epochs = ( { epoch = 1; key = \"FILE\"; } );");
        return;
    }
    if (conf_len(list) > KEYS_MAX) {
        conf_fail(e, list, "more than %d epochs: take out those that the policy no longer lists",
                  KEYS_MAX);
        return;
    }
    for (size_t i = 0; i < conf_len(list); i++)
        epoch_read(conf_at(list, i), e, c);
}

/* { agency = "larchmoor"; points_per_second = 500; points_per_day = 100000; } */
static void own_read(const struct conf_node *n, struct conf_errors *e, struct keyholder_config *c)
{
    static const struct setting table[] = {
        { .key = "agency", .type = SETTING_STRING, .offset = offsetof(struct keyholder_own, agency),
          .size = NAME_MAX_LEN, .min = 1, .max = NAME_MAX_LEN - 1, .help = "whose" },
        { .key = "points_per_second", .type = SETTING_INT,
          .offset = offsetof(struct keyholder_own, limits.per_second), .size = sizeof(int64_t),
          .min = 1, .max = POINTS_MOST, .help = "points" },
        { .key = "points_per_day", .type = SETTING_INT,
          .offset = offsetof(struct keyholder_own, limits.per_day), .size = sizeof(int64_t),
          .min = 1, .max = POINTS_MOST, .help = "points" },
    };
    struct keyholder_own *own = &c->own[c->n_own];

    if (conf_type_of(n) != CONF_GROUP) {
        conf_fail(e, n, "an agency's own limits are a group: { agency = ...; }");
        return;
    }
    settings_read(table, ALM_LEN(table), n, NULL, e, own);
    for (size_t i = 0; i < c->n_own; i++) {
        if (strcmp(c->own[i].agency, own->agency) == 0)
            conf_fail(e, n, "agency \"%s\" has limits already", own->agency);
    }
    c->n_own++;
}

static void owns_read(const struct conf_node *root, struct conf_errors *e,
                      struct keyholder_config *c)
{
    const struct conf_node *list = conf_child(root, "agencies");

    if (!list)
        return;
    if (conf_type_of(list) != CONF_LIST || conf_len(list) > OWN_MAX) {
        conf_fail(e, list, "agencies is a list of at most %d agencies with limits of their own",
                  OWN_MAX);
        return;
    }
    for (size_t i = 0; i < conf_len(list); i++)
        own_read(conf_at(list, i), e, c);
}

static void broker_check(const struct conf_node *root, struct conf_errors *e,
                         struct keyholder_config *c)
{
    uint8_t key[CERT_KEY_LEN];
    const struct conf_node *group = conf_child(root, "broker");

    if (c->address[0] && strncmp(c->address, "tcp://", 6) != 0 &&
        strncmp(c->address, "ipc://", 6) != 0)
        conf_fail(e, group, "broker.address is tcp://host:port");
    if (c->server_key[0] && cert_key_decode(c->server_key, key) != 0)
        conf_fail(e, group, "broker.public_key is not 40 characters of Z85");
}

int keyholder_config_read(const char *path, const struct conf *conf, struct conf_errors *e,
                          struct keyholder_config *c)
{
    const struct conf_node *root = conf_root(conf), *keys = conf_child(root, "keys");
    size_t before = conf_errors_count(e);
    char why[CERT_WHY_MAX];

    memset(c, 0, sizeof(*c));
    dir_of(path, c->dir);
    settings_read(settings_top, ALM_LEN(settings_top), root, keys_top, e, c);
    groups_read(root, e, c);
    broker_check(root, e, c);
    conf_path_absolute(keys, e, c->dir, c->curve_path, PATH_MAX);
    conf_path_absolute(keys, e, c->dir, c->sign_path, PATH_MAX);
    conf_path_absolute(root, e, c->dir, c->state, PATH_MAX);
    owns_read(root, e, c);
    epochs_read(root, e, c);
    if (c->curve_path[0] && cert_read(c->curve_path, CERT_SECRET, &c->curve, why) != 0)
        conf_fail(e, keys, "%s", why);
    (void)secret_load(keys, c->sign_path, "almoner key new sign", e, &c->sign);
    return conf_errors_count(e) > before ? -EINVAL : 0;
}

void keyholder_config_wipe(struct keyholder_config *c)
{
    cert_wipe(&c->curve);
    secret_wipe(&c->sign);
    crypto_wipe(c->keys, sizeof(c->keys));
    c->n_keys = 0;
}
