/* SPDX-License-Identifier: Apache-2.0 */
/* flags.h - the agencies' commands and their flags, as tables; from a command line to a request for
 * the adapter. */
#pragma once
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum command_bit {
    CMD_ASK = 1,
    CMD_WHO = 2,
    CMD_QUESTIONS = 4,
    CMD_GRANT = 8,
    CMD_REFUSE = 16,
    CMD_WITHDRAW = 32,
    CMD_CHANGE = 64,
    CMD_LIST = 128,
    CMD_SHIELD = 256,
    CMD_STATUS = 512,
    CMD_SUBJECT = 1024,
    CMD_OVERRIDE = 2048,
    CMD_APPROVE = 4096,
    CMD_DISAPPROVE = 8192,
    CMD_REVIEW = 16384,
    CMD_SHOW = 32768,
    CMD_NOT_POSSIBLE = 65536,
    CMD_DISPUTE = 131072,
    CMD_RECEIPT = 262144,
    CMD_OVERRIDES = 524288,
    /* what a command of another file (struct noun) shares with these */
    CMD_STATES = 1 << 24,    /* states what a gateway asks */
    CMD_LODGES = 1 << 25,    /* lodges something: may be given its id */
    CMD_CLAIMS = 1 << 26,    /* may claim a relationship */
    CMD_AT_HOME = 1 << 27,   /* about a home besides its subject */
    CMD_OF_HOME = 1 << 28,   /* a household may be its subject */
    CMD_OF_PERSON = 1 << 29, /* a person may be its subject */
    CMD_PRACTICE = 1 << 30,  /* purpose, role, practitioner, ... */
};
struct command {
    const char *name, *second; /* "consent" "grant"; second NULL: none */
    unsigned bit;              /* enum command_bit */
    const char *op;            /* of the local socket */
    const char *positional;    /* key of the one word after the command; NULL: none */
    bool positional_required;
    const char *line, *example; /* for --help */
};
enum flag_kind {
    FLAG_TEXT = 1,
    FLAG_YES,
    FLAG_LIST, /* into the request */
    FLAG_BODY, /* a file's text, into the request */
    FLAG_PERSON_TEXT,
    FLAG_PERSON_YES,
    FLAG_HOME,  /* into its subject */
    FLAG_PLACE, /* a home of its own */
    FLAG_FILE,  /* the subject, as JSON */
    FLAG_SOCKET,
    FLAG_JSON,
    FLAG_TIMEOUT,
    FLAG_HELP,
    FLAG_WAIT_CONNECTED,
    FLAG_WAIT_SENT,
    FLAG_WAIT_DAY, /* ours */
};
struct flag {
    const char *name, *key;
    unsigned kind;     /* enum flag_kind */
    unsigned commands; /* bits of enum command_bit; of a noun's own flags: bits of its verbs' own */
    const char *value, *help;
};
struct command_line;
struct verb { /* a command of a noun, in a file of its own */
    struct command command;
    unsigned own;         /* which of the noun's own flags it takes */
    const char *word;     /* the word after it, as usage shows it; NULL: none */
    const char *missing;  /* what to say when that word is required and not there */
    const char *key, *value; /* what it states where no flag does; NULL: nothing */
    int (*run)(const struct command_line *c); /* NULL: one request, one reply */
};
struct printer {
    const char *kind; /* of a reply */
    void (*print)(const json_t *reply);
    int exit; /* what it means */
};
struct noun { /* what one file adds to the commands */
    const struct verb *verbs;
    size_t n_verbs;
    const struct flag *flags;
    size_t n_flags;
    const struct printer *printers;
    size_t n_printers;
};
extern const struct noun noun_concern, noun_stream, noun_referral, noun_sealing, noun_watch, noun_service, noun_tokens, noun_witness, noun_rights;
extern const struct noun *const nouns[]; /* nouns.c; ends with NULL */

struct command_line { /* what was said; texts are borrowed from argv and the environment */
    const struct command *command;
    const char *group; /* the first word, also of no command; NULL: none */
    const struct noun *noun; /* NULL: of flags.c itself */
    const struct verb *verb; /* likewise */
    json_t *request; /* owned */
    const char *socket;
    int timeout_ms;
    bool json, help;
    bool wait_connected, wait_sent;
    const char *wait_day;
    char wrong[256]; /* what is wrong, when flags_read fails */
};
/* Return: 0; EX_USAGE, EX_DATAERR, EX_NOINPUT with wrong set. argv[0] is the program's name. */
int flags_read(int argc, char **argv, struct command_line *out);
void command_line_deinit(struct command_line *c);
/* For no command, or for one (with its second word's siblings when that is missing). */
void flags_help(const struct command_line *c);
