/* SPDX-License-Identifier: Apache-2.0 */
/* settings.c - the tables of almonerd's settings, and what a table cannot say. */
#include "supervisor/settings.h"

#include "base/clock.h"
#include "base/file.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#define AT(type, field)                                                                            \
    .offset = offsetof(struct type, field), .size = sizeof(((struct type *)0)->field)

static const struct setting settings_top[] = {
    { "mode", SETTING_CHOICE, AT(settings, mode), .choices = { "live", "exercise" },
      .help = "live, or exercise: a rehearsal with a civil day of its own, never on a store that "
              "was live" },
    { "origin", SETTING_STRING, AT(settings, origin), .min = 1, .max = 120,
      .help = "the log's origin line, e.g. marlham.example/almoner; no spaces, no '+'" },
    { "zone", SETTING_STRING, AT(settings, zone), .min = 1, .max = 63, .fallback = "Europe/London",
      .help = "time zone of civil days" },
    { "data_dir", SETTING_STRING, AT(settings, data_dir), .min = 1, .max = 200,
      .help = "where the store lies (absolute; made if absent)" },
    { "keys_dir", SETTING_STRING, AT(settings, keys_dir), .min = 1, .max = 200,
      .help = "holds curve.key_secret, store.key and audit.key (almoner key new broker DIR)" },
    { "runtime_dir", SETTING_STRING, AT(settings, runtime_dir), .min = 1, .max = 200,
      .help = "for control.sock and officers.sock (absolute; made if absent)" },
    { "log_level", SETTING_CHOICE, AT(settings, log_level),
      .choices = { "debug", "info", "warn", "error" }, .fallback = "info",
      .help = "the least that is logged" },
};
static const struct setting settings_limit[] = {
    { "frame_bytes", SETTING_INT, AT(settings_limits, frame_bytes), .min = 4096, .max = 65536,
      .fallback = "65536", .help = "bytes: longest frame from an agency" },
    { "messages_per_s", SETTING_INT, AT(settings_limits, messages_per_s), .min = 1, .max = 100000,
      .fallback = "200", .help = "messages a second of one agency; beyond it: busy" },
    { "daily_bytes", SETTING_INT, AT(settings_limits, daily_bytes), .min = 65536,
      .max = INT64_C(1) << 40, .fallback = "1073741824",
      .help = "bytes a civil day of one agency; beyond it: busy" },
    { "deadline_ms", SETTING_INT, AT(settings_limits, deadline_ms), .min = 100, .max = 600000,
      .fallback = "2000",
      .help = "milliseconds a query waits for holders unless its question says otherwise" },
    { "lease_ms", SETTING_INT, AT(settings_limits, lease_ms), .min = 1000, .max = 600000,
      .fallback = "5000", .help = "milliseconds within which an adapter must be heard of" },
    { "connections", SETTING_INT, AT(settings_limits, connections), .min = 4, .max = 10000,
      .fallback = "256", .help = "connections of one gate in all" },
    { "connections_per_agency", SETTING_INT, AT(settings_limits, connections_per_agency), .min = 1,
      .max = 64, .fallback = "4", .help = "connections of one agency; the newest win" },
    { "store_mib", SETTING_INT, AT(settings_limits, store_mib), .min = 16, .max = INT64_C(1) << 20,
      .fallback = "4096", .help = "MiB: the most that the store may grow to" },
    { "queue_items", SETTING_INT, AT(settings_limits, queue_items), .min = 16, .max = 10000000,
      .fallback = "50000", .help = "deliveries that may wait in one queue of an agency" },
    { "queue_mib", SETTING_INT, AT(settings_limits, queue_mib), .min = 1, .max = 65536,
      .fallback = "128", .help = "MiB: the deliveries that may wait in one queue" },
    { "replay_days", SETTING_INT, AT(settings_limits, replay_days), .min = 0, .max = 365,
      .fallback = "30", .help = "civil days that an acknowledged delivery is kept for replay" },
    { "check_threads", SETTING_INT, AT(settings_limits, check_threads), .min = -1, .max = 4,
      .fallback = "-1",
      .help = "threads of the core that check signatures beside its own; -1: one for each processor but one" },
};
static const struct setting settings_sign[] = {
    { "interval_ms", SETTING_INT, AT(settings_signer, interval_ms), .min = 100, .max = 60000,
      .fallback = "1000", .help = "milliseconds between signed tree heads" },
    { "witness_wait_s", SETTING_INT, AT(settings_signer, witness_wait_s), .min = 1, .max = 60,
      .fallback = "60", .help = "after a start heads wait so long for witnesses to say which they hold" },
    { "unsigned_limit_s", SETTING_INT, AT(settings_signer, unsigned_limit_s), .min = 1, .max = 3600,
      .fallback = "120", .help = "seconds without a signed head after which sharing stops" },
};
static const struct setting settings_a_gate[] = {
    { "organisation", SETTING_STRING, AT(settings_gate, organisation), .min = 1, .max = 63,
      .help = "whose gate it is: an agency's id (and its teams'), or * for all without their own" },
    { "bind", SETTING_STRING, AT(settings_gate, bind), .min = 8, .max = 95,
      .help = "tcp://ADDRESS:PORT; ADDRESS is numeric, [IPv6] or *" },
};
static const char *const settings_groups[] = { "limits", "signer", "gates", NULL };

/* --- what a table cannot say
 * -------------------------------------------------------------------------- */

static const struct conf_node *settings_node(const struct conf_node *root, const char *key)
{
    const struct conf_node *n = conf_child(root, key);

    return n ? n : root;
}

static void settings_check_origin(const struct settings *s, const struct conf_node *root,
                                  struct conf_errors *e)
{
    for (const char *p = s->origin; *p; p++) {
        if ((unsigned char)*p <= ' ' || *p == 0x7f || *p == '+') {
            conf_fail(e, settings_node(root, "origin"),
                      "origin must have no spaces, control characters or '+'");
            return;
        }
    }
}

static void settings_check_dir(const char *key, const char *path, const struct conf_node *root,
                               struct conf_errors *e)
{
    if (path[0] && path[0] != '/')
        conf_fail(e, settings_node(root, key), "%s must be an absolute path", key);
}

static void settings_check_paths(const struct settings *s, const struct conf_node *root,
                                 struct conf_errors *e)
{
    size_t most = sizeof(((struct sockaddr_un *)0)->sun_path) - sizeof("/officers.sock");

    settings_check_dir("data_dir", s->data_dir, root, e);
    settings_check_dir("keys_dir", s->keys_dir, root, e);
    settings_check_dir("runtime_dir", s->runtime_dir, root, e);
    if (strlen(s->runtime_dir) > most)
        conf_fail(e, settings_node(root, "runtime_dir"),
                  "runtime_dir is too long for a Unix socket: at most %zu bytes", most);
}

/* "tcp://ADDRESS:PORT" into its two parts. */
static bool settings_split_bind(const char *bind, char address[static SETTINGS_BIND],
                                unsigned long *port)
{
    const char *colon = strrchr(bind, ':');
    char *end;
    size_t len;

    if (strncmp(bind, "tcp://", 6) || !colon || colon < bind + 7)
        return false;
    len = (size_t)(colon - bind) - 6;
    memcpy(address, bind + 6, len);
    address[len] = '\0';
    if (colon[1] < '1' || colon[1] > '9')
        return false;
    *port = strtoul(colon + 1, &end, 10);
    return !*end && *port <= 65535;
}

static bool settings_address_ok(char address[static SETTINGS_BIND])
{
    unsigned char raw[16];
    size_t len = strlen(address);

    if (!strcmp(address, "*"))
        return true;
    if (address[0] == '[' && address[len - 1] == ']') {
        char inner[SETTINGS_BIND];

        memcpy(inner, address + 1, len - 2);
        inner[len - 2] = '\0';
        return inet_pton(AF_INET6, inner, raw) == 1;
    }
    return inet_pton(AF_INET, address, raw) == 1;
}

static bool settings_any(const char *address)
{
    return !strcmp(address, "*") || !strcmp(address, "0.0.0.0") || !strcmp(address, "[::]");
}

static bool settings_same_bind(const char *a, const char *b)
{
    char address_a[SETTINGS_BIND], address_b[SETTINGS_BIND];
    unsigned long port_a, port_b;

    if (!settings_split_bind(a, address_a, &port_a) ||
        !settings_split_bind(b, address_b, &port_b) || port_a != port_b)
        return false;
    return !strcmp(address_a, address_b) || settings_any(address_a) || settings_any(address_b);
}

static bool settings_organisation_ok(const char *id)
{
    return !strcmp(id, "*") ||
           (id[0] != '-' && strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id));
}

static void settings_check_gate(const struct settings *s, size_t i, const struct conf_node *node,
                                const struct conf_node *list, struct conf_errors *e)
{
    const struct settings_gate *g = &s->gates[i];
    const struct conf_node *bind = settings_node(node, "bind"),
                           *organisation = settings_node(node, "organisation");
    char address[SETTINGS_BIND];
    unsigned long port;

    if (g->organisation[0] && !settings_organisation_ok(g->organisation))
        conf_fail(e, organisation, "organisation must be * or an id of a-z, 0-9 and -");
    if (g->bind[0] &&
        (!settings_split_bind(g->bind, address, &port) || !settings_address_ok(address)))
        conf_fail(e, bind,
                  "bind must be tcp://ADDRESS:PORT, the address numeric, [IPv6] or *, the port 1 "
                  "to 65535");
    for (size_t j = 0; j < i; j++) {
        if (g->bind[0] && settings_same_bind(g->bind, s->gates[j].bind))
            conf_fail(e, bind, "two gates on one address: see line %u",
                      conf_line(settings_node(conf_at(list, j), "bind")));
        if (g->organisation[0] && !strcmp(g->organisation, s->gates[j].organisation))
            conf_fail(e, organisation, "two gates for one organisation: see line %u",
                      conf_line(settings_node(conf_at(list, j), "organisation")));
    }
}

static int settings_read_gates(const struct conf_node *root, struct conf_errors *e,
                               struct settings *s)
{
    const struct conf_node *list = conf_child(root, "gates");

    if (!list || conf_type_of(list) != CONF_LIST || conf_len(list) == 0) {
        conf_fail(e, list ? list : root,
                  "gates must be a list with at least one gate: gates = ( { organisation = \"*\"; "
                  "bind = \"tcp://127.0.0.1:7100\"; } );");
        return 0;
    }
    if (conf_len(list) > CHILD_GATES_MAX) {
        conf_fail(e, list, "at most %d gates", CHILD_GATES_MAX);
        return 0;
    }
    s->gates = calloc(conf_len(list), sizeof(*s->gates));
    if (!s->gates)
        return -ENOMEM;
    s->n_gates = conf_len(list);
    for (size_t i = 0; i < s->n_gates; i++) {
        const struct conf_node *node = conf_at(list, i);

        if (conf_type_of(node) != CONF_GROUP) {
            conf_fail(e, node,
                      "a gate must be a group { organisation = \"...\"; bind = \"...\"; }");
            continue;
        }
        settings_read(settings_a_gate, ALM_LEN(settings_a_gate), node, NULL, e, &s->gates[i]);
        settings_check_gate(s, i, node, list, e);
    }
    return 0;
}

/* --- keys
 * -------------------------------------------------------------------------------------------------
 */

static bool settings_key_path(const struct settings *s, const char *name,
                              char out[static SETTINGS_PATH])
{
    return snprintf(out, SETTINGS_PATH, "%s/%s", s->keys_dir, name) < SETTINGS_PATH;
}

static const char *settings_key_trouble(int r)
{
    switch (r) {
    case -EPERM:
        return "others may read it: chmod 600";
    case -EINVAL:
        return "must hold 64 hexadecimal digits and a newline";
    default:
        return strerror(-r);
    }
}

static void settings_read_key(const struct settings *s, const char *name,
                              const struct conf_node *at, struct conf_errors *e, struct secret *out)
{
    char path[SETTINGS_PATH];
    int r = settings_key_path(s, name, path) ? file_read_secret(path, out) : -ENAMETOOLONG;

    if (r)
        conf_fail(e, at, "key file %s: %s", path, settings_key_trouble(r));
}

static void settings_read_keys(const struct conf_node *root, struct conf_errors *e,
                               struct settings *s)
{
    const struct conf_node *at = settings_node(root, "keys_dir");
    char path[SETTINGS_PATH], why[CERT_WHY_MAX] = "";

    if (!s->keys_dir[0])
        return; /* reported as missing */
    if (!settings_key_path(s, "curve.key_secret", path) ||
        cert_read(path, CERT_SECRET, &s->curve, why))
        conf_fail(e, at, "key file %s", why[0] ? why : path);
    settings_read_key(s, "store.key", at, e, &s->store_key);
    settings_read_key(s, "audit.key", at, e, &s->audit_key);
    if (sign_public(&s->audit_key, s->audit_public))
        conf_fail(e, at, "key file audit.key: not an Ed25519 key");
}

/* --- the whole
 * ---------------------------------------------------------------------------------------------- */

static int settings_read_all(const struct conf_node *root, struct conf_errors *e,
                             struct settings *s)
{
    int r;

    settings_read(settings_top, ALM_LEN(settings_top), root, settings_groups, e, s);
    settings_read(settings_limit, ALM_LEN(settings_limit), conf_child(root, "limits"), NULL, e,
                  &s->limits);
    settings_read(settings_sign, ALM_LEN(settings_sign), conf_child(root, "signer"), NULL, e,
                  &s->signer);
    settings_check_origin(s, root, e);
    settings_check_paths(s, root, e);
    if (s->zone[0] && civil_set_zone(s->zone))
        conf_fail(e, settings_node(root, "zone"), "zone is not a time zone that this system knows");
    if (s->signer.unsigned_limit_s * 1000 < 2 * s->signer.interval_ms)
        conf_fail(e, settings_node(root, "signer"),
                  "unsigned_limit_s must be at least twice interval_ms");
    r = settings_read_gates(root, e, s);
    settings_read_keys(root, e, s);
    return r;
}

int settings_load(const char *path, struct conf_errors *errors, struct settings *out)
{
    ALM_CLEANUP(conf_freep) struct conf *conf = NULL;
    ALM_CLEANUP(settings_deinit) struct settings s = { .n_gates = 0 };
    int r = conf_load(path, errors, &conf);

    if (r)
        return r;
    r = settings_read_all(conf_root(conf), errors, &s);
    if (r)
        return r;
    if (conf_errors_count(errors))
        return -EINVAL;
    *out = s;
    s = (struct settings){ .n_gates = 0 };
    return 0;
}

void settings_deinit(struct settings *s)
{
    cert_wipe(&s->curve);
    secret_wipe(&s->store_key);
    secret_wipe(&s->audit_key);
    free(s->gates);
    s->gates = NULL;
    s->n_gates = 0;
}

enum log_level settings_log_level(const struct settings *s)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };

    for (size_t i = 0; i < ALM_LEN(names); i++) {
        if (!strcmp(s->log_level, names[i]))
            return (enum log_level)(LOG_DEBUG + i);
    }
    return LOG_INFO;
}

static void settings_help_table(FILE *to, const char *title, const struct setting *table, size_t n)
{
    fprintf(to, "%s\n", title);
    for (size_t i = 0; i < n; i++) {
        fprintf(to, "  %-24s %s", table[i].key, table[i].help);
        if (table[i].type == SETTING_INT)
            fprintf(to, "; %lld to %lld", (long long)table[i].min, (long long)table[i].max);
        if (table[i].fallback)
            fprintf(to, " [%s]\n", table[i].fallback);
        else
            fprintf(to, " (required)\n");
    }
}

void settings_help(FILE *to)
{
    settings_help_table(to, "Settings:", settings_top, ALM_LEN(settings_top));
    settings_help_table(to, "gates = ( { ... }, ... ): at least one, each with", settings_a_gate,
                        ALM_LEN(settings_a_gate));
    settings_help_table(to, "limits = { ... }:", settings_limit, ALM_LEN(settings_limit));
    settings_help_table(to, "signer = { ... }:", settings_sign, ALM_LEN(settings_sign));
}
