/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"
#include "base/file.h"
#include "engine/layout.h"
#include <stdio.h>
#include <string.h>
#include <unistd.h>

char *small_policy(void)
{
    struct buf text = { 0 };

    buf_init(&text, 1 << 20);
    if (file_read(ALM_SMALL_POLICY, 1 << 20, &text) < 0)
        return NULL;
    buf_put_u8(&text, 0);
    return buf_status(&text) == 0 ? (char *)text.data : NULL;
}

int compile_text(const char *text, struct conf_errors *e, struct buf *out)
{
    char path[] = "/tmp/almoner-test-XXXXXX.policy";
    int fd = mkstemps(path, 7), r;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    (void)close(fd);
    r = policy_compile(path, e, out);
    (void)unlink(path);
    return r;
}

struct bundle *bundle_of(const char *text)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct bundle *b = NULL;

    buf_init(&out, 1 << 20);
    assert_int_equal(conf_errors_new(&e), 0);
    if (compile_text(text, e, &out) < 0)
        fail_msg("%s", conf_errors_at(e, 0));
    assert_int_equal(bundle_decode(buf_view(&out), &b), 0);
    return b;
}

void draft_layout(struct layout *l)
{
    static struct lay_agency agencies[2];

    for (uint16_t i = 0; i < 2; i++)
        agencies[i] = (struct lay_agency){ .id = i ? "b" : "a", .name = "A", .controller = "",
                                           .contact = "", .organisation = i,
                                           .regime = REGIME_UKGDPR };
    *l = (struct layout){ .id = "draft", .name = "Draft", .country = "england", .n_sectors = 1 };
    l->sectors[0] = "sector";
    l->agencies = agencies;
    l->n_agencies = 2;
}

int decoded_layout(const struct layout *l)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
    struct bundle *b = NULL;
    int r;

    buf_init(&bytes, LAYOUT_BUNDLE_MAX);
    assert_int_equal(layout_encode(l, &bytes), 0);
    r = bundle_decode(buf_view(&bytes), &b);
    bundle_free(b);
    return r;
}

int fixture_new(void **state)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };
    struct fixture *x = calloc(1, sizeof(*x));

    buf_init(&out, 1 << 20);
    if (!x || crypto_init() < 0 || conf_errors_new(&e) < 0)
        return -1;
    if (policy_compile(ALM_SMALL_POLICY, e, &out) < 0 || bundle_decode(buf_view(&out), &x->b) < 0) {
        for (size_t i = 0; i < conf_errors_count(e); i++)
            print_message("# %s\n", conf_errors_at(e, i));
        return -1;
    }
    *state = x;
    return 0;
}

int fixture_free(void **state)
{
    struct fixture *x = *state;

    bundle_free(x->b);
    free(x);
    return 0;
}

int32_t on(const char *day)
{
    int32_t d;

    assert_int_equal(civil_parse(day, &d), 0);
    return d;
}

uint16_t agency(struct fixture *x, const char *id)
{
    uint16_t i = bundle_agency(x->b, id);

    assert_true(i != POLICY_NONE);
    return i;
}

struct agency_set set_of(struct fixture *x, const char *ids)
{
    struct agency_set s = { .any = false };
    char copy[512], *rest = copy, *id;

    assert_int_equal(text_copy(copy, sizeof(copy), ids), 0);
    while ((id = strsep(&rest, " ")) != NULL) {
        if (strcmp(id, "*") == 0)
            s.any = true;
        else if (*id)
            agency_set_add(&s, agency(x, id));
    }
    return s;
}

void ask(struct fixture *x, const char *who, const char *purpose, const char *question)
{
    memset(&x->f, 0, sizeof(x->f));
    memset(x->consents, 0, sizeof(x->consents));
    memset(x->shields, 0, sizeof(x->shields));
    x->f = (struct facts){
        .day = on("2022-05-03"),
        .agency = bundle_agency(x->b, who),
        .agency_standing = true,
        .practitioner_standing = true,
        .role = bundle_role(x->b, "social-worker"),
        .purpose = bundle_purpose(x->b, purpose),
        .basis = POLICY_NONE,
        .involvement = *question == '\0',
        .question = *question ? bundle_question(x->b, question) : POLICY_NONE,
        .has_parameter = strcmp(question, "lives-at") == 0,
        .subject_kind = FACT_PERSON,
        .relation = FACT_RELATION_INVOLVED,
        .relation_since = on("2022-01-01"),
        .relation_until = POLICY_DAY_NONE,
        .consents = x->consents,
        .shields = x->shields,
    };
}

struct consent_fact *grant(struct fixture *x)
{
    struct consent_fact *k = &x->consents[x->f.n_consents++];

    assert_true(x->f.n_consents <= ALM_LEN(x->consents));
    *k = (struct consent_fact){
        .match = FACT_STRICT,
        .capacity = FACT_CAPACITY_SELF,
        .giver_authority = true,
        .given_on = on("2022-01-10"),
        .expires_on = POLICY_DAY_NONE,
        .withdrawn_on = POLICY_DAY_NONE,
        .able_from = POLICY_DAY_NONE,
        .able_until = POLICY_DAY_NONE,
        .review_on = POLICY_DAY_NONE,
        .competence = true,
        .recipients = set_of(x, "*"),
        .sources = set_of(x, "*"),
    };
    return k;
}

struct consent_fact *refusal(struct fixture *x)
{
    struct consent_fact *k = grant(x);

    k->refused = true;
    k->given_on++;
    return k;
}

struct shield_fact *shield(struct fixture *x, uint8_t level)
{
    struct shield_fact *s = &x->shields[x->f.n_shields++];

    assert_true(x->f.n_shields <= ALM_LEN(x->shields));
    *s = (struct shield_fact){
        .level = level, .match = FACT_BROAD, .from = on("2022-01-01"), .until = POLICY_DAY_NONE
    };
    return s;
}

void decide(struct fixture *x)
{
    memset(&x->d, 0xa5, sizeof(x->d)); /* written whole, or this shows */
    policy_decide(x->b, &x->f, &x->d);
}

void expect_reason(struct fixture *x, enum reason r)
{
    decide(x);
    assert_string_equal(reason_word((enum reason)x->d.reason), reason_word(r));
    assert_int_equal(x->d.outcome, r == REASON_NONE ? OUTCOME_PERMIT : OUTCOME_REFUSE);
}

void expect_asked(struct fixture *x, const char *ids)
{
    char got[1024] = "";
    size_t n = 0;

    for (uint16_t i = 0; i < x->d.n_holders; i++) {
        const char *id = bundle_agency_at(x->b, x->d.holders[i])->id;
        bool masked = x->d.visibility[i] == HOLDER_MASKED;

        n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%s%s%s", n ? " " : "", masked ? "(" : "",
                              id, masked ? ")" : "");
    }
    assert_string_equal(got, ids);
}

void expect_holders(struct fixture *x, const char *ids)
{
    expect_reason(x, REASON_NONE);
    expect_asked(x, ids);
}

void old_bundle(const char *path, uint16_t version, struct buf *bytes)
{
    buf_init(bytes, 1 << 20);
    assert_int_equal(file_read(path, 1 << 20, bytes), 0);
    assert_int_equal(bytes->data[4] << 8 | bytes->data[5], version);
}

struct bundle *old_bundle_read(const char *path, uint16_t version)
{
    ALM_CLEANUP(buf_deinit) struct buf bytes = { 0 };
    struct bundle *b = NULL;

    old_bundle(path, version, &bytes);
    assert_int_equal(bundle_decode(buf_view(&bytes), &b), 0);
    return b;
}
