/* SPDX-License-Identifier: Apache-2.0 */
/* sealing_ops.c - sealing keys: publishing ours, and holding others to what we know of them. */
#include "base/clock.h"
#include "base/log.h"
#include "host/keys.h"
#include "host/ops.h"
#include "host/reply.h"
#include "host/request.h"
#include "lib/sealing.h"

#include <errno.h>
#include <string.h>
#include <sysexits.h>

static const char *const state_words[] = {
    [PINS_NONE] = "none",
    [PINS_NEW] = "new",
    [PINS_PINNED] = "pinned",
    [PINS_CHANGED] = "changed",
};

json_t *keys_ask(struct host *h, const struct pending *of, pending_next *next)
{
    struct asked_id kept = h->asked_id;
    json_t *wrong;

    h->asked_id.has = false; /* it is of what will be lodged */
    wrong = ops_prepare(h, MSG_SEALING_KEY_QUERY);
    h->asked_id = kept;
    if (!wrong)
        wrong = request_practice(of->request, false, h->out);
    if (wrong)
        return wrong;
    memcpy(h->out->sealing_key_query.agency, of->agency, sizeof(of->agency));
    return ops_step(h, of, next);
}

static json_t *pins_failed(const char *agency, int r)
{
    return local_error("pins-failed", EX_IOERR, "what is pinned for %s cannot be %s: %s", agency,
                       r == -EBADMSG ? "read" : "used",
                       r == -EBADMSG
                           ? "its file is damaged; remove it and accept the key again, by telephone"
                           : strerror(-r));
}

static json_t *key_changed(const char *agency, const struct pins_chain *c)
{
    char hex[65] = "none";

    if (c->n)
        hex_encode(c->links[c->n - 1].key, 32, hex);
    return local_error("sealing-key-changed", EX_NOPERM,
                       "key-changed: the sealing key of %s is another than the one we know, and "
                       "its change was not announced under that "
                       "one; nothing was sent. Telephone %s, compare the first and last digits of "
                       "%s, then: almoner sealing accept %s --key %s",
                       agency, agency, hex, agency, hex);
}

static json_t *chain_of(const struct host *h, const struct msg *m, const char *agency,
                        struct pins_chain *c)
{
    struct wire_context context = { .mode = host_config_exercise(&h->config) ? MODE_EXERCISE
                                                                             : MODE_LIVE };
    int r;

    memcpy(context.origin, h->config.origin, sizeof(context.origin));
    if (m->type != MSG_SEALING_KEYS || strcmp(m->sealing_keys.agency, agency) != 0)
        return local_error("internal", EX_SOFTWARE, "the broker's reply is of another kind");
    r = pins_check(h->pins, &context, &m->sealing_keys, host_day(h), c);
    return r == 0 ? NULL : pins_failed(agency, r);
}

/* --- sealing --- */
static json_t *key_from_chain(struct host *h, const char *agency, const struct msg *m,
                              uint8_t key[static 32])
{
    struct pins_chain c;
    json_t *wrong = chain_of(h, m, agency, &c);
    int r;

    if (wrong)
        return wrong;
    if (c.state == PINS_CHANGED) {
        log_error("sealing-key-changed", "agency=%s", agency);
        return key_changed(agency, &c);
    }
    if (c.state == PINS_NONE)
        return local_error("no-sealing-key", EX_UNAVAILABLE,
                           "%s has published no sealing key that is in use today; ask it to "
                           "(almoner sealing publish), or send without a body",
                           agency);
    r = pins_use(h->pins, agency, &c);
    if (r != 0)
        return pins_failed(agency, r);
    memcpy(key, c.links[c.current].key, 32);
    return NULL;
}

static json_t *key_pinned(struct host *h, const char *agency, uint8_t key[static 32])
{
    struct pin pin;
    int r = pins_find(h->pins, agency, &pin);

    if (r == -ENOENT)
        return ops_not_connected(h); /* a first use needs the broker */
    if (r != 0)
        return pins_failed(agency, r);
    memcpy(key, pin.key, 32);
    return NULL;
}

static json_t *key_ours(const struct host *h, uint8_t key[static 32])
{
    if (!h->config.has_seal || sealing_public(&h->config.seal, key) != 0)
        return local_error(
            "no-sealing-key", EX_UNAVAILABLE,
            "this adapter has no sealing key; set keys.seal (almoner key new seal NAME)");
    return NULL;
}

static json_t *seal_failed(const char *agency, int r)
{
    if (r == -E2BIG)
        return local_error("bad-field", EX_DATAERR, "body is longer than %d bytes",
                           SEALING_TEXT_MAX);
    if (r == -EINVAL)
        return local_error("bad-field", EX_DATAERR, "body is not a text, or the key of %s is none",
                           agency);
    return local_error("internal", EX_SOFTWARE, "body could not be sealed: %s", strerror(-r));
}

json_t *keys_seal(struct host *h, const struct pending *p, const struct msg *m,
                  const struct id *about, uint8_t key[static 32])
{
    const json_t *body = json_object_get(p->request, "body");
    json_t *wrong;
    int r;

    wrong = m ? key_from_chain(h, p->agency, m, key) : key_pinned(h, p->agency, key);
    if (wrong)
        return wrong;
    r = sealing_seal(key, about, h->config.agency,
                     bytes_of(json_string_value(body), json_string_length(body)), &h->sealed);
    return r == 0 ? NULL : seal_failed(p->agency, r);
}

/* --- what we know of an agency's keys --- */
static json_t *key_hex(const uint8_t key[static 32])
{
    char hex[65];

    hex_encode(key, 32, hex);
    return json_string(hex);
}

static json_t *keys_reply(const struct host *h, const char *agency, const struct pins_chain *c)
{
    bool ours = strcmp(agency, h->config.agency) == 0;
    enum pins_state state = c->state;
    json_t *list = json_array();
    uint8_t own[32];

    for (size_t i = 0; list && i < c->n; i++)
        (void)json_array_append_new(
            list,
            json_pack("{s:o,s:o,s:o}", "key", key_hex(c->links[i].key), "from",
                      reply_day(c->links[i].from), "previous",
                      c->links[i].has_previous ? key_hex(c->links[i].previous) : json_string("")));
    if (!ours || !h->config.has_seal || sealing_public(&h->config.seal, own) != 0)
        return json_pack("{s:b,s:s,s:s,s:s,s:o,s:o}", "ok", 1, "kind", "sealing-keys", "agency",
                         agency, "state", state_words[state], "pinned",
                         c->has_pin ? key_hex(c->pin.key) : json_string(""), "keys", list);
    /* Of our own key: whether what the broker hands out for us is ours. */
    if (c->n && !c->forged)
        state = memcmp(c->links[c->n - 1].key, own, 32) == 0 ? PINS_PINNED : PINS_CHANGED;
    return json_pack("{s:b,s:s,s:s,s:s,s:o,s:o}", "ok", 1, "kind", "sealing-keys", "agency", agency,
                     "state", state_words[state], "pinned", key_hex(own), "keys", list);
}

static json_t *list_came(struct host *h, struct pending *p, const struct msg *m)
{
    struct pins_chain c;
    json_t *wrong = chain_of(h, m, p->agency, &c);

    if (!wrong)
        ops_reply_now(h, p->client, keys_reply(h, p->agency, &c));
    return wrong;
}

static json_t *agency_or_ours(const struct host *h, const json_t *o, bool required, name_t out)
{
    json_t *wrong = request_name(o, "agency", required, out);

    if (!wrong && !out[0])
        memcpy(out, h->config.agency, NAME_MAX_LEN);
    return wrong;
}

static json_t *op_list(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "agency", NULL };
    struct pending of = ops_first(h, client, o);
    json_t *wrong = ops_query_begin(h, o, keys, MSG_SEALING_KEY_QUERY, false);

    if (!wrong)
        wrong = agency_or_ours(h, o, false, of.agency);
    return wrong ? wrong : keys_ask(h, &of, list_came);
}

static json_t *accept_came(struct host *h, struct pending *p, const struct msg *m)
{
    struct pins_chain c;
    uint8_t key[32];
    json_t *wrong = chain_of(h, m, p->agency, &c);
    int r;

    if (!wrong)
        wrong = request_key(p->request, "key", true, key);
    if (wrong)
        return wrong;
    r = pins_accept(h->pins, p->agency, &c, key);
    if (r == -ENOENT)
        return local_error("not-its-key", EX_DATAERR,
                           "this is not the newest key of %s; see almoner sealing list %s",
                           p->agency, p->agency);
    if (r == -EPERM)
        return local_error(
            "bad-signature", EX_NOPERM,
            "the key is not signed by %s as the broker says; tell the broker's officers",
            p->agency);
    if (r != 0)
        return pins_failed(p->agency, r);
    log_warn("sealing-key-accepted", "agency=%s", p->agency);
    wrong = chain_of(h, m, p->agency, &c);
    if (!wrong)
        ops_reply_now(h, p->client, keys_reply(h, p->agency, &c));
    return wrong;
}

static json_t *op_accept(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "agency", "key", NULL };
    struct pending of = ops_first(h, client, o);
    uint8_t key[32];
    json_t *wrong = ops_query_begin(h, o, keys, MSG_SEALING_KEY_QUERY, false);

    if (!wrong)
        wrong = agency_or_ours(h, o, true, of.agency);
    if (!wrong)
        wrong = request_key(o, "key", true, key);
    if (!wrong && strcmp(of.agency, h->config.agency) == 0)
        wrong = local_error("bad-field", EX_DATAERR,
                            "our own key is not accepted but published: almoner sealing publish");
    return wrong ? wrong : keys_ask(h, &of, accept_came);
}

/* --- publishing ours --- */
static json_t *publish_came(struct host *h, struct pending *p, const struct msg *m)
{
    static const char *const keys[] = { OPS_PRACTICE, "from", NULL };
    struct msg_sealing_key *to = &h->out->sealing_key;
    struct pins_chain c;
    json_t *wrong = chain_of(h, m, p->agency, &c);

    if (!wrong)
        wrong = lodge_begin(h, p->request, keys, MSG_SEALING_KEY);
    if (!wrong)
        wrong = key_ours(h, to->key);
    if (!wrong)
        wrong = request_day(p->request, "from", false, &to->from);
    if (wrong)
        return wrong;
    if (to->from == CIVIL_NONE)
        to->from = host_day(h);
    if (c.n) {
        const struct pins_link *last = &c.links[c.n - 1];

        if (memcmp(last->key, to->key, 32) == 0)
            return local_error("already-published", EX_DATAERR,
                               "our sealing key is published already");
        to->has_previous = true;
        memcpy(to->previous, last->key, 32);
    }
    return ops_lodge(h, p->client);
}

static json_t *op_publish(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { OPS_PRACTICE, "from", NULL };
    struct pending of = ops_first(h, client, o);
    uint8_t own[32];
    int32_t from;
    json_t *wrong = key_ours(h, own);

    if (!wrong)
        wrong = ops_query_begin(h, o, keys, MSG_SEALING_KEY_QUERY, false);
    if (!wrong)
        wrong = request_day(o, "from", false, &from);
    memcpy(of.agency, h->config.agency, sizeof(of.agency));
    return wrong ? wrong : keys_ask(h, &of, publish_came);
}

static const struct op sealing[] = {
    { "sealing-publish", op_publish, true },
    { "sealing-list", op_list, false },
    { "sealing-accept", op_accept, false },
};
const struct op_table ops_sealing = { sealing, ALM_LEN(sealing) };
