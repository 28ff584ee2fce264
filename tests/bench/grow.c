/* SPDX-License-Identifier: Apache-2.0 */
/* grow.c - makes the store of a measurement: the town enrolled, its policy in force, people's
 * consents, earlier leaves, deliveries that wait. Through the store's own interface, so that every
 * record is as the core would have left it; without the core, which would take an hour for what
 * takes a minute here.
 *
 *   bench_grow --data DIR --store-key HEXFILE [--people N] [--agencies N] [--hubs N] [--leaves N]
 *              [--queued N] [--map-mib N] [--officer PUBLIC-KEY-FILE] [--draft FILE]
 *
 * --officer: "bench-officer", whose key file `almoner key new sign` made. --draft: where the policy goes as it would be with a
 * relationship of a month where it now is a year, compiled: for `almoner policy replay`. */
#include "town.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "store/consents.h"
#include "store/ledger.h"
#include "store/queues.h"
#include "store/registry.h"
#include "store/retokens.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH      10000 /* records of one transaction */
#define BUNDLE_MAX ((size_t)8 << 20)
#define OFFICER    "bench-officer"
#define YEAR_DAYS  365
#define MONTH_DAYS 31

struct grow {
    const char *data, *key_file, *officer_file, *draft_file; /* the last two NULL: none */
    uint64_t people, leaves, queued, map_mib;
    struct town_shape shape;
    struct store *store;
    struct ledger *ledger;
    struct store_txn *txn;
    uint64_t n; /* put in this transaction */
    char policy[65];
    int32_t day;
};

static struct store_txn *grow_txn(struct grow *g)
{
    if (!g->txn && store_begin(g->store, true, &g->txn))
        return NULL;
    return g->txn;
}

static int grow_commit(struct grow *g)
{
    struct store_txn *t = g->txn;
    int r = 0;

    g->txn = NULL;
    g->n = 0;
    if (t) {
        r = store_commit(t);
        ledger_settle(g->ledger, r);
    }
    return r;
}

static int grow_count(struct grow *g)
{
    return ++g->n >= BATCH ? grow_commit(g) : 0;
}

/* Ids in order, as a clock would give them: what is put in order lies together. */
static struct id grow_id(uint8_t kind, uint64_t n)
{
    struct id id = { .octets = { 1, 0x90, 0, 0, 0, 0, 0x70, kind, 0x80 } };

    for (int i = 0; i < 4; i++)
        id.octets[2 + i] = (uint8_t)(n >> (24 - 8 * i));
    return id;
}

static int grow_agencies(struct grow *g)
{
    for (unsigned i = 0; i < g->shape.agencies; i++) {
        struct registry_agency a = { .standing = STANDING_ACTIVE, .n_curve = 1, .n_sign = 1, .added_ms = 1 };
        struct town_agency who;

        if (town_agency_at(i, &who) || !grow_txn(g))
            return -EIO;
        memcpy(a.id, who.name, sizeof(who.name));
        memcpy(a.curve[0], who.curve_public, 32);
        memcpy(a.sign[0], who.sign_public, 32);
        registry_agency_put(g->txn, &a);
    }
    return grow_commit(g);
}

static int grow_policy(struct grow *g)
{
    ALM_CLEANUP(buf_deinit) struct buf compiled;
    uint8_t hash[SHA256_LEN];
    int r;

    buf_init(&compiled, BUNDLE_MAX);
    r = town_policy(&g->shape, &compiled);
    if (!r)
        r = crypto_sha256(buf_view(&compiled), hash);
    if (r || !grow_txn(g))
        return r ? r : -EIO;
    hex_encode(hash, sizeof(hash), g->policy);
    registry_bundle_put(g->txn, hash, buf_view(&compiled));
    registry_bundle_activate(g->txn, hash);
    return grow_commit(g);
}

static int grow_officer(struct grow *g)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    struct registry_officer o = { .id = OFFICER, .standing = STANDING_ACTIVE, .added_ms = 1 };
    int r;

    if (!g->officer_file)
        return 0;
    buf_init(&text, 256);
    r = file_read(g->officer_file, 256, &text);
    while (!r && text.len && text.data[text.len - 1] == '\n')
        text.len--;
    if (!r && base64_decode((const char *)text.data, text.len, o.sign, sizeof(o.sign)) != (int)sizeof(o.sign))
        r = -EINVAL;
    if (r || !grow_txn(g))
        return r ? r : -EIO;
    registry_officer_put(g->txn, &o);
    return grow_commit(g);
}

static int grow_draft(struct grow *g)
{
    ALM_CLEANUP(buf_deinit) struct buf compiled = { 0 };
    struct town_shape draft = g->shape;
    int r;

    if (!g->draft_file)
        return 0;
    draft.within_days = MONTH_DAYS;
    buf_init(&compiled, BUNDLE_MAX);
    r = town_policy(&draft, &compiled);
    return r ? r : file_write(g->draft_file, buf_view(&compiled), 0644);
}

/* The even people's grants: to anybody, from anybody, for their one purpose. */
static int grow_consent(struct grow *g, uint64_t person)
{
    static struct consent_record r;
    struct msg_consent *c = &r.consent;

    memset(&r, 0, sizeof(r));
    r.id = grow_id(1, person);
    town_agency_name((unsigned)(person % TOWN_ASKERS), r.lodger);
    r.withdrawn_on = CIVIL_NONE;
    c->decision = CONSENT_GRANTED;
    town_person(person, &c->subject);
    town_purpose_name(town_purpose_of(person), c->purpose);
    c->capacity = CAPACITY_SELF;
    c->giver_authority = true;
    c->recipients.any = c->sources.any = true;
    c->given_on = g->day - 30;
    c->given_ms = 1;
    c->expires_on = c->review_on = c->able_from = c->able_until = c->competence_on = CIVIL_NONE;
    c->method = METHOD_SIGNED;
    if (!grow_txn(g))
        return -EIO;
    consents_put(g->txn, g->store, &r);
    return grow_count(g);
}

static int grow_consents(struct grow *g)
{
    int r = 0;

    for (uint64_t p = 0; !r && p < g->people; p += 2)
        r = grow_consent(g, p);
    return r ? r : grow_commit(g);
}

/* What a core's first minutes would do: look at each record's tokens, once for each list of epochs. */
static int grow_settled(struct grow *g)
{
    const struct token_epochs e = { .n = 1, .at = { { TOKEN_HMAC, 1 } } };
    bool done = false;
    int r = 0;

    while (!r && !done) {
        r = grow_txn(g) ? retokens_settle(g->txn, &e, BATCH, &done) : -EIO;
        if (!r)
            r = grow_count(g);
    }
    return r ? r : grow_commit(g);
}

/* A decision's leaf, sealed part and all, as a query about one of the people leaves it. */
static int grow_leaf(struct grow *g, uint64_t n)
{
    static struct ledger_clear clear;
    uint8_t sealed[400] = { 1 };
    struct ledger_private private = { .sealed_part = bytes_of(sealed, sizeof(sealed)), .n_tags = TOWN_TOKENS };
    unsigned purpose = town_purpose_of(n), question = (unsigned)(n % TOWN_QUESTIONS);
    uint64_t leaf;

    memset(&clear, 0, sizeof(clear));
    clear.event = n % 2 ? EVENT_DISCLOSED : EVENT_DECIDED;
    clear.at_ms = 1;
    clear.civil_day = g->day - 1;
    clear.mode = 1;
    clear.message = grow_id(2, n);
    clear.about = n % 2 ? n - 1 : UINT64_MAX;
    clear.outcome = 1;
    town_agency_name((unsigned)(n % TOWN_ASKERS), clear.agency);
    town_purpose_name(purpose, clear.purpose);
    town_question_name(question, clear.question);
    (void)snprintf(clear.role, sizeof(clear.role), "worker");
    memcpy(clear.policy, g->policy, sizeof(clear.policy));
    clear.n_holders = 1;
    town_agency_name(town_holder_of(question), clear.holders[0]);
    for (unsigned k = 0; k < TOWN_TOKENS; k++)
        private.tags[k] = town_mix((g->people ? n % g->people : n) * TOWN_TOKENS + k);
    if (!grow_txn(g))
        return -EIO;
    ledger_append(g->ledger, g->txn, &clear, &private, &leaf);
    return grow_count(g);
}

static int grow_leaves(struct grow *g)
{
    int r = 0;

    for (uint64_t i = 0; !r && i < g->leaves; i++)
        r = grow_leaf(g, i);
    return r ? r : grow_commit(g);
}

/* Notices that wait for the agencies that only keep a connection, or for the holders. */
static int grow_queue(struct grow *g, unsigned agency, uint64_t n)
{
    static struct msg_deliver d;
    struct queue_record q = { .last = n, .waiting = (uint32_t)n, .bytes = 200 * n, .created_ms = 1 };
    char name[TOWN_NAME];
    int r = 0;

    town_agency_name(agency, name);
    for (uint64_t seq = 1; !r && seq <= n; seq++) {
        struct queue_item item = { .seq = seq, .put_on = g->day, .dead_after = CIVIL_NONE };

        memset(&d, 0, sizeof(d));
        (void)snprintf(d.stream, sizeof(d.stream), "inbox");
        d.seq = seq;
        d.event = grow_id(3, seq * TOWN_MOST + agency);
        d.at_ms = 1;
        d.kind = DELIVERY_NOTICE;
        d.has_notice = true;
        d.notice.kind = NOTICE_WITHDRAWN;
        d.notice.due_ms = 0;
        (void)snprintf(d.notice.text, sizeof(d.notice.text), "What was shared rests on a consent that is gone.");
        if (!grow_txn(g))
            return -EIO;
        queue_item_put(g->txn, name, "inbox", &item, &d);
        r = grow_count(g);
    }
    if (r || !grow_txn(g))
        return r ? r : -EIO;
    queues_put(g->txn, name, "inbox", &q);
    return grow_commit(g);
}

static int grow_queues(struct grow *g)
{
    int r = 0;

    for (unsigned i = 0; !r && g->queued && i < TOWN_HOLDERS; i++)
        r = grow_queue(g, TOWN_ASKERS + i, g->queued / TOWN_HOLDERS);
    return r;
}

static int grow_open(struct grow *g)
{
    ALM_CLEANUP(secret_wipe) struct secret key;
    struct store_options o = { .path = g->data, .key = &key, .mode = 1, .origin = TOWN_ORIGIN, .map_bytes = g->map_mib << 20 };
    int r = file_read_secret(g->key_file, &key);

    if (!r)
        r = store_open(&o, &g->store);
    return r ? r : ledger_open(g->store, &g->ledger);
}

static int grow_all(struct grow *g)
{
    static const struct {
        const char *what;
        int (*step)(struct grow *g);
    } steps[] = {
        { "store", grow_open },       { "agencies", grow_agencies }, { "policy", grow_policy },
        { "officer", grow_officer },  { "draft", grow_draft },
        { "consents", grow_consents }, { "epochs", grow_settled }, { "leaves", grow_leaves },     { "queues", grow_queues },
    };

    for (size_t i = 0; i < ALM_LEN(steps); i++) {
        int64_t began = clock_mono_ms();
        int r = steps[i].step(g);

        if (r) {
            (void)fprintf(stderr, "bench_grow: %s: %s\n", steps[i].what, strerror(-r));
            return 70;
        }
        (void)fprintf(stderr, "%s %.1f s\n", steps[i].what, (double)(clock_mono_ms() - began) / 1000);
    }
    return 0;
}

static bool grow_options(struct grow *g, int argc, char **argv)
{
    static const struct option names[] = {
        { "data", 1, NULL, 'd' },   { "store-key", 1, NULL, 'k' }, { "people", 1, NULL, 'p' }, { "agencies", 1, NULL, 'a' },
        { "hubs", 1, NULL, 'h' },   { "leaves", 1, NULL, 'l' },    { "queued", 1, NULL, 'q' }, { "map-mib", 1, NULL, 'm' },
        { "officer", 1, NULL, 'o' }, { "draft", 1, NULL, 'D' },
        { NULL, 0, NULL, 0 },
    };
    int c;

    while ((c = getopt_long(argc, argv, "", names, NULL)) != -1) {
        uint64_t n = optarg ? strtoull(optarg, NULL, 10) : 0;

        switch (c) {
        case 'd': g->data = optarg; break;
        case 'k': g->key_file = optarg; break;
        case 'o': g->officer_file = optarg; break;
        case 'D': g->draft_file = optarg; break;
        case 'p': g->people = n; break;
        case 'a': g->shape.agencies = (unsigned)n; break;
        case 'h': g->shape.hubs = (unsigned)n; break;
        case 'l': g->leaves = n; break;
        case 'q': g->queued = n; break;
        case 'm': g->map_mib = n; break;
        default: return false;
        }
    }
    return g->data && g->key_file && optind == argc;
}

int main(int argc, char **argv)
{
    struct grow g = { .shape = { .agencies = TOWN_AGENCIES, .within_days = YEAR_DAYS }, .map_mib = 4096 };
    int r;

    if (!grow_options(&g, argc, argv)) {
        (void)fprintf(stderr, "usage: bench_grow --data DIR --store-key FILE [--people N] [--agencies N] [--hubs N] [--leaves N]"
                              " [--queued N] [--map-mib N] [--officer FILE] [--draft FILE]\n");
        return 64;
    }
    if (crypto_init() || civil_set_zone("Europe/London"))
        return 70;
    g.day = civil_today(clock_wall_ms());
    r = grow_all(&g);
    store_abort(g.txn);
    ledger_close(g.ledger);
    store_close(g.store);
    return r;
}
