/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-source-csv: the CSV backend as a worker. */
#include "csv/backend.h"

int main(int argc, char *argv[])
{
    return alm_backend_main(&backend_csv, argc, argv);
}
