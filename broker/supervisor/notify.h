/* SPDX-License-Identifier: Apache-2.0 */
/* notify.h - sd_notify(3)'s datagram, without libsystemd. */
#pragma once

/* Tells the service manager ("READY=1", "STOPPING=1") if there is one (NOTIFY_SOCKET); otherwise
 * does nothing. */
void notify_manager(const char *state);
