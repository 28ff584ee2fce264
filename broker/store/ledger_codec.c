/* SPDX-License-Identifier: Apache-2.0 */
/* ledger_codec.c - log records as bytes and back, and the leaf entry that the tree commits to. */
#include "store/ledger_codec.h"

#include <errno.h>
#include <string.h>

#include "tree/tree.h"

#define CLEAR_LAYOUT       1
#define RECORD_LAYOUT      1
#define LEAF_ENTRY_VERSION 1
#define NONCE_LEN          32
#define RECORD_CLEAR_AT    (1 + NONCE_LEN + 4) /* where it begins in a record */

static const struct {
    const char *word;
    uint8_t class; /* for how long it is kept */
} events[EVENT_COUNT] = {
    [EVENT_GENESIS] = { "genesis", CLASS_OFFICER },
    [EVENT_DECIDED] = { "decided", CLASS_DECISION },
    [EVENT_REFUSED] = { "refused", CLASS_DECISION },
    [EVENT_DISCLOSED] = { "disclosed", CLASS_DECISION },
    [EVENT_NOT_DISCLOSED] = { "not-disclosed", CLASS_DECISION },
    [EVENT_CONSENT_LODGED] = { "consent-lodged", CLASS_CONSENT },
    [EVENT_REFUSAL_LODGED] = { "refusal-lodged", CLASS_CONSENT },
    [EVENT_WITHDRAWN] = { "withdrawn", CLASS_CONSENT },
    [EVENT_CONSENT_CHANGED] = { "consent-changed", CLASS_CONSENT },
    [EVENT_SHIELD_LODGED] = { "shield-lodged", CLASS_SHIELD },
    [EVENT_SHIELD_LIFTED] = { "shield-lifted", CLASS_SHIELD },
    [EVENT_REJECTED] = { "rejected", CLASS_OTHER },
    [EVENT_STRAY_ANSWER] = { "stray-answer", CLASS_DECISION },
    [EVENT_POLICY_ACTIVATED] = { "policy-activated", CLASS_OFFICER },
    [EVENT_AGENCY_CHANGED] = { "agency-changed", CLASS_OFFICER },
    [EVENT_PRACTITIONER_CHANGED] = { "practitioner-changed", CLASS_OFFICER },
    [EVENT_OFFICER_CHANGED] = { "officer-changed", CLASS_OFFICER },
    [EVENT_LOG_READ] = { "log-read", CLASS_OFFICER },
    [EVENT_DAY_SET] = { "day-set", CLASS_OFFICER },
    [EVENT_LIMITED] = { "limited", CLASS_OTHER },
    [EVENT_CORE_CRASH_SUSPENSION] = { "core-crash-suspension", CLASS_OFFICER },
    [EVENT_OVERRIDE_REQUESTED] = { "override-requested", CLASS_OVERRIDE },
    [EVENT_OVERRIDE_APPROVED] = { "override-approved", CLASS_OVERRIDE },
    [EVENT_OVERRIDE_REFUSED] = { "override-refused", CLASS_OVERRIDE },
    [EVENT_OVERRIDE_REVIEWED] = { "override-reviewed", CLASS_OVERRIDE },
    [EVENT_OVERRIDE_VETOED] = { "override-vetoed", CLASS_OVERRIDE },
    [EVENT_CONCERN_LODGED] = { "concern-lodged", CLASS_CONCERN },
    [EVENT_CONCERN_CHANGED] = { "concern-changed", CLASS_CONCERN },
    [EVENT_CONCERN_WITHDRAWN] = { "concern-withdrawn", CLASS_CONCERN },
    [EVENT_FIRED] = { "fired", CLASS_CONCERN },
    [EVENT_FIRING_UPDATED] = { "firing-updated", CLASS_CONCERN },
    [EVENT_OVERDUE] = { "overdue", CLASS_CONCERN },
    [EVENT_WATCH_LODGED] = { "watch-lodged", CLASS_CONCERN },
    [EVENT_WATCH_CHANGED] = { "watch-changed", CLASS_CONCERN },
    [EVENT_REAPPEARED] = { "reappeared", CLASS_CONCERN },
    [EVENT_DELIVERED] = { "delivered", CLASS_DECISION },
    [EVENT_NOT_DELIVERED] = { "not-delivered", CLASS_DECISION },
    [EVENT_SUBSCRIBED] = { "subscribed", CLASS_OTHER },
    [EVENT_DEAD_LETTER] = { "dead-letter", CLASS_DECISION },
    [EVENT_REQUEUED] = { "requeued", CLASS_OFFICER },
    [EVENT_PUT_TO_DESK] = { "put-to-desk", CLASS_DECISION },
    [EVENT_ANSWERED_BY_HAND] = { "answered-by-hand", CLASS_DECISION },
    [EVENT_LAPSED] = { "lapsed", CLASS_DECISION },
    [EVENT_RETOKENED] = { "retokened", CLASS_CONSENT },
    [EVENT_TOKENS_ASKED] = { "tokens-asked", CLASS_OTHER },
    [EVENT_CORRECTED] = { "corrected", CLASS_DECISION },
    [EVENT_RECALLED] = { "recalled", CLASS_DECISION },
    [EVENT_RECALL_ACKNOWLEDGED] = { "recall-acknowledged", CLASS_DECISION },
    [EVENT_STATEMENT_LODGED] = { "statement-lodged", CLASS_DECISION },
    [EVENT_CONTACT_REQUESTED] = { "contact-requested", CLASS_DECISION },
    [EVENT_REFERRAL_SENT] = { "referral-sent", CLASS_REFERRAL },
    [EVENT_REFERRAL_STEP] = { "referral-step", CLASS_REFERRAL },
    [EVENT_SEALING_KEY] = { "sealing-key", CLASS_OTHER },
    [EVENT_OUTCOME] = { "outcome", CLASS_DECISION },
    [EVENT_NOT_SHARED] = { "not-shared", CLASS_DECISION },
    [EVENT_CONSENT_NOT_POSSIBLE] = { "consent-not-possible", CLASS_CONSENT },
    [EVENT_DISPUTED] = { "disputed", CLASS_CONSENT },
    [EVENT_RETENTION_BEGUN] = { "retention-begun", CLASS_OFFICER },
    [EVENT_RETENTION_DONE] = { "retention-done", CLASS_OFFICER },
    [EVENT_HOLD_CHANGED] = { "hold-changed", CLASS_OFFICER },
    [EVENT_ERASE_ORDERED] = { "erase-ordered", CLASS_OFFICER },
    [EVENT_ERASED] = { "erased", CLASS_OFFICER },
    [EVENT_PERIOD_ENDED] = { "period-ended", CLASS_OFFICER },
    [EVENT_RESTORED] = { "restored", CLASS_OFFICER },
    [EVENT_DISPUTE_LIFTED] = { "dispute-lifted", CLASS_CONSENT },
};
static const char *const class_words[CLASS_COUNT] = {
    [CLASS_DECISION] = "decisions", [CLASS_CONSENT] = "consents",   [CLASS_SHIELD] = "shields",
    [CLASS_CONCERN] = "concerns",   [CLASS_REFERRAL] = "referrals", [CLASS_OVERRIDE] = "overrides",
    [CLASS_OFFICER] = "officers",   [CLASS_OTHER] = "other",
};

const char *ledger_event_word(uint8_t event)
{
    return event < EVENT_COUNT && events[event].word ? events[event].word : "unknown";
}

uint8_t ledger_event_class(uint8_t event)
{
    return event < EVENT_COUNT && events[event].class ? events[event].class : CLASS_OTHER;
}

const char *ledger_class_word(uint8_t class)
{
    return class < CLASS_COUNT && class_words[class] ? class_words[class] : "unknown";
}

struct bytes ledger_index_key(uint64_t leaf, uint8_t out[static LEDGER_INDEX_KEY])
{
    for (size_t i = 0; i < LEDGER_INDEX_KEY; i++)
        out[i] = (uint8_t)(leaf >> (56 - 8 * i));
    return bytes_of(out, LEDGER_INDEX_KEY);
}

/* Each field takes at most what it takes in the struct, a text the four bytes of its length more. */
_Static_assert(1 + sizeof(struct ledger_clear) +
                       4 * (10 + ALM_LEN(((struct ledger_clear *)NULL)->holders)) <=
                   LEDGER_CLEAR_MAX,
               "any clear part fits");

/* A leaf has some thirty pieces: room for all is made once, and each is put where the last one ended.
 * Return: where the next one goes. */
static inline uint8_t *put_number(uint8_t *at, uint64_t v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        at[i] = (uint8_t)(v >> (8 * (n - 1 - i)));
    return at + n;
}

static inline uint8_t *put_octets(uint8_t *at, const void *octets, size_t len)
{
    memcpy(at, octets, len);
    return at + len;
}

static uint8_t *put_text(uint8_t *at, const char *text, size_t size)
{
    size_t len = text[0] ? strnlen(text, size - 1) : 0; /* most are empty */

    return put_octets(put_number(at, len, 4), text, len);
}

#define PUT_TEXT(at, field) put_text((at), (field), sizeof(field))

/* The clear part, as its hash is in the tree: the layout of a version never changes. At most
 * LEDGER_CLEAR_MAX bytes. Return: where they end. */
static uint8_t *clear_encode(const struct ledger_clear *clear, uint8_t *at)
{
    size_t n =
        clear->n_holders < ALM_LEN(clear->holders) ? clear->n_holders : ALM_LEN(clear->holders);

    *at++ = CLEAR_LAYOUT;
    *at++ = clear->event;
    at = put_number(at, (uint64_t)clear->at_ms, 8);
    at = put_number(at, (uint32_t)clear->civil_day, 4);
    *at++ = clear->mode;
    at = put_octets(at, clear->message.octets, ID_LEN);
    at = put_number(at, clear->about, 8);
    at = PUT_TEXT(at, clear->agency);
    at = PUT_TEXT(at, clear->role);
    at = PUT_TEXT(at, clear->purpose);
    at = PUT_TEXT(at, clear->question);
    at = PUT_TEXT(at, clear->basis);
    at = PUT_TEXT(at, clear->rule);
    at = PUT_TEXT(at, clear->reason);
    *at++ = clear->outcome;
    *at++ = clear->told;
    *at++ = clear->completeness;
    at = PUT_TEXT(at, clear->policy);
    at = PUT_TEXT(at, clear->officer);
    at = PUT_TEXT(at, clear->detail);
    at = put_number(at, clear->n_holders, 2);
    for (size_t i = 0; i < n; i++)
        at = PUT_TEXT(at, clear->holders[i]);
    return at;
}

/* Nearly all are of 7-bit characters. */
static bool text_good(const char *text, size_t size)
{
    unsigned char octets = 0;
    size_t len = 0;

    for (; len < size - 1 && text[len]; len++)
        octets |= (unsigned char)text[len];
    return octets < 0x80 || utf8_valid(text, len);
}

#define TEXT_GOOD(field) text_good((field), sizeof(field))

bool ledger_clear_good(const struct ledger_clear *l)
{
    size_t n = l->n_holders < ALM_LEN(l->holders) ? l->n_holders : ALM_LEN(l->holders);
    bool good = l->event > 0 && l->event < EVENT_COUNT && TEXT_GOOD(l->agency) &&
                TEXT_GOOD(l->role) && TEXT_GOOD(l->purpose) && TEXT_GOOD(l->question) &&
                TEXT_GOOD(l->basis) && TEXT_GOOD(l->rule) && TEXT_GOOD(l->reason) &&
                TEXT_GOOD(l->policy) && TEXT_GOOD(l->officer) && TEXT_GOOD(l->detail);

    for (size_t i = 0; i < n && good; i++)
        good = TEXT_GOOD(l->holders[i]);
    return good;
}

/* Exports are read by people and other programs, and come from anywhere: text must be text. */
static void take_text(struct cursor *c, char *out, size_t size)
{
    cursor_text(c, out, size);
    if (!utf8_valid(out, strlen(out)))
        c->failed = true;
}

#define TAKE_TEXT(c, field) take_text((c), (field), sizeof(field))

int ledger_clear_decode(struct bytes octets, struct ledger_clear *out)
{
    struct cursor c = cursor_of(octets);
    struct bytes id;
    size_t n;

    *out = (struct ledger_clear){ 0 };
    if (cursor_u8(&c) != CLEAR_LAYOUT)
        return -EBADMSG;
    out->event = cursor_u8(&c);
    out->at_ms = cursor_i64(&c);
    out->civil_day = cursor_i32(&c);
    out->mode = cursor_u8(&c);
    id = cursor_take(&c, ID_LEN);
    if (id.len)
        memcpy(out->message.octets, id.data, ID_LEN);
    out->about = cursor_u64(&c);
    TAKE_TEXT(&c, out->agency);
    TAKE_TEXT(&c, out->role);
    TAKE_TEXT(&c, out->purpose);
    TAKE_TEXT(&c, out->question);
    TAKE_TEXT(&c, out->basis);
    TAKE_TEXT(&c, out->rule);
    TAKE_TEXT(&c, out->reason);
    out->outcome = cursor_u8(&c);
    out->told = cursor_u8(&c);
    out->completeness = cursor_u8(&c);
    TAKE_TEXT(&c, out->policy);
    TAKE_TEXT(&c, out->officer);
    TAKE_TEXT(&c, out->detail);
    out->n_holders = cursor_u16(&c);
    n = out->n_holders < ALM_LEN(out->holders) ? out->n_holders : ALM_LEN(out->holders);
    for (size_t i = 0; i < n; i++)
        TAKE_TEXT(&c, out->holders[i]);
    if (cursor_end(&c) < 0 || out->event == 0 || out->event >= EVENT_COUNT)
        return -EBADMSG;
    return 0;
}

size_t ledger_record_begin(const uint8_t nonce[static NONCE_LEN], const struct ledger_clear *clear,
                           struct buf *out)
{
    uint8_t *at, *from;
    size_t len;

    if (buf_room(out, RECORD_CLEAR_AT + LEDGER_CLEAR_MAX) < 0)
        return 0;
    at = out->data + out->len;
    from = at + RECORD_CLEAR_AT;
    len = (size_t)(clear_encode(clear, from) - from);
    *at++ = RECORD_LAYOUT;
    at = put_octets(at, nonce, NONCE_LEN);
    (void)put_number(at, len, 4);
    out->len += RECORD_CLEAR_AT + len;
    return len;
}

struct bytes ledger_record_clear(const struct buf *out, size_t len)
{
    return bytes_of(out->data + RECORD_CLEAR_AT, len);
}

void ledger_record_sealed(size_t len, struct buf *out)
{
    buf_put_u8(out, 0); /* not erased */
    buf_put_u32(out, (uint32_t)len);
}

void ledger_record_encode(const struct ledger_record *r, struct buf *out)
{
    buf_put_u8(out, RECORD_LAYOUT);
    buf_put(out, r->nonce, NONCE_LEN);
    buf_put_var(out, r->clear_octets.data, r->clear_octets.len);
    buf_put_u8(out, r->erased);
    if (r->erased)
        buf_put(out, r->sealed_hash, SHA256_LEN);
    else
        buf_put_var(out, r->sealed_octets.data, r->sealed_octets.len);
}

int ledger_record_decode(uint64_t leaf, struct bytes octets, struct ledger_record *out)
{
    struct cursor c = cursor_of(octets);
    struct bytes nonce, hash;
    uint8_t erased;

    *out = (struct ledger_record){ .leaf = leaf };
    if (cursor_u8(&c) != RECORD_LAYOUT)
        return -EBADMSG;
    nonce = cursor_take(&c, NONCE_LEN);
    out->clear_octets = cursor_var(&c, LEDGER_CLEAR_MAX);
    erased = cursor_u8(&c);
    out->erased = erased == 1;
    if (erased)
        hash = cursor_take(&c, SHA256_LEN);
    else
        out->sealed_octets = cursor_var(&c, STORE_VALUE_MAX);
    if (cursor_end(&c) < 0 || erased > 1)
        return -EBADMSG;
    memcpy(out->nonce, nonce.data, NONCE_LEN);
    if (erased)
        memcpy(out->sealed_hash, hash.data, SHA256_LEN);
    else if (crypto_sha256(out->sealed_octets, out->sealed_hash) < 0)
        return -EBADMSG;
    return ledger_clear_decode(out->clear_octets, &out->clear);
}

/* The entry: version u8 || nonce 32 || SHA-256(clear) || SHA-256(sealed). */
static int leaf_hash(const uint8_t nonce[static NONCE_LEN], struct bytes clear,
                     const uint8_t sealed_hash[static SHA256_LEN], uint8_t out[static SHA256_LEN])
{
    uint8_t entry[1 + NONCE_LEN + 2 * SHA256_LEN] = { LEAF_ENTRY_VERSION };
    int r;

    memcpy(entry + 1, nonce, NONCE_LEN);
    r = crypto_sha256(clear, entry + 1 + NONCE_LEN);
    if (r < 0)
        return r;
    memcpy(entry + 1 + NONCE_LEN + SHA256_LEN, sealed_hash, SHA256_LEN);
    return tree_leaf_hash(bytes_of(entry, sizeof(entry)), out);
}

int ledger_leaf_hash(const uint8_t nonce[static 32], struct bytes clear, struct bytes sealed_part,
                     uint8_t out[static SHA256_LEN])
{
    uint8_t sealed_hash[SHA256_LEN];
    int r = crypto_sha256(sealed_part, sealed_hash);

    return r < 0 ? r : leaf_hash(nonce, clear, sealed_hash, out);
}

int ledger_record_hash(const struct ledger_record *r, uint8_t out[static SHA256_LEN])
{
    return leaf_hash(r->nonce, r->clear_octets, r->sealed_hash, out);
}
