/* SPDX-License-Identifier: Apache-2.0 */
/* test_sealing.c - a sealed text is for one key, one referral and one writer; and a key that
 * changes unannounced is found out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/file.h"
#include "lib/pins.h"
#include "lib/sealing.h"
#include "temp_dir.h"

#include <errno.h>
#include <sodium.h>

#define TODAY 19000
static const struct wire_context exercise = { .mode = MODE_EXERCISE,
                                              .origin = "town.example/almoner" };

/* --- sealing --- */
struct pair {
    struct secret secret;
    uint8_t public_key[32];
};

static struct pair pair_of(uint8_t seed)
{
    struct pair p;

    memset(p.secret.octets, seed, sizeof(p.secret.octets));
    assert_int_equal(sealing_public(&p.secret, p.public_key), 0);
    return p;
}

static struct id id_of(uint8_t n)
{
    struct id id = { { 0 } };

    id.octets[0] = n;
    id.octets[6] = 0x70;
    id.octets[8] = 0x80;
    return id;
}

static void seal_text(const struct pair *to, uint8_t about, const char *from, const char *text,
                      struct buf *out)
{
    struct id id = id_of(about);

    buf_init(out, SEALED_MAX);
    assert_int_equal(sealing_seal(to->public_key, &id, from, bytes_str(text), out), 0);
}

static name_t writer; /* of the box opened last */

static int open_text(const struct pair *with, uint8_t about, const struct buf *box, struct buf *out)
{
    struct id id = id_of(about);

    buf_init(out, SEALED_MAX);
    return sealing_open(&with->secret, &id, buf_view(box), writer, out);
}

static void text_opens_for_its_receiver(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf box, text;
    struct pair p = pair_of(1);

    (void)state;
    seal_text(&p, 1, "elm-school", "Please ring Ben\u2019s mother first.", &box);
    assert_int_equal(open_text(&p, 1, &box, &text), 0);
    assert_true(bytes_equal(buf_view(&text), bytes_str("Please ring Ben\u2019s mother first.")));
}

static void box_does_not_show_its_text_or_length(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf one, two;
    struct pair p = pair_of(1);

    (void)state;
    seal_text(&p, 1, "elm-school", "a", &one);
    seal_text(&p, 1, "elm-school", "something a good deal longer than the first", &two);
    assert_int_equal(one.len, two.len);
    assert_null(memmem(two.data, two.len, "something", 9));
    assert_int_not_equal(memcmp(one.data, two.data, 32), 0);
}

static void box_does_not_open_for_another_key(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf box, text;
    struct pair p = pair_of(1), other = pair_of(2);

    (void)state;
    seal_text(&p, 1, "elm-school", "text", &box);
    assert_int_equal(open_text(&other, 1, &box, &text), -EBADMSG);
    assert_int_equal(text.len, 0);
}

static void box_moved_to_another_referral_does_not_open(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf box, text;
    struct pair p = pair_of(1);

    (void)state;
    seal_text(&p, 1, "elm-school", "text", &box);
    assert_int_equal(open_text(&p, 2, &box, &text), -EBADMSG);
}

static void box_says_who_wrote_it(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf box, text;
    struct pair p = pair_of(1);

    (void)state;
    seal_text(&p, 1, "elm-school", "text", &box);
    assert_int_equal(open_text(&p, 1, &box, &text), 0);
    assert_string_equal(writer, "elm-school");
}

static void any_changed_byte_or_missing_end_is_found(void **state)
{
    struct pair p = pair_of(1);
    ALM_CLEANUP(buf_deinit) struct buf box;

    (void)state;
    seal_text(&p, 1, "elm-school", "text", &box);
    for (size_t i = 0; i < box.len; i += 37) {
        ALM_CLEANUP(buf_deinit) struct buf text;

        box.data[i] ^= 1;
        assert_int_equal(open_text(&p, 1, &box, &text), -EBADMSG);
        box.data[i] ^= 1;
    }
    for (size_t len = 0; len < box.len; len += 101) {
        ALM_CLEANUP(buf_deinit) struct buf text;
        struct buf cut = { .data = box.data, .len = len };

        assert_int_equal(open_text(&p, 1, &cut, &text), -EBADMSG);
    }
}

static void longest_text_fits_and_a_longer_one_is_refused(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf box, text;
    static char longest[SEALING_TEXT_MAX + 2];
    struct pair p = pair_of(1);
    struct id id = id_of(1);

    (void)state;
    memset(longest, 'x', SEALING_TEXT_MAX);
    seal_text(&p, 1, "an-agency-whose-id-is-as-long-as-an-agencys-id-may-be-in-letters", longest,
              &box);
    assert_true(box.len <= SEALED_MAX);
    assert_int_equal(open_text(&p, 1, &box, &text), -EBADMSG);
    buf_deinit(&text);
    buf_deinit(&box);
    seal_text(&p, 1, "elm-school", longest, &box);
    assert_int_equal(open_text(&p, 1, &box, &text), 0);
    assert_int_equal(text.len, SEALING_TEXT_MAX);
    longest[SEALING_TEXT_MAX] = 'x';
    assert_int_equal(sealing_seal(p.public_key, &id, "elm-school", bytes_str(longest), &box),
                     -E2BIG);
}

static void text_that_is_not_utf8_and_keys_that_are_none_are_refused(void **state)
{
    ALM_CLEANUP(buf_deinit) struct buf box = { 0 };
    struct pair p = pair_of(1);
    struct id id = id_of(1);
    const uint8_t zero[32] = { 0 };

    (void)state;
    buf_init(&box, SEALED_MAX);
    assert_int_equal(sealing_seal(p.public_key, &id, "elm-school", bytes_str("\xff\xfe"), &box),
                     -EINVAL);
    assert_int_equal(sealing_seal(zero, &id, "elm-school", bytes_str("text"), &box), -EINVAL);
    assert_int_equal(box.len, 0);
}

/* A box of anybody's making: whoever knows the public key can seal whatever bytes they like. */
static int open_made(const void *plain, size_t len)
{
    ALM_CLEANUP(buf_deinit) struct buf box, text;
    struct pair p = pair_of(1);
    int r;

    buf_init(&box, 2 * SEALED_MAX);
    assert_int_equal(buf_room(&box, len + crypto_box_SEALBYTES), 0);
    assert_int_equal(crypto_box_seal(box.data, plain, len, p.public_key), 0);
    box.len = len + crypto_box_SEALBYTES;
    r = open_text(&p, 1, &box, &text);
    assert_true(r == 0 || text.len == 0);
    return r;
}

/* magic, referral 1, then what is given; at is where it goes on. */
static size_t plain_begin(uint8_t plain[static 4096])
{
    struct id id = id_of(1);

    memset(plain, 0, 4096);
    memcpy(plain, "ALMSEAL1", 9);
    memcpy(plain + 9, id.octets, ID_LEN);
    return 9 + ID_LEN;
}

static void contents_that_are_not_as_we_make_them_do_not_open(void **state)
{
    uint8_t plain[4096];
    size_t at = plain_begin(plain);

    (void)state;
    memcpy(plain + at, "\0\0\0\3elm\0\0\0\4text", 15);
    assert_int_equal(open_made(plain, 1024), 0);
    assert_int_equal(open_made(plain, at + 15), 0); /* the padding is the sealer's business */
    plain[1023] = 1;
    assert_int_equal(open_made(plain, 1024), -EBADMSG); /* but nothing hides in it */
    plain[1023] = 0;
    plain[8] = 'x';
    assert_int_equal(open_made(plain, 1024), -EBADMSG); /* magic */
    at = plain_begin(plain);
    memcpy(plain + at, "\0\0\0\3e\0m\0\0\0\4text", 15);
    assert_int_equal(open_made(plain, 1024), -EBADMSG); /* a NUL in the writer's id */
    at = plain_begin(plain);
    memcpy(plain + at, "\0\0\0\3elm\0\0\0\4te\xff\xfe", 15);
    assert_int_equal(open_made(plain, 1024), -EBADMSG); /* no UTF-8 */
    at = plain_begin(plain);
    memcpy(plain + at, "\0\0\0\3elm\xff\xff\xff\xfftext", 15);
    assert_int_equal(open_made(plain, 1024), -EBADMSG); /* longer than the box */
    at = plain_begin(plain);
    memcpy(plain + at, "\0\0\1\0elm", 7);
    assert_int_equal(open_made(plain, 1024), -EBADMSG); /* a writer longer than an id */
    for (size_t len = 0; len < 40; len++)
        assert_int_equal(open_made(plain, len), -EBADMSG);
    assert_int_equal(open_made(plain, 0), -EBADMSG);
}

static void random_contents_never_open(void **state)
{
    uint8_t plain[2048];

    (void)state;
    for (int i = 0; i < 500; i++) {
        size_t len;

        assert_int_equal(crypto_random(plain, sizeof(plain)), 0);
        len = (size_t)plain[0] << 3;
        memcpy(plain, "ALMSEAL1", 9); /* further than chance alone would come */
        memcpy(plain + 9, id_of(1).octets, ID_LEN);
        assert_int_equal(open_made(plain, len), -EBADMSG);
    }
}

/* --- chains and pins --- */
static struct msg_sealing_keys keys; /* what the broker hands out */
static struct buf frames[SEALING_KEYS_MAX];

static int setup(void **state)
{
    memset(&keys, 0, sizeof(keys));
    (void)snprintf(keys.agency, sizeof(keys.agency), "advice");
    return crypto_init() == 0 ? temp_dir_setup(state) : -1;
}

static int teardown(void **state)
{
    for (size_t i = 0; i < SEALING_KEYS_MAX; i++)
        buf_deinit(&frames[i]);
    return temp_dir_teardown(state);
}

static struct pins *pins_here(void)
{
    struct pins *p = NULL;

    assert_int_equal(pins_open(temp_path("pins"), &p), 0);
    return p;
}

struct announcement {      /* how one is made; zeroes are the usual */
    uint8_t key, previous; /* seeds; previous 0: none */
    int32_t from;
    uint8_t signer;     /* seed of the signing key; 0: the agency's */
    const char *sender; /* NULL: the agency */
    uint8_t type;       /* 0: SealingKey */
};

static struct secret signer_of(uint8_t seed)
{
    struct secret s;

    memset(s.octets, seed ? seed : 77, sizeof(s.octets));
    return s;
}

/* One more announcement at the end of the chain, over real signed bytes. */
static void announce(const struct announcement *a)
{
    static struct msg m;
    struct secret signer = signer_of(a->signer), usual = signer_of(0);
    struct buf *frame = &frames[keys.n];
    struct wire_envelope e;

    memset(&m, 0, sizeof(m));
    m.type = a->type ? a->type : MSG_SEALING_KEY;
    m.sent_ms = 1;
    assert_int_equal(id_new(1000, &m.id), 0);
    (void)snprintf(m.sender, sizeof(m.sender), "%s", a->sender ? a->sender : keys.agency);
    if (m.type == MSG_SEALING_KEY) {
        memcpy(m.sealing_key.key, pair_of(a->key).public_key, 32);
        m.sealing_key.has_previous = a->previous != 0;
        if (a->previous)
            memcpy(m.sealing_key.previous, pair_of(a->previous).public_key, 32);
        m.sealing_key.from = a->from ? a->from : TODAY - 10;
    } else {
        m.sealing_key_query = (struct msg_sealing_key_query){ "advice" };
    }
    buf_init(frame, WIRE_FRAME_MAX);
    assert_int_equal(wire_encode(&m, &exercise, &signer, frame), 0);
    assert_int_equal(wire_open(buf_view(frame), &e), WIRE_OK);
    keys.keys[keys.n].body = e.body;
    memcpy(keys.keys[keys.n].signature, e.signature.data, SIGN_LEN);
    assert_int_equal(sign_public(&usual, keys.sign_key), 0);
    keys.n++;
}

static struct pins_chain checked(const struct pins *p, int32_t day)
{
    struct pins_chain c;

    assert_int_equal(pins_check(p, &exercise, &keys, day, &c), 0);
    return c;
}

static bool current_is(const struct pins_chain *c, uint8_t seed)
{
    struct pair p = pair_of(seed);

    return c->current >= 0 && memcmp(c->links[c->current].key, p.public_key, 32) == 0;
}

static void first_key_is_pinned_at_first_use_and_after_a_restart(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    announce(&(struct announcement){ .key = 1 });
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_NEW);
    assert_true(current_is(&c, 1));
    assert_int_equal(pins_use(p, "advice", &c), 0);
    pins_closep(&p);
    p = pins_here();
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_PINNED);
    assert_true(c.has_pin);
}

static void looking_alone_pins_nothing(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pin pin;

    (void)state;
    announce(&(struct announcement){ .key = 1 });
    assert_int_equal(checked(p, TODAY).state, PINS_NEW);
    assert_int_equal(checked(p, TODAY).state, PINS_NEW);
    assert_int_equal(pins_find(p, "advice", &pin), -ENOENT);
}

static void pin_key_1(const struct pins *p)
{
    struct pins_chain c;

    announce(&(struct announcement){ .key = 1 });
    c = checked(p, TODAY);
    assert_int_equal(pins_use(p, "advice", &c), 0);
}

static void announced_change_is_followed_once_its_day_has_come(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    pin_key_1(p);
    announce(&(struct announcement){ .key = 2, .previous = 1, .from = TODAY + 1 });
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_PINNED);
    assert_true(current_is(&c, 1));
    c = checked(p, TODAY + 1);
    assert_int_equal(c.state, PINS_PINNED);
    assert_true(current_is(&c, 2));
    assert_int_equal(pins_use(p, "advice", &c), 0);
    assert_memory_equal(checked(p, TODAY + 1).pin.key, pair_of(2).public_key, 32);
}

static void several_announced_changes_are_followed(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    pin_key_1(p);
    announce(&(struct announcement){ .key = 2, .previous = 1 });
    announce(&(struct announcement){ .key = 3, .previous = 2 });
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_PINNED);
    assert_true(current_is(&c, 3));
}

static void unannounced_change_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    pin_key_1(p);
    keys.n = 0;
    buf_deinit(&frames[0]);
    announce(&(struct announcement){ .key = 2 });
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_CHANGED);
    assert_int_equal(pins_use(p, "advice", &c), -EPERM);
    assert_int_equal(checked(p, TODAY).state, PINS_CHANGED);
}

static void change_that_names_another_key_before_it_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    pin_key_1(p);
    announce(&(struct announcement){ .key = 2, .previous = 9 });
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_CHANGED);
    assert_true(c.forged);
    assert_int_equal(pins_use(p, "advice", &c), -EPERM);
}

static void change_that_names_no_key_before_it_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();

    (void)state;
    pin_key_1(p);
    announce(&(struct announcement){ .key = 2 });
    assert_int_equal(checked(p, TODAY).state, PINS_CHANGED);
}

static void change_signed_by_somebody_else_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();

    (void)state;
    pin_key_1(p);
    announce(&(struct announcement){ .key = 2, .previous = 1, .signer = 55 });
    assert_int_equal(checked(p, TODAY).state, PINS_CHANGED);
}

/* The broker hands out its own chain, whole and well signed, with its own signing key. */
static void another_signing_key_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct secret other = signer_of(55);
    struct pins_chain c;

    (void)state;
    pin_key_1(p);
    keys.n = 0;
    buf_deinit(&frames[0]);
    announce(&(struct announcement){ .key = 1, .signer = 55 });
    announce(&(struct announcement){ .key = 2, .previous = 1, .signer = 55 });
    assert_int_equal(sign_public(&other, keys.sign_key), 0);
    c = checked(p, TODAY);
    assert_false(c.forged);
    assert_int_equal(c.state, PINS_CHANGED);
}

static void announcement_of_another_agency_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    announce(&(struct announcement){ .key = 1, .sender = "other-agency" });
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_CHANGED);
    assert_int_equal(pins_use(p, "advice", &c), -EPERM);
}

static void another_message_in_its_place_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();

    (void)state;
    announce(&(struct announcement){ .key = 1, .type = MSG_SEALING_KEY_QUERY });
    assert_int_equal(checked(p, TODAY).state, PINS_CHANGED);
}

static void signature_of_another_mode_or_broker_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    const struct wire_context live = { .mode = MODE_LIVE, .origin = "town.example/almoner" };
    const struct wire_context elsewhere = { .mode = MODE_EXERCISE,
                                            .origin = "other.example/almoner" };
    struct pins_chain c;

    (void)state;
    announce(&(struct announcement){ .key = 1 });
    assert_int_equal(pins_check(p, &live, &keys, TODAY, &c), 0);
    assert_int_equal(c.state, PINS_CHANGED);
    assert_int_equal(pins_check(p, &elsewhere, &keys, TODAY, &c), 0);
    assert_int_equal(c.state, PINS_CHANGED);
}

static void chain_that_no_longer_tells_our_key_is_refused(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();

    (void)state;
    pin_key_1(p);
    keys.n = 0;
    assert_int_equal(checked(p, TODAY).state, PINS_CHANGED);
}

static void agency_without_a_key_has_none(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c = checked(p, TODAY);

    (void)state;
    assert_int_equal(c.state, PINS_NONE);
    assert_int_equal(pins_use(p, "advice", &c), -EPERM);
}

static void first_key_whose_day_has_not_come_is_not_used(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();

    (void)state;
    announce(&(struct announcement){ .key = 1, .from = TODAY + 1 });
    assert_int_equal(checked(p, TODAY).state, PINS_NONE);
    assert_int_equal(checked(p, TODAY + 1).state, PINS_NEW);
}

static void accepted_key_is_pinned_when_it_is_the_newest(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    pin_key_1(p);
    keys.n = 0;
    buf_deinit(&frames[0]);
    announce(&(struct announcement){ .key = 5 });
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_CHANGED);
    assert_int_equal(pins_accept(p, "advice", &c, pair_of(1).public_key), -ENOENT);
    assert_int_equal(pins_accept(p, "advice", &c, pair_of(5).public_key), 0);
    c = checked(p, TODAY);
    assert_int_equal(c.state, PINS_PINNED);
    assert_true(current_is(&c, 5));
}

static void forged_chain_cannot_be_accepted(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    pin_key_1(p);
    announce(&(struct announcement){ .key = 2, .previous = 1, .signer = 55 });
    c = checked(p, TODAY);
    assert_int_equal(pins_accept(p, "advice", &c, pair_of(2).public_key), -EPERM);
    assert_int_equal(pins_accept(p, "advice", &c, pair_of(1).public_key), -EPERM);
}

static void damaged_pin_is_an_error_and_never_a_first_use(void **state)
{
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pins_chain c;

    (void)state;
    pin_key_1(p);
    (void)temp_text("pins/advice", "ALMPIN1 short");
    assert_int_equal(pins_check(p, &exercise, &keys, TODAY, &c), -EBADMSG);
    (void)temp_text("pins/advice", "");
    assert_int_equal(pins_check(p, &exercise, &keys, TODAY, &c), -EBADMSG);
}

static void agencys_id_never_leads_out_of_the_folder(void **state)
{
    static const char *const names[] = { "", ".", "..", "../up", "a/b", ".hidden" };
    ALM_CLEANUP(pins_closep) struct pins *p = pins_here();
    struct pin pin;

    (void)state;
    for (size_t i = 0; i < ALM_LEN(names); i++)
        assert_int_not_equal(pins_find(p, names[i], &pin), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_opens_for_its_receiver),
        cmocka_unit_test(box_does_not_show_its_text_or_length),
        cmocka_unit_test(box_does_not_open_for_another_key),
        cmocka_unit_test(box_moved_to_another_referral_does_not_open),
        cmocka_unit_test(box_says_who_wrote_it),
        cmocka_unit_test(any_changed_byte_or_missing_end_is_found),
        cmocka_unit_test(longest_text_fits_and_a_longer_one_is_refused),
        cmocka_unit_test(text_that_is_not_utf8_and_keys_that_are_none_are_refused),
        cmocka_unit_test(contents_that_are_not_as_we_make_them_do_not_open),
        cmocka_unit_test(random_contents_never_open),
        T(first_key_is_pinned_at_first_use_and_after_a_restart),
        T(looking_alone_pins_nothing),
        T(announced_change_is_followed_once_its_day_has_come),
        T(several_announced_changes_are_followed),
        T(unannounced_change_is_refused),
        T(change_that_names_another_key_before_it_is_refused),
        T(change_that_names_no_key_before_it_is_refused),
        T(change_signed_by_somebody_else_is_refused),
        T(another_signing_key_is_refused),
        T(announcement_of_another_agency_is_refused),
        T(another_message_in_its_place_is_refused),
        T(signature_of_another_mode_or_broker_is_refused),
        T(chain_that_no_longer_tells_our_key_is_refused),
        T(agency_without_a_key_has_none),
        T(first_key_whose_day_has_not_come_is_not_used),
        T(accepted_key_is_pinned_when_it_is_the_newest),
        T(forged_chain_cannot_be_accepted),
        T(damaged_pin_is_an_error_and_never_a_first_use),
        T(agencys_id_never_leads_out_of_the_folder),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
