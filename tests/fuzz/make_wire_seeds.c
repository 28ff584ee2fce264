/* SPDX-License-Identifier: Apache-2.0 */
/* make_wire_seeds.c - writes the seeds of fuzz_wire: for every message a frame with the least and,
 * where that is small, one with the most in it, and a bare body without padding, which a fuzzer
 * changes to better effect; and one signed. Its files are committed; run it again after a change of
 * the messages: ninja -C build make_wire_seeds && build/tests/fuzz/make_wire_seeds
 * tests/fuzz/seeds/wire */
#include "base/file.h"
#include "wire/scan.h"
#include "wire_sample.h"
#include "wire_sample_parts.h"
#include <stdio.h>

#define SEED_MAX 20000 /* bytes: longer seeds only slow the fuzzer */

static struct msg sample;

static int seed_write(const char *folder, const char *name, int type, struct bytes data)
{
    char path[4096];
    int r = snprintf(path, sizeof(path), "%s/%d-%s", folder, type, name);

    if (r < 0 || (size_t)r >= sizeof(path))
        return -1;
    return data.len > SEED_MAX ? 0 : file_write(path, data, 0644);
}

/* A body without its padding, field by field. */
static int seed_bare(const char *folder, int type, struct bytes body)
{
    ALM_CLEANUP(buf_deinit) struct buf bare;
    struct scan_field f;

    buf_init(&bare, WIRE_FRAME_MAX);
    while (body.len > 0) {
        const uint8_t *start = body.data;

        if (scan_next(&body, &f) != WIRE_OK)
            return -1;
        if (f.tag != 15)
            buf_put(&bare, start, (size_t)(body.data - start));
    }
    return buf_status(&bare) < 0 ? -1 : seed_write(folder, "bare", type, buf_view(&bare));
}

static int seed_frame(const char *folder, uint8_t type, const char *name, bool full,
                      const struct secret *key)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_context ctx = wire_sample_context();
    struct wire_envelope e;

    buf_init(&frame, WIRE_FRAME_MAX);
    wire_sample(type, full, &sample);
    if (wire_encode(&sample, &ctx, key, &frame) < 0 || wire_open(buf_view(&frame), &e) != WIRE_OK ||
        seed_write(folder, name, type, buf_view(&frame)) < 0)
        return -1;
    return full || key ? 0 : seed_bare(folder, type, e.body);
}

static int seed_type(const char *folder, uint8_t type)
{
    struct secret key = wire_sample_key();

    if (seed_frame(folder, type, "least", false, NULL) < 0 ||
        seed_frame(folder, type, "full", true, NULL) < 0)
        return -1;
    return type == MSG_HELLO ? seed_frame(folder, type, "signed", false, &key) : 0;
}

/* Of the parts of a Deliver the samples have but two: a notice that says whom it is about. */
static int seed_notice(const char *folder)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_context ctx = wire_sample_context();
    struct wire_envelope e;

    buf_init(&frame, WIRE_FRAME_MAX);
    wire_sample(MSG_DELIVER, false, &sample);
    sample_person(&sample.deliver.notice.subject, false, true);
    if (wire_encode(&sample, &ctx, NULL, &frame) < 0 ||
        wire_open(buf_view(&frame), &e) != WIRE_OK ||
        seed_write(folder, "notice", MSG_DELIVER, buf_view(&frame)) < 0)
        return -1;
    return 0;
}

/* And the final replies to queries that somebody answered by hand. */
static int seed_later(const char *folder)
{
    static const uint8_t types[] = { MSG_INSIGHT, MSG_INVOLVEMENT };
    static struct msg part;

    for (size_t i = 0; i < ALM_LEN(types); i++) {
        ALM_CLEANUP(buf_deinit) struct buf frame;
        struct wire_context ctx = wire_sample_context();
        struct msg_deliver *d = &sample.deliver;

        buf_init(&frame, WIRE_FRAME_MAX);
        wire_sample(types[i], true, &part);
        wire_sample(MSG_DELIVER, false, &sample);
        d->has_notice = false;
        d->kind = i ? DELIVERY_INVOLVEMENT : DELIVERY_INSIGHT;
        d->query = part.id;
        d->has_insight = i == 0;
        d->has_involvement = i == 1;
        if (i)
            d->involvement = part.involvement;
        else
            d->insight = part.insight;
        d->insight.later_by_ms = d->involvement.later_by_ms = 0;
        d->involvement.n = i ? 3 : 0;
        if (wire_encode(&sample, &ctx, NULL, &frame) < 0 ||
            seed_write(folder, i ? "involvement" : "insight", MSG_DELIVER, buf_view(&frame)) < 0)
            return -1;
    }
    return 0;
}

static int seed_stop(const char *folder)
{
    ALM_CLEANUP(buf_deinit) struct buf frame;
    struct wire_context ctx = wire_sample_context();

    buf_init(&frame, WIRE_FRAME_MAX);
    wire_sample(MSG_DELIVER, false, &sample);
    sample.deliver.has_notice = false;
    sample.deliver.kind = DELIVERY_STOP_USING;
    sample.deliver.has_stop = true;
    sample_stop_using(&sample.deliver.stop, true);
    if (wire_encode(&sample, &ctx, NULL, &frame) < 0)
        return -1;
    return seed_write(folder, "stop", MSG_DELIVER, buf_view(&frame));
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: make_wire_seeds FOLDER\n");
        return 64;
    }
    for (uint8_t type = MSG_HELLO; type <= MSG_COSIGNATURE; type++) {
        if (!wire_sample_has(type))
            continue;
        if (seed_type(argv[1], type) < 0) {
            (void)fprintf(stderr, "make_wire_seeds: type %d could not be written to %s\n", type,
                          argv[1]);
            return 74;
        }
    }
    if (seed_notice(argv[1]) < 0 || seed_later(argv[1]) < 0 || seed_stop(argv[1]) < 0) {
        (void)fprintf(stderr, "make_wire_seeds: %s cannot be written to\n", argv[1]);
        return 74;
    }
    return 0;
}
