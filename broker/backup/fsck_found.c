/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_found.c - the index by tokens: is every record in it under each of its tokens, and is every
 * entry somebody's? A record that a decision does not find is one that it does not heed. */
#include <errno.h>
#include <string.h>

#include "backup/fsck_parts.h"
#include "store/concerns.h"
#include "store/consents.h"
#include "store/disputes.h"
#include "store/overrides.h"
#include "store/recalls.h"
#include "store/referrals.h"
#include "store/referrals_home.h"
#include "store/retokens.h"
#include "store/statements.h"
#include "store/subjects.h"
#include "store/watches.h"

#define ENTRY_LEN  (SUBJECTS_FOUND_BY + ID_LEN)
#define LODGER_LEN (SUBJECTS_FOUND_BY + 8 + ID_LEN)

/* One token at a time: a set is found also when one of its tokens is not. */
static int token_indexed(struct fsck *f, int kind, const struct token_set *one, const struct id *id)
{
    ALM_CLEANUP(subjects_found_deinit) struct subjects_found found = { 0 };
    int r = subjects_find(f->t, (enum subjects_kind)kind, one, &found);

    for (size_t i = 0; i < found.n && r == 0; i++) {
        struct id at = subjects_found_at(&found, i);

        if (id_equal(&at, id))
            return 0;
    }
    return r ? r : -ENOENT;
}

void fsck_indexed(struct fsck *f, enum table table, struct bytes key, int kind,
                  const struct token_set *subject, const struct id *id)
{
    for (uint8_t i = 0; i < subject->n && i < TOKEN_SET_MAX; i++) {
        struct token_set one = { .unborn = subject->unborn,
                                 .n = 1,
                                 .tokens = { subject->tokens[i] } };
        int r;

        if (!token_kind_facts(subject->tokens[i].kind)->finds &&
            !(subject->n == 1 && subject->tokens[i].kind == TOKEN_HOME))
            continue;
        r = token_indexed(f, kind, &one, id);
        if (r == -ENOENT) {
            fsck_say(f, table, key, ADVICE_UNFOUND,
                     "the index does not lead to it under one of its tokens");
            return;
        }
        if (!fsck_good(f, r, table, key, NULL))
            return;
    }
}

void fsck_home(struct fsck *f, enum table table, struct bytes key, int kind,
               const struct token *home, const struct id *id)
{
    struct token_set set = subjects_home(home);

    if (kind != SUBJECTS_REFERRAL)
        fsck_indexed(f, table, key, kind, &set, id);
    else if (!referrals_at_home(f->t, id, home))
        fsck_say(f, table, key, ADVICE_UNFOUND, "its home does not lead to it");
}

/* kind, id, scheme, epoch: retokens.c. */
void fsck_carried(struct fsck *f, struct bytes key)
{
    enum subjects_kind kind = (enum subjects_kind)key.data[0];
    const uint8_t *of = key.data + 1 + ID_LEN;
    struct token_epoch e = { .scheme = of[0], .epoch = (uint16_t)(of[1] << 8 | of[2]) };
    struct retoken set;
    struct id id;

    memcpy(id.octets, key.data + 1, ID_LEN);
    if (!fsck_good(f, retokens_get(f->t, kind, &id, e, &set), TABLE_RETOKENS, key, ""))
        return;
    fsck_indexed(f, TABLE_RETOKENS, key, (int)kind, &set.subject, &id);
    if (set.has_household)
        fsck_home(f, TABLE_RETOKENS, key, (int)kind, &set.household, &id);
}

/* --- from an entry to its record --- */

/* Where a kind's records are, and what stands before their id there. */
static const struct {
    uint8_t kind;
    enum table table;
    const char *prefix;
} places[] = {
    { SUBJECTS_CONSENT, TABLE_CONSENTS, "" },     { SUBJECTS_SHIELD, TABLE_SHIELDS, "" },
    { SUBJECTS_OVERRIDE, TABLE_OVERRIDES, "" },   { SUBJECTS_DISPUTE, TABLE_DISPUTES, "" },
    { SUBJECTS_CONCERN, TABLE_CONCERNS, "r" },    { SUBJECTS_EPISODE, TABLE_EPISODES, "r" },
    { SUBJECTS_WATCH, TABLE_WATCHES, "r" },       { SUBJECTS_REFERRAL, TABLE_REFERRALS, "r" },
    { SUBJECTS_STATEMENT, TABLE_STATEMENTS, "" }, { SUBJECTS_RECALL, TABLE_RECALLS, "r" },
};

static bool record_there(struct fsck *f, enum table table, const char *prefix, const uint8_t *id)
{
    uint8_t key[1 + ID_LEN];
    size_t len = strlen(prefix);

    memcpy(key, prefix, len);
    memcpy(key + len, id, ID_LEN);
    return store_has(f->t, table, bytes_of(key, len + ID_LEN));
}

/* The tokens that a record is stored with, and the epochs that it was carried to. Return: 0; -ENOENT
 * nobody carries such a record; -errno. */
static int record_tokens(struct fsck *f, enum subjects_kind kind, const struct id *id,
                         struct survey_record *seen, struct retoken *own)
{
    static struct episode_record e; /* large */
    int r;

    if (kind != SUBJECTS_EPISODE)
        return retokens_of(f->t, kind, id, 0, seen, own);
    memset(own, 0, sizeof(*own));
    r = episodes_get(f->t, id, &e);
    if (r < 0)
        return r;
    own->subject = e.subject;
    own->has_household = e.household.kind == TOKEN_HOME;
    own->household = e.household;
    return retokens_epochs(f->t, kind, id, seen->epochs, &seen->n);
}

static bool set_makes(struct fsck *f, enum subjects_kind kind, const struct retoken *set,
                      struct bytes key)
{
    struct token_set home = subjects_home(&set->household);

    return subjects_makes(f->t, kind, &set->subject, key) ||
           (set->has_household && subjects_makes(f->t, kind, &home, key));
}

/* An entry by which a record is found and that none of its sets makes: one of them is gone, and who
 * finds the record so gets an error. What does not read is said of the record itself. */
static void entry_owned(struct fsck *f, enum subjects_kind kind, struct bytes key)
{
    struct survey_record seen = { .n = 0 };
    struct retoken set;
    struct id id;
    int r;

    memcpy(id.octets, key.data + SUBJECTS_FOUND_BY, ID_LEN);
    r = record_tokens(f, kind, &id, &seen, &set);
    if (r < 0 || set_makes(f, kind, &set, key))
        return;
    for (uint8_t i = 0; i < seen.n; i++) {
        r = retokens_get(f->t, kind, &id, seen.epochs[i], &set);
        if (r == 0 && set_makes(f, kind, &set, key))
            return;
    }
    fsck_say(f, TABLE_SUBJECTS, key, ADVICE_STRAY,
             "it leads to a record that is not by these tokens: a set of them is gone");
}

void fsck_subject(struct fsck *f, struct bytes key)
{
    bool known = false;

    if (key.len == LODGER_LEN && key.data[0] == SUBJECTS_LODGER) {
        const uint8_t *id = key.data + LODGER_LEN - ID_LEN;

        if (!record_there(f, TABLE_CONSENTS, "", id) && !record_there(f, TABLE_OVERRIDES, "", id))
            fsck_say(f, TABLE_SUBJECTS, key, ADVICE_STRAY,
                     "it leads to a record that is not there");
        return;
    }
    if (key.len == ENTRY_LEN) {
        for (size_t i = 0; i < ALM_LEN(places); i++) {
            if (places[i].kind != key.data[0])
                continue;
            known = true;
            if (!record_there(f, places[i].table, places[i].prefix, key.data + SUBJECTS_FOUND_BY))
                fsck_say(f, TABLE_SUBJECTS, key, ADVICE_STRAY,
                         "it leads to a record that is not there");
            else
                entry_owned(f, (enum subjects_kind)key.data[0], key);
        }
    }
    if (!known)
        fsck_say(f, TABLE_SUBJECTS, key, ADVICE_STRAY, "no index has such an entry");
}
