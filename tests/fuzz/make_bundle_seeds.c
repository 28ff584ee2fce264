/* SPDX-License-Identifier: Apache-2.0 */
/* make_bundle_seeds.c - compiles a policy to a seed: make_bundle_seeds tests/policy/small.policy
 * tests/fuzz/seeds/bundle/small */
#include "base/crypto.h"
#include "base/file.h"
#include "compile/compile.h"
#include <stdio.h>

int main(int argc, char **argv)
{
    ALM_CLEANUP(conf_errors_freep) struct conf_errors *e = NULL;
    ALM_CLEANUP(buf_deinit) struct buf out = { 0 };

    buf_init(&out, 1 << 23);
    if (argc != 3 || crypto_init() < 0 || conf_errors_new(&e) < 0)
        return 64;
    if (policy_compile(argv[1], e, &out) < 0) {
        for (size_t i = 0; conf_errors_at(e, i); i++)
            (void)fprintf(stderr, "%s\n", conf_errors_at(e, i));
        return 65;
    }
    return file_write(argv[2], buf_view(&out), 0644) < 0 ? 73 : 0;
}
