/* SPDX-License-Identifier: Apache-2.0 */
/* stages.h - inside the core only: what each stage offers the next, in the order of a message's
 * way. */
#pragma once
#include "cut.h"
#include "deliver.h"
#include "state.h"

/* --- batch.c: one write transaction, one commit --- */
/* The open write transaction; NULL once the batch has failed (go on: everything is thrown away at
 * its end). */
struct store_txn *batch_txn(struct core *c);
void batch_fail(struct core *c, int error, const char *where); /* logged once; sticky */
void batch_run(struct core *c);
ALM_MUST_USE int batch_finish(struct core *c); /* 0, or -EIO: the process must end */

/* --- intake.c: a frame to a message that may be believed --- */
void intake_frame(struct core *c, uint16_t gate, const struct pair_msg *m); /* into its agency's line */
void intake_choose(struct core *c); /* from the lines into the batch; its signatures to the threads */
/* After the batch was decided and before its commit: its frames go, and the next one's may be gathered. */
void intake_decided(struct core *c);
void intake_took(struct core *c, int64_t took_ms); /* the batch, commit and all */
void intake_farewell(struct core *c, uint32_t retry_ms); /* Busy to all that still wait */
void intake_work(struct core *c, struct work *w);                           /* decide it */
void intake_name(struct core *c,
                 struct work *w); /* w->id, for a Busy to a message that is not decided */
/* A protocol error: told to the sender and recorded as rejected. word: one of tell.c's, or a
 * wire_fault_word. */
void intake_reject(struct core *c, const struct work *w, const char *word);
/* What it changes may have come with it, and lodged messages come after: it is taken once more, among those. Return: false,
 * it has been. */
bool intake_after_lodged(struct work *w);
/* Signed, or of a purpose whose protocol lets queries and their answers come unsigned. */
bool intake_signed_enough(const struct core *c, const struct work *w, const char *purpose);

/* --- receipts.c: same id again --- */
enum receipt_found { RECEIPT_NEW = 0, RECEIPT_SAME, RECEIPT_OTHER };
enum receipt_found receipts_find(struct core *c, const char *agency, const struct id *id,
                                 struct bytes body, struct receipt *out);
/* The same of a query's id, of which no body is hashed: mostly without looking. */
enum receipt_found receipts_query(struct core *c, uint16_t slot, const struct id *id, struct receipt *out);
void receipts_put(struct core *c, const char *agency, const struct id *id, const struct receipt *r);
void receipts_forget(struct core *c); /* what is known without looking: after a batch that was taken back */

/* --- facts.c: what the engine decides on --- */
/* Its question in the policy in force; POLICY_NONE: it asks who is involved, or there is none of that name. */
uint16_t ask_question(const struct core *c, const struct ask *ask);
/* Fills c->facts (and its lists) afresh; facts.incomplete when anything could not be read whole. */
void facts_gather(struct core *c, const struct ask *ask);
void decide(struct core *c, const struct ask *ask); /* facts_gather, then c->decision */
/* The same for a question that is put for the first time: the quotas count too. */
void decide_first(struct core *c, const struct ask *ask);
/* What facts stand on now. c->footing: what c->facts do. */
struct footing footing_now(const struct core *c);
/* --- kept.c --- */
/* After decide_first(), of a query that is put: c->decision stays with it, where it may be taken again
 * without anything being read. */
void kept_put(const struct core *c, struct pending *p);
/* Is everything as it was? Then c->decision and c->facts are as decide() would make them now, but for the
 * facts' lists and the decision's trace. false: decide(). */
bool kept_stands(struct core *c, const struct pending *p);
/* Tells operators of a decision that fell without all facts: it looks like "nobody knows". */
void decide_alert(const struct core *c, const struct ask *ask, uint64_t leaf);

/* --- query.c, questions.c, answers.c, release.c --- */
void query_take(struct core *c, struct work *w);
/* Questions to the decision's holders; hidden: with random tokens of the same shape. */
void questions_put(struct core *c, struct pending *p, bool hidden);
/* Place i of a waiting query, with what is in c->reply; unless it cannot be reached now. *same: where this
 * very question, but for its id, stands among what goes out; OUT_NONE: nowhere yet, and then it is set. */
void questions_put_one(struct core *c, struct pending *p, uint16_t i, uint16_t slot, size_t *same);
/* The waiting holder's answer will not be free any more. */
void questions_not_due(struct core *c, const struct pending_holder *h);
/* pending_drop; whoever was silent keeps no free answer for later. */
void questions_drop(struct core *c, struct pending *p);
void answer_take(struct core *c, struct work *w);
void answer_unreachable(struct core *c, uint16_t gate, uint64_t ref); /* as that gate says, of its own agencies alone */
void release_due(struct core *c);
/* What somebody who was asked has said, as far as it may count now. */
void release_said(struct core *c, const struct pending *p, const struct pending_holder *said,
                  uint16_t slot, bool hidden, struct heard *h);

/* Composes what the fresh c->decision lets be told, of a catalogue question into out, of who is
 * involved into v. Return: what is told, for the record. */
uint8_t release_compose(struct core *c, const struct pending *p, bool hidden,
                        struct msg_insight *out, struct msg_involvement *v, uint8_t *completeness);
/* The leaf of a disclosure, of what was composed last. */
uint64_t release_record(struct core *c, const struct pending *p, bool hidden, uint8_t value,
                        uint8_t completeness);
/* What a holder is told of a question besides question, tokens and time. The asker is in the policy. */
void questions_head(const struct core *c, const struct pending *p, struct msg *m);
/* Random tokens in the place of the question's own. Return: 0 or -errno. */
ALM_MUST_USE int questions_hide(struct msg_question *q);
/* A leaf of its own for an answer that nobody waits for. */
void answer_stray(struct core *c, const struct work *w, const char *why);
/* What an involvement's yes says besides, of c->in. false: no memory. */
bool answer_detail(struct pending_holder *h, const struct msg_answer *a);

/* --- later.c, later_answer.c, later_release.c, later_codec.c: agencies that answer by hand --- */
/* Does c->decision put the question to anybody who answers by hand? */
bool later_wanted(const struct core *c, const struct ask *ask);
/* Which desks have room for one more of this asker's. false: there is nobody else to ask, and the
 * sender of w has been told Busy. */
bool later_admit(struct core *c, const struct work *w, const struct ask *ask);
ALM_MUST_USE int later_prepare(struct pending *p); /* 0 or -ENOMEM */
/* Before place i is put: it stays open past the deadline where the agency answers by hand. */
void later_place(struct core *c, struct pending *p, uint16_t i, uint16_t slot);
void later_begin(struct core *c, struct pending *p); /* the leaf of the decision is known: stored */
/* What is said when a query's deadline comes: is an answer by hand still awaited? */
bool later_awaited(const struct pending *p);
void later_merge(struct core *c, struct pending *p); /* answers that came round about */
void later_keep(struct core *c, struct pending *p);  /* it waits on, with what was said so far */
void later_end(struct core *c, struct pending *p);   /* nothing more comes of it */
enum later_answered { LATER_NOT = 0 /* none by hand */, LATER_TAKEN, LATER_DONE /* and replied to */ };
enum later_answered later_answer(struct core *c, struct work *w, const struct pending_holder *h);
void later_here(struct core *c, uint16_t slot); /* its adapter said Hello, or is heard of again */
void later_send(struct core *c);                /* in the batch: what is out, again, to these */
void later_sent(struct core *c);                /* after the commit */
void later_changed(struct core *c); /* policy or standing may let others be asked */
void later_sweep(struct core *c);               /* in the batch: whose time has ended */
void later_forget(struct core *c);              /* the batch failed, or the core ends */
/* A delivery of a final reply, decided and composed anew into d. */
bool later_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why);
void later_told(struct core *c, bool again); /* c->delivery leaves with this batch */
/* An item of an inbox is done with: the record that it belongs to, if it does to one, is erased. */
void later_done(struct core *c, uint16_t slot, uint64_t leaf);

/* Signed heads, and room for one more query; false: it was told Busy. */
bool query_has_room(struct core *c, const struct work *w);
bool query_epoch(struct core *c, struct work *w); /* of its tokens; false: it was refused */
/* Into the record that is begun: that the relationship is self-claimed, if it is, and under seal the reason given. */
void query_self_claimed(struct core *c, const struct ask *ask, const char *reason);
/* Not disclosed, and why; told: enum telling, 0 nothing. */
void release_record_refusal(struct core *c, const struct pending *p, const char *reason,
                            uint8_t told);
const char *release_guidance(const struct core *c); /* of c->decision and c->facts */

/* --- eligibility.c: a service's criteria, each put to its holders --- */
void eligibility_take(struct core *c, struct work *w);
void eligibility_release(struct core *c, struct pending *p);
void questions_put_eligibility(struct core *c, struct pending *p, bool hidden);

/* --- composite.c: a question made of others --- */
bool composite_asked(const struct core *c, const struct ask *ask);
/* Places that the decision needs: one for each factor of each contributor. */
uint16_t composite_places(const struct core *c);
ALM_MUST_USE int composite_prepare(const struct core *c, struct pending *p); /* 0 or -ENOMEM */
void composite_put(struct core *c, struct pending *p);
void composite_compose(struct core *c, const struct pending *p, bool hidden,
                       struct msg_insight *out);

/* --- differences.c: what may not be asked beside what was asked --- */
/* After decide(): makes one half of a differencing pair a refusal in c->decision. */
void differences_check(struct core *c, const struct ask *ask);
void differences_put(struct core *c, const struct ask *ask); /* it has been put to its holders */
/* Nothing is known any more of what anybody asked about this person. In the batch. */
void differences_forget(struct core *c, const struct token_set *subject);
void differences_sweep(struct core *c); /* forgets what the policy's period no longer covers */

/* --- quotas.c: permitted questions of a civil day --- */
bool quotas_over(struct core *c, const struct ask *ask); /* one more would be too many */
void quotas_put(struct core *c, const struct ask *ask);  /* after a permit, or what looks like one */
void quotas_sweep(struct core *c);

/* --- pins.c: answers that stand for some days --- */
struct pin {
    uint8_t value, completeness; /* enum insight_value, but for cannot say; enum completeness */
    int32_t as_of;
};
/* After decide_first(), where c->decision permits (or hides): the answer that stands. */
bool pins_find(struct core *c, const struct ask *ask, bool hidden, struct pin *out);
/* It is told, as of the day that it was given; another leaf. */
void pins_release(struct core *c, const struct ask *ask, const struct pin *pin, bool hidden,
                  uint64_t leaf);
/* c->reply is an Insight that has been sent, of c->decision: may it stand? */
void pins_put(struct core *c, const struct ask *ask, bool hidden);
/* Nothing that was said about this subject stands any longer, whoever asked. */
void pins_drop(struct core *c, const struct token_set *subject);
/* The same, of whom a lodged message is about: c->in, before its receipt. */
void pins_drop_lodged(struct core *c);
void pins_sweep(struct core *c);
const char *release_guidance(const struct core *c); /* release.c */

/* --- lodge.c: what every lodged message has in common --- */
/* Return: true when the message goes on; else it has been answered. */
bool lodge_begin(struct core *c, struct work *w); /* same id again; the practitioner's standing */
bool lodge_practitioner(struct core *c, struct work *w); /* in good standing, or none is named */
bool lodge_party(struct core *c, struct work *w, const char *purpose);
bool lodge_given(struct core *c, struct work *w, int32_t given_on, int64_t given_ms);
bool lodge_id_free(struct core *c,
                   struct work *w); /* no consent or shield of anybody has this id */
void lodge_refuse(struct core *c, struct work *w, const char *word);
/* The leaf, and then the receipt. */
struct ledger_clear *lodge_record(struct core *c, const struct work *w, uint8_t event,
                                  const char *purpose);
uint64_t lodge_recorded(struct core *c, struct work *w);

/* --- consent.c, withdrawal.c, shield.c, list.c --- */
/* Neither taken back nor expired on the core's civil day. */
bool refusal_live(const struct core *c, const struct consent_record *r);
void lodge_consent(struct core *c, struct work *w);
void lodge_change(struct core *c, struct work *w);
void lodge_withdrawal(struct core *c, struct work *w);
void lodge_shield(struct core *c, struct work *w);
void list_take(struct core *c, struct work *w);

/* A withdrawal that is on file covers the grant: it is put into r. */
bool consent_covered(struct core *c, struct consent_record *r);
void retoken_take(struct core *c, struct work *w); /* retoken.c */

/* --- reseek.c --- */
/* What its lodger must look at again, and when; that it need not any more; that it has asked anew. */
void reseek_put(struct core *c, const struct consent_record *r);
void reseek_done(struct core *c, const struct consent_record *r);
void reseek_answered(struct core *c, const struct consent_record *by);

/* --- dispute.c --- */
void dispute_take(struct core *c, struct work *w);
enum disputed { DISPUTED_NOT = 0, DISPUTED_PERHAPS /* or another person */, DISPUTED };
/* facts.incomplete when they cannot be read. */
enum disputed disputes_gather(struct core *c, const struct ask *ask, struct store_txn *t);

/* --- retention.c: what has come to the end of its clock (retention.h) --- */
ALM_MUST_USE int retention_new(struct core *c);
void retention_free(struct core *c);
void retention_tick(struct core *c);          /* in the batch: one step */
void retention_between(struct core *c);       /* between batches: a period begins, or ends */
bool retention_waiting(const struct core *c); /* the next turn has a step to make */
void retention_take_back(struct core *c);     /* the batch failed */
json_t *retention_status(struct core *c);     /* for control, as is the next */
json_t *holds_status(struct core *c);
bool holds_any(struct core *c); /* in the batch; also when they could not be read */
/* When a receipt was given. Return: 0 or -EBADMSG. */
ALM_MUST_USE int receipts_time(struct bytes value, int64_t *at_ms);

/* --- override.c --- */
void override_take(struct core *c, struct work *w);
void approval_take(struct core *c, struct work *w);
void review_take(struct core *c, struct work *w);
void override_query_take(struct core *c, struct work *w);
/* Into c->facts: those in force about the subject; facts.incomplete when they cannot be read. */
void overrides_gather(struct core *c, const struct ask *ask, struct store_txn *t);
/* Into the leaf of a decision or disclosure: which override carried c->decision, if one did. */
void override_used(struct core *c, struct ledger_clear *l);
/* Agencies with overrides that wait for their review, as JSON; null when they cannot be read. */
json_t *overrides_status(struct core *c);

/* --- concern.c, firing.c, threshold.c: concerns, and what they add up to --- */
void concern_take(struct core *c, struct work *w);
void concern_change_take(struct core *c, struct work *w);
void firing_update_take(struct core *c, struct work *w);
/* Contributors of an episode that this hub got and that it was not told the names of, for a call
 * back. Return: 0; -ENOENT no such episode that the agency got; -errno. */
typedef int firing_contact(void *ctx, uint16_t slot, const struct concern_record *concern);
ALM_MUST_USE int firing_contacts(struct core *c, uint16_t hub, const struct id *episode,
                                 firing_contact *visit, void *ctx);
bool threshold_asked(const struct core *c, const struct ask *ask);
/* After decide(): a threshold question about a subject of the other scope, or whom a shield hides,
 * is made a refusal in c->decision. */
void threshold_check(struct core *c, const struct ask *ask);
/* c->decision permits (or hides) a threshold question: answered at once. */
void threshold_answer(struct core *c, struct work *w, const struct ask *ask, uint64_t leaf,
                      bool hidden);
void concerns_tick(struct core *c); /* in the batch: forgets what is past its last day */

/* --- watch.c --- */
void watch_take(struct core *c, struct work *w);
void watch_change_take(struct core *c, struct work *w);
/* The agency has asked or lodged something about the subject that was permitted (household: kind 0
 * unless it was about a home). Whoever watches is told; the agency learns nothing. In the batch. */
void watch_seen(struct core *c, uint16_t slot, const struct token_set *subject,
                const struct token *household);

/* Was the grant given before the withdrawal? At the same moment the prohibition wins. */
bool withdrawal_covers(int32_t withdrawn_on, int64_t withdrawn_ms, int32_t given_on,
                       int64_t given_ms);

/* --- asked before each sending of a delivery, also of one delivered before; see deliver_check.c,
 * whose table names them. false: it is not delivered, *why (a word) goes to the log. Nothing is
 * written. *d is left as it is, but that firing_still() makes d->firing anew of the concerns that
 * still stand, as this recipient may see them: who has withdrawn is named no more. --- */
bool firing_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why);
bool referral_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why);
bool watch_still(struct core *c, uint16_t slot, struct msg_deliver *d, const char **why);

/* --- referral.c, referral_step.c, referral_view.c, sealing.c, directory.c --- */
void referral_take(struct core *c, struct work *w);
void referral_update_take(struct core *c, struct work *w);
void referral_query_take(struct core *c, struct work *w);
/* The question is about a referral's state, and c->decision permits it: answered at once. */
bool referral_asked(const struct core *c, const struct ask *ask);
void referral_answer(struct core *c, struct work *w, const struct ask *ask, uint64_t leaf);
/* The fact: 1 the asker's organisation is a party of it, or nobody has such a referral; 2 it is none; 0
 * not known, or not asked. */
uint8_t referral_party(struct core *c, const struct ask *ask);
/* Its organisation sent, has or had it; it is then in c->referral. */
bool referral_mine(struct core *c, uint16_t slot, const struct id *id);
void referrals_sweep(struct core *c); /* in the batch, each civil day: expired, late, ended consents */
void sealing_key_take(struct core *c, struct work *w);
void sealing_query_take(struct core *c, struct work *w);
void directory_take(struct core *c, struct work *w);
void not_shared_take(struct core *c, struct work *w); /* outcome.c */
void outcome_take(struct core *c, struct work *w);
/* A reading of one's own: same id again, a signed head, the practitioner. false: it was answered. */
bool query_of_own(struct core *c, struct work *w);
/* Sends c->reply and records that it was told. */
void query_of_own_told(struct core *c, struct work *w, const char *question);

/* --- shield.c, contact.c --- */
bool shield_in_force(const struct core *c, const struct msg_shield *m); /* on the core's day */
bool shield_near(const struct token_set *shield, const struct token_set *subject);
/* After a decision that hides: tells the owners of the shields about the person that somebody
 * asked; nothing of it reaches the asker. */
void shield_attempted(struct core *c, const struct ask *ask);

/* --- adapters.c --- */
void hello_take(struct core *c, struct work *w);
void lease_take(struct core *c, struct work *w);
void adapters_heard(struct core *c, uint16_t slot);
void adapters_push_policy(struct core *c);
void adapters_push_day(struct core *c);
void adapters_sweep(struct core *c);

/* --- tell.c: what a sender is told --- */
struct msg *tell_begin(struct core *c, uint8_t type,
                       const struct id *in_reply_to);      /* c->reply, zeroed */
ALM_MUST_USE int tell_send(struct core *c, uint16_t slot); /* c->reply to slot */
/* A told refusal of the engine; never called for TELL_HIDDEN. */
void tell_decision(struct core *c, uint16_t slot, const struct id *in_reply_to,
                   const struct decision *d);
/* What a told refusal says to people; never of one that is hidden. */
void tell_reason(const struct decision *d, const char **text, const char **way);
void tell_word(struct core *c, uint16_t slot, const struct id *in_reply_to, const char *word);
void tell_busy(struct core *c, uint16_t slot, const struct id *in_reply_to, uint32_t retry_ms);

/* --- out.c: frames that leave after the commit --- */
ALM_MUST_USE int out_init(struct out *o);
void out_deinit(struct out *o);
void out_reset(struct out *o);
/* Encodes m for the agency in slot. Return: 0; -ENOSPC; wire_encode's. */
ALM_MUST_USE int out_put(struct core *c, uint16_t slot, const struct msg *m, uint64_t ref);
#define OUT_NONE SIZE_MAX
/* What was put as entry (c->out.n before it), to another agency and under another id. Return: as out_put();
 * -EINVAL there is none. */
ALM_MUST_USE int out_put_as(struct core *c, uint16_t slot, size_t entry, const struct id *id, uint64_t ref);
void out_send(struct core *c);

/* --- record.c: leaves --- */
/* c->clear, zeroed and filled with what every leaf has; slot AGENCY_NONE for none. c->sealed is
 * emptied. */
struct ledger_clear *record_begin(struct core *c, uint8_t event, uint16_t slot);
void record_ask(struct core *c, const struct ask *ask); /* clear: role, purpose, question, basis,
                                                           message; sealed: practitioner, case */
/* sealed: whom an officer changed; "" nobody. */
void record_practitioner(struct core *c, const char *ref);
/* clear, in the detail: "law=" and the gateways that carried c->decision on c->facts; nothing when it
 * is a refusal. Other words of the detail come before it or after "; ". */
void record_laws(struct core *c);
void record_class(struct core *c, uint8_t class); /* another than the event's: enum ledger_class */
void record_reason(struct core *c, const char *reason); /* sealed: of a self-claimed relationship */
void record_tokens(struct core *c, const struct token_set *subject); /* into the sealed part */
/* sealed: the consent or shield that the leaf is about. */
void record_id(struct core *c, const struct ledger_clear *l, const struct id *id);
void record_by(struct core *c, const struct msg_answer *a); /* sealed: who stated it by hand */
void record_competence(struct core *c, const struct msg_consent *m); /* sealed: who judged, when */
void record_message(struct core *c);                          /* the same of c->in */
void record_holders(struct core *c, const struct pending *p); /* clear: whom it was put to */
void record_heard(struct core *c, uint16_t n,
                  uint8_t value); /* sealed: c->heard and what was told */
uint64_t
record_end(struct core *c); /* appends. Return: the leaf; LEAF_NONE when the batch has failed */

/* --- gates.c --- */
ALM_MUST_USE int gates_open(struct core *c, const int *fds);
void gates_close(struct core *c);
void gates_drain(struct core *c, size_t i); /* all that it brought, while there is room */
bool gates_may_drain(const struct core *c);
void gates_allow(struct core *c, size_t i);
void gates_allow_all(struct core *c);
/* Killed and restarted by the supervisor after the commit; recorded by gates_record. why: of static text. */
void gates_cut(struct core *c, size_t i, const char *why);
void gates_record(struct core *c); /* of gates that were cut: a leaf a minute each */
void gates_settle(struct core *c, bool kept);
void gates_flush(struct core *c); /* and lists that there was no room for */

/* --- control.c, change.c --- */
void control_request(void *ctx, uint64_t client, json_t *request); /* a local_on_request */
/* In the batch. Return: the reply; *kind is set when the change was made. */
json_t *change_apply(struct core *c, const json_t *request, const char **kind);
ALM_MUST_USE int reload(struct core *c,
                        struct store_txn *t); /* bundle and agencies as the transaction sees them */

/* --- heads.c --- */
ALM_MUST_USE int heads_init(struct core *c, int fd);
void heads_drain(struct core *c);
void heads_store(struct core *c); /* a checked note, in the batch */
void heads_settle(struct core *c, bool committed);
void heads_ask(struct core *c);
bool heads_fresh(struct core *c); /* false: sharing has stopped */
const char *heads_stops(const struct core *c); /* by what: a word; NULL: it goes on */
int64_t heads_next_ms(const struct core *c);

/* --- reader_link.c --- */
void readings_drain(struct core *c);
void readings_record(struct core *c);
void readings_reply(struct core *c, bool committed);
/* reading_seal.c: into the sealed part and the tags of the record that is begun. Return: 0; -EINVAL; -errno. */
ALM_MUST_USE int reading_seal(struct core *c, const struct ledger_clear *begun, const json_t *sealed);

/* --- limits.c: budgets kept and told --- */
bool limits_admit(struct core *c, struct work *w);
void limits_count(struct core *c, uint16_t slot, enum limited what);
/* Whether a frame more of this agency would be let through, of those whose signatures are being checked beforehand. */
bool limits_likely(struct core *c, const struct work *w);
/* Whether what is recorded one by one while it is little may have a leaf now; else it is counted. */
bool limits_single(struct core *c, uint16_t slot, enum limited what);
void limits_minute(struct core *c);
void limits_settle(struct core *c, bool kept);
ALM_MUST_USE int limits_load(struct core *c, struct store_txn *t);

/* --- day.c --- */
ALM_MUST_USE int day_load(struct core *c, struct store_txn *t);
void day_tick(struct core *c);
void day_put(struct core *c, int32_t day); /* in the batch */
void day_count(struct core *c);            /* in the batch: one more day on which the broker is up */
/* Of what was noted on a civil day, when c->days.n was n: is it keep days old? By the clock and by
 * the count of days, so that a clock that jumps ahead forgets nothing early. */
bool day_past(const struct core *c, int32_t day, uint32_t n, int64_t keep);
