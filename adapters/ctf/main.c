/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-source-ctf: the transfer-file backend as a worker. */
#include "ctf/backend.h"

int main(int argc, char *argv[])
{
    return alm_backend_main(&backend_ctf, argc, argv);
}
