/* SPDX-License-Identifier: Apache-2.0 */
/* keyholder.h - answers TokenRequests with the partnership's keys, and nothing else. */
#pragma once

/* By this configuration, until SIGTERM. Return: an exit code of sysexits.h. */
int keyholder_run(const char *path);
/* Says what is wrong with it, or which epochs it holds; connects nowhere. */
int keyholder_check(const char *path);
