/* SPDX-License-Identifier: Apache-2.0 */
/* tokens_file.h - the file of match tokens that an agency made for an officer (`almoner subject
 * tokens`), read for a signed reading or change. */
#pragma once
#include "local/token_json.h"
#include "officer.h"

/**
 * tokens_file_read() - a file that only its owner may read, of this broker's mode and origin
 * @out: new reference to the object as read, to be put into what is signed
 * @parsed: may be NULL; wiped by its owner (token_json_wipe)
 * Asks where mode and origin are not known yet (session_identity). Return: an exit code; what is wrong was said, without
 * repeating anything of the file.
 */
ALM_MUST_USE int tokens_file_read(struct officer_session *s, const char *path, json_t **out,
                                  struct token_json *parsed);
