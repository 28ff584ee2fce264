/* SPDX-License-Identifier: Apache-2.0 */
/* token_ops.c - the match tokens of somebody as a file for the broker's officers, who search, hold or
 * erase by it: they have no identifiers, and we have no log. Nothing is sent from here. */
#include "host/ops.h"

#include "base/clock.h"
#include "base/crypto.h"
#include "base/log.h"
#include "host/keyring.h"
#include "host/request.h"
#include "lib/ask.h"
#include "local/token_json.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static int tokens_add(struct token_json *to, const struct ask *ask)
{
    if (ask->subject_kind == SUBJECT_HOUSEHOLD) {
        if (to->n == TOKEN_JSON_MAX)
            return -ENOSPC;
        to->tokens[to->n++] = ask->household;
        return 0;
    }
    to->unborn = ask->subject.unborn;
    for (uint8_t i = 0; i < ask->subject.n; i++) {
        if (to->n == TOKEN_JSON_MAX)
            return -ENOSPC;
        to->tokens[to->n++] = ask->subject.tokens[i];
    }
    return 0;
}

/* With homes that our rows mark shielded: who searches for all there is about somebody would otherwise miss what was lodged
 * by those. The tokens say nothing of the home, and go to nobody but an officer. */
static int tokens_of(struct host *h, const struct tokens_key *key,
                     const struct asked_subject *typed, struct token_json *to, const char **which)
{
    struct asker a = host_asker(h);
    struct ask ask;
    int r;

    a.key = key;
    r = ask_work_out(&a, typed, true, "", &ask, which);
    return r ? r : tokens_add(to, &ask);
}

/* Older records stand under the key before: if its tokens can be made as well, they are in the file. */
static int tokens_all(struct host *h, const struct asked_subject *typed, struct token_json *to,
                      const char **which)
{
    const struct tokens_key *current = ring_current(h->ring), *before = ring_previous(h->ring);
    const char *ignored = "";
    int r = tokens_of(h, current, typed, to, which), b = 0;

    if (before && (r == 0 || r == -EAGAIN)) /* all wants are noted at once */
        b = tokens_of(h, before, typed, to, &ignored);
    if (r == 0 && (b == -EAGAIN || b == -ENOSPC))
        r = b;
    to->scheme = current->scheme;
    to->epoch = current->epoch;
    return r;
}

static json_t *tokens_reply(struct host *h, uint64_t client, struct token_json *t)
{
    json_t *file, *reply;

    t->mode = host_config_exercise(&h->config) ? 2 : 1;
    if (text_copy(t->origin, sizeof(t->origin), h->config.origin) ||
        text_copy(t->agency, sizeof(t->agency), h->config.agency))
        return local_error("internal", EX_SOFTWARE, "the origin or the agency's id is too long");
    file = token_json_write(t);
    reply = file ? json_pack("{s:b, s:s, s:o}", "ok", 1, "kind", "subject-tokens", "file", file)
                 : NULL;
    if (!reply)
        return local_error("internal", EX_SOFTWARE, "the tokens cannot be written");
    log_info("tokens-made", "tokens=%u of=%s scheme=%u epoch=%u", t->n,
             token_json_household(t) ? "home" : "person", t->scheme, t->epoch);
    ops_reply_now(h, client, reply);
    return NULL;
}

static json_t *op_subject_tokens(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { "op", "subject", "household", NULL };
    ALM_CLEANUP(asked_subject_wipe) struct asked_subject typed;
    ALM_CLEANUP(token_json_wipe) struct token_json t = { 0 };
    const char *which = "";
    bool given;
    json_t *wrong = request_only(o, keys);
    int r;

    memset(&typed, 0, sizeof(typed));
    if (!wrong)
        wrong = request_subject(o, true, false, &given, &typed);
    if (!wrong && host_day(h) == CIVIL_NONE)
        wrong = ops_no_day();
    if (wrong)
        return wrong;
    r = tokens_all(h, &typed, &t, &which);
    return r == 0 ? tokens_reply(h, client, &t) : ops_wrong(h, r, which);
}

static const struct op ops[] = {
    { "subject-tokens", op_subject_tokens, false },
};
const struct op_table ops_tokens = { ops, ALM_LEN(ops) };
