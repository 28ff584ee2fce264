/* SPDX-License-Identifier: Apache-2.0 */
/* registry.c - who may act: agencies, practitioners, officers; shields lifted, a rehearsal's day,
 * the broker's state. */
#include "base/clock.h"
#include "base/file.h"
#include "base/id.h"
#include "cert/cert.h"
#include "local/local.h"
#include "officer.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char *operand(const struct officer_session *s, size_t i)
{
    return s->args->operands[i];
}

static int need_reason(const struct officer_session *s)
{
    if (s->args->reason && *s->args->reason && strlen(s->args->reason) <= 200)
        return 0;
    return officer_fail(s, EX_USAGE,
                        "say why, in up to 200 characters: --reason \"...\" (it is recorded; name "
                        "no person in it)");
}

/* --- agencies --- */

int command_agency_add(struct officer_session *s)
{
    const char *id = operand(s, 2);
    struct cert cert = { .public_key = "" };
    char why[CERT_WHY_MAX], sign[45] = "";
    json_t *fields;
    int rc = officer_check_id(s, "the agency", id);

    if (rc)
        return rc;
    if (!s->args->curve && !s->args->sign)
        return officer_fail(s, EX_USAGE,
                            "which keys? --curve NAME.key and --sign NAME.pub, as the agency made "
                            "them with \"almoner key new\"");
    if (s->args->curve) {
        rc = cert_read(s->args->curve, CERT_PUBLIC, &cert, why);
        if (rc)
            return officer_fail(s, rc == -EINVAL ? EX_DATAERR : EX_NOINPUT, "%s", why);
    }
    if (s->args->sign)
        rc = officer_read_public(s, s->args->sign, sign);
    if (rc)
        return rc;
    fields = json_pack("{s:s}", "agency", id);
    if (cert.public_key[0])
        (void)json_object_set_new(fields, "curve", json_string(cert.public_key));
    if (sign[0])
        (void)json_object_set_new(fields, "sign", json_string(sign));
    return change_run(s, "agency-add", 1, fields);
}

static size_t list_length(const json_t *o, const char *key)
{
    return json_array_size(json_object_get(o, key));
}

static void print_agencies(const json_t *reply)
{
    static const char *const titles[] = { "agency", "standing", "curve keys", "signing keys" };
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *a;
    size_t i;

    json_array_foreach(json_object_get(reply, "agencies"), i, a)
    {
        char curve[24], sign[24];

        (void)snprintf(curve, sizeof(curve), "%zu", list_length(a, "curve"));
        (void)snprintf(sign, sizeof(sign), "%zu", list_length(a, "sign"));
        if (t)
            table_row(t, (const char *const[]){ reply_text(a, "agency"), reply_text(a, "standing"),
                                                curve, sign });
    }
    table_print(t);
}

int command_agency_list(struct officer_session *s)
{
    return reply_show_list(
        s, "agencies", "agencies",
        "none is enrolled yet: almoner agency add ID --curve ID.key --sign ID.pub", print_agencies);
}

static void print_keys(const json_t *agency, const char *key)
{
    const json_t *keys = json_object_get(agency, key);
    char shown[64];
    json_t *v;
    size_t i;

    json_array_foreach(keys, i, v)(void)
        printf("%-9s %s\n", key, printable(json_string_value(v), shown, sizeof(shown)));
}

int command_agency_show(struct officer_session *s)
{
    json_t *r, *a;
    size_t i;
    int rc = reply_list(s, "agencies", "agencies", &r);

    if (rc)
        return rc;
    rc = EX_DATAERR;
    json_array_foreach(json_object_get(r, "agencies"), i, a)
    {
        char shown[ID_TEXT_MAX];

        if (strcmp(reply_text(a, "agency"), operand(s, 2)))
            continue;
        rc = 0;
        if (s->args->json) {
            print_json(a);
            continue;
        }
        (void)printf("agency    %s\n", operand(s, 2));
        (void)printf("standing  %s\n", printable(reply_text(a, "standing"), shown, sizeof(shown)));
        print_keys(a, "curve");
        print_keys(a, "sign");
    }
    json_decref(r);
    return rc ? officer_fail(
                    s, rc,
                    "no agency \"%s\" is enrolled; \"almoner agency list\" shows those that are",
                    operand(s, 2))
              : 0;
}

static int agency_standing(struct officer_session *s, const char *kind, unsigned needs)
{
    int rc = officer_check_id(s, "the agency", operand(s, 2));

    if (!rc)
        rc = need_reason(s);
    return rc ? rc
              : change_run(
                    s, kind, needs,
                    json_pack("{s:s, s:s}", "agency", operand(s, 2), "reason", s->args->reason));
}
int command_agency_suspend(struct officer_session *s)
{
    return agency_standing(s, "agency-suspend", 1);
}
int command_agency_resume(struct officer_session *s)
{
    return agency_standing(s, "agency-resume", 2);
}

/* The key itself, or the public file that it stands in. */
static int key_text(const struct officer_session *s, const char *given, char *out, size_t size)
{
    struct cert cert;
    char why[CERT_WHY_MAX], sign[45];
    uint8_t raw[CERT_KEY_LEN + 3];
    size_t len = strlen(given);
    int rc;

    if (!cert_key_decode(given, raw) ||
        (len == 44 && base64_decode(given, len, raw, sizeof(raw)) == SIGN_PUBLIC_LEN))
        return text_copy(out, size, given);
    if (len > 4 && !strcmp(given + len - 4, ".key")) {
        rc = cert_read(given, CERT_PUBLIC, &cert, why);
        if (rc)
            return officer_fail(s, rc == -EINVAL ? EX_DATAERR : EX_NOINPUT, "%s", why);
        return text_copy(out, size, cert.public_key);
    }
    if (access(given, F_OK))
        return officer_fail(s, EX_USAGE,
                            "\"%.60s\" is neither a public key (40 characters of Z85, 44 of "
                            "base64) nor a file: \"almoner agency show ID\" "
                            "lists an agency's keys",
                            given);
    rc = officer_read_public(s, given, sign);
    return rc ? rc : text_copy(out, size, sign);
}

int command_agency_revoke(struct officer_session *s)
{
    char key[64];
    int rc = officer_check_id(s, "the agency", operand(s, 2));

    if (!rc)
        rc = key_text(s, operand(s, 3), key, sizeof(key));
    return rc ? rc
              : change_run(s, "agency-revoke-key", 1,
                           json_pack("{s:s, s:s}", "agency", operand(s, 2), "key", key));
}

static int practitioner_standing(struct officer_session *s, const char *kind)
{
    int rc = officer_check_id(s, "the agency", operand(s, 2));

    if (!rc && (!*operand(s, 3) || strlen(operand(s, 3)) >= ID_TEXT_MAX))
        rc = officer_fail(s, EX_USAGE, "a practitioner's reference has 1 to 63 characters");
    if (!rc)
        rc = need_reason(s);
    return rc ? rc
              : change_run(s, kind, 1,
                           json_pack("{s:s, s:s, s:s}", "agency", operand(s, 2), "practitioner",
                                     operand(s, 3), "reason", s->args->reason));
}
int command_practitioner_suspend(struct officer_session *s)
{
    return practitioner_standing(s, "practitioner-suspend");
}
int command_practitioner_resume(struct officer_session *s)
{
    return practitioner_standing(s, "practitioner-resume");
}

/* --- officers --- */

/* Two officers stand behind every later change; until there are two, adding one needs no signature
 * (and is recorded as genesis). */
static int officers_needed(const struct officer_session *s, unsigned *needs)
{
    size_t active = 0, i;
    json_t *r, *o;
    int rc = reply_list(s, "officers", "officers", &r);

    if (rc)
        return rc;
    json_array_foreach(json_object_get(r, "officers"), i, o) active += strcmp(reply_text(o, "standing"), "suspended") != 0;
    json_decref(r);
    *needs = active < 2 ? 0 : 2;
    return 0;
}

int command_officer_add(struct officer_session *s)
{
    char key[45];
    unsigned needs = 2;
    int rc = officer_check_id(s, "the officer", operand(s, 2));

    if (rc)
        return rc;
    if (!s->args->public_file)
        return officer_fail(s, EX_USAGE,
                            "which key? --public NAME.pub, as the officer made it with \"almoner "
                            "key new sign NAME\"");
    rc = officer_read_public(s, s->args->public_file, key);
    if (!rc && !s->args->save)
        rc = officers_needed(s, &needs);
    return rc ? rc
              : change_run(s, "officer-add", needs,
                           json_pack("{s:s, s:s}", "officer", operand(s, 2), "public", key));
}

#define TWO_OFFICERS                                                                               \
    "two officers are needed before any policy can be activated: almoner officer add ID "          \
    "--public ID.pub"

static void print_officers(const json_t *reply)
{
    const json_t *list = json_object_get(reply, "officers");
    static const char *const titles[] = { "officer", "standing" };
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *o;
    size_t i;

    json_array_foreach(list, i, o) if (t)
        table_row(t, (const char *const[]){ reply_text(o, "officer"), reply_text(o, "standing") });
    table_print(t);
    if (json_array_size(list) < 2)
        (void)puts(TWO_OFFICERS);
}

int command_officer_list(struct officer_session *s)
{
    return reply_show_list(s, "officers", "officers", TWO_OFFICERS, print_officers);
}

int command_officer_suspend(struct officer_session *s)
{
    int rc = officer_check_id(s, "the officer", operand(s, 2));

    return rc ? rc
              : change_run(s, "officer-suspend", 2, json_pack("{s:s}", "officer", operand(s, 2)));
}

/* --- shields, the day, the state --- */

/* A change of what one id names, with a reason; wrong: what such an id looks like, and where it is. */
static int change_by_id(struct officer_session *s, const char *kind, unsigned needs,
                        const char *key, const char *wrong)
{
    struct id id;
    int rc = id_parse(operand(s, 2), &id) ? officer_fail(s, EX_USAGE, "%s", wrong) : need_reason(s);

    return rc ? rc
              : change_run(
                    s, kind, needs,
                    json_pack("{s:s, s:s}", key, operand(s, 2), "reason", s->args->reason));
}

int command_shield_lift(struct officer_session *s)
{
    return change_by_id(s, "shield-lift", 2, "shield",
                        "a shield's id looks like 0190a1b2-....: its owner was given it in the "
                        "receipt, and \"almoner audit list --event shield-lodged\" shows it");
}

int command_override_veto(struct officer_session *s)
{
    return change_by_id(s, "override-veto", 1, "override",
                        "an override's id looks like 0190a1b2-....: its agencies have it");
}

int command_dispute_lift(struct officer_session *s)
{
    return change_by_id(s, "dispute-lift", 1, "dispute",
                        "a dispute's id looks like 0190a1b2-....: its lodger was given it in the "
                        "receipt, and \"almoner audit list --event disputed\" shows it");
}

int command_exercise_day(struct officer_session *s)
{
    int32_t day;

    if (civil_parse(operand(s, 2), &day))
        return officer_fail(s, EX_USAGE, "\"%.20s\" is not a day: YYYY-MM-DD, e.g. 2026-05-03",
                            operand(s, 2));
    if (s->mode == 1)
        return officer_fail(
            s, EX_UNAVAILABLE,
            "this is a live broker: its day comes from the clock, and no command sets it");
    return change_run(s, "day-set", 1, json_pack("{s:s}", "day", operand(s, 2)));
}

static void print_head(const json_t *head)
{
    (void)printf("%-16s %" JSON_INTEGER_FORMAT " leaves, %.1f s ago%s\n", "signed head",
                 json_integer_value(json_object_get(head, "size")),
                 (double)json_integer_value(json_object_get(head, "age_ms")) / 1000,
                 json_is_true(json_object_get(head, "refused")) ? ", REFUSED by the signer" : "");
}

static void print_value(const char *key, const json_t *v)
{
    char shown[256];

    if (json_is_object(v) && !strcmp(key, "head"))
        print_head(v);
    else if (json_is_string(v) && !json_string_length(v))
        (void)printf("%-16s none\n", key);
    else if (json_is_string(v))
        (void)printf("%-16s %s\n", key, printable(json_string_value(v), shown, sizeof(shown)));
    else if (json_is_integer(v))
        (void)printf("%-16s %" JSON_INTEGER_FORMAT "\n", key, json_integer_value(v));
    else if (json_is_boolean(v))
        (void)printf("%-16s %s\n", key, json_is_true(v) ? "yes" : "no");
    else if (json_is_array(v))
        (void)printf("%-16s %zu\n", key, json_array_size(v));
}

static void print_gates(const json_t *gates)
{
    static const char *const titles[] = { "gate of", "ready", "restarts" };
    struct table *t = table_new(ALM_LEN(titles), titles);
    json_t *g;
    size_t i;

    json_array_foreach(gates, i, g)
    {
        char restarts[24];

        (void)snprintf(restarts, sizeof(restarts), "%" JSON_INTEGER_FORMAT,
                       json_integer_value(json_object_get(g, "restarts")));
        if (t)
            table_row(t, (const char *const[]){
                             reply_text(g, "organisation"),
                             json_is_true(json_object_get(g, "ready")) ? "yes" : "no", restarts });
    }
    table_print(t);
}

static void print_backups(const json_t *b)
{
    const char *last = json_string_value(json_object_get(b, "last")),
               *until = json_string_value(json_object_get(b, "until"));

    if (!last || !until)
        (void)printf("%-16s none was made\n", "backups");
    else
        (void)printf("%-16s %" JSON_INTEGER_FORMAT " begun, the latest at %.16sZ; what is erased stays "
                     "readable in one until %s\n",
                     "backups", json_integer_value(json_object_get(b, "made")), last, until);
}

static void print_status(const json_t *r)
{
    const json_t *v;
    const char *key;

    json_object_foreach((json_t *)(uintptr_t)r, key, v) if (
        strcmp(key, "ok") && strcmp(key, "more") && strcmp(key, "gates") && strcmp(key, "stopped_by"))
        print_value(key, v);
    status_witnesses(r);
    print_backups(json_object_get(r, "backups"));
    print_gates(json_object_get(r, "gates"));
    print_streams(json_object_get(r, "streams"));
}

int command_status(struct officer_session *s)
{
    return reply_show(s, "status", 0, print_status);
}
