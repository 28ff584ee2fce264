/* SPDX-License-Identifier: Apache-2.0 */
/* subject.h - whom a command is about, from flags or a JSON file, into a request. */
#pragma once
#include <jansson.h>
#include <stddef.h>

/* Each returns 0, or EX_USAGE, EX_DATAERR, EX_NOINPUT with what is wrong in why. */
/* 'address; postcode; from; until; ref' onto person's "homes". */
int subject_add_home(json_t *person, const char *text, char *why, size_t why_size);
/* 'address; postcode; ref' as a new object. */
int subject_place(const char *text, json_t **out, char *why, size_t why_size);
/* A file ("-": standard input): a person, or {"household": {...}}. */
int subject_file(json_t *request, const char *path, char *why, size_t why_size);
/* A file's text ("-": standard input) of at most 16,000 bytes, as a JSON string. */
int subject_text(const char *path, json_t **out, char *why, size_t why_size);
