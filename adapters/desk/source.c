/* SPDX-License-Identifier: Apache-2.0 */
/* source.c - almoner-source-desk: the desk's book and list as a worker. */
#include "desk/backend.h"

int main(int argc, char *argv[])
{
    return alm_backend_main(&backend_desk, argc, argv);
}
