/* SPDX-License-Identifier: Apache-2.0 */
/* referral.c - sending referrals, and the steps of those who send and receive them. Which step may follow
 * which is the broker's to say (the state table), not ours. */
#include "base/attr.h"
#include "cli/flags.h"
#include "cli/referral.h"

#include <sysexits.h>

enum own { REFER = 1, LIST = 2, STEP = 4, REASON = 8, TO = 16, KIND = 32, RESULT = 64, ASKED = 128 };

#define ID    "0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b"
#define WHICH "say which referral: its id; see `almoner referral list`"
#define STEPS (CMD_PRACTICE | CMD_LODGES)

/* clang-format off: a table, a step after the other */
static const struct verb verbs[] = {
    { { "refer", NULL, STEPS | CMD_OF_PERSON | CMD_OF_HOME | CMD_AT_HOME, "refer", NULL, false,
        "send a referral; a receipt means that it cannot be lost",
        "  almoner refer --kind soft --service marlham-parenting --made eligibility-checked \\\n"
        "      --reason parenting-support --body why.txt --purpose early-help --practitioner t-4 --subject isla.json\n"
        "  almoner refer --kind soft --origin self --reason advice --practitioner sw-2 --subject tess.json    # she came to us herself\n"
        "\nSee first whether it fits: almoner service find, almoner service eligible. The body is for the receiver alone:\nit is sealed, and the broker cannot read it.\n" },
      REFER, NULL, NULL, NULL, NULL, NULL },
    { { "referral", "list", CMD_PRACTICE, "referral-list", NULL, false,
        "referrals that this agency sent or received, newest first", "  almoner referral list --open\n" },
      LIST, NULL, NULL, NULL, NULL, NULL },
    { { "referral", "show", CMD_PRACTICE, "referral-show", "referral", true,
        "one referral, and what happened to it", "  almoner referral show " ID "\n" },
      0, "ID", WHICH, NULL, NULL, NULL },
    { { "referral", "read", CMD_PRACTICE, "referral-read", "referral", true,
        "open the sealed texts that came with a referral", "  almoner referral read " ID " --practitioner hv-3\n" },
      0, "ID", WHICH, NULL, NULL, NULL },
    { { "referral", "state", CMD_PRACTICE, "ask", "referral", true,
        "ask the catalogue's question about a referral's state",
        "  almoner referral state " ID " --purpose referral-tracking --role senco --practitioner t-4\n" },
      ASKED, "ID", WHICH, "question", "referral-state", NULL },
    { { "referral", "received", STEPS, "referral-step", "referral", true, "it has come; nothing is decided yet",
        "  almoner referral received " ID " --practitioner hv-3\n" },
      STEP, "ID", WHICH, "step", "received", NULL },
    { { "referral", "accept", STEPS, "referral-step", "referral", true, "the service takes it",
        "  almoner referral accept " ID " --practitioner hv-3\n" },
      STEP, "ID", WHICH, "step", "accepted", NULL },
    { { "referral", "reject", STEPS, "referral-step", "referral", true, "the service does not take it, and says why",
        "  almoner referral reject " ID " --reason out-of-area --practitioner hv-3\n" },
      STEP | REASON, "ID", WHICH, "step", "rejected", NULL },
    { { "referral", "more-info", STEPS, "referral-step", "referral", true, "ask the sender for more before deciding",
        "  almoner referral more-info " ID " --reason dates-missing --body what.txt --practitioner hv-3\n" },
      STEP | REASON, "ID", WHICH, "step", "more-info", NULL },
    { { "referral", "info", STEPS, "referral-step", "referral", true, "the sender gives what was asked for",
        "  almoner referral info " ID " --body more.txt --practitioner hv-3\n" },
      STEP, "ID", WHICH, "step", "info-given", NULL },
    { { "referral", "redirect", STEPS, "referral-step", "referral", true, "another agency is the right one",
        "  almoner referral redirect " ID " --to fernhold --reason wrong-service --practitioner hv-3\n" },
      STEP | REASON | TO, "ID", WHICH, "step", "redirected", NULL },
    { { "referral", "downgrade", STEPS, "referral-step", "referral", true, "it is not ready for its kind: take it as a lesser one, and say why",
        "  almoner referral downgrade " ID " --kind soft --reason form-incomplete --practitioner hv-3\n" },
      STEP | REASON | KIND, "ID", WHICH, "step", "downgraded", NULL },
    { { "referral", "eligibility", STEPS, "referral-step", "referral", true, "eligibility is being decided",
        "  almoner referral eligibility " ID " --practitioner hv-3\n" },
      STEP, "ID", WHICH, "step", "eligibility", NULL },
    { { "referral", "assess", STEPS, "referral-step", "referral", true, "assessment has begun",
        "  almoner referral assess " ID " --practitioner hv-3\n" },
      STEP, "ID", WHICH, "step", "assessment", NULL },
    { { "referral", "diagnose", STEPS, "referral-step", "referral", true, "diagnosis has begun",
        "  almoner referral diagnose " ID " --practitioner hv-3\n" },
      STEP, "ID", WHICH, "step", "diagnosis", NULL },
    { { "referral", "plan", STEPS, "referral-step", "referral", true, "a plan is agreed",
        "  almoner referral plan " ID " --practitioner hv-3\n" },
      STEP, "ID", WHICH, "step", "planned", NULL },
    { { "referral", "deliver", STEPS, "referral-step", "referral", true, "support has begun",
        "  almoner referral deliver " ID " --practitioner hv-3\n" },
      STEP, "ID", WHICH, "step", "delivering", NULL },
    { { "referral", "close", STEPS, "referral-step", "referral", true, "it is over, and what came of it",
        "  almoner referral close " ID " --outcome completed --practitioner hv-3\n" },
      STEP | REASON | RESULT, "ID", WHICH, "step", "closed", NULL },
    { { "referral", "withdraw", STEPS, "referral-step", "referral", true, "the sender no longer wants it",
        "  almoner referral withdraw " ID " --practitioner hv-3\n" },
      STEP | REASON, "ID", WHICH, "step", "withdrawn", NULL },
    { { "referral", "revoke", STEPS, "referral-step", "referral", true, "what it rests on has ended, so it ends",
        "  almoner referral revoke " ID " --reason consent-withdrawn --practitioner hv-3\n" },
      STEP | REASON, "ID", WHICH, "step", "revoked", NULL },
    { { "referral", "feedback", STEPS, "referral-step", "referral", true, "tell the referrer what came of it: it is owed",
        "  almoner referral feedback " ID " --outcome support-under-way --practitioner hv-3\n" },
      STEP | REASON | RESULT, "ID", WHICH, "step", "feedback", NULL },
};

static const struct flag flags[] = {
    { "--kind", "kind", FLAG_TEXT, REFER | KIND, "KIND", "signposting, soft, application, hard, commissioned or booked" },
    { "--to", "to", FLAG_TEXT, REFER, "AGENCY", "who shall take it, where the directory lists no service" },
    { "--to", "redirect_to", FLAG_TEXT, TO, "AGENCY", "the right one" },
    { "--service", "service", FLAG_TEXT, REFER, "ID", "which service of the directory: see `almoner service find`" },
    { "--reason", "reason", FLAG_TEXT, REFER | REASON, "CODE", "why, in a word" },
    { "--sent-on", "sent_on", FLAG_TEXT, REFER, "DATE", "default: today" },
    { "--made", "made", FLAG_LIST, REFER, "WORDS",
      "what is so already: eligibility-checked, form-verified, eligibility-decided, assessed, "
      "budget-permitted, slot-agreed" },
    { "--pounds", "pounds", FLAG_TEXT, REFER, "N", "commissioned, booked: the amount" },
    { "--origin", "origin", FLAG_TEXT, REFER, "WHO", "self, anonymous or not-stated: no agency sent it, we received it ourselves" },
    { "--outcome", "outcome", FLAG_TEXT, RESULT, "CODE", "what came of it, in a word" },
    { "--on", "on", FLAG_TEXT, STEP, "DATE", "default: today" },
    { "--body", "body", FLAG_BODY, REFER | STEP, "FILE", "a text for the other side alone, sealed; -: from standard input" },
    { "--open", "open_only", FLAG_YES, LIST, NULL, "only those that are not over" },
    { "--question", "question", FLAG_TEXT, ASKED, "ID", "default: referral-state" },
};
/* clang-format on */

static const struct printer printers[] = {
    { "referrals", print_referrals, EX_OK },
    { "referral", print_referral, EX_OK },
    { "referral-state", print_referral_state, EX_OK },
    { "referral-texts", print_referral_texts, EX_OK },
};

const struct noun noun_referral = { verbs,          ALM_LEN(verbs), flags,
                                    ALM_LEN(flags), printers,       ALM_LEN(printers) };
