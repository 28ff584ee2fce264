/* SPDX-License-Identifier: Apache-2.0 */
/* replay.c - main() for a fuzz target in the ordinary run: every file of the folders named is fed
 * to it once, and each of its first bytes once cut off and once changed. Prints TAP. A crash, a
 * sanitizer's report or an abort fails the run. */
#include "base/file.h"
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLAY_FILE_MAX (1 << 20)
#define REPLAY_NEAR     256 /* bytes of a seed whose neighbours are tried */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void replay_one(const uint8_t *data, size_t len)
{
    /* A copy of the exact length, so that ASan sees a read one past the end. */
    uint8_t *copy = malloc(len ? len : 1);

    if (!copy)
        abort();
    if (len)
        memcpy(copy, data, len);
    (void)LLVMFuzzerTestOneInput(copy, len);
    free(copy);
}

static void replay_near(struct buf *b)
{
    for (size_t i = 0; i < b->len && i < REPLAY_NEAR; i++) {
        replay_one(b->data, i);
        b->data[i] ^= (uint8_t)(1u << (i % 8));
        replay_one(b->data, b->len);
        b->data[i] ^= (uint8_t)(1u << (i % 8));
    }
}

static int replay_file(const char *folder, const char *name)
{
    ALM_CLEANUP(buf_deinit) struct buf b;
    char path[4096];
    int r = snprintf(path, sizeof(path), "%s/%s", folder, name);

    buf_init(&b, REPLAY_FILE_MAX);
    if (r < 0 || (size_t)r >= sizeof(path) || file_read(path, REPLAY_FILE_MAX, &b) < 0)
        return -1;
    replay_one(b.data, b.len);
    replay_near(&b);
    return 0;
}

static int replay_folder(const char *folder, int *n)
{
    struct dirent **entries;
    int found = scandir(folder, &entries, NULL, alphasort), bad = 0;

    if (found < 0) {
        printf("not ok %d - %s cannot be read\n", ++*n, folder);
        return 1;
    }
    for (int i = 0; i < found; i++) {
        if (entries[i]->d_name[0] != '.') {
            int r = replay_file(folder, entries[i]->d_name);

            printf("%sok %d - %s is taken without harm\n", r ? "not " : "", ++*n,
                   entries[i]->d_name);
            (void)fflush(stdout); /* after a crash the last line tells how far it came */
            bad += r != 0;
        }
        free(entries[i]);
    }
    free(entries);
    return bad;
}

int main(int argc, char **argv)
{
    int n = 0, bad = 0;

    for (int i = 1; i < argc; i++)
        bad += replay_folder(argv[i], &n);
    if (n == 0) {
        printf("not ok 1 - no seeds\n");
        n = 1;
        bad = 1;
    }
    printf("1..%d\n", n);
    return bad ? EXIT_FAILURE : EXIT_SUCCESS;
}
