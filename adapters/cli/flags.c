/* SPDX-License-Identifier: Apache-2.0 */
/* flags.c - tables of commands and flags, and the reader that both share. Decides nothing: the
 * adapter checks what is asked. */
#include "cli/flags.h"

#include "base/attr.h"
#include "cli/subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#define TIMEOUT_DEFAULT_MS 10000
#define TIMEOUT_MAX_S      3600

#define SUBJECT_LINE                                                                               \
    "--given Isla --family Example --born 2014-05-14 --home '14 Nowhere Close; ZZ7 8ZA; "          \
    "2016-03-01'"
static const struct command commands[] = {
    { "ask", NULL, CMD_ASK, "ask", "question", true,
      "ask one question of the catalogue about one person or household",
      "  almoner ask cp-plan-current --purpose child-protection --role social-worker "
      "--practitioner sw-17 \\\n"
      "      " SUBJECT_LINE "\n"
      "  almoner ask lives-at --at-home '8 Phantom Road; ZZ7 8ZD' --purpose crime-prevention "
      "--role housing-officer \\\n"
      "      --practitioner h-3 --given Toby --family Example --born 2006-01-02\n" },
    { "who", NULL, CMD_WHO, "who", NULL, false, "ask which services are involved with a person",
      "  almoner who --purpose early-help --role senco --practitioner t-4 --basis consent "
      "--subject isla.json\n" },
    { "questions", NULL, CMD_QUESTIONS, "questions", NULL, false,
      "list what may be asked, and for which purposes", "  almoner questions\n" },
    { "consent", "grant", CMD_GRANT, "consent-grant", NULL, false, "record that somebody agreed",
      "  almoner consent grant --purpose early-help --capacity parent --holds-responsibility "
      "--giver-ref p-204 \\\n"
      "      --recipients larchmoor-infants --sources '*' --expires-on 2027-05-31 --practitioner "
      "t-4 \\\n"
      "      " SUBJECT_LINE "\n" },
    { "consent", "refuse", CMD_REFUSE, "consent-refuse", NULL, false,
      "record that somebody refused",
      "  almoner consent refuse --purpose early-help --capacity self --recipients '*' --sources "
      "'*' --practitioner t-4 --subject kit.json\n" },
    { "consent", "not-possible", CMD_NOT_POSSIBLE, "consent-not-possible", NULL, false,
      "record that somebody was to be asked and could not be: it gives nothing and blocks nothing",
      "  almoner consent not-possible --purpose early-help --why not-reached --practitioner t-4 "
      "--subject kit.json\n" },
    { "consent", "dispute", CMD_DISPUTE, "consent-dispute", NULL, false,
      "record that holders of parental responsibility disagree: parents' consents stop until an "
      "officer lifts it",
      "  almoner consent dispute --purpose early-help --practitioner t-4 --subject kit.json\n" },
    { "consent", "withdraw", CMD_WITHDRAW, "consent-withdraw", "consent", false,
      "record that a consent was withdrawn",
      "  almoner consent withdraw 0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b --practitioner t-4\n"
      "  almoner consent withdraw --purpose early-help --practitioner t-4 --subject kit.json    # "
      "every earlier one\n" },
    { "consent", "change", CMD_CHANGE, "consent-change", "consent", true,
      "record that the giver's status ends",
      "  almoner consent change 0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b --able-until 2026-11-30\n" },
    { "consent", "receipt", CMD_RECEIPT, "consent-receipt", "consent", true,
      "a receipt of a consent that this agency recorded; --fhir: as a FHIR R4 Consent",
      "  almoner consent receipt 0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b --fhir > consent.json\n" },
    { "consent", "list", CMD_LIST, "consent-list", NULL, false,
      "list the consents that this agency recorded", "  almoner consent list\n" },
    { "shield", NULL, CMD_SHIELD, "shield", NULL, false,
      "protect somebody's whereabouts, identity or existence",
      "  almoner shield --level location --from 2026-11-22 --reason 'fled violence' --practitioner "
      "sw-17 --subject nora.json\n" },
    { "override", "request", CMD_OVERRIDE, "override-request", "question", false,
      "ask to have one exact question answered without consent; without a question: who is "
      "involved",
      "  almoner override request truancy --purpose early-help --basis children-act-s47 --role "
      "social-worker \\\n"
      "      --practitioner sw-17 --para18 would-prejudice --harm neglect --likelihood likely "
      "--immediacy now \\\n"
      "      --told not-safe --not-told 'the father would move the child' --necessity 'no record "
      "of "
      "ours tells' \\\n"
      "      --proportionality 'one question, of the schools' --hours 24 --no-part --subject "
      "isla.json\n"
      "\nNames nobody in its texts: the approver reads them. Somebody senior in another agency "
      "(the "
      "hub, or one that\nwould answer) approves it; then ask, as usual: almoner ask. In immediate "
      "danger, where the policy says so,\n--immediate-danger lets you ask at once, and somebody "
      "else "
      "reviews it within 24 hours.\n" },
    { "override", "approve", CMD_APPROVE, "override-approve", "override", true,
      "approve another agency's override: show it first",
      "  almoner override approve 0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b --senior --no-part "
      "--practitioner dc-4 \\\n      --reason 'I spoke to her: it cannot wait'\n" },
    { "override", "refuse", CMD_DISAPPROVE, "override-refuse", "override", true,
      "refuse an override, or take your agency's approval back",
      "  almoner override refuse 0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b --practitioner dc-4 --reason "
      "'the mother can be asked'\n" },
    { "override", "review", CMD_REVIEW, "override-review", "override", true,
      "say afterwards whether an override was justified; by a third person",
      "  almoner override review 0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b --finding justified "
      "--no-part "
      "--practitioner m-2 \\\n      --reason 'the danger was real'\n" },
    { "override", "list", CMD_OVERRIDES, "override-list", NULL, false,
      "overrides of this agency that somebody must review, and by when",
      "  almoner override list --practitioner sw-17\n" },
    { "override", "show", CMD_SHOW, "override-show", "override", true,
      "how an override stands, and its reasons",
      "  almoner override show 0193f1c2-7d10-7a44-9c1e-3f1d2b4c5a6b --practitioner dc-4\n" },
    { "status", NULL, CMD_STATUS, "status", NULL, false,
      "is the adapter connected, and what waits in its outbox?",
      "  almoner status --wait-connected --timeout 30\n" },
    { "subject", NULL, CMD_SUBJECT, "subject", NULL, false,
      "what this agency's own rows know of a person; nothing is sent",
      "  almoner subject " SUBJECT_LINE "\n" },
};

#define CMD_ALL     (~0u)
#define CMD_GIVEN   (CMD_GRANT | CMD_REFUSE)
#define CMD_CONSENT (CMD_GIVEN | CMD_NOT_POSSIBLE)
#define CMD_LODGE   (CMD_CONSENT | CMD_DISPUTE | CMD_WITHDRAW | CMD_CHANGE | CMD_SHIELD)
#define CMD_QUERY   (CMD_ASK | CMD_WHO)
#define CMD_ACT     (CMD_QUERY | CMD_LODGE | CMD_LIST | CMD_RECEIPT | CMD_SUBJECT | CMD_PRACTICE)
#define CMD_STEP                                                                                   \
    (CMD_OVERRIDE | CMD_APPROVE | CMD_DISAPPROVE | CMD_REVIEW | CMD_SHOW | CMD_OVERRIDES)
#define CMD_PERSON                                                                                 \
    (CMD_OVERRIDE | CMD_QUERY | CMD_CONSENT | CMD_DISPUTE | CMD_WITHDRAW | CMD_SHIELD |            \
     CMD_SUBJECT | CMD_OF_PERSON)
#define CMD_PLACE (CMD_ASK | CMD_SUBJECT | CMD_OF_HOME)

/* clang-format off: a table, one row a line */
static const struct flag flags[] = {
    { "--purpose", "purpose", FLAG_TEXT, CMD_ACT | CMD_OVERRIDE, "ID",
      "why: see `almoner questions`" },
    { "--role", "role", FLAG_TEXT, CMD_ACT | CMD_STEP, "ID", "the practitioner's role" },
    { "--practitioner", "practitioner", FLAG_TEXT, CMD_ACT | CMD_STEP, "REF",
      "who asks or records; default $ALMONER_PRACTITIONER" },
    { "--login", "login", FLAG_TEXT, CMD_ACT | CMD_STEP, "HOW",
      "password (default), two-factor or smartcard" },
    { "--basis", "basis", FLAG_TEXT, CMD_ACT | CMD_OVERRIDE, "ID",
      "the lawful basis claimed: a gateway, or consent" },
    { "--case", "case", FLAG_TEXT, CMD_ACT | CMD_STEP, "REF", "this agency's case reference" },
    { "--given", "given_name", FLAG_PERSON_TEXT, CMD_PERSON, "NAME", "given name" },
    { "--family", "family_name", FLAG_PERSON_TEXT, CMD_PERSON, "NAME", "family name" },
    { "--born", "date_of_birth", FLAG_PERSON_TEXT, CMD_PERSON, "DATE", "birth date, YYYY-MM-DD" },
    { "--nhs", "nhs_number", FLAG_PERSON_TEXT, CMD_PERSON, "NUMBER", "NHS number" },
    { "--upn", "upn", FLAG_PERSON_TEXT, CMD_PERSON, "UPN", "unique pupil number" },
    { "--home", NULL, FLAG_HOME, CMD_PERSON, "HOME",
      "'address; postcode; from; until; ref', repeatable; postcode on may be left out" },
    { "--unborn", "unborn", FLAG_PERSON_YES, CMD_PERSON, NULL,
      "about her unborn child: the names are the mother's" },
    { "--subject", NULL, FLAG_FILE, CMD_PERSON, "FILE",
      "the same as JSON; -: from standard input" },
    { "--household", "household", FLAG_PLACE, CMD_PLACE, "HOME",
      "about a household: 'address; postcode; ref'" },
    { "--at-home", "at_home", FLAG_PLACE, CMD_ASK | CMD_OVERRIDE | CMD_AT_HOME, "HOME",
      "the home that it is about: 'address; postcode; ref'" },
    { "--state", "statements", FLAG_LIST, CMD_QUERY | CMD_STATES, "WORDS",
      "what you state, where the law asks it: para18-reason, public-task-statement, "
      "not-more-detrimental, necessity" },
    { "--referral", "referral", FLAG_TEXT, CMD_ASK, "ID",
      "the referral whose state is asked about; no subject is then needed" },
    { "--self-claimed", "self_claimed", FLAG_TEXT, CMD_QUERY | CMD_CLAIMS, "REASON",
      "a relationship that our rows do not show, and why (it alerts)" },
    { "--capacity", "capacity", FLAG_TEXT, CMD_CONSENT, "WHO",
      "self, gillick, parent, carer-without-pr, local-authority, attorney, deputy or "
      "best-interests" },
    { "--giver-ref", "giver_ref", FLAG_TEXT, CMD_CONSENT, "REF",
      "our reference of who gave it, if not the subject" },
    { "--holds-responsibility", "holds_responsibility", FLAG_YES, CMD_GIVEN, NULL,
      "the parent holds parental responsibility" },
    { "--care-order", "care_order", FLAG_YES, CMD_GIVEN, NULL,
      "local-authority: it holds a care order (not for a child accommodated under s20)" },
    { "--care-from", "care_from", FLAG_TEXT, CMD_GIVEN, "DATE",
      "local-authority: the care order's first day" },
    { "--care-until", "care_until", FLAG_TEXT, CMD_GIVEN, "DATE",
      "local-authority: its last day" },
    { "--own-consent-only", "own_consent_only", FLAG_YES, CMD_GIVEN, NULL,
      "a care leaver, or with a learning disability: to 25 nobody consents for them" },
    { "--competence-by", "competence_by", FLAG_TEXT, CMD_GIVEN, "REF",
      "gillick, best-interests: which professional judged this decision" },
    { "--competence-role", "competence_role", FLAG_TEXT, CMD_GIVEN, "ROLE", "in which role" },
    { "--competence-on", "competence_on", FLAG_TEXT, CMD_GIVEN, "DATE", "on which day" },
    { "--recipients", "recipients", FLAG_LIST, CMD_GIVEN, "IDS", "who may be told: a,b or '*'" },
    { "--sources", "sources", FLAG_LIST, CMD_GIVEN, "IDS",
      "whose records may be used: a,b or '*'" },
    { "--sensitive-sources", "sensitive_sources", FLAG_LIST, CMD_GIVEN, "IDS",
      "sensitive services, one by one" },
    { "--given-on", "given_on", FLAG_TEXT, CMD_CONSENT | CMD_WITHDRAW, "DATE", "default: today" },
    { "--expires-on", "expires_on", FLAG_TEXT, CMD_GIVEN, "DATE", "last day it holds" },
    { "--review-on", "review_on", FLAG_TEXT, CMD_CONSENT | CMD_SHIELD, "DATE",
      "when to look at it again" },
    { "--method", "method", FLAG_TEXT, CMD_CONSENT, "HOW",
      "signed (default), recorded-verbal or digital" },
    { "--wording", "wording", FLAG_TEXT, CMD_CONSENT, "VERSION", "which wording was explained" },
    { "--witness", "witness", FLAG_TEXT, CMD_CONSENT, "REF", "who heard it, if it was spoken" },
    { "--language", "language", FLAG_TEXT, CMD_CONSENT, "TAG", "spoken or written in: en-GB" },
    { "--conditions", "conditions", FLAG_TEXT, CMD_CONSENT, "TEXT",
      "conditions that they made, for people; names nobody" },
    { "--safe-contact", "safe_contact", FLAG_YES, CMD_CONSENT, NULL,
      "they may safely be contacted about this" },
    { "--family-set", "family", FLAG_TEXT, CMD_CONSENT, "ID",
      "personal consents of one family: the same UUIDv7 for each" },
    { "--stage", "stage", FLAG_TEXT, CMD_CONSENT, "N",
      "staged: 1 names and addresses, 2 service by service (--sources names them)" },
    { "--why", "not_possible", FLAG_TEXT, CMD_NOT_POSSIBLE, "WORD",
      "why nobody could be asked: not-reached, unsafe-to-ask, lacks-capacity" },
    { "--fhir", "fhir", FLAG_YES, CMD_RECEIPT, NULL, "as a FHIR R4 Consent, in JSON" },
    { "--on", "on", FLAG_TEXT, CMD_DISPUTE, "DATE", "since when; default: today" },
    { "--able-until", "able_until", FLAG_TEXT, CMD_CHANGE, "DATE",
      "last day on which the giver is able" },
    { "--level", "level", FLAG_TEXT, CMD_SHIELD, "LEVEL", "location, identity or existence" },
    { "--from", "from", FLAG_TEXT, CMD_SHIELD, "DATE", "default: today" },
    { "--until", "until", FLAG_TEXT, CMD_SHIELD, "DATE", "last day; default: open" },
    { "--reason", "reason", FLAG_TEXT, CMD_SHIELD | CMD_APPROVE | CMD_DISAPPROVE | CMD_REVIEW,
      "TEXT", "why; only officers read it" },
    { "--para18", "para18", FLAG_TEXT, CMD_OVERRIDE, "WHY",
      "why without consent: cannot-be-given, cannot-be-obtained or would-prejudice" },
    { "--harm", "harm", FLAG_TEXT, CMD_OVERRIDE, "KIND",
      "neglect, physical, emotional, sexual, exploitation, domestic-abuse or self" },
    { "--likelihood", "likelihood", FLAG_TEXT, CMD_OVERRIDE, "HOW", "possible, likely or certain" },
    { "--immediacy", "immediacy", FLAG_TEXT, CMD_OVERRIDE, "WHEN", "now, days or weeks" },
    { "--told", "told", FLAG_TEXT, CMD_OVERRIDE, "HOW",
      "is the person told: yes, later, not-safe or not-reached" },
    { "--not-told", "not_told", FLAG_TEXT, CMD_OVERRIDE, "TEXT", "why not, unless told" },
    { "--necessity", "necessity", FLAG_TEXT, CMD_OVERRIDE, "TEXT", "why less would not do" },
    { "--proportionality", "proportionality", FLAG_TEXT, CMD_OVERRIDE, "TEXT",
      "why it is no more than the harm warrants" },
    { "--hours", "hours", FLAG_TEXT, CMD_OVERRIDE, "N", "for how long, from its approval" },
    { "--immediate-danger", "immediate_danger", FLAG_YES, CMD_OVERRIDE, NULL,
      "act alone and at once; reviewed within 24 hours" },
    { "--senior", "senior", FLAG_YES, CMD_APPROVE, NULL, "I am senior in my agency" },
    { "--no-part", "no_part", FLAG_YES, CMD_OVERRIDE | CMD_APPROVE | CMD_REVIEW, NULL,
      "I have no part of my own in the matter" },
    { "--finding", "finding", FLAG_TEXT, CMD_REVIEW, "WHAT", "justified or not-justified" },
    { "--id", "id", FLAG_TEXT,
      CMD_LODGES | CMD_LODGE | CMD_OVERRIDE | CMD_APPROVE | CMD_DISAPPROVE | CMD_REVIEW, "UUID",
      "the id that it shall have (UUIDv7): the same command again with it is safe" },
    { "--wait-connected", NULL, FLAG_WAIT_CONNECTED, CMD_STATUS, NULL,
      "wait until the broker has welcomed the adapter" },
    { "--wait-day", NULL, FLAG_WAIT_DAY, CMD_STATUS, "DATE",
      "wait until the broker's day is at least this" },
    { "--wait-sent", NULL, FLAG_WAIT_SENT, CMD_STATUS, NULL, "wait until the outbox is empty" },
    { "--socket", NULL, FLAG_SOCKET, CMD_ALL, "PATH",
      "the adapter's socket; default $ALMONER_SOCKET" },
    { "--timeout", NULL, FLAG_TIMEOUT, CMD_ALL, "S",
      "seconds to wait for the adapter; default 10" },
    { "--json", NULL, FLAG_JSON, CMD_ALL, NULL,
      "one JSON object instead of text, also for errors" },
    { "--help", NULL, FLAG_HELP, CMD_ALL, NULL, "this" },
};
/* clang-format on */

static void help_line(const struct command *c, const char *name)
{
    if (!name || !strcmp(c->name, name))
        (void)printf("  %-11s%-12s %s\n", c->name, c->second ? c->second : "", c->line);
}

/* name: of these alone, as `almoner recall --help` asks; NULL or of none: all. */
static void help_all(const char *name)
{
    bool known = false;

    for (size_t i = 0; name && i < ALM_LEN(commands); i++)
        known = known || !strcmp(commands[i].name, name);
    for (size_t n = 0; name && nouns[n]; n++)
        for (size_t i = 0; i < nouns[n]->n_verbs; i++)
            known = known || !strcmp(nouns[n]->verbs[i].command.name, name);
    if (!known)
        name = NULL;
    (void)puts("usage: almoner COMMAND [options]\n");
    for (size_t i = 0; i < ALM_LEN(commands); i++)
        help_line(&commands[i], name);
    for (size_t n = 0; nouns[n]; n++)
        for (size_t i = 0; i < nouns[n]->n_verbs; i++)
            help_line(&nouns[n]->verbs[i].command, name);
    (void)puts("\nalmoner COMMAND --help explains one. They speak to this agency's adapter.");
}

static void help_flags(const struct flag *of, size_t n, unsigned bits)
{
    for (size_t i = 0; i < n; i++) {
        char left[40];

        if (!(of[i].commands & bits))
            continue;
        (void)snprintf(left, sizeof(left), "%s %s", of[i].name, of[i].value ? of[i].value : "");
        (void)printf("  %-26s %s\n", left, of[i].help);
    }
}

/* The word after a command, as usage shows it: "" none. */
static const char *help_word(const struct command *c, const struct verb *v)
{
    if (!c->positional)
        return "";
    if (v)
        return v->word;
    if (c->bit == CMD_ASK)
        return " QUESTION";
    if (c->bit == CMD_OVERRIDE)
        return " [QUESTION]";
    return c->positional_required ? " ID" : " [ID]";
}

void flags_help(const struct command_line *line)
{
    const struct command *c = line->command;

    if (!c) {
        help_all(line->group);
        return;
    }
    (void)printf("usage: almoner %s%s%s%s%s [options]\n\n%s.\n\n", c->name, c->second ? " " : "",
                 c->second ? c->second : "", line->verb && c->positional ? " " : "",
                 help_word(c, line->verb), c->line);
    if (line->noun)
        help_flags(line->noun->flags, line->noun->n_flags, line->verb->own);
    help_flags(flags, ALM_LEN(flags), c->bit);
    (void)printf("\nFor example:\n%s", c->example);
}

static int wrong(struct command_line *c, int code, const char *what, const char *about)
{
    (void)snprintf(c->wrong, sizeof(c->wrong), "%s%s%s", about ? about : "", about ? ": " : "",
                   what);
    return code;
}

static const struct flag *flag_among(const struct flag *of, size_t n, const char *arg, size_t len)
{
    for (size_t i = 0; i < n; i++) {
        if (strlen(of[i].name) == len && strncmp(of[i].name, arg, len) == 0)
            return &of[i];
    }
    return NULL;
}

/* A noun's own flags stand before those of all. *fits: it goes with the command. */
static const struct flag *flag_find(const struct command_line *c, const char *arg, size_t len,
                                    bool *fits)
{
    const struct flag *f;

    for (size_t i = 0; c->noun && i < c->noun->n_flags; i++) {
        f = flag_among(&c->noun->flags[i], 1, arg, len);
        *fits = true;
        if (f && f->commands & c->verb->own)
            return f;
    }
    f = flag_among(flags, ALM_LEN(flags), arg, len);
    *fits = f && (!c->command || f->commands & c->command->bit);
    return f;
}

static json_t *person_of(struct command_line *c)
{
    json_t *person = json_object_get(c->request, "subject");

    if (person)
        return person;
    person = json_object();
    (void)json_object_set_new(c->request, "subject", person);
    return person;
}

/* "a,b" or "*". */
static json_t *list_of(const char *text)
{
    json_t *list = json_array();

    while (list && *text) {
        size_t len = strcspn(text, ",");

        if (len)
            (void)json_array_append_new(list, json_stringn(text, len));
        text += len + (text[len] ? 1 : 0);
    }
    return list;
}

static int timeout_read(struct command_line *c, const char *value)
{
    char *end;
    double seconds;

    errno = 0;
    seconds = strtod(value, &end);
    if (errno || end == value || *end || !(seconds > 0) || seconds > TIMEOUT_MAX_S)
        return wrong(c, EX_USAGE, "a number of seconds, up to 3600", "--timeout");
    c->timeout_ms = (int)(seconds * 1000);
    return 0;
}

static int flag_set(struct command_line *c, json_t *to, const char *key, json_t *value,
                    const char *name)
{
    if (json_object_get(to, key)) {
        json_decref(value);
        return wrong(c, EX_USAGE, "given twice", name);
    }
    if (!value || json_object_set_new(to, key, value) != 0)
        return wrong(c, EX_DATAERR, "not text in UTF-8", name);
    return 0;
}

static int flag_ours(struct command_line *c, const struct flag *f, const char *value)
{
    switch (f->kind) {
    case FLAG_SOCKET:
        c->socket = value;
        return 0;
    case FLAG_TIMEOUT:
        return timeout_read(c, value);
    case FLAG_WAIT_DAY:
        c->wait_day = value;
        return 0;
    case FLAG_JSON:
        c->json = true;
        return 0;
    case FLAG_HELP:
        c->help = true;
        return 0;
    case FLAG_WAIT_CONNECTED:
        c->wait_connected = true;
        return 0;
    case FLAG_WAIT_SENT:
        c->wait_sent = true;
        return 0;
    default:
        return wrong(c, EX_USAGE, "unknown option", f->name);
    }
}

static int flag_take(struct command_line *c, const struct flag *f, const char *value)
{
    json_t *made = NULL;
    int r;

    switch (f->kind) {
    case FLAG_TEXT:
        return flag_set(c, c->request, f->key, json_string(value), f->name);
    case FLAG_YES:
        return flag_set(c, c->request, f->key, json_true(), f->name);
    case FLAG_LIST:
        return flag_set(c, c->request, f->key, list_of(value), f->name);
    case FLAG_PERSON_TEXT:
        return flag_set(c, person_of(c), f->key, json_string(value), f->name);
    case FLAG_PERSON_YES:
        return flag_set(c, person_of(c), f->key, json_true(), f->name);
    case FLAG_HOME:
        return subject_add_home(person_of(c), value, c->wrong, sizeof(c->wrong));
    case FLAG_PLACE:
        r = subject_place(value, &made, c->wrong, sizeof(c->wrong));
        return r ? r : flag_set(c, c->request, f->key, made, f->name);
    case FLAG_BODY:
        r = subject_text(value, &made, c->wrong, sizeof(c->wrong));
        return r ? r : flag_set(c, c->request, f->key, made, f->name);
    case FLAG_FILE:
        return subject_file(c->request, value, c->wrong, sizeof(c->wrong));
    default:
        return flag_ours(c, f, value);
    }
}

/* One flag at argv[*i], with its value behind '=' or in the next word. */
static int flag_read(int argc, char **argv, int *i, struct command_line *c)
{
    const char *arg = argv[*i], *value = strchr(arg, '=');
    size_t len = value ? (size_t)(value - arg) : strlen(arg);
    bool fits;
    const struct flag *f = flag_find(c, arg, len, &fits);

    if (!f || !fits)
        return wrong(c, EX_USAGE, f ? "does not go with this command" : "unknown option", arg);
    if (!f->value)
        return value ? wrong(c, EX_USAGE, "takes no value", f->name) : flag_take(c, f, NULL);
    if (value)
        return flag_take(c, f, value + 1);
    if (*i + 1 >= argc)
        return wrong(c, EX_USAGE, "needs a value", f->name);
    return flag_take(c, f, argv[++*i]);
}

static bool command_is(const struct command *c, const char *name, const char *second)
{
    if (strcmp(c->name, name) != 0)
        return false;
    return !c->second || (second && strcmp(c->second, second) == 0);
}

/* Nouns' first: their names have two words, where one of ours takes any second. */
static void command_find(struct command_line *out, const char *name, const char *second)
{
    for (size_t n = 0; nouns[n] && !out->command; n++) {
        for (size_t i = 0; i < nouns[n]->n_verbs && !out->command; i++) {
            if (!command_is(&nouns[n]->verbs[i].command, name, second))
                continue;
            out->noun = nouns[n];
            out->verb = &nouns[n]->verbs[i];
            out->command = &out->verb->command;
        }
    }
    for (size_t i = 0; i < ALM_LEN(commands) && !out->command; i++) {
        if (command_is(&commands[i], name, second))
            out->command = &commands[i];
    }
}

/* "say lodge, amend or withdraw": the second words that a first one may have. */
static int command_unknown(struct command_line *c, const char *name)
{
    const struct command *with[32];
    size_t n = 0, at = 0;
    char say[200] = "unknown command";

    for (size_t i = 0; i < ALM_LEN(commands) && n < ALM_LEN(with); i++)
        if (strcmp(commands[i].name, name) == 0)
            with[n++] = &commands[i];
    for (size_t g = 0; nouns[g]; g++)
        for (size_t i = 0; i < nouns[g]->n_verbs && n < ALM_LEN(with); i++)
            if (strcmp(nouns[g]->verbs[i].command.name, name) == 0)
                with[n++] = &nouns[g]->verbs[i].command;
    for (size_t i = 0; i < n && at < sizeof(say); i++)
        at += (size_t)snprintf(say + at, sizeof(say) - at, "%s%s",
                               i == 0       ? "say "
                               : i + 1 == n ? " or "
                                            : ", ",
                               with[i]->second ? with[i]->second : with[i]->name);
    return wrong(c, EX_USAGE, say, name);
}

/* --json and --help count wherever they stand, also when something else is wrong. */
static void flags_look_ahead(int argc, char **argv, struct command_line *c)
{
    for (int i = 1; i < argc; i++) {
        c->json = c->json || strcmp(argv[i], "--json") == 0;
        c->help = c->help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
    }
}

static void flags_defaults(struct command_line *c)
{
    const char *practitioner = getenv("ALMONER_PRACTITIONER");

    if (!c->socket)
        c->socket = getenv("ALMONER_SOCKET");
    if (practitioner && *practitioner && c->command->bit & (CMD_ACT | CMD_STEP) &&
        c->command->bit != CMD_SUBJECT && !json_object_get(c->request, "practitioner"))
        (void)json_object_set_new(c->request, "practitioner", json_string(practitioner));
}

static int flags_words(int argc, char **argv, int first, struct command_line *c)
{
    bool positional = false;

    for (int i = first; i < argc; i++) {
        int r;

        if (argv[i][0] == '-' && argv[i][1] == '-') {
            r = flag_read(argc, argv, &i, c);
        } else if (c->command->positional && !positional) {
            positional = true;
            r = flag_set(c, c->request, c->command->positional, json_string(argv[i]), argv[i]);
        } else {
            r = wrong(c, EX_USAGE, "not understood", argv[i]);
        }
        if (r)
            return r;
    }
    if (c->command->positional_required && !positional)
        return wrong(c, EX_USAGE,
                     c->verb                      ? c->verb->missing
                     : c->command->bit == CMD_ASK ? "say which question: see `almoner questions`"
                     : c->command->bit & CMD_STEP ? "say which override: its id"
                                                  : "say which consent: its id",
                     NULL);
    return 0;
}

int flags_read(int argc, char **argv, struct command_line *out)
{
    int r;

    *out = (struct command_line){ .timeout_ms = TIMEOUT_DEFAULT_MS };
    flags_look_ahead(argc, argv, out);
    if (argc < 2 || argv[1][0] == '-')
        return out->help ? 0 : wrong(out, EX_USAGE, "say what to do: see `almoner --help`", NULL);
    out->group = argv[1];
    command_find(out, argv[1], argc > 2 ? argv[2] : NULL);
    if (out->help)
        return 0;
    if (!out->command)
        return command_unknown(out, argv[1]);
    out->request = json_object();
    if (!out->request ||
        json_object_set_new(out->request, "op", json_string(out->command->op)) != 0)
        return wrong(out, EX_OSERR, "not enough memory", NULL);
    r = flags_words(argc, argv, out->command->second ? 3 : 2, out);
    if (r == 0)
        flags_defaults(out);
    if (r == 0 && out->verb && out->verb->key && !json_object_get(out->request, out->verb->key))
        (void)json_object_set_new(out->request, out->verb->key, json_string(out->verb->value));
    if (r == 0 && !out->socket)
        return wrong(out, EX_USAGE, "say which adapter: --socket PATH, or set ALMONER_SOCKET",
                     NULL);
    return r;
}

void command_line_deinit(struct command_line *c)
{
    json_decref(c->request);
    c->request = NULL;
}
