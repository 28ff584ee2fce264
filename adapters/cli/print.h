/* SPDX-License-Identifier: Apache-2.0 */
/* print.h - an adapter's reply in plain words, for people with a minute to spare. */
#pragma once
#include <jansson.h>

/* Prints a reply whose "ok" is true; unknown kinds are printed as JSON. */
void print_reply(const json_t *reply);
void print_complete(const json_t *reply); /* how complete an answer is, in a sentence */
void print_guidance(const json_t *reply);
/* What an answer says, without its guidance: of a reply, or of an event that brings a final one. */
void print_insight_part(const json_t *reply);
void print_involvement_part(const json_t *reply);
/* The exit code that a reply means (adapters/README.md, "Exit codes"). */
void print_override(const json_t *reply); /* override.c */
int print_exit(const json_t *reply);
