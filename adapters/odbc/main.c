/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - almoner-source-odbc: the ODBC backend as a worker. */
#include "odbc/backend.h"

#include <locale.h>

int main(int argc, char *argv[])
{
    /* Some drivers write text in the locale's encoding; ours is UTF-8 whatever the host was started
     * with. Where there is no such locale, what such a driver writes is refused as not UTF-8. */
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    return alm_backend_main(&backend_odbc, argc, argv);
}
