/* SPDX-License-Identifier: Apache-2.0 */
/* config.c - the settings as tables, one a group; then paths, keys and what tables cannot say. */
#include "host/config.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define AT(field)                                                                                  \
    .offset = offsetof(struct host_config, field), .size = sizeof(((struct host_config *)0)->field)
#define PATH_LEAST_MOST .min = 1, .max = 1024
#define SOCKET_PATH_MAX 100 /* sockaddr_un.sun_path, and what proto/local puts behind it */

/* clang-format off: a table, one row a line */
static const struct setting settings_top[] = {
    { .key = "agency",
      .type = SETTING_STRING,
      AT(agency),
      .min = 1,
      .max = NAME_MAX_LEN - 1,
      .help = "this agency's id" },
    { .key = "mode",
      .type = SETTING_CHOICE,
      AT(mode),
      .choices = { "live", "exercise" },
      .help = "must be the broker's" },
    { .key = "origin",
      .type = SETTING_STRING,
      AT(origin),
      .min = 1,
      .max = WIRE_ORIGIN_MAX - 1,
      .help = "the broker's log origin line" },
    { .key = "origin_before",
      .type = SETTING_STRING,
      AT(origin_before),
      .min = 0,
      .max = WIRE_ORIGIN_MAX - 1,
      .fallback = "",
      .help = "after the broker's log was begun anew: its origin before; what waits in the outbox is signed "
              "anew" },
    { .key = "zone",
      .type = SETTING_STRING,
      AT(zone),
      .min = 1,
      .max = 63,
      .fallback = "Europe/London",
      .help = "zone of civil days" },
    { .key = "socket",
      .type = SETTING_STRING,
      AT(socket),
      PATH_LEAST_MOST,
      .help = "Unix socket for the agency's commands" },
    { .key = "socket_mode",
      .type = SETTING_CHOICE,
      AT(socket_mode),
      .choices = { "0600", "0660" },
      .fallback = "0600",
      .help = "who may use it: the owner, or the group too" },
    { .key = "outbox",
      .type = SETTING_STRING,
      AT(outbox),
      PATH_LEAST_MOST,
      .help = "folder of messages not receipted yet" },
    { .key = "outbox_max",
      .type = SETTING_INT,
      AT(outbox_max),
      .min = 1,
      .max = 100000,
      .fallback = "10000",
      .help = "messages at most" },
    { .key = "inbox",
      .type = SETTING_STRING,
      AT(inbox),
      .min = 0,
      .max = 1024,
      .fallback = "",
      .help = "folder of what was delivered; default: inbox, beside the outbox" },
    { .key = "inbox_max",
      .type = SETTING_INT,
      AT(inbox_max),
      .min = 1,
      .max = 100000,
      .fallback = "10000",
      .help = "deliveries of a stream that are not done, at most; the rest stays with the broker" },
    { .key = "inbox_keep_days",
      .type = SETTING_INT,
      AT(inbox_keep_days),
      .min = 1,
      .max = 3650,
      .fallback = "30",
      .help = "days that done deliveries are kept" },
    { .key = "pins",
      .type = SETTING_STRING,
      AT(pins),
      .min = 0,
      .max = 1024,
      .fallback = "",
      .help = "folder of other agencies' sealing keys; default: pins, beside the outbox" },
    { .key = "consents",
      .type = SETTING_STRING,
      AT(consents),
      .min = 0,
      .max = 1024,
      .fallback = "",
      .help = "folder of the consents lodged here, for receipts; default: consents, beside the "
              "outbox" },
    { .key = "contact_route",
      .type = SETTING_STRING,
      AT(contact_route),
      .min = 1,
      .max = ALM_TEXT_MAX - 1,
      .help = "a desk to telephone; never a client's detail" },
    { .key = "lead_professional",
      .type = SETTING_STRING,
      AT(lead_professional),
      .min = 0,
      .max = ALM_TEXT_MAX - 1,
      .fallback = "",
      .help = "told when a row names none" },
    { .key = "log",
      .type = SETTING_CHOICE,
      AT(log),
      .choices = { "debug", "info", "warn", "error" },
      .fallback = "info",
      .help = "least level logged" },
    { .key = "backend",
      .type = SETTING_STRING,
      AT(backend),
      .min = 1,
      .max = SPAWN_NAME_MAX - 1,
      .help = "where the agency's rows are: NAME of almoner-source-NAME" },
};
/* Groups; a last place for the one of the backend's own name. */
static const char *const keys_top[] = { "broker", "keys", "tokens", "worker", "witness", "questions" };
static const struct setting settings_broker[] = {
    { .key = "address",
      .type = SETTING_STRING,
      AT(address),
      .min = 8,
      .max = 255,
      .help = "tcp://host:port of the gate" },
    { .key = "public_key",
      .type = SETTING_STRING,
      AT(server_key),
      .min = CERT_KEY_TEXT - 1,
      .max = CERT_KEY_TEXT - 1,
      .help = "the gate's CURVE key, 40 characters of Z85" },
};
static const struct setting settings_keys[] = {
    { .key = "curve",
      .type = SETTING_STRING,
      AT(curve_path),
      PATH_LEAST_MOST,
      .help = "ZPL certificate with the secret key" },
    { .key = "sign",
      .type = SETTING_STRING,
      AT(sign_path),
      PATH_LEAST_MOST,
      .help = "Ed25519 seed, 64 hex characters" },
    { .key = "token",
      .type = SETTING_STRING,
      AT(token_path),
      .min = 0,
      .max = 1024,
      .fallback = "",
      .help = "the agencies' token key (hmac), 64 hex characters" },
    { .key = "token_next",
      .type = SETTING_STRING,
      AT(token_next_path),
      .min = 0,
      .max = 1024,
      .fallback = "",
      .help = "another token key (hmac), while the key changes" },
    { .key = "seal",
      .type = SETTING_STRING,
      AT(seal_path),
      .min = 0,
      .max = 1024,
      .fallback = "",
      .help = "X25519 secret key for sealed texts, 64 hex characters" },
};
static const struct setting settings_tokens[] = {
    { .key = "scheme",
      .type = SETTING_CHOICE,
      AT(scheme),
      .choices = { "hmac", "oblivious" },
      .fallback = "hmac",
      .help = "hmac: keys.token is its key, of this epoch; oblivious: there is none, the policy and the "
              "key holder say all" },
    { .key = "epoch",
      .type = SETTING_INT,
      AT(epoch),
      .min = 1,
      .max = UINT16_MAX,
      .fallback = "1",
      .help = "which token key keys.token is" },
    { .key = "next_epoch",
      .type = SETTING_INT,
      AT(next_epoch),
      .min = 0,
      .max = UINT16_MAX,
      .fallback = "0",
      .help = "which token key keys.token_next is" },
};
static const struct setting settings_witness[] = {
    { .key = "log",
      .type = SETTING_STRING,
      AT(witness_vkey),
      PATH_LEAST_MOST,
      .help = "file of the log's verifier key (audit.vkey), got from the broker's operator by another "
              "way than the broker" },
    { .key = "state",
      .type = SETTING_STRING,
      AT(witness_state),
      .min = 0,
      .max = 1024,
      .fallback = "",
      .help = "the head that was cosigned last; default: witness.head, beside the outbox" },
};
static const struct setting settings_worker[] = {
    { .key = "deadline_ms",
      .type = SETTING_INT,
      AT(deadline_ms),
      .min = 50,
      .max = 60000,
      .fallback = "1500",
      .help = "most milliseconds of one answer; then the worker is replaced" },
    { .key = "load_s",
      .type = SETTING_INT,
      AT(load_s),
      .min = 1,
      .max = 86400,
      .fallback = "600",
      .help = "most seconds of reading everything" },
    { .key = "rows_most",
      .type = SETTING_INT,
      AT(rows_most),
      .min = 1,
      .max = 100000000,
      .fallback = "2000000",
      .help = "people, homes and stays of one load; rows of one answer" },
    { .key = "bytes_most",
      .type = SETTING_INT,
      AT(bytes_most),
      .min = 1 << 20,
      .max = 1LL << 36,
      .fallback = "1073741824",
      .help = "bytes of one load, and of the worker's memory" },
    { .key = "restart_ms",
      .type = SETTING_INT,
      AT(restart_ms),
      .min = 10,
      .max = 60000,
      .fallback = "500",
      .help = "before a worker is replaced the second time in a row; doubles from there" },
    { .key = "restart_most_s",
      .type = SETTING_INT,
      AT(restart_most_s),
      .min = 1,
      .max = 3600,
      .fallback = "30",
      .help = "most seconds before that" },
};
/* clang-format on */

static const struct {
    const char *name;
    const struct setting *table;
    size_t n;
    bool required, spare; /* spare: without it, none of its settings is missing */
} groups[] = {
    { "broker", settings_broker, ALM_LEN(settings_broker), true, false },
    { "keys", settings_keys, ALM_LEN(settings_keys), true, false },
    { "tokens", settings_tokens, ALM_LEN(settings_tokens), false, false },
    { "worker", settings_worker, ALM_LEN(settings_worker), false, false },
    { "witness", settings_witness, ALM_LEN(settings_witness), false, true },
};

static void groups_read(const struct conf_node *root, struct conf_errors *e, struct host_config *c)
{
    for (size_t i = 0; i < ALM_LEN(groups); i++) {
        const struct conf_node *n = conf_child(root, groups[i].name);

        if (n && conf_type_of(n) != CONF_GROUP) {
            conf_fail(e, n, "%s is a group: %s = { ... };", groups[i].name, groups[i].name);
            continue;
        }
        if (!n && groups[i].required) {
            conf_fail(e, root, "the group %s is missing", groups[i].name);
            continue;
        }
        if (!n && groups[i].spare)
            continue;
        settings_read(groups[i].table, groups[i].n, n, NULL, e, c);
    }
}

/* A folder that was not named lies beside the outbox. */
static void path_beside(const char *outbox, const char *name, const struct conf_node *at,
                        struct conf_errors *e, char path[static PATH_MAX])
{
    size_t len = strlen(outbox);
    int n;

    if (path[0])
        return;
    while (len && outbox[len - 1] == '/')
        len--;
    while (len && outbox[len - 1] != '/')
        len--;
    n = snprintf(path, PATH_MAX, "%.*s%s", (int)len, outbox, name);
    if (n < 0 || n >= PATH_MAX)
        conf_fail(e, at, "the path is too long");
}

/* The node itself if it is there, else its group: where an error is told. */
static const struct conf_node *node_at(const struct conf_node *root, const char *group,
                                       const char *key)
{
    const struct conf_node *g = group ? conf_child(root, group) : root;
    const struct conf_node *n = g ? conf_child(g, key) : NULL;

    return n ? n : g ? g : root;
}

static bool id_valid(const char *id)
{
    static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
    static const char rest[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";

    return strspn(id, first) > 0 && strspn(id, rest) == strlen(id);
}

static bool line_valid(const char *text)
{
    for (; *text; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            return false;
    }
    return true;
}

static void values_check(const struct conf_node *root, struct conf_errors *e, struct host_config *c)
{
    uint8_t key[CERT_KEY_LEN];

    if (c->agency[0] && !id_valid(c->agency))
        conf_fail(e, node_at(root, NULL, "agency"),
                  "an agency's id has small letters, digits, '.', '_' and '-'");
    if (c->zone[0] && civil_set_zone(c->zone) != 0)
        conf_fail(e, node_at(root, NULL, "zone"), "the system knows no such zone");
    if (c->address[0] && strncmp(c->address, "tcp://", 6) != 0 &&
        strncmp(c->address, "ipc://", 6) != 0)
        conf_fail(e, node_at(root, "broker", "address"), "broker.address is tcp://host:port");
    if (c->server_key[0] && cert_key_decode(c->server_key, key) != 0)
        conf_fail(e, node_at(root, "broker", "public_key"),
                  "broker.public_key is not 40 characters of Z85");
    if (!line_valid(c->contact_route))
        conf_fail(e, node_at(root, NULL, "contact_route"), "contact_route is one line");
    if (!line_valid(c->lead_professional))
        conf_fail(e, node_at(root, NULL, "lead_professional"), "lead_professional is one line");
}

static void paths_check(const struct conf_node *root, struct conf_errors *e, struct host_config *c)
{
    const struct {
        const char *group, *key;
        char *path;
    } paths[] = {
        { "keys", "curve", c->curve_path }, { "keys", "sign", c->sign_path },
        { "keys", "token", c->token_path }, { "keys", "token_next", c->token_next_path }, { NULL, "socket", c->socket },
        { NULL, "outbox", c->outbox },      { "keys", "seal", c->seal_path },
        { NULL, "inbox", c->inbox },        { NULL, "pins", c->pins },
        { NULL, "consents", c->consents },  { "witness", "log", c->witness_vkey },
        { "witness", "state", c->witness_state },
    };

    for (size_t i = 0; i < ALM_LEN(paths); i++)
        conf_path_absolute(node_at(root, paths[i].group, paths[i].key), e, c->dir, paths[i].path, PATH_MAX);
    path_beside(c->outbox, "inbox", node_at(root, NULL, "outbox"), e, c->inbox);
    path_beside(c->outbox, "recalls", node_at(root, NULL, "outbox"), e, c->recalls);
    path_beside(c->outbox, "pins", node_at(root, NULL, "outbox"), e, c->pins);
    path_beside(c->outbox, "consents", node_at(root, NULL, "outbox"), e, c->consents);
    path_beside(c->outbox, "asked", node_at(root, NULL, "outbox"), e, c->asked);
    path_beside(c->outbox, "tokens", node_at(root, NULL, "outbox"), e, c->tokens);
    path_beside(c->outbox, "lodged", node_at(root, NULL, "outbox"), e, c->lodged);
    path_beside(c->outbox, "witness.head", node_at(root, NULL, "outbox"), e, c->witness_state);
    if (strlen(c->socket) > SOCKET_PATH_MAX)
        conf_fail(e, node_at(root, NULL, "socket"),
                  "the socket's path, with its folder, is longer than %d bytes", SOCKET_PATH_MAX);
}

static void secret_load(const struct conf_node *at, const char *path, struct conf_errors *e,
                        struct secret *out)
{
    int r;

    if (!path[0])
        return; /* told already */
    r = file_read_secret(path, out);
    if (r == -EPERM)
        conf_fail(
            e, at,
            "%.200s: others may read this secret: chmod 600 it, and think about replacing the key",
            path);
    else if (r == -EINVAL)
        conf_fail(e, at,
                  "%.200s: not a secret of 64 hex characters, as `almoner key new` writes it",
                  path);
    else if (r != 0)
        conf_fail(e, at, "%.200s: %s", path, strerror(-r));
}

static void keys_load(const struct conf_node *root, struct conf_errors *e, struct host_config *c)
{
    char why[CERT_WHY_MAX];

    if (c->curve_path[0] && cert_read(c->curve_path, CERT_SECRET, &c->curve, why) != 0)
        conf_fail(e, node_at(root, "keys", "curve"), "%s", why);
    secret_load(node_at(root, "keys", "sign"), c->sign_path, e, &c->sign);
    secret_load(node_at(root, "keys", "token"), c->token_path, e, &c->token.key);
    secret_load(node_at(root, "keys", "seal"), c->seal_path, e, &c->seal);
    c->has_seal = c->seal_path[0] != '\0';
    secret_load(node_at(root, "keys", "token_next"), c->token_next_path, e, &c->token_next);
    c->has_token = c->token_path[0] != '\0';
    c->has_token_next = c->token_next_path[0] != '\0';
    if (c->has_token_next && (!c->next_epoch || c->next_epoch == c->epoch))
        conf_fail(e, node_at(root, "tokens", "next_epoch"),
                  "tokens.next_epoch says which key keys.token_next is: another than tokens.epoch");
    if (!c->has_token && strcmp(c->scheme, "hmac") == 0)
        conf_fail(e, node_at(root, "keys", "token"),
                  "keys.token is missing: the agencies' token key; or tokens.scheme is "
                  "\"oblivious\"");
    c->token.scheme = TOKEN_HMAC;
    c->token.epoch = (uint16_t)c->epoch;
}

/* By another way than the broker: with its own word for the key it could show us any log. */
static void witness_load(const struct conf_node *root, struct conf_errors *e, struct host_config *c)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    const struct conf_node *at = node_at(root, "witness", "log");
    int r;

    if (!c->witness_vkey[0])
        return;
    buf_init(&text, NOTE_VKEY_MAX + 1);
    r = file_read(c->witness_vkey, NOTE_VKEY_MAX, &text);
    if (r && r != -E2BIG) {
        conf_fail(e, at, "%.200s: %s", c->witness_vkey, strerror(-r));
        return;
    }
    buf_put_u8(&text, 0);
    if (!buf_status(&text) && text.len > 1 && text.data[text.len - 2] == '\n')
        text.data[text.len - 2] = '\0';
    if (buf_status(&text) || note_key_parse((const char *)text.data, &c->witness_log))
        conf_fail(e, at, "%.200s: not a verifier key on one line, as `almoner key new broker` writes "
                  "it into audit.vkey", c->witness_vkey);
    else if (c->origin[0] && strcmp(c->witness_log.name, c->origin) != 0)
        conf_fail(e, at, "%.200s: the verifier key of another log, \"%.120s\"", c->witness_vkey,
                  c->witness_log.name);
}

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

/* The group of the backend's name is its own; so its name is looked at before the rest. */
static void top_read(const struct conf_node *root, struct conf_errors *e, struct host_config *c)
{
    const struct conf_node *n = conf_child(root, "backend");
    const char *known[ALM_LEN(keys_top) + 2] = { 0 }, *backend = NULL;

    memcpy(known, keys_top, sizeof(keys_top));
    if (n && conf_type_of(n) == CONF_STRING && conf_string(n, e, &backend) &&
        spawn_name_valid(backend))
        known[ALM_LEN(keys_top)] = backend;
    settings_read(settings_top, ALM_LEN(settings_top), root, known, e, c);
}

static void backend_check(const struct conf_node *root, const char *libexec, struct conf_errors *e,
                          struct host_config *c)
{
    const struct conf_node *at = node_at(root, NULL, "backend");
    char there[SPAWN_THERE_MAX];

    if (!c->backend[0])
        return; /* told already */
    if (!spawn_name_valid(c->backend))
        conf_fail(e, at, "a backend's name has small letters, digits and '-'");
    else if (spawn_find(libexec, c->backend, c->program, there) != 0)
        conf_fail(e, at, "there is no %.*s/almoner-source-%s; backends here: %s",
                  200, libexec, c->backend, there[0] ? there : "none");
    else
        return;
    c->program[0] = '\0';
}

int host_config_read(const char *path, const char *libexec, const struct conf *conf,
                     struct conf_errors *e, struct host_config *c)
{
    const struct conf_node *root = conf_root(conf);
    size_t before = conf_errors_count(e);

    memset(c, 0, sizeof(*c));
    dir_of(path, c->dir);
    top_read(root, e, c);
    backend_check(root, libexec, e, c);
    groups_read(root, e, c);
    values_check(root, e, c);
    paths_check(root, e, c);
    keys_load(root, e, c);
    witness_load(root, e, c);
    return conf_errors_count(e) > before ? -EINVAL : 0;
}

void host_config_wipe(struct host_config *c)
{
    cert_wipe(&c->curve);
    secret_wipe(&c->sign);
    secret_wipe(&c->token.key);
    secret_wipe(&c->token_next);
    secret_wipe(&c->seal);
}

bool host_config_exercise(const struct host_config *c)
{
    return strcmp(c->mode, "exercise") == 0;
}
