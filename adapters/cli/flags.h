/* SPDX-License-Identifier: Apache-2.0 */
/* flags.h - the agencies' commands and their flags, as tables; from a command line to a request for
 * the adapter. */
#pragma once
#include <jansson.h>
#include <stdbool.h>

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
};
struct command {
    const char *name, *second; /* "consent" "grant"; second NULL: none */
    unsigned bit;              /* enum command_bit */
    const char *op;            /* of the local socket */
    const char *positional;    /* key of the one word after the command; NULL: none */
    bool positional_required;
    const char *line, *example; /* for --help */
};
struct command_line { /* what was said; texts are borrowed from argv and the environment */
    const struct command *command;
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
void flags_help(const struct command *c);
