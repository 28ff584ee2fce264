/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_csv.c - any bytes, in any encoding, either are rows of UTF-8 fields or are refused with a
 * word. The first byte chooses encoding and delimiter. */
#include "csv/table.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_report(void *ctx, const char *where, unsigned long line, const char *text)
{
    (void)line;
    assert(*where && *text);
    ++*(unsigned *)ctx;
}

static const char *on_row(void *ctx, const char *const fields[])
{
    (void)ctx;
    for (int i = 0; i < 2; i++)
        assert(utf8_valid(fields[i], strlen(fields[i])));
    return *fields[0] ? NULL : "no a";
}

static bool on_reject(void *ctx, unsigned long line, const char *wrong, const char *const fields[])
{
    (void)ctx;
    (void)fields;
    assert(line && *wrong);
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char delimiters[] = { ',', ';', '|', '\t' };
    unsigned n_reports = 0;
    char path[64];
    struct table t = { .path = path,
                       .label = "fuzz.csv",
                       .n_columns = 2,
                       .columns = { { "a", true, "a" }, { "b", false, "b" } },
                       .trailer = "END" };
    int fd = memfd_create("fuzz", MFD_CLOEXEC), r;

    if (fd < 0)
        abort();
    if (size) {
        t.encoding = (enum encoding)(data[0] % ENCODING_COUNT);
        t.delimiter = delimiters[data[0] / 16 % 4];
        t.reject = data[0] & 0x80 ? on_reject : NULL;
        if (write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
            abort();
    }
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    r = table_read(&t, on_report, &n_reports, on_row, NULL);
    assert(r == 0 || r == TABLE_LACKS_COLUMN || r == -EINVAL || r == -ENOMEM);
    assert(r == 0 || r == -ENOMEM || n_reports);
    (void)close(fd);
    return 0;
}
