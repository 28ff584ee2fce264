/* SPDX-License-Identifier: Apache-2.0 */
/* dispatch.c - `almoner CMD ...`: finds the program that CMD belongs to and becomes it. Knows names
 * only: it reads no file, opens no socket and links no library of ours, so that an agency installs
 * its own commands and no others. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#ifndef ALM_LIBEXECDIR
#error "the build says where the commands are installed"
#endif

struct command {
    const char *name;
    const char *second;  /* only with this second word; NULL: whatever follows */
    const char *program; /* in libexec */
    const char *line;    /* for the list */
};
static const char AGENCY[] = "almoner-agency", OFFICER[] = "almoner-officer", KEY[] = "almoner-key",
                  MATCH[] = "almoner-match", DESK[] = "almoner-desk",
                  KEYHOLDER[] = "almoner-keyholder", STORE[] = "almoner-store";

/* In the order of the list that --help prints; of two rows of one name the one with a second word
 * stands first. */
static const struct command commands[] = {
    { "ask", NULL, AGENCY, "ask one question about one person or household" },
    { "who", NULL, AGENCY, "ask which services are involved with somebody" },
    { "questions", NULL, AGENCY, "list what may be asked, and under which purposes" },
    { "consent", NULL, AGENCY, "record, withdraw and list consents and refusals" },
    { "dispute", NULL, OFFICER, "lift a dispute, so that parents' consents count again" },
    { "shield", "lift", OFFICER, "lift a shield (two officers)" },
    { "shield", NULL, AGENCY, "protect somebody's whereabouts, identity or existence" },
    { "override", "veto", OFFICER, "end an override (an officer)" },
    { "override", NULL, AGENCY, "ask for, approve, review and show overrides of consent" },
    { "concern", NULL, AGENCY, "lodge, amend and withdraw concerns, which add up with others'" },
    { "stream", NULL, AGENCY, "follow what is sent to this agency, or a hub's firings" },
    { "firing", NULL, AGENCY, "say that the hub acted on a firing, or that it is over" },
    { "contact", NULL, AGENCY, "ask to be called back by a service that is not named" },
    { "refer", NULL, AGENCY, "send a referral" },
    { "referral", NULL, AGENCY, "list, show, read, accept, reject, ... referrals" },
    { "sealing", NULL, AGENCY, "publish and trust the keys that referrals' texts are sealed to" },
    { "watch", NULL, AGENCY, "step-down: be told if somebody reappears" },
    { "due", NULL, AGENCY, "what has to be decided, and by when" },
    { "service", NULL, AGENCY, "find a service, and ask whether somebody is eligible" },
    { "outcome", NULL, AGENCY, "record what an answer, firing or referral led to" },
    { "not-shared", NULL, AGENCY, "record a decision not to share" },
    { "correction", NULL, AGENCY, "take back an answer of ours that was wrong; see who has acted on that" },
    { "recall", NULL, AGENCY, "what was taken back from this agency, and what it did with it" },
    { "statement", NULL, AGENCY, "lodge what a family says of what is said of them" },
    { "subject", NULL, AGENCY, "what the own index knows a person by" },
    { "witness", NULL, AGENCY, "the head of the broker's log that this agency cosigned" },
    { "status", NULL, AGENCY, "is the adapter (or, with --config, the broker) well?" },
    { "dead-letters", NULL, OFFICER, "see and put back what could not be delivered in time" },
    { "agency", NULL, OFFICER, "enrol agencies; suspend, resume, revoke a key" },
    { "practitioner", NULL, OFFICER, "suspend a practitioner, or lift that" },
    { "officer", NULL, OFFICER, "the officers of information governance" },
    { "policy", NULL, OFFICER, "check, compare, explain, try out and activate policies" },
    { "explain", NULL, OFFICER, "what a reason for refusing means, and the way forward" },
    { "change", NULL, OFFICER, "sign a change that another officer saved, and submit it" },
    { "audit", NULL, OFFICER, "read the log, and verify that nothing in it was altered" },
    { "report", NULL, OFFICER, "reports on the log: a person, a practitioner, overrides, refusals, ..." },
    { "hold", NULL, OFFICER, "keep what is about somebody past its clock: a legal hold" },
    { "erase", NULL, OFFICER, "erase a person's records (two officers)" },
    { "retention", NULL, OFFICER, "how long records are kept, and how far forgetting them is" },
    { "stats", NULL, OFFICER, "what it all led to, in figures that single nobody out" },
    { "backup", NULL, OFFICER, "carry away what the broker keeps, sealed to one key" },
    { "restore", NULL, STORE, "make a backup the store of a stopped broker, or check it" },
    { "fsck", NULL, STORE, "examine a stopped broker's store from end to end" },
    { "exercise", NULL, OFFICER, "set the civil day of a rehearsal" },
    { "tokens", "status", OFFICER, "how far a change of the tokens' key is, and whom to call" },
    { "tokens", "key", KEYHOLDER, "make the key of the oblivious match tokens (key holder)" },
    { "key", NULL, KEY, "make keys, and show their public parts" },
    { "desk", NULL, DESK, "answer other agencies' questions by hand" },
    { "match", NULL, MATCH, "measure on labelled rows how well people are told apart" },
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static bool has_option(char **argv, const char *name)
{
    size_t len = strlen(name);

    for (; *argv && strcmp(*argv, "--"); argv++)
        if (!strncmp(*argv, name, len) && (!(*argv)[len] || (*argv)[len] == '='))
            return true;
    return false;
}

/* `status` is the one word that both an agency and an officer say: options tell whose, then the
 * environment. */
static bool is_broker_status(char **argv)
{
    if (has_option(argv, "--socket"))
        return false;
    if (has_option(argv, "--control") || has_option(argv, "--officers") ||
        has_option(argv, "--config"))
        return true;
    return !getenv("ALMONER_SOCKET") && getenv("ALMONER_CONFIG");
}

static const char *command_program(char **argv)
{
    if (!strcmp(argv[0], "status") && is_broker_status(argv + 1))
        return OFFICER;
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const struct command *c = &commands[i];

        if (strcmp(c->name, argv[0]))
            continue;
        if (!c->second || (argv[1] && !strcmp(c->second, argv[1])))
            return c->program;
    }
    return NULL;
}

/* --- the nearest known word --- */

static size_t least(size_t a, size_t b, size_t c)
{
    size_t ab = a < b ? a : b;

    return ab < c ? ab : c;
}

#define WORD_MAX 32
/* Insertions, deletions, replacements, and two letters that changed places, from a to b; words past
 * WORD_MAX are far from everything. */
static size_t word_distance(const char *a, const char *b)
{
    size_t rows[3][WORD_MAX + 1], n = strlen(b);

    if (strlen(a) > WORD_MAX || n > WORD_MAX)
        return WORD_MAX;
    for (size_t j = 0; j <= n; j++)
        rows[0][j] = j;
    for (size_t i = 1; a[i - 1]; i++) {
        const size_t *above = rows[(i - 1) % 3], *two_above = rows[(i + 1) % 3];
        size_t *row = rows[i % 3];

        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            row[j] = least(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], two_above[j - 2] + 1, WORD_MAX);
        }
    }
    return rows[strlen(a) % 3][n];
}

static const char *command_nearest(const char *word)
{
    const char *best = NULL;
    size_t least_far = 3; /* more than two slips: no guess */

    for (size_t i = 0; i < N_COMMANDS; i++) {
        size_t far = word_distance(word, commands[i].name);

        if (far < least_far && far < strlen(commands[i].name)) {
            least_far = far;
            best = commands[i].name;
        }
    }
    return best;
}

/* --- help --- */

static void print_group(FILE *to, const char *title, const char *program)
{
    (void)fprintf(to, "\n%s\n", title);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        char name[40];

        if (commands[i].program != program)
            continue;
        (void)snprintf(name, sizeof(name), "%s%s%s", commands[i].name,
                       commands[i].second ? " " : "", commands[i].second ? commands[i].second : "");
        (void)fprintf(to, "  %-14s %s\n", name, commands[i].line);
    }
}

static void print_help(FILE *to)
{
    (void)fprintf(
        to, "almoner - agencies ask one another narrow questions, and learn the lawful minimum\n\n"
            "usage: almoner COMMAND ...        almoner help COMMAND        almoner --version\n");
    print_group(to, "For practitioners and agencies (through the agency's adapter):", AGENCY);
    print_group(
        to, "For officers of information governance and operators (through the broker's sockets):",
        OFFICER);
    print_group(to, "For the operator of a broker that is stopped (opens its store):", STORE);
    print_group(to, "For both:", KEY);
    print_group(to, "For an agency that answers by hand (through its adapter):", DESK);
    print_group(to, "For whoever prepares an adapter (connects to nothing):", MATCH);
    print_group(to, "For the key holder of the oblivious match tokens:", KEYHOLDER);
    (void)fprintf(to, "\nEvery command has --help with examples, and --json for programs.\n"
                      "Exit codes: 0 done or answered, 64 usage, 65 bad data, 69 not there, 75 try "
                      "later, 77 refused, 78 configuration.\n");
}

static int unknown_command(const char *word)
{
    const char *near = command_nearest(word);

    (void)fprintf(stderr, "almoner: there is no command \"%.40s\"", word);
    if (near)
        (void)fprintf(stderr, "; did you mean \"almoner %s\"?\n", near);
    else
        (void)fprintf(stderr, "; \"almoner --help\" lists them\n");
    return EX_USAGE;
}

/* --- becoming it --- */

static int command_run(const char *program, char **argv)
{
    const char *where = getenv("ALMONER_LIBEXEC");
    char path[4096];
    int n =
        snprintf(path, sizeof(path), "%s/%s", where && *where ? where : ALM_LIBEXECDIR, program);

    if (n < 0 || (size_t)n >= sizeof(path)) {
        (void)fprintf(stderr, "almoner: ALMONER_LIBEXEC is too long for a path\n");
        return EX_USAGE;
    }
    (void)execv(path, argv);
    if (errno == ENOENT)
        (void)fprintf(stderr,
                      "almoner: \"%s\" belongs to %s, which is not installed here (%s); %s\n",
                      argv[1], program, path,
                      program == AGENCY || program == MATCH || program == DESK ? "it comes with an agency's adapter"
                      : program == KEYHOLDER                                   ? "it comes with the key holder"
                                                                               : "it comes with the broker");
    else
        (void)fprintf(stderr, "almoner: cannot run %s: %s\n", path, strerror(errno));
    return EX_UNAVAILABLE;
}

static int command_help(char *word)
{
    char help[] = "--help";
    char *args[] = { NULL, word, help, NULL };
    const char *program = command_program((char *[]){ word, NULL });

    if (!program)
        return unknown_command(word);
    args[0] = (char *)(uintptr_t)program;
    return command_run(program, args);
}

int main(int argc, char **argv)
{
    const char *program;

    if (argc < 2) {
        print_help(stderr);
        return EX_USAGE;
    }
    if (!strcmp(argv[1], "--version")) {
        (void)printf("almoner %s\n", ALM_VERSION);
        return 0;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
        (!strcmp(argv[1], "help") && argc == 2)) {
        print_help(stdout);
        return fflush(stdout) ? EX_IOERR : 0;
    }
    if (!strcmp(argv[1], "help"))
        return command_help(argv[2]);
    if (argv[1][0] == '-') {
        (void)fprintf(stderr, "almoner: options follow the command: almoner COMMAND %s\n", argv[1]);
        return EX_USAGE;
    }
    program = command_program(argv + 1);
    if (!program)
        return unknown_command(argv[1]);
    argv[0] = (char *)(uintptr_t)
        program; /* argv[1] stays the command: COMMAND is the program's first argument */
    return command_run(program, argv);
}
