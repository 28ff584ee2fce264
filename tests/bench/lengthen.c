/* SPDX-License-Identifier: Apache-2.0 */
/* lengthen.c - adds leaves and consents to the store of a broker that is stopped, through the
 * store's own interface: what a broker holds after some years, in a minute.
 *
 *   bench_lengthen DATA_DIR STORE_KEY ORIGIN LEAVES   (exercise mode) */
#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "store/consents.h"
#include "store/ledger.h"
#include "store/ledger_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BATCH        5000
#define LEAVES_A_YES 10  /* one consent for so many leaves */
#define SEALED       180 /* octets: tokens, practitioner, case of a usual question */

static int fail(const char *what, int r)
{
    (void)fprintf(stderr, "lengthen: %s: %s\n", what, strerror(-r));
    return 1;
}

static void consent_put(struct store *s, struct store_txn *t, uint64_t n, uint64_t leaf)
{
    struct consent_record r = { .withdrawn_on = CIVIL_NONE, .leaf = leaf };
    struct token *k = r.consent.subject.tokens;

    if (id_new(1780000000000 + (int64_t)n, &r.id))
        return;
    (void)snprintf(r.lodger, sizeof(r.lodger), "elm-school");
    (void)snprintf(r.consent.purpose, sizeof(r.consent.purpose), "early-help");
    r.consent.decision = CONSENT_GRANTED;
    r.consent.capacity = CAPACITY_PARENT;
    r.consent.method = METHOD_SIGNED;
    r.consent.given_on = 18700;
    r.consent.expires_on = r.consent.able_from = r.consent.able_until = CIVIL_NONE;
    r.consent.subject.n = 2;
    for (size_t i = 0; i < 2; i++) {
        k[i] = (struct token){ .kind = i ? TOKEN_NAME_DOB : TOKEN_NHS,
                               .scheme = TOKEN_HMAC,
                               .epoch = 1 };
        memcpy(k[i].value, &n, sizeof(n));
    }
    consents_put(t, s, &r);
}

static int batch(struct store *s, struct ledger *l, uint64_t until)
{
    static uint8_t sealed[SEALED];
    struct ledger_private p = { .sealed_part = { .data = sealed, .len = sizeof(sealed) },
                                .n_tags = 4 };
    struct store_txn *t = NULL;
    int r = store_begin(s, true, &t);

    for (unsigned i = 0; !r && i < BATCH && ledger_size(l) < until; i++) {
        uint64_t leaf = ledger_size(l);
        bool told = leaf % 2;
        struct ledger_clear c = { .event = told ? EVENT_DISCLOSED : EVENT_DECIDED,
                                  .at_ms = 1620000000000 + (int64_t)leaf * 60,
                                  .civil_day = 18750,
                                  .mode = 2,
                                  .about = UINT64_MAX,
                                  .outcome = 1,
                                  .n_holders = 2 };

        if (told)
            c.about = leaf - 1;
        /* what stood before us may end with an odd number: a disclosure follows a decision of ours
         */
        if (told && i == 0)
            c.event = EVENT_DECIDED;
        (void)snprintf(c.agency, sizeof(c.agency), "oakshire-police");
        (void)snprintf(c.purpose, sizeof(c.purpose), "child-protection");
        (void)snprintf(c.question, sizeof(c.question), "cp-plan-current");
        (void)snprintf(c.rule, sizeof(c.rule), "oakshire-2021:child-protection:cp-plan-current");
        (void)snprintf(c.holders[0], sizeof(c.holders[0]), "oakshire-childrens");
        (void)snprintf(c.holders[1], sizeof(c.holders[1]), "elm-school");
        for (uint8_t k = 0; k < p.n_tags; k++)
            p.tags[k] = leaf * 7919 + k;
        ledger_append(l, t, &c, &p, &leaf);
        if (leaf % LEAVES_A_YES == 0)
            consent_put(s, t, leaf, leaf);
    }
    if (!r)
        r = store_commit(t);
    ledger_settle(l, r);
    return r;
}

int main(int argc, char **argv)
{
    ALM_CLEANUP(ledger_closep) struct ledger *l = NULL;
    ALM_CLEANUP(store_closep) struct store *s = NULL;
    ALM_CLEANUP(secret_wipe) struct secret key;
    struct store_options o = { .key = &key, .mode = 2, .map_bytes = (size_t)16 << 30 };
    uint64_t until;
    int r;

    if (argc != 5)
        return fail("DATA_DIR STORE_KEY ORIGIN LEAVES", 0);
    o.path = argv[1];
    o.origin = argv[3];
    r = crypto_init() ? -1 : file_read_secret(argv[2], &key);
    if (!r)
        r = store_open(&o, &s);
    if (!r)
        r = ledger_open(s, &l);
    if (r)
        return fail(argv[1], r);
    until = ledger_size(l) + strtoull(argv[4], NULL, 10);
    while (!r && ledger_size(l) < until)
        r = batch(s, l, until);
    if (r)
        return fail("append", r);
    (void)printf("%llu\n", (unsigned long long)ledger_size(l));
    return 0;
}
