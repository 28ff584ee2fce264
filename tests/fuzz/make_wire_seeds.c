/* SPDX-License-Identifier: Apache-2.0 */
/* make_wire_seeds.c - writes the seeds of fuzz_wire: one frame of every message, least and fullest (where that is
 * small), one signed, and a body without its envelope. Its files are committed; run it again after a change of the
 * messages: ninja -C build make_wire_seeds && build/tests/fuzz/make_wire_seeds tests/fuzz/seeds/wire */
#include "base/file.h"
#include "wire_sample.h"
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

static int seed_type(const char *folder, uint8_t type)
{
    static const char *const names[] = { "least", "full", "signed", "body" };
    struct wire_context ctx = wire_sample_context();
    struct secret key = wire_sample_key();
    struct wire_envelope e;

    for (size_t i = 0; i < ALM_LEN(names); i++) {
        ALM_CLEANUP(buf_deinit) struct buf frame;

        buf_init(&frame, WIRE_FRAME_MAX);
        wire_sample(type, i == 1, &sample);
        if (wire_encode(&sample, &ctx, i == 2 ? &key : NULL, &frame) < 0 || wire_open(buf_view(&frame), &e) != WIRE_OK)
            return -1;
        if (i >= 2 && type != MSG_HELLO)
            continue;
        if (seed_write(folder, names[i], type, i == 3 ? e.body : buf_view(&frame)) < 0)
            return -1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: make_wire_seeds FOLDER\n");
        return 64;
    }
    for (uint8_t type = MSG_HELLO; type <= MSG_BUSY; type++) {
        if (seed_type(argv[1], type) < 0) {
            (void)fprintf(stderr, "make_wire_seeds: type %d could not be written to %s\n", type, argv[1]);
            return 74;
        }
    }
    return 0;
}
