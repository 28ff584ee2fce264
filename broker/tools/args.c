/* SPDX-License-Identifier: Apache-2.0 */
/* args.c - parsing of options by table. */
#include "args.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum kind { A_TEXT, A_FLAG, A_NUMBER, A_OFFICER, A_KEY, A_WITNESS, A_REDACT };
static const struct row {
    const char *name, *value;
    enum kind kind;
    size_t offset;
    const char *help;
} rows[] = {
    { "config", "FILE", A_TEXT, offsetof(struct args, config),
      "almonerd's configuration, to find its sockets (else $ALMONER_CONFIG)" },
    { "control", "PATH", A_TEXT, offsetof(struct args, control), "the control socket itself" },
    { "officers", "PATH", A_TEXT, offsetof(struct args, officers), "the officers' socket itself" },
    { "officer", "ID", A_OFFICER, 0,
      "who signs; repeat with a --key each (else $ALMONER_OFFICER)" },
    { "key", "FILE.sign", A_KEY, 0, "that officer's signing key (else $ALMONER_OFFICER_KEY)" },
    { "save", "FILE", A_TEXT, offsetof(struct args, save),
      "do not submit: keep the signed change, for another officer's signature" },
    { "reason", "TEXT", A_TEXT, offsetof(struct args, reason), "why, which is recorded; where the log is read: only this reason for refusing" },
    { "curve", "FILE.key", A_TEXT, offsetof(struct args, curve),
      "the agency's public CURVE certificate" },
    { "sign", "FILE.pub", A_TEXT, offsetof(struct args, sign), "the agency's public signing key" },
    { "public", "FILE.pub", A_TEXT, offsetof(struct args, public_file),
      "the officer's public signing key" },
    { "vkey", "FILE", A_TEXT, offsetof(struct args, vkey),
      "the log's verifier key (audit.vkey), got from its operator by another way" },
    { "witness", "KEY", A_WITNESS, 0,
      "a witness's verifier key, or a file with it, got from that agency: the head must have its line; repeat" },
    { "witnesses", "N", A_NUMBER, offsetof(struct args, witnesses), "so many of them are enough (all)" },
    { "export", "FILE", A_TEXT, offsetof(struct args, input),
      "this export (a file, or a folder of tiles) instead of the live log" },
    { "head", "FILE", A_TEXT, offsetof(struct args, head),
      "a signed head kept from earlier (the checkpoint of an export): the log must continue it" },
    { "head-vkey", "FILE", A_TEXT, offsetof(struct args, head_vkey),
      "with --head: the verifier key of the log's origin before, where it was begun anew from a backup" },
    { "format", "WORD", A_TEXT, offsetof(struct args, format),
      "lines (default: one file) or tiles (a folder: larger logs, can be gone on with)" },
    { "lines", "N", A_NUMBER, offsetof(struct args, n), "how many (also -n N)" },
    { "from", "LEAF", A_NUMBER, offsetof(struct args, from), "the first leaf" },
    { "count", "N", A_NUMBER, offsetof(struct args, count), "how many leaves" },
    { "agency", "ID", A_TEXT, offsetof(struct args, agency), "only this agency's" },
    { "role", "ID", A_TEXT, offsetof(struct args, role), "only this role" },
    { "purpose", "ID", A_TEXT, offsetof(struct args, purpose), "only this purpose" },
    { "question", "ID", A_TEXT, offsetof(struct args, question),
      "only this question, or who-is-involved" },
    { "subject", "WORD", A_TEXT, offsetof(struct args, subject),
      "person (default), unborn or household" },
    { "relationship", "WORD", A_TEXT, offsetof(struct args, relationship),
      "the asker's, e.g. none, involved (default), ended, referral" },
    { "stated", "WORD", A_TEXT, offsetof(struct args, stated),
      "what the request states, e.g. nothing (default), para18, everything" },
    { "consent", "WORD", A_TEXT, offsetof(struct args, consent),
      "what is on file, e.g. none (default), given, refused, withdrawn" },
    { "shield", "WORD", A_TEXT, offsetof(struct args, shield),
      "none (default), 1 or location, 2 or identity, 3 or existence" },
    { "override", "WORD", A_TEXT, offsetof(struct args, override),
      "none (default), approved:GATEWAY or alone:GATEWAY" },
    { "basis", "GATEWAY", A_TEXT, offsetof(struct args, basis), "the legal basis that it claims" },
    { "at", "DATE", A_TEXT, offsetof(struct args, at), "the civil day (default: today)" },
    { "acknowledged", "FILE", A_TEXT, offsetof(struct args, acknowledged),
      "the groups of \"policy diff\" that you agree to" },
    { "leaf", "N", A_NUMBER, offsetof(struct args, leaf), "the decision that this leaf records" },
    { "to", "FILE.pub", A_TEXT, offsetof(struct args, to),
      "whom a backup is sealed to: the public half of \"almoner backup key new\"" },
    { "days", "N", A_NUMBER, offsetof(struct args, days), "for how many days it is to be kept" },
    { "active", NULL, A_FLAG, offsetof(struct args, active), "the policy in force at the broker" },
    { "csv", NULL, A_FLAG, offsetof(struct args, csv), "for spreadsheets" },
    { "coverage", NULL, A_FLAG, offsetof(struct args, coverage),
      "which rules and reasons the cases reached" },
    { "event", "WORD", A_TEXT, offsetof(struct args, event),
      "only this event, e.g. refused, disclosed, withdrawn" },
    { "since", "DATE", A_TEXT, offsetof(struct args, since), "only from this civil day" },
    { "until", "DATE", A_TEXT, offsetof(struct args, until), "only up to this civil day" },
    { "follow", NULL, A_FLAG, offsetof(struct args, follow),
      "go on as leaves are added, until ^C" },
    { "json", NULL, A_FLAG, offsetof(struct args, json), "for programs" },
    { "tokens", "FILE", A_TEXT, offsetof(struct args, tokens),
      "whom it is about: match tokens that an agency made (almoner subject tokens)" },
    { "rule", "ID", A_TEXT, offsetof(struct args, rule), "only what this rule decided" },
    { "opened", NULL, A_FLAG, offsetof(struct args, opened),
      "with what the sealed parts say: who asked, and of one person what was answered" },
    { "shield-agreed", "ID", A_TEXT, offsetof(struct args, shield_agreed),
      "who agreed that a shielded person's records are opened; recorded" },
    { "safe-contact", "TEXT", A_TEXT, offsetof(struct args, safe_contact),
      "who confirmed how the family is reached safely; recorded, not printed" },
    { "redact", "LEAF:WHY:WORDS", A_REDACT, 0,
      "leave an entry out, WHY being third-party or serious-harm; WORDS are recorded; repeat" },
    { "each", "N", A_NUMBER, offsetof(struct args, each), "so many of each agency (5)" },
    { "cause", "WORD", A_TEXT, offsetof(struct args, cause),
      "the ground: not-needed, consent-withdrawn, objection, unlawful, legal-obligation" },
    { "review", "DATE", A_TEXT, offsetof(struct args, review),
      "when to look whether the hold is still needed (in a year)" },
    { "also-prohibitions", NULL, A_FLAG, offsetof(struct args, also_prohibitions),
      "refusals, withdrawals, disputes and shields in force too" },
    { "help", NULL, A_FLAG, offsetof(struct args, help), "this" },
};
#define N_ROWS   ALM_LEN(rows)
_Static_assert(ALM_LEN(rows) <= ARGS_ROWS_MAX, "the table of options is longer than what is kept of it");
#define ROW_BASE 256

static int args_fail(const char *text, const char *what)
{
    (void)fprintf(stderr, "almoner: --%s %s\n", what, text);
    return EX_USAGE;
}

static int args_number(const char *name, const char *text, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoll(text, &end, 10);
    if (errno || end == text || *end || *out < 0 || *text == ' ' || *text == '+')
        return args_fail("takes a whole number, 0 or more", name);
    return 0;
}

static int args_set(struct args *a, const struct row *r, const char *value)
{
    bool *given = &a->given[r - rows];
    char *at = (char *)a + r->offset;

    if (r->kind == A_OFFICER || r->kind == A_KEY) {
        size_t *n = r->kind == A_OFFICER ? &a->n_officers : &a->n_keys;

        if (*n == ARGS_SIGNERS_MAX)
            return args_fail("was given more often than four times", r->name);
        if (r->kind == A_OFFICER)
            a->officer[(*n)++] = value;
        else
            a->key[(*n)++] = value;
        *given = true;
        return 0;
    }
    if (r->kind == A_REDACT) {
        if (a->n_redact == ARGS_REDACT_MAX)
            return args_fail("was given more often than 200 times", r->name);
        a->redact[a->n_redact++] = value;
        *given = true;
        return 0;
    }
    if (r->kind == A_WITNESS) {
        if (a->n_witness == ARGS_WITNESSES_MAX)
            return args_fail("was given more often than 16 times", r->name);
        a->witness[a->n_witness++] = value;
        *given = true;
        return 0;
    }
    if (*given && r->kind != A_FLAG)
        return args_fail("was given twice", r->name);
    *given = true;
    if (r->kind == A_NUMBER)
        return args_number(r->name, value, (int64_t *)(void *)at);
    if (r->kind == A_FLAG)
        *(bool *)at = true;
    else
        *(const char **)(void *)at = value;
    return 0;
}

static int args_pairs(struct args *a)
{
    const char *officer = getenv("ALMONER_OFFICER"), *key = getenv("ALMONER_OFFICER_KEY");

    if (!a->config)
        a->config = getenv("ALMONER_CONFIG");
    if (!a->n_officers && !a->n_keys && officer && key && *officer && *key) {
        a->officer[a->n_officers++] = officer;
        a->key[a->n_keys++] = key;
    }
    if (a->n_officers == a->n_keys)
        return 0;
    (void)fprintf(stderr,
                  "almoner: each --officer ID needs its --key FILE: %zu and %zu were given\n",
                  a->n_officers, a->n_keys);
    return EX_USAGE;
}

int args_read(int argc, char **argv, struct args *out)
{
    struct option options[N_ROWS + 1] = { { 0 } };
    char name[] = "almoner";
    int c, rc;

    for (size_t i = 0; i < N_ROWS; i++)
        options[i] =
            (struct option){ rows[i].name, rows[i].kind == A_FLAG ? no_argument : required_argument,
                             NULL, ROW_BASE + (int)i };
    *out = (struct args){ .witnesses = -1, .n = -1, .from = -1, .count = -1, .leaf = -1, .each = -1, .days = -1 };
    argv[0] = name; /* for getopt's own messages */
    while ((c = getopt_long(argc, argv, "hn:", options, NULL)) != -1) {
        if (c == 'n' || c == 'h') {
            for (c = ROW_BASE; strcmp(rows[c - ROW_BASE].name, optarg ? "lines" : "help"); c++)
                ;
        } else if (c < ROW_BASE) {
            return EX_USAGE;
        }
        rc = args_set(out, &rows[c - ROW_BASE], optarg);
        if (rc)
            return rc;
    }
    for (; optind < argc; optind++) {
        if (out->n_operands == ARGS_OPERANDS_MAX) {
            (void)fprintf(stderr, "almoner: too many words: \"%.40s\"\n", argv[optind]);
            return EX_USAGE;
        }
        out->operands[out->n_operands++] = argv[optind];
    }
    return out->help ? 0 : args_pairs(out);
}

static bool names_have(const char *names, const char *name)
{
    size_t len = strlen(name);

    for (const char *at = strstr(names, name); at; at = strstr(at + 1, name))
        if ((at == names || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
            return true;
    return false;
}

const char *args_not_in(const struct args *a, const char *names)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (a->given[i] && !names_have(names, rows[i].name))
            return rows[i].name;
    return NULL;
}

void args_help(const char *names)
{
    for (size_t i = 0; i < N_ROWS; i++) {
        char option[40];

        if (!names_have(names, rows[i].name))
            continue;
        (void)snprintf(option, sizeof(option), "--%s%s%s", rows[i].name, rows[i].value ? " " : "",
                       rows[i].value ? rows[i].value : "");
        (void)printf("  %-20s %s\n", option, rows[i].help);
    }
}
