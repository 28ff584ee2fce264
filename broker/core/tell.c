/* SPDX-License-Identifier: Apache-2.0 */
/* tell.c - what a sender is told. Every consent reason comes out as the same bytes; a hidden reason
 * never comes here. */
#include "stages.h"

#include <string.h>

#define NO_CONSENT_WORD "no-consent-on-file"

struct telling_entry {
    const char *word, *text, *way_forward;
};
/* Refusals that are not the engine's: protocol errors and what may be lodged. Words are stable;
 * clients branch on them. */
static const struct telling_entry telling_entries[] = {
    { "unknown-key", "The message is not signed with a key that your agency has enrolled.",
      "Ask an officer whether the signing key was enrolled, replaced or revoked." },
    { "bad-signature", "The signature does not fit the message.",
      "Check that the adapter has the right signing key, mode and log origin." },
    { "unsigned", "The message is not signed.", "Give the adapter its signing key." },
    { "wrong-sender", "The message names another agency as its sender.",
      "Check the agency id in the adapter's configuration." },
    { "wrong-direction", "Only the broker sends such a message.", "Update the adapter." },
    { "stale", "The query's time lies more than two minutes from the broker's.",
      "Set the adapter's clock, and ask again." },
    { "id-reused", "This id was used before for another message.",
      "Send the message under an id of its own." },
    { "already-asked", "This query was asked before; a query is answered once.",
      "Ask again as a new query." },
    { "version-not-supported",
      "The broker speaks no version of the protocol that the adapter offers.",
      "Update the adapter." },
    { "wrong-mode",
      "The broker and the adapter are not set up for the same mode (live or exercise).",
      "Check mode in the adapter's configuration." },
    { "agency-suspended", "Your agency is suspended.",
      "Speak to the partnership's information-governance officers." },
    { "practitioner-suspended", "You are suspended from asking and lodging.",
      "Speak to your agency's information-governance lead." },
    { "no-policy", "No policy is in force.", "Officers activate one: almoner policy activate." },
    { "purpose-outside-protocol", "No protocol lists this purpose.",
      "Choose the purpose that fits what you are doing." },
    { "not-a-party", "Your agency is not a party of the protocol for this purpose.",
      "A party that works with the person can lodge it, or your agency can sign the protocol." },
    { "purpose-mismatch", "The purpose of the message and of what it lodges differ.",
      "Send it again with one purpose." },
    { "given-in-the-future", "It is dated in the future.",
      "Check the date, and the adapter's clock." },
    { "given-too-long-ago", "It was given more than 30 days ago.",
      "Confirm with the person that it still holds, and lodge it with today's date." },
    { "sensitive-sources-any", "Sensitive services must be named one by one.",
      "Name each sensitive service that the person agreed to." },
    { "token-epoch", "Its tokens are of a key that is not in use for this.",
      "Make it anew under the current epoch, with the same id: an adapter with the newest catalogue does." },
    { "mixed-epochs", "Its tokens are of more than one key.", "Make it anew under one epoch." },
    { "unknown-record", "There is no such record that your agency lodged.", "Leave it out." },
    { "record-over", "The record has ended.", "Nothing is to be done: leave it out." },
    { "retoken-differs", "It is about another sort of subject than the record.",
      "Send the tokens of the record's own person, home and event." },
    { "retoken-weaker", "It has fewer of the identifiers that find a person than the record.",
      "Send each identifier that the record was lodged with." },
    { "keyholder-asks", "Who holds the key asks for no tokens.",
      "Ask the partnership's information-governance officers who should." },
    { "not-the-keyholder", "Only the keyholder answers a request for tokens.", "Nothing is to be done." },
    { "not-a-witness", "The policy does not name your agency a witness of the log.", "Nothing is to be done." },
    { "tokens-mismatch", "It is not an answer to what was asked.", "Update the keyholder's program." },
    { "unknown-consent", "There is no such consent that your agency may change.",
      "Look up its id: almoner consent list." },
    { "not-a-shield-owner", "Your agency may not lodge shields.",
      "Ask children's services to lodge it." },
    { "too-many-refusals",
      "Your agency has lodged as many refusals (or vain askings) of this person for this purpose as "
      "count.",
      "Take back those that no longer hold, or lodge one that names all agencies concerned." },
    { "competence-missing",
      "Nobody is named who judged that the young person understands this decision, or what is in "
      "the person's best interests.",
      "Name the professional, their role and the day: --competence-by, --competence-role, "
      "--competence-on." },
    { "wording-not-approved", "The wording was not approved on the day that it was given.",
      "Ask again with the wording that is approved now: --wording." },
    { "witness-missing", "What was spoken needs a witness here.",
      "Name who heard it: --witness, or have it signed." },
    { "stage-names-services", "The second stage of a staged consent names each service.",
      "List in --sources the services that may release." },
    { "unborn-mother-only", "Only the mother consents for a child not yet born.",
      "Lodge it as her own: --capacity self or gillick." },
    { "already-disputed", "Your agency has lodged a dispute about this that still stands.",
      "Ask an officer to lift it: almoner dispute lift." },
    { "bad-dates", "The dates contradict one another.", "Check from, until and review dates." },
    { "unknown-override", "There is no such override that your agency may see.",
      "Check its id with whoever asked for it." },
    { "override-not-allowed", "The policy lets nobody override consent for this.",
      "Ask under a purpose that does not rest on consent, or telephone the hub." },
    { "override-gateway", "No override may rest on this legal gateway today.",
      "Name a duty or power that the policy lists for overrides: --basis." },
    { "override-too-long", "An override may not last that long.", "Ask for fewer hours." },
    { "override-not-alone", "For this purpose nobody may act alone.",
      "Ask without --immediate-danger, and telephone the hub for its approval." },
    { "unreviewed-overrides", "Overrides of your agency were not reviewed in time.",
      "Have them reviewed: almoner override review." },
    { "same-organisation", "It takes somebody of another organisation.",
      "Ask the hub, or an agency that would answer." },
    { "same-practitioner", "It takes another person.", "Ask a colleague who had no part in it." },
    { "not-an-approver", "Your agency may not approve this override.",
      "The hub may, or an agency that would answer the question, as the policy says." },
    { "not-senior", "Only somebody senior approves.", "Pass it to a senior colleague." },
    { "override-over", "The override is over.", "If the need is still there, ask for a new one." },
    { "already-decided", "It was decided already.", "See it: almoner override show." },
    { "nothing-to-review", "The override never came into force.", "Nothing is to be done." },
    { "not-a-hub", "The policy does not name your agency a hub.",
      "Ask the partnership's information-governance officers." },
    { "unknown-area", "The policy has no such area.", "Use an area that the policy lists." },
    { "unknown-category", "The policy has no such category of concern.",
      "Use a category that the policy lists." },
    { "unknown-trigger", "The policy has no threshold of that name.",
      "Name a threshold question of the policy." },
    { "bad-credit", "Credit is a number of deliveries from 1 to 1,024.",
      "Subscribe again with another credit." },
    { "too-many-streams", "Your agency follows as many streams as it may.",
      "End one that is not needed: almoner stream end." },
    { "unknown-stream", "Your agency has no such stream.", "See them: almoner stream status." },
    { "inbox-is-whole", "The inbox always exists, and is not filtered.",
      "Subscribe to a stream of another name." },
    { "nothing-masked", "No reply to your agency under this id masked a service.",
      "Give the id of your own question about who is involved; the hub can be telephoned." },
    { "too-many-shields", "Your agency has lodged as many shields of this person as count.",
      "Let those that no longer hold be lifted." },
    { "ack-beyond-sent", "Nothing was sent under so high a number.",
      "Acknowledge what was delivered, by its stream and number." },
    { "sent-in-the-future", "It is dated in the future.",
      "Check the date, and the adapter's clock." },
    { "sent-too-long-ago", "It is dated more than 30 days ago.",
      "Send it with today's date, and give the day in the text." },
    { "not-of-a-referral", "That question is not about a referral.",
      "Ask for a referral's state, or leave the referral's id out." },
    { "unknown-receiver", "There is no such agency that could receive it.",
      "Look up who offers the service: almoner service find." },
    { "receiver-suspended", "That agency is suspended.",
      "Choose another service, or telephone the hub." },
    { "receiver-is-sender", "A referral goes to another agency.",
      "Name the agency that is to act, or say where it came from: --origin." },
    { "origin-needs-receiver", "Whoever received it lodges a referral that no agency sent.",
      "Leave it to the agency that received it." },
    { "receiver-not-a-party", "That agency does not receive for this purpose.",
      "Choose a purpose under which it works, or telephone it." },
    { "unknown-service", "The directory has no such service.",
      "Look it up: almoner service find." },
    { "service-required", "What a service must agree to names the service.",
      "Name it: --service, from almoner service find." },
    { "not-the-services-agency", "That service is another agency's.",
      "Look it up: almoner service find." },
    { "kind-not-taken", "That service does not take referrals of this kind.",
      "See which it takes: almoner service find." },
    { "area-not-taken", "That service does not work in your area.",
      "Find one that does: almoner service find --area." },
    { "eligibility-not-checked", "This kind needs eligibility checked first.",
      "Check it: almoner service eligible; or send a signposting." },
    { "form-not-verified", "This kind needs the form complete and verified once.",
      "Verify it, or send a soft referral." },
    { "eligibility-not-decided", "This kind needs eligibility decided.",
      "Decide it where you may, or send an application." },
    { "not-assessed", "This kind needs the assessment done.",
      "Assess first, or send a referral of a lesser kind." },
    { "budget-not-permitted", "This kind needs the leave to spend.",
      "Obtain it from the service, or send a referral of a lesser kind." },
    { "slot-not-agreed", "This kind needs a slot agreed with the existing plan.",
      "Agree one, or send a commissioned referral." },
    { "not-permitted-by-service", "The service has not agreed to your role taking this step, today or for so much.",
      "Send a referral of a lesser kind, or ask the service for its agreement." },
    { "unannounced-key", "The text is sealed to a key that the receiver has not announced.",
      "Fetch its keys again: almoner sealing list." },
    { "sealed-to-oneself", "Nobody else is to read this text.",
      "Keep it in your own records." },
    { "subject-not-identified", "The identifiers given would find nobody.",
      "Give name and birth date, or an NHS number or UPN." },
    { "referral-loop", "This family was referred there before, not long ago, or the referral has been there.",
      "Telephone the service and see what came of it." },
    { "unknown-referral", "There is no such referral of yours.",
      "See yours: almoner referral list." },
    { "step-not-yours", "This step is the other party's.",
      "See who has it: almoner referral show." },
    { "step-not-allowed", "A referral in this state does not take that step.",
      "See its state: almoner referral show." },
    { "reason-required", "This step needs a reason.",
      "Give one: --reason." },
    { "lesser-kind-required", "A referral may be made a lesser kind only.",
      "Name one: --kind." },
    { "redirect-required", "This step names the agency that is to have it.",
      "Name it: --to." },
    { "outcome-required", "This step needs what came of it.",
      "Give it: --outcome." },
    { "too-many-steps", "This referral has had as many steps as are kept.",
      "Close it, and send a new one." },
    { "redirect-without-consent", "No consent on file lets that agency have it.",
      "Ask for agreement, or tell the sender: almoner referral reject." },
    { "redirect-not-permitted", "No rule lets that agency have it.",
      "Tell the sender: almoner referral reject." },
    { "not-the-previous-key", "A change of key names the key that it takes over from.",
      "See your chain: almoner sealing list." },
    { "too-long", "The message is too long to be handed on.",
      "Update the adapter." },
    { "unknown-need", "The policy knows no such need.",
      "See the needs that it lists: almoner service find." },
    { "protocol-not-in-force", "The purpose's protocol is not in force today.",
      "Ask the partnership's information-governance officers when it is." },
    { "question-not-permitted", "No threshold is watched for this purpose.",
      "Lodge the concern under a purpose of concern monitoring." },
    { "basis-not-listed", "The purpose does not list this legal basis.",
      "Name a basis that the purpose lists, or none." },
    { "gateway-not-in-force", "The legal basis is not in force today.",
      "Ask an information-governance officer which one is." },
    { "unknown-category", "The policy has no such category of concern.",
      "Choose one of those that the policy lists." },
    { "unknown-area", "The policy has no such area.", "Choose one that it has, or name none." },
    { "nobody-named", "The message does not say whom it is about.",
      "Give what identifies the person, or the home." },
    { "observed-in-the-future", "It is dated in the future.",
      "Check the date, and the adapter's clock." },
    { "observed-too-long-ago", "It was observed longer ago than concerns are kept.",
      "If there is still reason for it, lodge what was observed since." },
    { "bad-expiry", "It would be kept past what the policy allows, or is over already.",
      "Give an earlier last day, or none." },
    { "too-many-concerns", "Your agency has lodged as many concerns about them as count.",
      "Withdraw those that no longer hold, or telephone the hub." },
    { "unknown-concern", "There is no such concern that your agency may change.",
      "Check its id." },
    { "concern-withdrawn", "The concern was withdrawn.", "Lodge another if there is reason." },
    { "unknown-firing", "There is no such firing that your agency was sent.", "Check its id." },
    { "firing-closed", "The firing was closed.", "Nothing is to be done." },
    { "unknown-watch", "There is no such watch that your agency may change.", "Check its id." },
    { "watch-over", "The watch has ended.", "Lodge another if there is reason." },
    { "watch-too-long", "A watch is reviewed within six months and ends within a year.",
      "Give an earlier review and last day." },
    { "unknown-agency", "The policy has no such agency.", "Check the agencies to be watched for." },
    { "too-many-watches", "Your agency watches this person as often as it may.",
      "End a watch that is not needed any more." },
    { "question-answered", "The question was answered before: the first answer counts.",
      "Nothing is to be done." },
    { "question-over", "The question is over, or was not put to your agency.",
      "Nothing is to be done." },
    { "no-criteria", "This service has no criteria to ask about.",
      "Refer: the service decides itself." },
    { "not-in-policy", "Your agency is not in the policy that is in force.",
      "Ask the partnership's information-governance officers." },
    { "unknown-recall", "Nothing of that id was taken back from your agency.",
      "See what was: almoner recall list." },
    { "already-acknowledged", "Your agency has said what it did with that.",
      "Nothing is to be done; telephone the officers if it is not so." },
    { "unknown-correction", "There is no such correction of your agency's.",
      "See yours: almoner correction show." },
    { "too-many-statements",
      "Your agency has lodged as many statements of this person as are kept.",
      "Write what is new into one that an officer can read beside the others." },
    { "not-yours-to-judge", "An outcome is about one's own question, or what was sent to one.",
      "Give the id of your own query, referral or delivery." },
    { "outcome-given", "Your agency has given its outcome of this already.",
      "Nothing is to be done: one counts." },
    { "internal", "The broker could not work this out, so it was refused.",
      "Try again; if it stays so, tell the broker's operator." },
};

struct msg *tell_begin(struct core *c, uint8_t type, const struct id *in_reply_to)
{
    wire_zero(&c->reply, type);
    c->reply.type = type;
    if (in_reply_to)
        c->reply.in_reply_to = *in_reply_to;
    c->reply.sent_ms = c->wall_ms;
    return &c->reply;
}

int tell_send(struct core *c, uint16_t slot)
{
    int r = id_new(c->wall_ms, &c->reply.id);

    return r ? r : out_put(c, slot, &c->reply, 0);
}

static void tell_refusal(struct core *c, uint16_t slot, const struct id *in_reply_to,
                         const char *word, const char *text, const char *way)
{
    struct msg *m = tell_begin(c, MSG_REFUSAL, in_reply_to);

    text_cut(m->refusal.reason, sizeof(m->refusal.reason), word);
    text_cut(m->refusal.text, sizeof(m->refusal.text), text);
    text_cut(m->refusal.way_forward, sizeof(m->refusal.way_forward), way);
    if (tell_send(c, slot))
        log_error("refusal-not-sent", "agency=%s", c->agencies.slots[slot].reg.id);
}

void tell_word(struct core *c, uint16_t slot, const struct id *in_reply_to, const char *word)
{
    for (size_t i = 0; i < ALM_LEN(telling_entries); i++) {
        const struct telling_entry *e = &telling_entries[i];

        if (!strcmp(e->word, word)) {
            tell_refusal(c, slot, in_reply_to, e->word, e->text, e->way_forward);
            return;
        }
    }
    tell_refusal(c, slot, in_reply_to, word, "The message breaks the rules of the protocol.",
                 "Update the adapter, or tell its maker.");
}

/* DESIGN.md promise 5: 'the single line "no consent on file lets you have this", which stands alike
 * for never asked, refused, withdrawn, expired, invalid, given to others and sensitive service not
 * named'. */
static const char *tell_told(const struct decision *d, const char **text, const char **way)
{
    enum reason r = (enum reason)d->reason;

    if (d->telling == TELL_NO_CONSENT_LINE) {
        *text = NO_CONSENT_LINE;
        *way = reason_way_forward(REASON_NO_CONSENT);
        return NO_CONSENT_WORD;
    }
    if (reason_telling(r) != TELL_REASON)
        r = REASON_DENY; /* whatever lies behind a told refusal is not named */
    *text = reason_text(r);
    *way = reason_way_forward(r);
    return reason_word(r);
}

void tell_reason(const struct decision *d, const char **text, const char **way)
{
    (void)tell_told(d, text, way);
}

void tell_decision(struct core *c, uint16_t slot, const struct id *in_reply_to,
                   const struct decision *d)
{
    const char *text, *way, *word = tell_told(d, &text, &way);

    tell_refusal(c, slot, in_reply_to, word, text, way);
}

void tell_busy(struct core *c, uint16_t slot, const struct id *in_reply_to, uint32_t retry_ms)
{
    struct msg *m = tell_begin(c, MSG_BUSY, in_reply_to);

    m->busy.retry_after_ms = retry_ms ? retry_ms : 1;
    if (tell_send(c, slot))
        log_error("busy-not-sent", "agency=%s", c->agencies.slots[slot].reg.id);
}
