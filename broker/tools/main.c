/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-officer: the officers' and operators' commands, as a table. Links no LMDB and no
 * ZeroMQ: it speaks to the core's control socket and to the reader's officers' socket, and compiles
 * policy by itself. */
#include "base/crypto.h"
#include "base/process.h"
#include "officer.h"
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#define WHERE   "config control json help "
#define SIGNED  WHERE "officer key save "
#define READS   WHERE "officers officer key "
#define CELLS   "agency role purpose question "
#define FILTERS "agency event reason rule basis purpose question role since until "
#define REPORTS READS "csv since until "

static const struct command {
    const char *group, *verb; /* verb NULL: the group alone */
    size_t least, most;       /* operands after them */
    const char *usage, *options;
    int (*run)(struct officer_session *s);
    const char *line, *more; /* a line for lists; what --help teaches */
} commands[] = {
    { "status", NULL, 0, 0, "", WHERE, command_status,
      "the broker's mode, day, policy, log, gates and streams",
      "example:\n  almoner status --config /etc/almoner/almonerd.conf\n" },
    { "agency", "add", 1, 1, "ID --curve FILE.key --sign FILE.pub", SIGNED "curve sign ",
      command_agency_add, "enrol an agency, or add a key to it",
      "The agency makes both keys itself and hands over the public files only; check them by "
      "telephone.\nIt must also be named in the policy in force. To "
      "replace a key, add the new one, let the agency change over,\nthen revoke the old "
      "one.\n\nexample:\n  almoner agency add northgate-academy --curve "
      "northgate-academy.key --sign northgate-academy.pub \\\n      --officer alice --key "
      "alice.sign\n" },
    { "agency", "list", 0, 0, "", WHERE, command_agency_list, "who is enrolled",
      "example:\n  almoner agency list --json\n" },
    { "agency", "show", 1, 1, "ID", WHERE, command_agency_show,
      "one agency's standing and public keys",
      "example:\n  almoner agency show northgate-academy\n" },
    { "agency", "suspend", 1, 1, "ID --reason TEXT", SIGNED "reason ", command_agency_suspend,
      "refuse everything it sends, from its next message",
      "Takes effect on open connections too. Lifting it needs two officers.\n\nexample:\n  almoner "
      "agency suspend fernhill-advice --reason \"laptop stolen\" "
      "--officer alice --key alice.sign\n" },
    { "agency", "resume", 1, 1, "ID --reason TEXT", SIGNED "reason ", command_agency_resume,
      "lift a suspension (two officers)",
      "example:\n  almoner agency resume fernhill-advice --reason \"keys replaced\" \\\n      "
      "--officer alice --key alice.sign --officer bob --key bob.sign\n" },
    { "agency", "revoke-key", 2, 2, "ID KEY", SIGNED, command_agency_revoke,
      "refuse one of its keys, and cut its connections",
      "KEY is the public key as \"agency show\" prints it, or the file it stands in.\n\nexample:\n "
      " almoner agency revoke-key northgate-academy "
      "northgate-academy-2025.key --officer alice --key alice.sign\n" },
    { "practitioner", "suspend", 2, 2, "AGENCY REF --reason TEXT", SIGNED "reason ",
      command_practitioner_suspend, "refuse what one practitioner asks",
      "REF is the reference that the agency's adapter vouches with.\n\nexample:\n  almoner "
      "practitioner suspend marlham-housing p-0172 --reason \"left the "
      "service\" --officer alice --key alice.sign\n" },
    { "practitioner", "resume", 2, 2, "AGENCY REF --reason TEXT", SIGNED "reason ",
      command_practitioner_resume, "lift that",
      "example:\n  almoner practitioner resume marlham-housing p-0172 --reason \"returned\" "
      "--officer alice --key alice.sign\n" },
    { "officer", "add", 1, 1, "ID --public FILE.pub", SIGNED "public ", command_officer_add,
      "admit an officer (two officers; the first two need none)",
      "The first two officers of a new broker are added without signatures, which the log records "
      "as genesis.\nFrom then on two officers admit a third.\n\n"
      "example:\n  almoner key new sign alice          # on alice's own machine\n  almoner officer "
      "add alice --public alice.pub\n" },
    { "officer", "list", 0, 0, "", WHERE, command_officer_list, "who they are",
      "example:\n  almoner officer list\n" },
    { "officer", "suspend", 1, 1, "ID", SIGNED, command_officer_suspend,
      "end an officer's say (two others)",
      "example:\n  almoner officer suspend carol --officer alice --key alice.sign --officer bob "
      "--key bob.sign\n" },
    { "policy", "check", 1, 1, "PATH", "json help at ", command_policy_check,
      "compile policy text: every error and warning with file and line",
      "PATH is a folder of *.policy files, or one file. Nothing is sent anywhere. Exit 65 when "
      "there are errors or contradictions.\nWarnings: rules that nothing can reach, days without a "
      "legal basis, parts that nothing uses, review dates passed or\nwithin 90 days (of today, or "
      "--at).\n\nexamples:\n  almoner policy check /etc/almoner/policy\n  almoner policy check "
      "draft "
      "--at 2027-10-01 --json\n" },
    { "policy", "activate", 1, 1, "PATH | HASH", SIGNED "acknowledged ", command_policy_activate,
      "put a policy in force, or back in force (two officers)",
      "Where another policy is in force, each group of their difference must be acknowledged: read "
      "\"policy diff --active PATH\", keep it in\na file, and name that file. What is signed is "
      "the "
      "compiled bundle, its hash, the policy it replaces and those groups: both\nofficers can get "
      "the "
      "same hash from the same text with \"policy check\". The hash of an earlier policy goes back "
      "to "
      "it.\n\nexamples:\n  almoner policy diff --active policy >june.diff\n  almoner policy "
      "activate "
      "policy --acknowledged june.diff --officer alice --key alice.sign --officer bob --key "
      "bob.sign\n  almoner policy activate policy --acknowledged june.diff --officer alice --key "
      "alice.sign --save june.change\n  almoner change sign june.change --officer bob --key "
      "bob.sign "
      "    # bob, elsewhere\n  almoner change submit june.change\n" },
    { "policy", "show", 0, 1, "[PATH]", WHERE, command_policy_show,
      "the policy in force, or a folder's as tables",
      "examples:\n  almoner policy show\n  almoner policy show /etc/almoner/policy\n" },
    { "policy", "matrix", 0, 1, "PATH | --active", WHERE CELLS "active csv ", command_policy_matrix,
      "every request that a policy decides, in plain lines",
      "Each combination of who asks, for what, about whom, and what is on file, is in exactly one "
      "line. PATH is a folder or file of policy\ntext, a compiled bundle, or the hash of a bundle "
      "that the broker keeps. Holders in brackets are masked.\n\nexamples:\n  almoner policy "
      "matrix /etc/almoner/policy --purpose early-help\n  almoner policy matrix --active --agency "
      "northgate-academy --csv >cells.csv\n" },
    { "policy", "diff", 1, 2, "A B | --active B", WHERE CELLS "active ", command_policy_diff,
      "every request that two policies decide differently",
      "A is the older. Each group has an id, one worked example, and what was and will be decided. "
      "Exit 0: no difference; 1: differences.\n\nexamples:\n  almoner policy diff "
      "/etc/almoner/policy draft\n  almoner policy diff --active draft --json\n" },
    { "policy", "explain", 0, 1, "--leaf N | PATH | --active",
      READS CELLS "leaf active subject relationship stated shield consent override basis at ",
      command_policy_explain, "one decision, clause by clause, and what would change it",
      "A past decision by its leaf (read as \"audit show\" reads it, and recorded), under the "
      "policy "
      "of its day; or a made-up one: agency,\nrole, purpose and question, the rest as you say. "
      "--at asks what was, or will be, lawful on a day.\n\nexamples:\n  almoner policy explain "
      "--leaf 1042 --officer alice --key alice.sign\n  almoner policy explain /etc/almoner/policy "
      "--agency northgate-academy --role teacher --purpose early-help \\\n      --question "
      "cp-plan-current --consent given --at 2026-05-03\n" },
    { "policy", "test", 1, 4, "PATH [CASES...] [--coverage]", WHERE "coverage ",
      command_policy_test, "cases in text: PASS or FAIL each, and what they reach",
      "Without CASES, all *.cases files in the folder PATH; CASES are files or folders. A case "
      "says "
      "who asks for what, what is on file, and\nwhat must come of it. Exit 1 when one fails, 65 "
      "when "
      "a case cannot be read.\n\nexamples:\n  almoner policy test /etc/almoner/policy --coverage\n "
      " "
      "almoner policy test draft today.cases --json\n" },
    { "policy", "replay", 1, 1, "--since DATE [--until DATE] DRAFT", READS "since until ",
      command_policy_replay, "what a draft would have decided of the requests in the log",
      "Reads clear parts (and is recorded as a reading): flips by agency, purpose and gateway, "
      "with "
      "small numbers suppressed.\n\nexample:\n  almoner policy replay --since 2026-10-01 draft "
      "--officer alice --key alice.sign\n" },
    { "policy", "init", 1, 1, "DIR", "json help ", command_policy_init,
      "a copy of the starter pack, for a new partnership",
      "DIR must not be there yet, or be empty. The agencies in it are examples to replace, and the "
      "law in it is for a lawyer to review.\n\nexample:\n  almoner policy init policy && almoner "
      "policy check policy\n" },
    { "change", "sign", 1, 1, "FILE", SIGNED, command_change_sign,
      "add an officer's signature to a saved change",
      "Prints what is being signed, and for which broker. With --config it refuses a change made "
      "for another broker.\n\nexample:\n  almoner change sign "
      "june.change --officer bob --key bob.sign\n" },
    { "change", "show", 1, 1, "FILE", WHERE, command_change_show,
      "what a saved change would do, and who has signed",
      "example:\n  almoner change show june.change\n" },
    { "change", "submit", 1, 1, "FILE", WHERE, command_change_submit, "submit it once it is signed",
      "A change is good for 24 hours from when it was made.\n\nexample:\n  almoner change submit "
      "june.change\n" },
    { "dead-letters", "list", 0, 0, "", WHERE, command_dead_list,
      "what could not be delivered in time: counts by agency and stream",
      "What they say is not shown, and is nobody's to read but its recipient's.\n\nexample:\n  "
      "almoner dead-letters list\n" },
    { "dead-letters", "requeue", 2, 2, "AGENCY STREAM", SIGNED, command_dead_requeue,
      "put them back, to be delivered now that the agency is there",
      "Oldest first, at most 500 at a time, under new numbers; each is checked again before it is "
      "sent.\n\nexample:\n  almoner dead-letters requeue marlham-hub inbox --officer alice --key "
      "alice.sign\n" },
    { "dispute", "lift", 1, 1, "DISPUTE --reason TEXT", SIGNED "reason ", command_dispute_lift,
      "let parents' consents count again after a dispute (one officer)",
      "DISPUTE is the id in the receipt of the agency that lodged it; \"almoner audit list --event "
      "disputed\" shows it.\n\nexample:\n  almoner dispute lift "
      "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --reason 'the court has made an order' --officer alice "
      "--key alice.sign\n" },
    { "override", "veto", 1, 1, "OVERRIDE --reason TEXT", SIGNED "reason ", command_override_veto,
      "end an override at once (one officer); nobody grants one here",
      "OVERRIDE is the id that its agencies have; \"almoner audit list --event "
      "override-requested\" shows who asked.\n\nexample:\n  almoner override veto "
      "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b --reason 'the mother has agreed' --officer alice "
      "--key alice.sign\n" },
    { "shield", "lift", 1, 1, "SHIELD --reason TEXT", SIGNED "reason ", command_shield_lift,
      "end a shield before its day (two officers)",
      "SHIELD is the id in the owner's receipt.\n\nexample:\n  almoner shield lift "
      "0199f0c2-7d1e-7a55-9a3c-5f0e8a1b2c3d --reason \"moved away, at her wish\" \\\n"
      "      --officer alice --key alice.sign --officer bob --key bob.sign\n" },
    { "hold", "add", 0, 0, "--tokens FILE --reason TEXT [--review DATE]", SIGNED "tokens reason review ",
      command_hold_add, "keep everything about somebody past its clock (a legal hold)",
      "As long as it is in force nothing about them is forgotten or erased: records with any of their tokens, and what the log "
      "holds of them.\nFILE is made by an agency that knows them (\"almoner subject tokens\"), is its owner's alone, and is deleted "
      "afterwards.\nAfter a change of the tokens' key put it again. The reason is kept sealed.\n\nexample:\n  almoner hold add "
      "--tokens isla.tokens --reason \"notice of the inquiry, 21 November\" \\\n      --review 2027-06-30 --officer alice --key "
      "alice.sign\n" },
    { "hold", "list", 0, 0, "", WHERE, command_hold_list, "the holds in force, and those to be reviewed",
      "Whom they are about is not shown.\n\nexample:\n  almoner hold list --json\n" },
    { "hold", "lift", 1, 1, "HOLD --reason TEXT", SIGNED "reason ", command_hold_lift,
      "end a hold (two officers): clocks that ran out meanwhile count",
      "HOLD is the id that \"hold list\" shows.\n\nexample:\n  almoner hold lift 0199f0c2-7d1e-7a55-9a3c-5f0e8a1b2c3d --reason "
      "\"the inquiry is over\" \\\n      --officer alice --key alice.sign --officer bob --key bob.sign\n" },
    { "erase", NULL, 0, 0, "[--also-prohibitions] --tokens FILE --cause WORD --reason TEXT",
      SIGNED "tokens cause reason also-prohibitions ", command_erase,
      "erase a person's records before their time (two officers)",
      "What agencies lodged, what waits about them, and what the log holds of them; a leaf with counts remains, and every proof "
      "of the log stays good.\nRefused under a hold. A refusal, withdrawal, dispute or shield in force stays, unless "
      "--also-prohibitions: it protects them. What agencies keep\nthemselves is theirs to erase. \"almoner retention status\" says "
      "when it is done, and until when backups open it.\n\nexample:\n  almoner erase --tokens isla.tokens --cause objection "
      "--reason \"her letter of 3 May\" \\\n      --officer alice --key alice.sign --save erase.change\n  almoner change sign "
      "erase.change --officer bob --key bob.sign\n  almoner change submit erase.change\n" },
    { "retention", "status", 0, 0, "", WHERE, command_retention_status,
      "the clocks in force, how far the day's run is, until when copies open",
      "example:\n  almoner retention status --config /etc/almoner/almonerd.conf\n" },
    { "retention", "run", 0, 0, "", SIGNED, command_retention_run,
      "once more today: after a hold was lifted, or a clock shortened",
      "The job runs by itself each civil day.\n\nexample:\n  almoner retention run --officer alice --key alice.sign\n" },
    { "exercise", "day", 1, 1, "DATE", SIGNED, command_exercise_day,
      "set the civil day of a rehearsal, forward only",
      "Only in exercise mode; a live broker's day comes from its clock.\n\nexample:\n  almoner "
      "exercise day 2026-05-03 --officer alice --key alice.sign\n" },
    { "explain", NULL, 0, 1, "[REASON]", "json help ", command_explain,
      "what a reason for refusing means, and the way forward",
      "Without REASON, all of them.\n\nexamples:\n  almoner explain not-a-party\n  almoner explain "
      "--json\n" },
    { "stats", NULL, 0, 0, "[--since DATE] [--csv] --until DATE", READS "since until csv ", command_stats,
      "what it all led to: fixed tables up to a day that is over",
      "Outcomes in pilot and control areas, minutes saved, referrals, firings, decisions not to share. "
      "Numbers under 10 are hidden (*), and others where\nthose could be worked out from them; the rest is "
      "rounded to 5. The same days give the same figures whenever they are printed. Reading is "
      "recorded.\n\nexamples:\n  almoner stats --until 2026-06-30\n  almoner stats --since 2026-04-01 "
      "--until 2026-06-30 --csv\n" },
    { "report", "person", 0, 0, "--tokens FILE [--opened]", REPORTS "tokens opened shield-agreed ",
      command_report_person, "everything recorded about one person or home",
      "FILE is made by an agency that knows them (\"almoner subject tokens\"), is its owner's alone, and is deleted "
      "afterwards. \"conflict\" in a row: a number\ndiffers, it may be another person's. With --opened also who asked and what "
      "was answered; while a shield is in force about them that needs\n--shield-agreed, and of a home nothing is opened. That you "
      "read is recorded, and found by the same tokens.\n\nexamples:\n  almoner report person --tokens isla.tokens\n  almoner "
      "report person --tokens isla.tokens --opened --since 2026-01-01 --json >isla.json\n" },
    { "report", "family", 0, 0, "--tokens FILE --safe-contact TEXT [--redact LEAF:WHY:WORDS]...",
      REPORTS "tokens shield-agreed safe-contact redact ", command_report_family,
      "a page for the person or a parent: who asked, why, what was told",
      "In plain language: who asked and when, why and under which law, what was asked and answered or refused, who read the "
      "log, what the family\nsays, and their rights. Nobody of another agency, no case and nothing that others wrote stands in it; "
      "sensitive services are not named.\nPrint it once, read it, and leave out with --redact (its number stands in brackets) what "
      "is about somebody else, or would bring serious harm:\nthe first is said to be left out, of the second the page shows "
      "nothing. --safe-contact says who confirmed how the family is reached safely.\nAll of it is recorded.\n\nexample:\n  almoner "
      "report family --tokens isla.tokens --safe-contact \"her key worker, 21 November\" \\\n      --redact '1042:third-party:"
      "about her brother' >isla.txt\n" },
    { "report", "practitioner", 2, 2, "AGENCY REF [--opened]", REPORTS "opened ",
      command_report_practitioner, "everything that one practitioner did",
      "REF is the reference that the agency's adapter vouches with; the log finds it, and shows it to nobody.\n\nexample:\n  "
      "almoner report practitioner marlham-housing p-0172 --since 2026-05-01\n" },
    { "report", "overrides", 0, 0, "[FILTERS]", REPORTS "opened agency basis purpose question role ", command_report,
      "overrides as they stand, those to be reviewed among them",
      "States: waiting, refused, vetoed, in-force, to-review, overdue, reviewed.\n\nexample:\n  almoner report overrides "
      "--since 2026-05-01 --csv\n" },
    { "report", "refusals", 0, 0, "[FILTERS]", READS "csv " FILTERS, command_report,
      "refusals by reason, and how they were told",
      "Counted in the period and for the agency, purpose, rule, ... that you name.\n\nexample:\n  almoner report refusals "
      "--since 2026-05-01 --agency northgate-academy\n" },
    { "report", "self-claimed", 0, 0, "[--opened] [FILTERS]", READS "csv opened " FILTERS, command_report,
      "questions for a reason that the asker's own rows do not show",
      "With --opened the practitioner, the case and the reason they gave, which may name somebody.\n\nexample:\n  almoner report "
      "self-claimed --since 2026-05-01 --opened\n" },
    { "report", "out-of-hours", 0, 0, "[--opened] [FILTERS]", READS "csv opened " FILTERS, command_report,
      "questions outside the policy's office hours",
      "By the broker's civil time and the policy in force; bank holidays are not in it.\n\nexample:\n  almoner report out-of-hours "
      "--since 2026-05-01 --agency marlham-housing\n" },
    { "report", "sample", 0, 0, "[--each N] [--opened] [FILTERS]", READS "csv opened each " FILTERS, command_report,
      "a few permitted questions of each agency, to be justified again",
      "Drawn by lot anew each time: nobody can know beforehand which, and nobody can choose. Send each agency its own, by "
      "message and case.\n\nexample:\n  almoner report sample --each 5 --since 2026-05-01 --until 2026-05-31 --opened --csv\n" },
    { "report", "unanswered", 0, 0, "[FILTERS]", READS "csv " FILTERS, command_report,
      "permitted questions never answered, and holders that said nothing",
      "\"never\": no answer is on record, nor why there is none; it may still be under way, or be answered by hand.\n\nexample:\n  "
      "almoner report unanswered --since 2026-05-01\n" },
    { "report", "protocols", 0, 1, "[PATH] [--until DATE]", WHERE "csv until at ", command_report_protocols,
      "protocols to be reviewed, or ending, up to a day (90 days from now)",
      "Of the policy in force, or of policy text in PATH. Reads no log.\n\nexamples:\n  almoner report protocols\n  almoner report "
      "protocols /etc/almoner/policy --until 2027-03-31 --csv\n" },
    { "audit", "recalls", 0, 0, "", WHERE, command_audit_recalls,
      "answers that were taken back, who heard, and who owes a word",
      "Corrections, consents that ended and statements of families: how many agencies were told, have said what they did, are "
      "late, and which.\nOne that left cannot be told by the broker: write to it.\n\nexample:\n  almoner audit recalls --json\n" },
    { "audit", "witnesses", 0, 0, "", WHERE, command_audit_witnesses,
      "who has signed which head of the log, and when",
      "The policy names them (witnesses). One that is away for long, or in trouble, is to be telephoned before sharing stops.\n\nexample:\n  "
      "almoner audit witnesses --json\n" },
    { "audit", "tail", 0, 0, "[-n N] [--follow]", READS FILTERS "lines follow ", command_audit_tail,
      "the newest leaves",
      "Reading is recorded: a leaf says which officer read what, before the first row comes. Rows "
      "hold no names, tokens or keys of people.\n\nexamples:\n  "
      "almoner audit tail -n 50\n  almoner audit tail --follow --event refused\n  almoner audit "
      "tail --agency marlham-housing --since 2026-05-01\n" },
    { "audit", "list", 0, 0, "[--from LEAF] [--count N]", READS FILTERS "from count ",
      command_audit_list, "leaves in order, from one on",
      "example:\n  almoner audit list --from 1000 --count 500 --json\n" },
    { "audit", "show", 1, 1, "LEAF", READS, command_audit_show, "one leaf's clear part in full",
      "example:\n  almoner audit show 1042\n" },
    { "audit", "export", 1, 1, "[--format lines|tiles] FILE", READS "format ", command_audit_export,
      "everything up to the signed head, to verify elsewhere",
      "Lines of JSON with the exact octets; what is sealed stays sealed. With --format tiles a "
      "folder of tiles, entries and records (C2SP tlog-tiles),\nin which \"audit verify\" names the "
      "first bad leaf. It is made as FILE.partial, and an export that was interrupted is gone "
      "on\nwith by the same command.\n\nexamples:\n  almoner audit export 2026-06.export\n  almoner "
      "audit export --format tiles 2026-06.tiles\n" },
    { "audit", "prove", 1, 1, "--export FILE [--vkey FILE] LEAF", "config vkey export json help ",
      command_audit_prove, "that one leaf is in the log, for somebody who has nothing else of it",
      "Needs an export in tiles. Prints JSON: the leaf's clear part and entry, the hashes of its "
      "inclusion proof (RFC 9162) in base64, and the\nsigned head. What is printed names agencies "
      "and a question, and nobody.\n\nexample:\n  almoner audit prove 1042 --export 2026-06.tiles "
      "--vkey marlham.vkey\n" },
    { "tokens", "status", 0, 0, "", WHERE, command_tokens_status,
      "how far a change of the tokens' key is, and whom to call",
      "Of each agency: which of its records have tokens of the key to come, when it was last seen, "
      "and what is to be done next.\nThe policy that makes that key the current one is refused "
      "while a refusal, withdrawal, dispute, shield or concern that\ncounts has none. Counts only: "
      "the broker does not know whom a record is about.\n\nexample:\n  almoner tokens status "
      "--config /etc/almoner/almonerd.conf\n" },
    { "audit", "verify", 0, 0, "[--vkey FILE] [--export FILE] [--head FILE [--head-vkey FILE]] [--witness KEY ... [--witnesses N]]",
      READS "vkey export head head-vkey witness witnesses ",
      command_audit_verify, "prove that no record is missing or altered",
      "Every leaf's hash is computed again from its octets, the root from the leaves, and the "
      "head's signature checked with the\nverifier key. Get audit.vkey "
      "from the broker's operator by another way than the log; without --vkey the key is taken "
      "from\nthe configuration's keys_dir. With --head also that the log continues a head that you kept: "
      "whoever can sign may rewrite a log, but not\nso that it fits that. Exit 65 when anything does "
      "not fit. With --witness also that these agencies have signed the head, with when: one of them that is honest "
      "signs no log that was\naltered, cut short or written anew since it first saw it. A log that was begun anew from a backup begins with the leaves of another origin: a head "
      "kept from\nthat one is checked with --head and --head-vkey, its own verifier key; one of more leaves than the backup had does not fit.\n\nexamples:\n  almoner audit verify --vkey marlham.vkey\n  almoner audit verify "
      "--export 2026-06.export --vkey marlham.vkey\n  almoner audit verify --export 2026-07.tiles "
      "--head 2026-06.tiles/checkpoint --vkey marlham.vkey\n  almoner audit verify --export 2026-07.tiles --vkey marlham.vkey "
      "--witness health.vkey --witness schools.vkey --witnesses 1\n" },
    { "backup", "key", 2, 2, "new|destroy FILE [--days N]", "days json help ", command_backup_key,
      "make the pair of keys that backups are sealed to; destroy one",
      "\"new\" writes FILE, which opens backups and belongs where neither broker nor backups are, and "
      "FILE.pub.\nThe pair has a last day: 35 days from now, or --days. The policy in force bounds it "
      "(retention: backup_days),\nbecause a backup opens what was erased since. \"destroy\" overwrites "
      "FILE and removes it: nothing opens the\nbackups that were sealed to it any more.\n\nexamples:\n  "
      "almoner backup key new /media/safe/2026-11.backup --days 35\n  almoner backup key destroy "
      "/media/safe/2026-10.backup\n" },
    { "backup", NULL, 1, 1, "OUT --to FILE.pub", READS "to ", command_backup,
      "everything that the broker keeps, sealed to one key, while it runs",
      "The reader streams one moment of the store, as a reading that is itself a leaf. OUT appears when "
      "it is whole and on disk;\nuntil then it is OUT.partial. store.key and audit.key are not in it: keep "
      "copies of them elsewhere. To check it: almoner restore\n--check.\n\nexample:\n  almoner backup "
      "/backup/marlham-2026-11-22.almoner --to 2026-11.backup.pub --officer alice --key alice.sign\n" },
};

static void print_usage(FILE *to, const struct command *c)
{
    (void)fprintf(to, "usage: almoner %s%s%s%s%s\n", c->group, c->verb ? " " : "",
                  c->verb ? c->verb : "", *c->usage ? " " : "", c->usage);
}

static int command_help(const struct command *c)
{
    (void)printf("almoner %s%s%s - %s\n\n", c->group, c->verb ? " " : "", c->verb ? c->verb : "",
                 c->line);
    print_usage(stdout, c);
    (void)putchar('\n');
    args_help(c->options);
    if (*c->more)
        (void)printf("\n%s", c->more);
    return 0;
}

static int group_help(FILE *to, const char *group, int code)
{
    for (size_t i = 0; i < ALM_LEN(commands); i++) {
        char name[160];

        if (group && strcmp(group, commands[i].group))
            continue;
        (void)snprintf(name, sizeof(name), "%s%s%s %s", commands[i].group,
                       commands[i].verb ? " " : "", commands[i].verb ? commands[i].verb : "",
                       commands[i].usage);
        /* A long one has its words on the next line, under those of the others. */
        (void)fprintf(to, "  almoner %-52s", name);
        (void)fprintf(to, strlen(name) > 52 ? "\n%62s %s\n" : "%s %s\n", "", commands[i].line);
    }
    (void)fprintf(to, "\nEach has --help with examples, and --json. --config FILE (or "
                      "$ALMONER_CONFIG) says where the broker is.\n");
    return code;
}

static const struct command *command_find(const struct args *a)
{
    for (size_t i = 0; i < ALM_LEN(commands); i++)
        if (!strcmp(commands[i].group, a->operands[0]) &&
            (!commands[i].verb || (a->n_operands > 1 && !strcmp(commands[i].verb, a->operands[1]))))
            return &commands[i];
    return NULL;
}

static int command_unknown(const struct args *a)
{
    bool group = false;

    for (size_t i = 0; i < ALM_LEN(commands); i++)
        group |= !strcmp(commands[i].group, a->operands[0]);
    if (a->n_operands > 1)
        (void)fprintf(stderr, "almoner: there is no \"%.30s %.30s\"; there are:\n", a->operands[0],
                      a->operands[1]);
    else
        (void)fprintf(stderr, "almoner %.30s: which of these?\n", a->operands[0]);
    return group_help(stderr, group ? a->operands[0] : NULL, EX_USAGE);
}

static int command_check(const struct command *c, const struct args *a)
{
    size_t words = c->verb ? 2 : 1;
    const char *odd = args_not_in(a, c->options);

    if (odd) {
        (void)fprintf(stderr, "almoner %s%s%s takes no --%s\n", c->group, c->verb ? " " : "",
                      c->verb ? c->verb : "", odd);
        print_usage(stderr, c);
        return EX_USAGE;
    }
    if (a->n_operands - words >= c->least && a->n_operands - words <= c->most)
        return 0;
    print_usage(stderr, c);
    return EX_USAGE;
}

static int command_run(const struct command *c, struct args *a)
{
    struct officer_session s;
    char name[64];
    int rc = command_check(c, a);

    if (rc)
        return rc;
    (void)snprintf(name, sizeof(name), "%s%s%s", c->group, c->verb ? " " : "",
                   c->verb ? c->verb : "");
    if (!strstr(c->options, "config"))
        a->config = NULL; /* from the environment: no business of a command that asks no broker */
    if (crypto_init()) {
        (void)fprintf(stderr, "almoner: the cryptographic library does not work\n");
        return EX_SOFTWARE;
    }
    rc = session_init(&s, a, name);
    if (!rc)
        rc = c->run(&s);
    if (fflush(stdout) && !rc)
        rc = officer_fail(&s, EX_IOERR, "the output cannot be written");
    return rc;
}

static int officer_run(int argc, char **argv)
{
    const struct command *c;
    struct args a;
    int rc;

    if (process_private()) {
        (void)fputs("almoner: cannot keep core files and other processes out\n", stderr);
        return EX_OSERR;
    }
    rc = args_read(argc, argv, &a);
    if (rc)
        return rc;
    if (!a.n_operands)
        return group_help(a.help ? stdout : stderr, NULL, a.help ? 0 : EX_USAGE);
    c = command_find(&a);
    if (a.help)
        return c ? command_help(c) : group_help(stdout, a.operands[0], 0);
    return c ? command_run(c, &a) : command_unknown(&a);
}

/* A program that asked for JSON gets it however its command ended, also where the options themselves
 * were wrong. */
int main(int argc, char **argv)
{
    bool json = false;
    int rc;

    for (int i = 1; i < argc; i++)
        json = json || !strcmp(argv[i], "--json");
    rc = officer_run(argc, argv);
    if (rc && json)
        print_failure(rc, "not done; standard error says why, and --help how it is done");
    return rc;
}
