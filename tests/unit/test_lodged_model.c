/* SPDX-License-Identifier: Apache-2.0 */
/* test_lodged_model.c - consents, shields and disputes beside a plain list of them: lodged, put
 * again, withdrawn, lifted, carried to other epochs, settled, forgotten, taken back, failed at any
 * step, reopened and led through periods in any order. Whoever is asked about finds what the list
 * says, with the tokens that it says, whatever is known to be absent; and the examination finds
 * nothing. */
#include "drawn.h"
#include "fsck_fixture.h"
#include "ledger_fixture.h"

#include "store/consents.h"
#include "store/disputes.h"
#include "store/lodged.h"
#include "store/periods.h"
#include "store/retokens.h"

#define PEOPLE 9
#define IDS    40 /* of each kind */
#define EPOCHS 4  /* from 1 on; two of them are listed at a time */
#define LEAVES 200

enum kind { CONSENT, SHIELD, DISPUTE, KINDS };
static const enum subjects_kind subjects[KINDS] = { SUBJECTS_CONSENT, SUBJECTS_SHIELD,
                                                    SUBJECTS_DISPUTE };
static const enum lodged_kind lodged[KINDS] = { LODGED_CONSENT, LODGED_SHIELD, LODGED_DISPUTE };
static const char *const lodgers[] = { "school", "council", "health" };
static const char *const purposes[] = { "early-help", "housing" };

struct item {
    bool there, withdrawal;
    uint8_t who, lodger, purpose, decision;
    uint16_t own;    /* epoch; 0: its tokens went with theirs */
    uint8_t carried; /* to epochs, a bit each */
    uint64_t leaf;
    int32_t withdrawn_on;
    bool unborn, ended;
    int32_t pending; /* a withdrawal waits for it; CIVIL_NONE: none */
};
static struct model {
    struct item items[KINDS][IDS];
    uint16_t first; /* epoch that is listed; the next is, too */
} now, committed;
static struct token token_of(uint8_t kind, uint8_t who, uint16_t epoch)
{
    struct token t = { .kind = kind, .scheme = TOKEN_HMAC, .epoch = epoch };

    memset(t.value, 16 * epoch + who, sizeof(t.value));
    return t;
}

static struct token_set set_of(uint8_t who, uint16_t epoch, bool unborn)
{
    return (struct token_set){ .unborn = unborn,
                               .n = 3,
                               .tokens = { token_of(TOKEN_NHS, who, epoch),
                                           token_of(TOKEN_NAME_DOB, who, epoch),
                                           token_of(TOKEN_PHONETIC_DOB, who, epoch) } };
}

static struct id id_of(enum kind kind, unsigned n)
{
    struct id id = { { 1, (uint8_t)kind } };

    id.octets[ID_LEN - 1] = (uint8_t)n;
    return id;
}

static bool listed(uint16_t epoch)
{
    return epoch == now.first || epoch == now.first + 1;
}

static bool found_under(const struct item *i, uint16_t epoch)
{
    return i->there && (i->own == epoch || i->carried >> epoch & 1);
}

/* --- looking --- */

struct looking {
    enum kind kind;
    uint16_t epoch; /* that tokens are to be of; 0: any */
    unsigned next, n;
    bool (*want)(const struct looking *l, const struct item *i);
    uint8_t who, purpose;
    bool unborn;
};

static bool want_about(const struct looking *l, const struct item *i)
{
    return found_under(i, l->epoch) && i->who == l->who && i->unborn == l->unborn &&
           (l->kind == SHIELD || l->purpose >= ALM_LEN(purposes) || i->purpose == l->purpose);
}

static void same(struct looking *l, const struct id *id, const struct token_set *subject,
                 const char *lodger, uint64_t leaf)
{
    unsigned n = id->octets[ID_LEN - 1];
    const struct item *i = &now.items[l->kind][n];
    struct token_set set = set_of(l->who, l->epoch, l->unborn);

    for (; l->next < n; l->next++)
        assert_false(l->want(l, &now.items[l->kind][l->next]));
    assert_int_equal(n, l->next++);
    assert_true(l->want(l, i));
    assert_true(token_set_same(subject, &set));
    assert_string_equal(lodger, lodgers[i->lodger]);
    assert_int_equal(leaf, i->leaf);
    l->n++;
}

static int see_consent(void *ctx, const struct consent_record *r)
{
    struct looking *l = ctx;
    const struct item *i = &now.items[CONSENT][r->id.octets[ID_LEN - 1]];

    same(l, &r->id, &r->consent.subject, r->lodger, r->leaf);
    assert_int_equal(r->is_withdrawal, i->withdrawal);
    assert_int_equal(r->consent.decision, i->decision);
    assert_int_equal(r->withdrawn_on, i->withdrawn_on);
    return 0;
}

static int see_shield(void *ctx, const struct shield_record *r)
{
    same(ctx, &r->id, &r->shield.subject, r->owner, r->leaf);
    assert_int_equal(r->lifted, now.items[SHIELD][r->id.octets[ID_LEN - 1]].ended);
    return 0;
}

static int see_dispute(void *ctx, const struct dispute_record *r)
{
    same(ctx, &r->id, &r->dispute.subject, r->lodger, r->leaf);
    assert_int_equal(r->lifted, now.items[DISPUTE][r->id.octets[ID_LEN - 1]].ended);
    return 0;
}

static void look_about(struct store_txn *t, enum kind kind, uint8_t who, uint16_t epoch)
{
    struct looking l = { .kind = kind, .epoch = epoch, .who = who, .want = want_about };
    const char *purpose;
    struct token_set set;
    int r = 0;

    l.purpose = (uint8_t)draw(3);
    l.unborn = draw(5) == 0;
    purpose = l.purpose < ALM_LEN(purposes) ? purposes[l.purpose] : "";
    set = set_of(who, epoch, l.unborn);
    if (kind == SHIELD && draw(3) == 0) { /* by how the name sounds alone */
        set.tokens[0] = set.tokens[2];
        set.n = 1;
    }
    if (kind == CONSENT)
        r = consents_about(t, store_of(t), &set, purpose, see_consent, &l);
    else if (kind == SHIELD)
        r = shields_about(t, store_of(t), &set, see_shield, &l);
    else
        r = disputes_about(t, &set, purpose, see_dispute, &l);
    assert_int_equal(r, 0);
    for (; l.next < IDS; l.next++)
        assert_false(want_about(&l, &now.items[kind][l.next]));
}

struct lodger_seen {
    uint8_t lodger;
    uint64_t below;
    size_t n;
};

static int see_lodgers(void *ctx, const struct consent_record *r)
{
    struct lodger_seen *s = ctx;
    const struct item *i = &now.items[CONSENT][r->id.octets[ID_LEN - 1]];

    assert_true(i->there && !i->withdrawal && i->lodger == s->lodger && i->leaf <= s->below);
    s->below = i->leaf;
    s->n++;
    return 0;
}

static void look_lodger(struct store_txn *t)
{
    struct lodger_seen s = { .lodger = (uint8_t)draw(ALM_LEN(lodgers)), .below = UINT64_MAX };
    size_t want = 0, total;

    for (unsigned n = 0; n < IDS; n++) {
        const struct item *i = &now.items[CONSENT][n];

        want += i->there && !i->withdrawal && i->lodger == s.lodger;
    }
    assert_int_equal(consents_by_lodger(t, lodgers[s.lodger], 0, IDS, see_lodgers, &s, &total), 0);
    assert_int_equal(total, want);
    assert_int_equal(s.n, want);
}

static void look_id(struct store_txn *t)
{
    unsigned n = draw(IDS);
    const struct item *i = &now.items[CONSENT][n];
    struct id id = id_of(CONSENT, n);
    struct consent_record r;
    int32_t on;

    assert_int_equal(consents_get(t, &id, &r), i->there ? 0 : -ENOENT);
    if (i->there) {
        assert_int_equal(r.consent.subject.n, i->own ? 3 : 0);
        assert_int_equal(token_set_epoch(&r.consent.subject).epoch, i->own);
        assert_int_equal(r.withdrawn_on, i->withdrawn_on);
    }
    assert_int_equal(overtaken_get(t, &id, &on), i->pending == CIVIL_NONE ? -ENOENT : 0);
    if (i->pending != CIVIL_NONE)
        assert_int_equal(on, i->pending);
}

static void look(struct store_txn *t, unsigned n)
{
    while (n--)
        look_about(t, (enum kind)draw(KINDS), (uint8_t)draw(PEOPLE), (uint16_t)(1 + draw(EPOCHS)));
    look_lodger(t);
    look_id(t);
}

/* --- changing --- */

static void put_consent(struct store_txn *t, unsigned n, const struct item *i, uint16_t shown)
{
    static struct consent_record r;

    r = (struct consent_record){ .id = id_of(CONSENT, n),
                                 .is_withdrawal = i->withdrawal,
                                 .withdrawn_on = CIVIL_NONE,
                                 .leaf = i->leaf,
                                 .consent = { .decision = i->decision,
                                              .subject = set_of(i->who, shown, i->unborn),
                                              .expires_on = CIVIL_NONE } };
    (void)snprintf(r.lodger, sizeof(r.lodger), "%s", lodgers[i->lodger]);
    (void)snprintf(r.consent.purpose, sizeof(name_t), "%s", purposes[i->purpose]);
    consents_put(t, store_of(t), &r);
}

static void put_shield(struct store_txn *t, unsigned n, const struct item *i, uint16_t shown)
{
    static struct shield_record r;

    r = (struct shield_record){ .id = id_of(SHIELD, n),
                                .lifted = i->ended,
                                .leaf = i->leaf,
                                .shield = { .subject = set_of(i->who, shown, i->unborn),
                                            .level = 1,
                                            .until = CIVIL_NONE,
                                            .review_on = CIVIL_NONE } };
    (void)snprintf(r.owner, sizeof(r.owner), "%s", lodgers[i->lodger]);
    shields_put(t, store_of(t), &r);
}

static void put_dispute(struct store_txn *t, unsigned n, const struct item *i, uint16_t shown)
{
    static struct dispute_record r;

    r = (struct dispute_record){ .id = id_of(DISPUTE, n),
                                 .lifted = i->ended,
                                 .lifted_on = CIVIL_NONE,
                                 .leaf = i->leaf,
                                 .dispute = { .subject = set_of(i->who, shown, i->unborn) } };
    (void)snprintf(r.lodger, sizeof(r.lodger), "%s", lodgers[i->lodger]);
    (void)snprintf(r.dispute.purpose, sizeof(name_t), "%s", purposes[i->purpose]);
    disputes_put(t, &r);
}

static void (*const puts_[KINDS])(struct store_txn *t, unsigned n, const struct item *i,
                                  uint16_t shown) = { put_consent, put_shield, put_dispute };

static void lodge(struct store_txn *t, enum kind kind, unsigned n)
{
    struct item *i = &now.items[kind][n];
    int32_t pending = i->pending;

    if (i->there)
        return;
    *i = (struct item){ .there = true,
                        .who = (uint8_t)draw(PEOPLE),
                        .lodger = (uint8_t)draw(ALM_LEN(lodgers)),
                        .purpose = (uint8_t)draw(ALM_LEN(purposes)),
                        .decision = draw(3) ? CONSENT_GRANTED : CONSENT_REFUSED,
                        .withdrawal = kind == CONSENT && draw(6) == 0,
                        .own = (uint16_t)(now.first + draw(2)),
                        .unborn = draw(5) == 0,
                        .leaf = draw(LEAVES),
                        .withdrawn_on = CIVIL_NONE,
                        .pending = pending };
    if (kind == CONSENT && !i->withdrawal && i->decision == CONSENT_GRANTED) {
        i->withdrawn_on = pending;
        i->pending = CIVIL_NONE;
    }
    puts_[kind](t, n, i, i->own);
}

/* Shown under whatever epoch it has, changed in something else, and put again. */
static void put_again(struct store_txn *t, enum kind kind, unsigned n)
{
    struct item *i = &now.items[kind][n];
    uint16_t shown = i->own;

    if (!i->there || !i->own)
        return;
    for (uint16_t e = 1; e <= EPOCHS; e++) {
        if (i->carried >> e & 1 && draw(2))
            shown = e;
    }
    i->ended = draw(2);
    puts_[kind](t, n, i, shown);
}

static void carry(struct store_txn *t, enum kind kind, unsigned n)
{
    struct item *i = &now.items[kind][n];
    uint16_t to = (uint16_t)(now.first + draw(2));
    struct retoken set = { .subject = set_of(i->who, to, i->unborn) };
    struct id id = id_of(kind, n);

    if (!i->there || to == i->own)
        return;
    retokens_put(t, subjects[kind], &id, &set);
    i->carried |= (uint8_t)(1u << to);
}

static void withdraw(struct store_txn *t, unsigned n)
{
    struct item *i = &now.items[CONSENT][n];
    struct id id = id_of(CONSENT, n);
    int32_t on = 20000 + (int32_t)draw(50);
    bool grant = i->there && !i->withdrawal && i->decision == CONSENT_GRANTED;
    int r = consents_withdraw(t, store_of(t), &id, on, 5, 7);
    int32_t *at = grant ? &i->withdrawn_on : &i->pending;

    if (r == -ENOSPC || r == -ENOMEM || r == -EIO)
        store_fail(t, r);
    if (store_status(t))
        return;
    assert_int_equal(r, grant ? 0 : i->there ? -EINVAL : -ENOENT);
    if (r == -EINVAL)
        return;
    if (*at == CIVIL_NONE || on < *at)
        *at = on;
}

static void forget(struct store_txn *t, enum kind kind, unsigned n)
{
    struct item *i = &now.items[kind][n];
    struct id id = id_of(kind, n);
    int r = lodged_forget(t, lodged[kind], &id);

    if (r == -ENOENT)
        assert_false(i->there);
    else
        store_fail(t, r);
    i->there = false;
    i->carried = 0;
}

static void settle_item(struct item *i)
{
    if (i->own && !listed(i->own)) {
        uint16_t heir = 0;

        for (uint16_t e = now.first; e <= now.first + 1 && !heir; e++)
            heir = i->carried >> e & 1 ? e : 0;
        i->own = heir;
        i->carried &= (uint8_t) ~(heir ? 1u << heir : 0);
    }
    i->carried &= (uint8_t)(3u << now.first);
}

/* The next epochs are listed, and what is of others goes, all of it before anything else is done.
 */
static void settle(struct store_txn *t)
{
    struct token_epochs e = { .n = 2 };
    bool done = false;

    now.first = (uint16_t)(now.first % (EPOCHS - 1) + 1);
    e.at[0] = (struct token_epoch){ TOKEN_HMAC, now.first };
    e.at[1] = (struct token_epoch){ TOKEN_HMAC, (uint16_t)(now.first + 1) };
    while (!done) {
        int r = retokens_settle(t, &e, 1 + draw(30), &done);

        store_fail(t, r);
        if (r < 0)
            return;
    }
    for (size_t k = 0; k < KINDS; k++) {
        for (size_t n = 0; n < IDS; n++)
            settle_item(&now.items[k][n]);
    }
}

static void do_something(struct store_txn *t, bool faulty)
{
    enum kind kind = (enum kind)draw(KINDS);
    unsigned n = draw(IDS);
    bool done;
    int r;

    switch (draw(14)) {
    case 0:
    case 1:
    case 2:
    case 3:
        lodge(t, kind, n);
        break;
    case 4:
    case 5:
        put_again(t, kind, n);
        break;
    case 6:
    case 7:
        carry(t, kind, n);
        break;
    case 8:
        withdraw(t, n);
        break;
    case 9:
        forget(t, kind, n);
        break;
    case 10:
        r = store_period_step(t, 1 + draw(200), &done);
        assert_true(r == 0 || r == -EINVAL || store_status(t)); /* -EINVAL: none is being left */
        break;
    case 11:
        if (draw(6) == 0)
            settle(t);
        break;
    default:
        if (!faulty)
            look(t, 4);
    }
}

static void one_transaction(struct fixture *f)
{
    static const enum store_step steps[] = { STORE_STEP_GET, STORE_STEP_PUT, STORE_STEP_DEL,
                                             STORE_STEP_COMMIT };
    static const int errors[] = { ENOSPC, ENOMEM, EIO };
    struct fixture_fault fault = { .step = steps[draw(4)], .error = errors[draw(3)] };
    bool faulty = draw(4) == 0, keep = draw(4) != 0;
    struct store_txn *t = fixture_begin(f, true);
    int r = -ECANCELED;

    fault.countdown = fault.step == STORE_STEP_COMMIT ? 1 : 1 + (int)draw(draw(2) ? 6 : 100);
    if (faulty)
        store_fault_hook(f->store, fixture_fault, &fault);
    for (uint32_t n = 1 + draw(12); n && store_status(t) == 0; n--)
        do_something(t, faulty);
    if (keep)
        r = store_commit(t);
    else
        t = store_abort(t);
    store_fault_hook(f->store, NULL, NULL);
    assert_true(r == 0 || !keep || (faulty && r == -fault.error));
    if (r == 0)
        committed = now;
    else
        now = committed;
}

static void begin(struct fixture *f)
{
    struct ledger *l = open_ledger(f);

    assert_int_equal(append(f, l, LEAVES), 0); /* that records name */
    l = ledger_close(l);
    memset(&now, 0, sizeof(now));
    now.first = 1;
    for (unsigned n = 0; n < IDS; n++)
        now.items[CONSENT][n].pending = now.items[CONSENT][n].withdrawn_on = CIVIL_NONE;
    committed = now;
}

static void what_was_lodged_is_found_as_committed_whatever_was_tried(void **state)
{
    struct fixture *f = *state;
    unsigned rounds = draw_anew(500);

    begin(f);
    for (unsigned round = 0; round < rounds; round++) {
        struct store_txn *t;

        one_transaction(f);
        if (store_latched(f->store) || draw(12) == 0)
            fixture_reopen(f);
        if (draw(6) == 0) {
            int r = draw(2) ? store_period_begin(f->store) : store_period_end(f->store);

            assert_true(r == 0 || r == -EBUSY);
        }
        t = fixture_begin(f, draw(2));
        look(t, 12);
        t = store_abort(t);
        if (draw(40) == 0)
            (void)sound_leaves(f->store);
    }
    (void)sound_leaves(f->store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LEDGER_TEST(what_was_lodged_is_found_as_committed_whatever_was_tried),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
