/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_conf.c - any text either loads or is refused with an error; it never ends the process. */
#include "conf/conf.h"

#include <assert.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void walk(const struct conf_node *n)
{
    assert(conf_file(n));
    for (size_t i = 0; i < conf_len(n); i++) {
        assert(conf_type_of(n) == CONF_GROUP || conf_type_of(n) == CONF_LIST);
        walk(conf_at(n, i));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(conf_freep) struct conf *c = NULL;
    int fd = memfd_create("fuzz", MFD_CLOEXEC), r;
    char path[64];

    if (fd < 0 || write(fd, data, size) != (ssize_t)size || conf_errors_new(&e) < 0)
        abort();
    (void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    r = conf_load(path, e, &c);
    assert((r == 0) == (conf_errors_count(e) == 0) && (r == 0) == (c != NULL));
    if (c)
        walk(conf_root(c));
    (void)close(fd);
    return 0;
}
