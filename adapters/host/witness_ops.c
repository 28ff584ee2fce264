/* SPDX-License-Identifier: Apache-2.0 */
/* witness_ops.c - what this agency has vouched for as a witness of the broker's log. */
#include "host/ops.h"

#include "base/clock.h"
#include "host/request.h"

#include <string.h>
#include <sysexits.h>

static json_t *held_json(const struct witness_held *h)
{
    char at[25];

    if (!h->any)
        return json_null();
    if (!h->signed_s)
        at[0] = '\0';
    else
        clock_format_utc(h->signed_s * 1000, at);
    return json_pack("{s:I, s:s, s:s}", "size", (json_int_t)h->head.size, "root", h->root,
                     "signed_at", at);
}

static json_t *op_witness_show(struct host *h, uint64_t client, const json_t *o)
{
    static const char *const keys[] = { "op", NULL };
    struct witness_about about = { 0 };
    json_t *wrong = request_only(o, keys);

    if (wrong)
        return wrong;
    if (h->witness_failed)
        return local_error("witness-state", EX_DATAERR,
                           "%s is not a head of this log, so nothing is signed until somebody has seen "
                           "why: another log's key, or a file that was altered",
                           h->config.witness_state);
    if (!h->witness)
        return local_error("no-witness", EX_CONFIG,
                           "this adapter is no witness: its configuration has no group \"witness\"");
    witness_about(h->witness, &about);
    ops_reply_now(h, client,
                  json_pack("{s:b, s:s, s:s, s:s, s:s, s:o, s:s, s:I, s:I, s:b, s:s}", "ok", 1, "kind",
                            "witness", "agency", h->config.agency, "log", h->config.witness_log.name,
                            "vkey", about.vkey, "held", held_json(&about.held), "state",
                            h->config.witness_state, "signed", (json_int_t)about.n_signed, "refused",
                            (json_int_t)about.n_refused, "forked", about.forked, "trouble",
                            about.trouble));
    return NULL;
}

static const struct op ops[] = {
    { "witness-show", op_witness_show, false },
};
const struct op_table ops_witness = { ops, ALM_LEN(ops) };
