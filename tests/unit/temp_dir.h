/* SPDX-License-Identifier: Apache-2.0 */
/* temp_dir.h - a folder of a test's own, removed with all that is in it. */
#pragma once
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char temp_dir[64];
static char temp_path_buf[8][512];

static inline int temp_dir_setup(void **state)
{
    (void)state;
    (void)snprintf(temp_dir, sizeof(temp_dir), "/tmp/alm-test-XXXXXX");
    return mkdtemp(temp_dir) ? 0 : -1;
}

static inline int temp_dir_remove(const char *path, const struct stat *st, int type,
                                  struct FTW *ftw)
{
    (void)st;
    (void)type;
    (void)ftw;
    return remove(path);
}

static inline int temp_dir_teardown(void **state)
{
    (void)state;
    return nftw(temp_dir, temp_dir_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* A path in the folder; good for the next seven calls. */
static inline const char *temp_path(const char *name)
{
    static unsigned turn;
    char *out = temp_path_buf[turn++ % 8];

    (void)snprintf(out, sizeof(temp_path_buf[0]), "%s/%s", temp_dir, name);
    return out;
}

/* Writes a file of the folder. Return: its path. */
static inline const char *temp_write(const char *name, const void *data, size_t len)
{
    const char *path = temp_path(name);
    FILE *f = fopen(path, "w");

    if (!f || fwrite(data, 1, len, f) != len || fclose(f) != 0)
        abort(); /* no test can go on without its files */
    return path;
}

static inline const char *temp_text(const char *name, const char *text)
{
    return temp_write(name, text, strlen(text));
}
