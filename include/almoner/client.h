/* SPDX-License-Identifier: Apache-2.0 */
/* client.h - libalmoner: an agency's own system asks, lodges and follows streams through the
 * adapter on the same machine.
 *
 * The library speaks to the adapter's local socket (setting `socket`) and to nothing else: it holds
 * no key, opens no network and logs nothing. Who may use it is the socket's mode. Link with
 * `pkg-config --cflags --libs almoner`.
 *
 * Calls block until the adapter has answered or the timeout is over, whichever is first. A timeout,
 * and a connection lost in between, leave open whether the adapter heard: where `id` was given (a
 * UUIDv7 of alm_id_new, kept by the caller), the same call again with the same id does nothing
 * twice and gives the same receipt.
 *
 * Texts are UTF-8 and NUL-terminated. In a struct that goes in, NULL and "" mean "not given", and
 * everything is borrowed for the call. Begin with `= { 0 }`: a struct grows only with the soname.
 * Texts and lists that come out belong to the client: they hold until its next call or alm_close.
 * Dates are "YYYY-MM-DD", "" for none; instants are UTC ("2026-11-22T10:11:12.345Z"). The words in
 * fields (purposes, roles, kinds) are those of the policy; adapters/README.md lists the fixed ones.
 *
 * Threads: a client serves one thread at a time and is not locked; several clients are independent
 * of one another. No signal handler is set and none is needed; SIGPIPE is never raised; a call that
 * a signal interrupts goes on waiting. Nothing is held open between calls: fork is safe then. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#ifdef __GNUC__
#pragma GCC visibility push(default) /* nothing else of the library is exported */
#endif

#define ALM_ID_TEXT        37    /* bytes of an id as text, with NUL */
#define ALM_TIMEOUT_MS     10000 /* until alm_timeout says otherwise */
#define ALM_TIMEOUT_MAX_MS 3600000
#define ALM_WAIT_MAX_MS    60000 /* of alm_stream_next */

struct alm_client;

/* What a call came to. All but DONE and NOTHING have an alm_problem. */
enum alm_result {
    ALM_CALL_DONE = 0,
    ALM_CALL_NOTHING,     /* alm_stream_next: no event came meanwhile */
    ALM_CALL_ARGUMENT,    /* the caller's mistake: NULL, out of range, no UTF-8, no JSON object */
    ALM_CALL_NO_ADAPTER,  /* nobody listens at the socket */
    ALM_CALL_NOT_ALLOWED, /* the socket is not ours to use */
    ALM_CALL_TIMEOUT,     /* not answered in time; perhaps heard */
    ALM_CALL_LOST,        /* the adapter hung up before it answered; perhaps heard */
    ALM_CALL_GARBLED,     /* what came is no reply of an adapter */
    ALM_CALL_REFUSED,     /* the broker, or the law in its policy, says no: see way_forward */
    ALM_CALL_TRY_LATER,   /* busy, or no answer of the broker in time: again, with the same id */
    ALM_CALL_BAD_REQUEST, /* a field is missing, unknown or wrong; the problem says which */
    ALM_CALL_NO_SUCH,     /* no such stream, referral, text ... */
    ALM_CALL_UNAVAILABLE, /* the adapter is not connected, or not set up for this */
    ALM_CALL_FAILED,      /* the adapter could not do it: its disk, its source, its software */
    ALM_CALL_MEMORY,
    ALM_CALL_SYSTEM /* of our own system: no descriptor left, a path too long */
};
/* The result in a few words ("timeout"), for a log; "unknown" for any other number. Static. */
const char *alm_result_word(enum alm_result result);

struct alm_problem { /* of the last call; borrowed */
    enum alm_result result;
    const char *word;        /* stable: "bad-field", "no-stream", a refusal's reason */
    const char *text;        /* for people: what, where, what to do. Never an identifier */
    const char *way_forward; /* a refusal's: "consent", "telephone the contact desk"; else "" */
    const char *message_id;  /* under which the broker recorded a refusal; else "" */
    int64_t retry_after_ms;  /* with ALM_CALL_TRY_LATER, where it was told; else 0 */
    int exit_code;           /* as the command would end (sysexits.h) */
};

/**
 * alm_open() - a client for the adapter at a socket
 * @socket_path: of the adapter's setting `socket`, at most 107 bytes; copied
 * @out:         set on success alone; ended by alm_close
 *
 * Connects to nothing yet: each call does, so that an adapter may start later or restart.
 * Return: ALM_CALL_DONE; ALM_CALL_ARGUMENT; ALM_CALL_MEMORY.
 */
enum alm_result alm_open(const char *socket_path, struct alm_client **out);
/* Accepts NULL. Everything that the client lent out ends. */
void alm_close(struct alm_client *client);
/* Milliseconds of each call from now on, from connecting to the whole reply, 1 to
 * ALM_TIMEOUT_MAX_MS. Return: ALM_CALL_DONE; ALM_CALL_ARGUMENT (the old one holds on). */
enum alm_result alm_timeout(struct alm_client *client, int timeout_ms);
/* Of the last call; result ALM_CALL_DONE and "" when it had none. Never NULL. */
const struct alm_problem *alm_problem(const struct alm_client *client);
/* The adapter's last reply, whole, as JSON (adapters/README.md, "JSON replies"); NULL: none came.
 */
const char *alm_reply(const struct alm_client *client);
/* The library's version, as of the project: "0.1.0". Static. */
const char *alm_version(void);

/* A new id, to be kept by the caller before the call it names. Return: ALM_CALL_DONE;
 * ALM_CALL_SYSTEM (no randomness; out is then ""). */
enum alm_result alm_id_new(char out[ALM_ID_TEXT]);

/**
 * alm_call() - any operation of the local socket
 * @request_json: one JSON object with "op"; adapters/README.md, "The local socket", lists them all
 * @reply_json:   NULL or set to the whole reply; borrowed
 *
 * Return: ALM_CALL_DONE when the reply says "ok" and is neither refusal nor busy; else as above
 * (the reply is there all the same where one came).
 */
enum alm_result alm_call(struct alm_client *client, const char *request_json,
                         const char **reply_json);

/* --- Who asks, and about whom --- */
struct alm_practice {         /* who acts and why */
    const char *practitioner; /* reference of ours, never a name */
    const char *role, *purpose;
    const char *basis;    /* a gateway's id, or "consent" */
    const char *login;    /* "password" (default), "two-factor", "smartcard" */
    const char *case_ref; /* our own case */
};
struct alm_typed_home {
    const char *address, *postcode;
    const char *from, *until; /* dates; until: the first day no longer there */
    const char *ref;          /* our own reference of it */
};
struct alm_typed_person { /* as a practitioner types somebody; leaves the machine as tokens alone */
    const char *given_name, *family_name;
    const char *date_of_birth;
    const char *nhs_number, *upn;
    bool unborn; /* the person is the mother */
    size_t n_homes;
    const struct alm_typed_home *homes;
};

/* --- Asking --- */
struct alm_ask {
    const struct alm_practice *practice;   /* needed */
    const char *question;                  /* needed: an id of the catalogue */
    const struct alm_typed_person *person; /* this, or household, or referral */
    const struct alm_typed_home *household;
    const struct alm_typed_home *at_home; /* where the question is about one home */
    const char *self_claimed;             /* why we ask, where our rows do not say it */
    const char *referral;                 /* id: a question about a referral */
    const char *const *statements;        /* NULL, or words ended by NULL */
};
enum alm_said {
    ALM_SAID_NONE = 0, /* a reply of another kind: see kind, and alm_reply */
    ALM_SAID_YES,
    ALM_SAID_NO,
    ALM_SAID_CANNOT_SAY
};
struct alm_insight {
    const char *kind; /* "insight", "threshold", "referral-state" */
    const char *message_id;
    enum alm_said said;
    const char *completeness; /* "all", "most", "some", "none": of the holders that the protocol
                                 lists, whoever was in fact asked */
    const char *as_of;
    const char *rule, *guidance;
    bool review_due;
    const char *later_by; /* instant: somebody answers by hand, and the final reply comes as an
                             event of "inbox" by then; "": this is the final one */
};
/* Return: ALM_CALL_DONE with *out set; ALM_CALL_REFUSED with a way forward; else as above. "no"
 * means no only where completeness is "all". */
enum alm_result alm_ask(struct alm_client *client, const struct alm_ask *ask,
                        struct alm_insight *out);

struct alm_service {
    const char *agency, *name, *service, *contact_route, *lead_professional;
    const char *since; /* "under-3-months", "3-to-12-months", "1-to-3-years", "over-3-years",
                          "unknown" */
};
struct alm_involvement {
    const char *message_id;
    const char *completeness, *as_of, *rule, *guidance;
    bool review_due;
    const char *later_by; /* as of alm_insight */
    bool masked;          /* and others, whom nobody may name */
    size_t n;
    const struct alm_service *services;
};
/* Who is involved: practice, person, self_claimed and statements of ask alone. */
enum alm_result alm_who(struct alm_client *client, const struct alm_ask *ask,
                        struct alm_involvement *out);

/* --- Lodging --- */
struct alm_receipt {
    const char *message_id; /* the id of what was lodged */
    bool queued;            /* it lies in the adapter's outbox and will be sent: no leaf yet */
    uint64_t leaf;          /* of the broker's log */
    const char *at;         /* instant */
};
struct alm_concern {
    const char *id; /* of alm_id_new: the same concern again is the same concern */
    const struct alm_practice *practice;   /* needed: with purpose and basis */
    const struct alm_typed_person *person; /* this or household */
    const struct alm_typed_home *household;
    const struct alm_typed_home *at_home; /* of a person: the home it is about */
    const char *category, *severity;      /* needed; "low", "medium", "high", "critical" */
    const char *area, *observed_on, *expires_on;
    const char *origin; /* the event's number, as every agency writes it */
    const char *contact_route;
};
/* There is no free text: what happened stays in our own system. Return: ALM_CALL_DONE with *out
 * set, also when queued; else as above. */
enum alm_result alm_concern_lodge(struct alm_client *client, const struct alm_concern *concern,
                                  struct alm_receipt *out);
/* By the agency that lodged it. id: of this withdrawal, or NULL. */
enum alm_result alm_concern_withdraw(struct alm_client *client, const struct alm_practice *practice,
                                     const char *concern, const char *id, struct alm_receipt *out);

/* --- Following a stream: at least once, in order --- */
struct alm_subscription {
    const struct alm_practice *practice;                            /* practitioner at least */
    const char *stream;                                             /* a name of ours */
    const char *const *areas, *const *categories, *const *triggers; /* NULL, or ended by NULL */
    const char *severity_least;
    unsigned credit; /* 0: the adapter's default */
    uint64_t from;   /* 0: on from what is done; else play again from this seq */
};
/* Makes or changes a subscription to firings. "inbox", what is sent to this agency, is always
 * there. */
enum alm_result alm_stream_subscribe(struct alm_client *client,
                                     const struct alm_subscription *subscription,
                                     struct alm_receipt *out);
struct alm_event {
    uint64_t seq;
    const char *event; /* id: the same however often it comes; keep the last ones, to be exactly
                          once */
    const char *type;  /* "firing", "referral", "referral-update", "watch", "notice", "insight",
                          "involvement", "stop-using", "damaged" */
    const char *at, *from;
    bool again;       /* it was delivered before */
    uint64_t waiting; /* events that lie here, not done, this one among them */
    const char *json; /* the event, whole */
};
/**
 * alm_stream_next() - the oldest event that is not done
 * @stream:  NULL: "inbox"
 * @wait_ms: 0 to ALM_WAIT_MAX_MS: how long to wait for one, on top of the timeout
 *
 * The same event comes until alm_stream_done has passed it. One reader a stream.
 * Return: ALM_CALL_DONE with *out set; ALM_CALL_NOTHING; ALM_CALL_NO_SUCH (subscribe first); else
 * as above.
 */
enum alm_result alm_stream_next(struct alm_client *client, const char *stream, int wait_ms,
                                struct alm_event *out);
/* Everything up to seq is done; on the adapter's disk when this returns ALM_CALL_DONE. */
enum alm_result alm_stream_done(struct alm_client *client, const char *stream, uint64_t seq);

/* --- How the adapter is --- */
struct alm_standing {
    const char *agency, *mode, *state, *text; /* text: what is wrong and what to do */
    const char *civil_day, *policy, *backend;
    bool connected;
    uint64_t outbox, inbox, people;
    const char *rows;       /* "ok", "partial", "stale", "old", "loading", "none" */
    const char *data_as_of; /* date */
};
enum alm_result alm_status(struct alm_client *client, struct alm_standing *out);

#ifdef __GNUC__
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
