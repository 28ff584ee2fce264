/* SPDX-License-Identifier: Apache-2.0 */
/* form_absent.c - built without libmicrohttpd: the terminal does all that the page does. */
#include "desk/front.h"

#include <sysexits.h>

int form_run(const struct desk_client *c, int port)
{
    (void)c;
    (void)port;
    (void)fputs("almoner desk: this was built without the page (meson option desk_form); answer in the "
                "terminal: almoner desk\n",
                stderr);
    return EX_UNAVAILABLE;
}
