/* SPDX-License-Identifier: Apache-2.0 */
/* witnesses.c - see witnesses.h; and `audit witnesses`: who signed what when, as the broker knows it. */
#include "witnesses.h"

#include "base/clock.h"
#include "base/file.h"
#include "local/local.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

/* --- keys --- */

static int key_of(const struct officer_session *s, const char *arg, struct note_key *out)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    int rc;

    if (strchr(arg, '+') && !cosign_key_parse(arg, out))
        return 0;
    buf_init(&text, NOTE_VKEY_MAX + 2);
    rc = file_read(arg, NOTE_VKEY_MAX + 1, &text);
    if (rc)
        return officer_fail(s, rc == -E2BIG ? EX_DATAERR : EX_NOINPUT,
                            "--witness %.200s: neither a witness's verifier key nor a file with one (%s)",
                            arg, strerror(-rc));
    if (text.len && text.data[text.len - 1] == '\n')
        text.len--;
    buf_put_u8(&text, 0);
    if (!buf_status(&text) && strlen((const char *)text.data) == text.len - 1 &&
        !cosign_key_parse((const char *)text.data, out))
        return 0;
    return officer_fail(s, EX_DATAERR,
                        "%.200s:1: not a witness's verifier key (agency+hash+key): the agency prints its own "
                        "with \"almoner witness show\"",
                        arg);
}

int witnessed_keys(const struct officer_session *s, struct witnessed *w)
{
    const struct args *a = s->args;

    *w = (struct witnessed){ .n = 0 };
    for (size_t i = 0; i < a->n_witness; i++) {
        int rc = key_of(s, a->witness[i], &w->keys[i]);

        if (rc)
            return rc;
        for (size_t k = 0; k < i; k++) {
            if (!strcmp(w->keys[k].name, w->keys[i].name))
                return officer_fail(s, EX_USAGE, "--witness: \"%.63s\" was given twice",
                                    w->keys[i].name);
        }
        w->at_s[i] = -1;
        w->n++;
    }
    w->needed = a->witnesses >= 0 ? (size_t)a->witnesses : w->n;
    if (w->needed > w->n)
        return officer_fail(s, EX_USAGE,
                            "--witnesses %zu: give the verifier key of each that may be among them: "
                            "--witness KEY",
                            w->needed);
    return 0;
}

/* --- a head --- */

ALM_PRINTF(3, 4)
static int not_witnessed(char *why, size_t size, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(why, size, fmt, args);
    va_end(args);
    return -EBADMSG;
}

int witnessed_check(struct witnessed *w, struct bytes note, char *why, size_t size)
{
    const char *missing = "";

    w->found = 0;
    for (size_t i = 0; i < w->n; i++) {
        switch (cosign_find(note, &w->keys[i], &w->at_s[i])) {
        case 0:
            w->found++;
            break;
        case -ENOKEY:
            w->at_s[i] = -1;
            missing = *missing ? missing : w->keys[i].name;
            break;
        default:
            return not_witnessed(why, size,
                                 "the line of witness %.63s does not fit the head: one of them was altered",
                                 w->keys[i].name);
        }
    }
    if (w->found >= w->needed)
        return 0;
    return not_witnessed(why, size,
                         "only %zu of the %zu witnesses that are needed have signed this head (%.63s has "
                         "not): its operator alone vouches for it, and may have written the log anew",
                         w->found, w->needed, missing);
}

static void at_text(int64_t at_s, char out[25])
{
    clock_format_utc(at_s * 1000, out);
}

void witnessed_print(const struct witnessed *w)
{
    for (size_t i = 0; i < w->n; i++) {
        char at[25];

        if (w->at_s[i] < 0)
            continue;
        at_text(w->at_s[i], at);
        (void)printf("witnessed by %s, at %s\n", w->keys[i].name, at);
    }
}

json_t *witnessed_json(const struct witnessed *w)
{
    json_t *list = json_array();

    for (size_t i = 0; list && i < w->n; i++) {
        char at[25];

        if (w->at_s[i] < 0)
            continue;
        at_text(w->at_s[i], at);
        json_array_append_new(list, json_pack("{s:s, s:s}", "witness", w->keys[i].name, "signed_at", at));
    }
    return list;
}

/* --- audit witnesses --- */

static void row_print(struct table *t, const json_t *w)
{
    char leaves[24] = "", at[25];
    const char *cells[6];

    (void)snprintf(at, sizeof(at), "%.19s", reply_text(w, "signed_at"));
    if (strlen(at) > 10)
        at[10] = ' ';
    if (*at)
        (void)snprintf(leaves, sizeof(leaves), "%" JSON_INTEGER_FORMAT,
                       json_integer_value(json_object_get(w, "size")));
    cells[0] = reply_text(w, "agency");
    cells[1] = *leaves ? leaves : "none yet";
    cells[2] = at;
    cells[3] = json_is_true(json_object_get(w, "fresh")) ? "yes" : "no";
    cells[4] = json_is_true(json_object_get(w, "connected")) ? "yes" : "no";
    cells[5] = reply_text(w, "trouble");
    table_row(t, cells);
}

static void keys_print(const json_t *list)
{
    json_t *w, *key;
    size_t i, k;
    char shown[NOTE_VKEY_MAX];

    (void)printf("\nverifier keys, as they are enrolled (compare with what each agency says):\n");
    json_array_foreach(list, i, w)
    {
        json_array_foreach(json_object_get(w, "vkeys"), k, key)(void)
            printf("  %s\n", printable(json_string_value(key), shown, sizeof(shown)));
    }
}

static void list_print(const json_t *r)
{
    static const char *const titles[] = { "witness", "leaves", "signed at (UTC)", "counts", "connected",
                                          "trouble" };
    const json_t *list = json_object_get(r, "witnesses"), *sum = json_object_get(r, "summary");
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *w;
    size_t i;

    json_array_foreach(list, i, w)
    {
        if (t)
            row_print(t, w);
    }
    table_print(t);
    (void)printf("%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " count, %" JSON_INTEGER_FORMAT
                 " needed; without them for %" JSON_INTEGER_FORMAT " hours sharing stops\n",
                 json_integer_value(json_object_get(sum, "signed")),
                 json_integer_value(json_object_get(sum, "named")),
                 json_integer_value(json_object_get(sum, "need")),
                 json_integer_value(json_object_get(sum, "outage_ms")) / 3600000);
    if (*reply_text(r, "stops"))
        (void)printf("SHARING HAS STOPPED: %s\n", reply_text(r, "stops"));
    keys_print(list);
}

int command_audit_witnesses(struct officer_session *s)
{
    return reply_show_list(s, "witnesses", "witnesses",
                           "the policy in force names no witnesses: nobody but the operator can show "
                           "that the log was written anew",
                           list_print);
}

void status_witnesses(const json_t *r)
{
    const json_t *w = json_object_get(r, "witnesses"), *newest = json_object_get(w, "newest_ms");

    if (*reply_text(r, "stopped_by"))
        (void)printf("%-16s %s\n", "STOPPED BY", reply_text(r, "stopped_by"));
    if (!json_integer_value(json_object_get(w, "named"))) {
        (void)printf("%-16s none named\n", "witnesses");
        return;
    }
    (void)printf("%-16s %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT " count, %" JSON_INTEGER_FORMAT
                 " needed", "witnesses", json_integer_value(json_object_get(w, "signed")),
                 json_integer_value(json_object_get(w, "named")),
                 json_integer_value(json_object_get(w, "need")));
    if (json_is_integer(newest))
        (void)printf("; newest %" JSON_INTEGER_FORMAT " s ago", json_integer_value(newest) / 1000);
    (void)printf("%s\n", json_is_true(json_object_get(w, "forked")) ? "; THE LOG IS FORKED" : "");
}
