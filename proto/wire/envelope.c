/* SPDX-License-Identifier: Apache-2.0 */
/* envelope.c - the frame around a body: opening, signatures over received bytes, padding, sealing
 * up. */
#include "wire/convert.h"
#include "wire/scan.h"
#include <errno.h>
#include <string.h>

#define ENVELOPE_BUDGET_BYTES (512 * 1024) /* of protobuf-c's tree and the body when we encode */
#define ENVELOPE_SIZES_MAX    4
#define ENVELOPE_PADDING_TAG  15 /* behind all of Body's fields but the payload */

/* DESIGN.md section 4: an Ed25519 signature over "almoner/v1" | mode | broker origin | body. */
static const char envelope_domain[] = "almoner/v1"; /* with its NUL */

/* Sizes that an encoded Body is padded to, ascending, in bytes. One where a message's length could
 * tell what it says: all answers are alike, all replies are alike, and so are all questions. */
static const uint16_t envelope_sizes[][ENVELOPE_SIZES_MAX] = {
    [MSG_HELLO] = { 1024 },
    [MSG_WELCOME] = { 1792 },
    [MSG_LEASE] = { 1024 },
    [MSG_CATALOGUE] = { 8192, 16384, 40960 },
    [MSG_INSIGHT_QUERY] = { 4096 },
    [MSG_INVOLVEMENT_QUERY] = { 4096 },
    [MSG_QUESTION] = { 3264 },
    [MSG_ANSWER] = { 704 },
    [MSG_INSIGHT] = { 1792 },
    [MSG_INVOLVEMENT] = { 4096, 16384, 61440 },
    [MSG_CONSENT] = { 4096, 16384 },
    [MSG_WITHDRAWAL] = { 4096 },
    [MSG_CONSENT_CHANGE] = { 4096 },
    [MSG_SHIELD] = { 4096 },
    [MSG_CONSENT_LIST_QUERY] = { 1024 },
    [MSG_CONSENT_LIST] = { 8192 },
    [MSG_RECEIPT] = { 1792 },
    [MSG_REFUSAL] = { 1792 },
    [MSG_BUSY] = { 1792 },
    [MSG_OVERRIDE] = { 4096 },
    [MSG_APPROVAL] = { 4096 },
    [MSG_OVERRIDE_REVIEW] = { 4096 },
    [MSG_OVERRIDE_QUERY] = { 1024 },
    [MSG_OVERRIDE_VIEW] = { 4096 },
    [MSG_CONCERN] = { 4096 },
    [MSG_CONCERN_CHANGE] = { 4096 },
    [MSG_THRESHOLD_STATE] = { 1792, 16384 },
    [MSG_SUBSCRIBE] = { 4096 },
    [MSG_FIRING_UPDATE] = { 1024 },
    [MSG_CONTACT_REQUEST] = { 2048 },
    [MSG_DELIVER] = { 4096, 24576, 62464 },
    [MSG_ACK] = { 1024 },
    [MSG_STREAM_QUERY] = { 1024 },
    [MSG_STREAM_STATUS] = { 4096 },
    [MSG_DUE_QUERY] = { 1024 },
    [MSG_DUE_LIST] = { 4096, 24576 },
    [MSG_REFERRAL] = { 4096, 24576 },
    [MSG_REFERRAL_UPDATE] = { 4096, 24576 },
    [MSG_REFERRAL_STATE] = { 1792 },
    [MSG_REFERRAL_QUERY] = { 1024 },
    [MSG_REFERRAL_LIST] = { 4096, 24576 },
    [MSG_SEALING_KEY] = { 1024 },
    [MSG_SEALING_KEY_QUERY] = { 1024 },
    [MSG_SEALING_KEYS] = { 4096, 16384 },
    [MSG_DIRECTORY_QUERY] = { 1024 },
    [MSG_DIRECTORY] = { 8192, 40960 },
    [MSG_ELIGIBILITY_QUERY] = { 4096 },
    [MSG_ELIGIBILITY] = { 1792 },
    [MSG_WATCH] = { 4096 },
    [MSG_WATCH_CHANGE] = { 4096 },
    [MSG_NOT_SHARED] = { 2048 },
    [MSG_OUTCOME] = { 1024 },
    [MSG_DISPUTE] = { 4096 },
    [MSG_RETOKEN] = { 4096 },
    [MSG_TOKEN_REQUEST] = { 4096, 12288 },
    [MSG_TOKENS] = { 4096, 12288 },
    [MSG_COSIGN] = { 8192 },
    [MSG_COSIGNATURE] = { 1024, 8192 },
    [MSG_CORRECTION] = { 4096 },
    [MSG_ACK_OF] = { 2048 },
    [MSG_STATEMENT] = { 8192 },
    [MSG_CORRECTION_QUERY] = { 1024 },
    [MSG_CORRECTION_LIST] = { 8192 },
};

static const char *const envelope_words[] = {
    [WIRE_OK] = "ok",
    [WIRE_TOO_LARGE] = "too-large",
    [WIRE_TRUNCATED] = "truncated",
    [WIRE_UNKNOWN_FIELD] = "unknown-field",
    [WIRE_WRONG_TYPE] = "wrong-type",
    [WIRE_DUPLICATE_FIELD] = "duplicate-field",
    [WIRE_TWO_ARMS] = "two-arms",
    [WIRE_BAD_VARINT] = "bad-varint",
    [WIRE_BAD_ENUM] = "bad-enum",
    [WIRE_HAS_NUL] = "has-nul",
    [WIRE_BAD_UTF8] = "bad-utf8",
    [WIRE_TOO_DEEP] = "too-deep",
    [WIRE_TOO_MANY] = "too-many",
    [WIRE_TOO_LONG] = "too-long",
    [WIRE_MISSING_FIELD] = "missing-field",
    [WIRE_BAD_VERSION] = "bad-version",
    [WIRE_BAD_ID] = "bad-id",
    [WIRE_BAD_VALUE] = "bad-value",
    [WIRE_NO_MEMORY] = "no-memory",
};

const char *wire_fault_word(enum wire_fault f)
{
    return (size_t)f < ALM_LEN(envelope_words) && envelope_words[f] ? envelope_words[f]
                                                                    : "unknown-fault";
}

/* Fields of a scanned envelope, as views into the frame: the body is verified and decoded where it
 * stands. */
static void envelope_views(struct bytes frame, struct wire_envelope_plain *out)
{
    struct scan_field f;

    while (frame.len > 0 && scan_next(&frame, &f) == WIRE_OK) {
        const struct shape_field *row = shape_find(&wire_shape_envelope, f.tag, NULL);
        void *at = row ? (uint8_t *)out + row->offset : NULL;

        if (row && row->kind == SHAPE_VIEW)
            *(struct bytes *)at = f.view;
        else if (row)
            *(uint32_t *)at = (uint32_t)f.number;
    }
}

/* What comes unsigned, as encoders write it: a version and a body up to the end. Anything else is for
 * the scan to judge. */
static bool envelope_is_bare(struct bytes frame, struct wire_envelope *out)
{
    struct scan_field f;

    if (frame.len == 0 || scan_next(&frame, &f) || f.tag != 1 || f.number != WIRE_VERSION)
        return false;
    if (frame.len == 0 || scan_next(&frame, &f) || f.tag != 3 || f.view.len == 0 || frame.len)
        return false;
    out->body = f.view;
    return true;
}

enum wire_fault wire_open(struct bytes frame, struct wire_envelope *out)
{
    struct wire_envelope_plain plain = { 0 };
    enum wire_fault f;

    *out = (struct wire_envelope){ 0 };
    if (frame.len > WIRE_FRAME_MAX)
        return WIRE_TOO_LARGE;
    if (envelope_is_bare(frame, out))
        return WIRE_OK;
    f = scan_message(&wire_shape_envelope, frame, 1);
    if (f)
        return f;
    envelope_views(frame, &plain);
    if (plain.version == 0 || plain.body.len == 0 ||
        (plain.key_id.len == 0) != (plain.signature.len == 0))
        return WIRE_MISSING_FIELD;
    if (plain.version != WIRE_VERSION)
        return WIRE_BAD_VERSION;
    if (plain.signature.len &&
        (plain.key_id.len != WIRE_KEY_ID_LEN || plain.signature.len != SIGN_LEN))
        return WIRE_BAD_VALUE;
    *out = (struct wire_envelope){ plain.body, plain.key_id, plain.signature };
    return WIRE_OK;
}

void wire_key_id(const uint8_t public_key[static SIGN_PUBLIC_LEN],
                 uint8_t out[static WIRE_KEY_ID_LEN])
{
    uint8_t digest[SHA256_LEN];

    memset(out, 0, WIRE_KEY_ID_LEN);
    /* A digest that cannot be made gives an id that no key has: the frame will be refused. */
    if (crypto_sha256(bytes_of(public_key, SIGN_PUBLIC_LEN), digest) == 0)
        memcpy(out, digest, WIRE_KEY_ID_LEN);
}

/* Return: 0; -EINVAL the context is not set; -ENOMEM. */
static int envelope_signed_input(const struct wire_context *ctx, struct bytes body, struct buf *out)
{
    size_t len = strnlen(ctx->origin, sizeof(ctx->origin));

    if (len == 0 || len >= sizeof(ctx->origin) ||
        (ctx->mode != MODE_LIVE && ctx->mode != MODE_EXERCISE))
        return -EINVAL;
    buf_put(out, envelope_domain, sizeof(envelope_domain));
    buf_put_u8(out, ctx->mode);
    buf_put_u8(out, (uint8_t)len);
    buf_put(out, ctx->origin, len);
    buf_put(out, body.data, body.len);
    return buf_status(out);
}

int wire_verify(const struct wire_envelope *e, const struct wire_context *ctx,
                const uint8_t public_key[static SIGN_PUBLIC_LEN])
{
    ALM_CLEANUP(buf_deinit) struct buf input;
    int r;

    buf_init(&input, WIRE_FRAME_MAX + 256);
    if (e->signature.len != SIGN_LEN || e->body.len == 0)
        return -EBADMSG;
    r = envelope_signed_input(ctx, e->body, &input);
    if (r < 0)
        return -EBADMSG; /* what cannot be checked is not signed */
    return sign_check(public_key, buf_view(&input), e->signature.data) == 0 ? 0 : -EBADMSG;
}

/* Packs some of a message's rows, those from first on: protobuf_c_message_pack() writes what the
 * descriptor lists, and this one lists no others. Fields stand in the order of their tags, so the
 * parts of a message, one behind the other, are the whole. */
static size_t envelope_pack(ProtobufCMessage *pb, size_t first, size_t n, uint8_t *out)
{
    const ProtobufCMessageDescriptor *whole = pb->descriptor;
    ProtobufCMessageDescriptor part = *whole;
    size_t len;

    part.fields = whole->fields + first;
    part.n_fields = (unsigned)n;
    pb->descriptor = &part;
    len = protobuf_c_message_pack(pb, out);
    pb->descriptor = whole;
    return len;
}

/* How long a padding entry is whose field takes exactly bytes (tag, length, zeroes); SIZE_MAX: none
 * is. */
static size_t envelope_pad_len(size_t bytes)
{
    for (size_t prefix = 2; prefix <= 4 && prefix <= bytes; prefix++) {
        size_t len = bytes - prefix;
        size_t varint = len < 128 ? 1 : len < 16384 ? 2 : 3;

        if (1 + varint == prefix)
            return len;
    }
    return SIZE_MAX;
}

/* Fills room bytes with one padding field, or two where one cannot. Return: how many; -E2BIG: room
 * is 1. */
static int envelope_pads(size_t room, ProtobufCBinaryData pads[SHAPE_PADDING_MAX])
{
    static const uint8_t zeroes[WIRE_FRAME_MAX];
    int n = 0;

    if (room == 0)
        return 0;
    if (room > 2 && envelope_pad_len(room) == SIZE_MAX) {
        pads[n++] =
            (ProtobufCBinaryData){ 0, (uint8_t *)(uintptr_t)zeroes }; /* an empty one takes 2 */
        room -= 2;
    }
    if (envelope_pad_len(room) == SIZE_MAX)
        return -E2BIG;
    pads[n++] = (ProtobufCBinaryData){ envelope_pad_len(room), (uint8_t *)(uintptr_t)zeroes };
    return n;
}

/* A Body in its parts: what stands before the padding, the padding, and the payload. */
struct envelope_parts {
    uint8_t *octets;      /* head, then payload */
    size_t head, payload; /* bytes of each */
    size_t size;          /* with the padding */
    ProtobufCBinaryData pads[SHAPE_PADDING_MAX];
    size_t n_pads;
};

/* The least of the type's sizes that the parts can be brought to. Return: 0; -E2BIG. */
static int envelope_pad(uint8_t type, struct envelope_parts *p)
{
    size_t bytes = p->head + p->payload;

    for (size_t i = 0; i < ENVELOPE_SIZES_MAX && envelope_sizes[type][i]; i++) {
        int n = bytes <= envelope_sizes[type][i]
                    ? envelope_pads(envelope_sizes[type][i] - bytes, p->pads)
                    : -E2BIG;

        if (n < 0)
            continue; /* the next size */
        p->size = envelope_sizes[type][i];
        p->n_pads = (size_t)n;
        return 0;
    }
    return -E2BIG;
}

/* Head, padding and payload of a Body into one piece of the arena. */
static int envelope_join(ProtobufCMessage *pb, size_t row, struct envelope_parts *p,
                         struct arena *a, struct bytes *out)
{
    const ProtobufCFieldDescriptor *fd = &pb->descriptor->fields[row];
    uint8_t *to = arena_raw(a, p->size);
    size_t len = p->head;

    if (!to)
        return -ENOMEM;
    memcpy(to, p->octets, p->head);
    *(size_t *)(void *)((uint8_t *)pb + fd->quantifier_offset) = p->n_pads;
    *(ProtobufCBinaryData **)(void *)((uint8_t *)pb + fd->offset) = p->pads;
    len += envelope_pack(pb, row, 1, to + len);
    memcpy(to + len, p->octets + p->head, p->payload);
    *out = bytes_of(to, len + p->payload);
    return 0;
}

static int envelope_body(const struct msg *m, struct arena *a, struct bytes *out)
{
    const struct shape *s = &wire_shape_body;
    struct envelope_parts p;
    ProtobufCMessage *pb = NULL;
    size_t most, padding, arm;
    int r;

    r = convert_out(s, m, a, &pb, &most); /* bounds first: check_msg relies on them */
    if (r < 0)
        return r;
    if (check_msg(m) != WIRE_OK || !shape_find(s, ENVELOPE_PADDING_TAG, &padding) ||
        !shape_find(s, m->type, &arm) || arm <= padding)
        return -EINVAL;
    p.octets = arena_raw(a, most);
    if (!p.octets)
        return -ENOMEM;
    p.head = envelope_pack(pb, 0, padding, p.octets);
    p.payload = envelope_pack(pb, arm, 1, p.octets + p.head);
    r = envelope_pad(m->type, &p);
    return r < 0 ? r : envelope_join(pb, padding, &p, a, out);
}

static int envelope_sign(const struct wire_context *ctx, const struct secret *key,
                         struct bytes body, uint8_t key_id[static WIRE_KEY_ID_LEN],
                         uint8_t sig[static SIGN_LEN])
{
    ALM_CLEANUP(buf_deinit) struct buf input;
    uint8_t public_key[SIGN_PUBLIC_LEN];
    int r;

    buf_init(&input, WIRE_FRAME_MAX + 256);
    r = envelope_signed_input(ctx, body, &input);
    if (r < 0)
        return r;
    r = sign_public(key, public_key);
    if (r < 0)
        return r;
    wire_key_id(public_key, key_id);
    return sign_make(key, buf_view(&input), sig);
}

static int envelope_frame(const struct wire_envelope_plain *plain, struct arena *a, struct buf *out)
{
    ProtobufCMessage *pb = NULL;
    size_t most, len;
    int r = convert_out(&wire_shape_envelope, plain, a, &pb, &most);

    if (r < 0)
        return r;
    len = protobuf_c_message_get_packed_size(pb); /* one level: cheap, and no room is asked in vain */
    if (len > WIRE_FRAME_MAX)
        return -E2BIG;
    r = buf_room(out, len);
    if (r < 0)
        return r;
    out->len += protobuf_c_message_pack(pb, out->data + out->len);
    return 0;
}

int wire_encode(const struct msg *m, const struct wire_context *ctx, const struct secret *key,
                struct buf *out)
{
    ALM_CLEANUP(arena_deinit) struct arena arena;
    uint8_t key_id[WIRE_KEY_ID_LEN], sig[SIGN_LEN];
    struct wire_envelope_plain plain = { .version = WIRE_VERSION };
    int r;

    arena_init(&arena, ENVELOPE_BUDGET_BYTES);
    r = envelope_body(m, &arena, &plain.body);
    if (r < 0)
        return r;
    if (key) {
        r = envelope_sign(ctx, key, plain.body, key_id, sig);
        if (r < 0)
            return r;
        plain.key_id = bytes_of(key_id, sizeof(key_id));
        plain.signature = bytes_of(sig, sizeof(sig));
    }
    return envelope_frame(&plain, &arena, out);
}
