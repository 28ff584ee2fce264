/* SPDX-License-Identifier: Apache-2.0 */
/* state.h - inside the core only: everything one core holds. Buffers are made once and reused: no
 * message allocates but what waits. */
#pragma once
#include "agencies.h"
#include "compose.h"
#include "cosign.h"
#include "core.h"
#include "epochs.h"
#include "fair.h"
#include "keyholder.h"
#include "local/local.h"
#include "pair/pair.h"
#include "pending.h"
#include "reliance.h"
#include "store/concerns.h"
#include "store/consents.h"
#include "store/disputes.h"
#include "store/ledger.h"
#include "store/overrides.h"
#include "store/referrals.h"
#include "store/laters.h"
#include "store/registry.h"
#include "store/store.h"
#include "store/watches.h"
#include "tree/note.h"
#include "verify.h"
#include "wire/msg.h"
#include "wire/wire.h"

#define BATCH_WORKS      1024  /* frames of one batch before the next gate waits its turn */
#define BATCH_CHANGES    16    /* officers' changes of one batch */
#define BATCH_READINGS   32    /* readings of the log of one batch */
#define OUT_ENTRIES      65536 /* frames of one batch outwards */
#define OUT_BYTES_MAX    ((size_t)256 << 20)
#define OUT_BYTES_FULL   ((size_t)64 << 20) /* beyond it no more queries are begun in this batch */
#define GATE_QUEUE_BYTES ((size_t)32 << 20)
#define LEAF_NONE        UINT64_MAX
#define REFUSALS_MAX     16  /* live ones of one lodger, person and purpose */
#define SHIELDS_MAX      16  /* live ones of one owner and person */
#define EARLIER_MAX      256 /* askings about one subject that are weighed; more refuse */

enum rank { /* "withdrawals, refusals, shields, suspensions and revocations first" */
            RANK_STOPS = 0, /* lodged messages; officers' changes come even before */
            RANK_OTHER,     /* hello, lease, answers */
            RANK_QUERIES,
            RANK_COUNT
};
struct receipt {              /* what an agency was given for a message id */
    uint8_t body[SHA256_LEN]; /* its SHA-256 */
    uint64_t leaf;
    int64_t at_ms;
};
#define RECEIPTS_SINCE_MOST 2048 /* ids: one new id in thirty is looked up for nothing then */
struct receipts_newest { /* receipts.c: what is surely not among the receipts, known without looking */
    bool known[AGENCIES_MAX];      /* by slot */
    struct id above[AGENCIES_MAX]; /* nothing of that agency was at or above it when it was looked for */
    uint64_t since[65536 / 64];    /* by its last two octets: whatever anybody has used since */
    uint32_t n_since;
    uint64_t n_sure; /* queries for which nothing was looked up */
};
struct work {           /* one frame of the batch */
    struct bytes frame; /* in its gate's arena until the next receive */
    uint16_t gate;
    uint16_t agency; /* slot */
    uint8_t rank, type;
    enum wire_fault fault;
    struct wire_envelope envelope;
    struct id id;           /* zero until decoded */
    struct receipt receipt; /* lodged messages */
    bool is_signed;         /* by its agency; else only the gate vouches for who sent it */
    uint32_t check;         /* of its signature, by a thread; VERIFY_NONE */
    bool admitted;          /* its budget has been charged */
    bool left_out;          /* the batch failed over it: Busy, and the rest is decided again */
};
struct decided { /* one frame of the batch that is being committed: whom to tell Busy if it fails */
    uint16_t agency;
    struct id id;
};
struct change_work {
    uint64_t client;
    json_t *request;  /* owned */
    json_t *reply;    /* owned; goes out after the commit */
    const char *kind; /* of a change that was made; NULL: refused */
};
struct reading_work {
    uint32_t ref;
    char officer[64], command[64], query[256]; /* query: its shape for the leaf */
    uint64_t leaf;
    json_t *sealed;     /* owned: whom it is about, for the sealed part (reading_seal.c); NULL nobody */
    int32_t until;      /* of a backup: the last day of its key (backups.c); else CIVIL_NONE */
    const char *denied; /* a reason; NULL: recorded */
};
struct batch {
    struct store_txn *txn; /* write; opened when first needed */
    bool wrote;
    int error;            /* sticky: nothing of this batch leaves */
    struct work *current; /* being decided; NULL: none */
    bool blamed;          /* the error came over current */
    unsigned retries;
    bool policy_changed, registry_changed, day_changed;
    uint64_t close_gates[CHILD_GATES_MAX / 64]; /* to be cut after the commit */
    struct work works[BATCH_WORKS + PAIR_BATCH]; /* to be decided; after that the next batch's */
    size_t n_works;
    size_t n_chosen, n_checks; /* of these: from the lines; with a signature that a thread checks */
    struct decided decided[BATCH_WORKS + PAIR_BATCH];
    size_t n_decided;
    size_t chosen_of; /* n_chosen of those */
    bool ahead;       /* enough of those were signed for the next to be begun before the commit */
    struct change_work changes[BATCH_CHANGES];
    size_t n_changes;
    struct reading_work readings[BATCH_READINGS];
    size_t n_readings;
    struct pending *created[BATCH_WORKS + PAIR_BATCH]; /* taken back if the batch fails */
    size_t n_created;
    struct pending_holder *answered[BATCH_WORKS + PAIR_BATCH];
    int64_t answered_deadline_ms[BATCH_WORKS + PAIR_BATCH];
    size_t n_answered;
    struct pending *released[BATCH_WORKS];
    size_t n_released;
};
struct out_entry {
    uint16_t agency;
    uint64_t ref;
    size_t at, len;
};
struct out {
    struct buf bytes;
    struct out_entry *entries;
    size_t n;
};
struct heads {
    int fd;
    struct note_key key;
    int64_t asked_ms, signed_ms; /* monotonic */
    bool waiting;
    uint64_t asked_size, signed_size;
    uint64_t proved_size; /* the head that the signer signed last, as it says */
    uint8_t asked_root[SHA256_LEN];
    bool note_due; /* a checked note waits for the next batch */
    char note[NOTE_MAX];
    size_t note_len;
    bool refused; /* the signer says that store and log disagree: sharing stops */
    bool stopped_logged;
};
struct day_count { /* day.c: civil days on which this broker was up, whatever its clock did */
    int32_t seen;  /* the last one; CIVIL_NONE: none yet */
    uint32_t n;    /* only grows, by one at a time */
};
struct gate {
    struct pair *pair;
    bool ready;
    uint32_t restarts; /* READY beyond the first */
    uint32_t dropped;  /* frames its full queue refused, since the last log line */
    bool seen;
    bool allow_due;    /* there was no room for its list, which is tried again each turn */
    size_t ready_turn; /* the turn in which it last said that it is ready; 0 none */
    int64_t noted_ms;  /* monotonic; of the last log line about what it said of itself */
    const char *cut_why; /* it is cut, and no leaf says so yet; NULL */
    bool cut_recorded;   /* in the batch that is not committed yet */
    bool cut_told;     /* a leaf said that it was cut, at cut_ms */
    int64_t cut_ms;    /* monotonic */
    uint32_t cut_more; /* times since then */
    uint32_t cut_said; /* of these: in the leaf that is not committed yet */
};
struct core {
    struct core_settings set;
    struct core_clock clock;
    int64_t wall_ms, mono_ms; /* of this turn */
    int32_t day;              /* civil day that decisions rest on */
    int32_t day_most;         /* the latest that this process has seen, should the clock have been set back since */
    bool day_known;           /* exercise: an officer has set it */
    int supervisor, reader;
    struct child_shared *shared;
    struct store *store;
    struct ledger *ledger;
    struct bundle *bundle; /* NULL: no policy in force */
    char policy[65];       /* its hash in hex, or "" */
    struct agencies agencies;
    struct pending_table *pending;
    struct epochs epochs;
    json_t *tokens_status; /* owned: what was counted last, and when (monotonic) */
    int64_t tokens_status_ms;
    struct relays *relays; /* owned */
    struct gate *gates;
    struct local_server *control;
    struct heads heads;
    struct cosign *cosign; /* owned */
    struct batch batch;
    struct out out;
    struct fair *fair;  /* owned: frames that wait for a batch */
    struct verify *verify; /* owned: threads that check signatures */
    size_t batch_most;  /* frames of the next one */
    int64_t minute_ms; /* monotonic; of the last aggregated leaves */
    size_t gate_turn;  /* which gate is drained first */
    bool stopping;
    bool busy; /* this turn found something to do: what can wait gives way */
    /* reused by every message */
    struct msg in, reply;
    struct ledger_clear clear;
    struct ledger_private private; /* record.c: of the record that was begun */
    int tagging;                   /* why it could not be tagged; 0 */
    struct buf sealed, scratch;
    struct decision decision;
    struct facts facts;
    struct footing footing; /* what they were read from */
    struct receipts_newest newest;
    uint64_t decisions_kept; /* kept.c: replies released by the decision by which they were asked for */
    struct consent_fact consents[POLICY_CONSENTS_MAX];
    struct id consent_ids[POLICY_CONSENTS_MAX]; /* of each of them; zero: of no record */
    struct shield_fact shields[POLICY_SHIELDS_MAX];
    struct heard heard[POLICY_AGENCIES_MAX];
    struct earlier_fact earlier[EARLIER_MAX];
    int64_t leases_swept_ms; /* adapters.c: monotonic, when it looks at them again */
    int32_t swept_day;  /* differences.c: up to which day it has forgotten */
    int32_t pins_swept; /* pins.c: the same */
    struct day_count days;
    uint32_t quotas_swept; /* quotas.c: before which of these days it has forgotten */
    uint16_t holder_of[AGENCIES_MAX]; /* slot -> place among a pending query's holders */
    struct consent_record record;
    struct consent_record pinned_record; /* pins.c: whose subject a change is about */
    struct shield_record shield_record;
    struct override_record override_record;
    struct override_fact overrides[POLICY_OVERRIDES_MAX];
    struct { /* of each of them */
        struct id id;
        uint64_t leaf;
    } override_refs[POLICY_OVERRIDES_MAX];
    struct dispute_record dispute_record;
    struct reliance_ended ended;
    struct reliance_quiet quiet;
    int64_t override_wall_ms, override_mono_ms; /* override.c: taken together, once */
    struct registry_agency registry_agency;
    struct concern_record concern_record;
    struct episode_record episode_record;
    struct watch_record watch_record;
    struct concern_room *concerns; /* owned; NULL until concern_facts.c needs it */
    int32_t concerns_swept_day;    /* concern.c: up to which day it has forgotten */
    int64_t due_next_ms;           /* due.c: nothing is late before; INT64_MIN: to be looked up */
    struct referral_record referral; /* the one at hand */
    int32_t referrals_swept;         /* referral_step.c: up to which day they have been looked over */
    struct id referrals_at;          /* and how far, of the next */
    struct retention *retention;   /* owned: retention.c */
    struct deliveries *deliveries; /* owned: deliver.c */
    struct msg_deliver delivery;   /* being put or sent */
    struct pending *later;         /* owned; later_release.c: whose final reply is being sent */
    int64_t later_next_ms;         /* no desk's time ends before; INT64_MIN: to be looked up */
    uint64_t later_full[AGENCIES_MAX / 64]; /* later.c: desks that the query at hand finds full */
    bool later_due, later_round;   /* later_here() was said of somebody; this batch has served some */
    struct recalls *recalls;       /* owned; recall.c: the search at hand */
    uint64_t corrected[AGENCIES_MAX]; /* correction.c: by slot, the latest leaf; UINT64_MAX: to be looked up */
};
