/* SPDX-License-Identifier: Apache-2.0 */
/* wild.h - calls of LMDB that walk pages. LMDB believes what a page says of where to go on, so a damaged one leads it
 * past the end of the file or of the map, or trips an assertion: the kernel's SIGBUS and SIGSEGV, and LMDB's abort. A
 * signal says nothing to whoever started the process, and a broker's core that dies of one seems to die of the
 * message in hand. For pages.c alone, but for wild_exits(). */
#pragma once
#include "base/attr.h"
#include <setjmp.h>

struct wild_call {
    jmp_buf back; /* set by whoever makes the call: returns again, once, when it came to nothing */
};
/* This process's handlers of the two signals, before those that were there: whatever happens outside of a guarded call,
 * or was sent by somebody, is left to them. As often as wanted. */
void wild_watch(void);
/* Between these this thread is in LMDB. No call within a call. */
void wild_enter(struct wild_call *call);
void wild_leave(void);
/* Out of the call that this thread is in, by its `back`; returns where it is in none. */
void wild_back(void);
/**
 * wild_exits() - how this process ends when a page led LMDB out of its map
 * @code: an exit status; 0, as at first: by the signal
 *
 * A page that cannot be read (SIGBUS: past the file's end, or the disk gave an error) is an error of the call. Past the
 * map (SIGSEGV) nobody knows what was written to before, so that nothing is gone on with: one line in the log
 * (store-wild), and the end.
 */
void wild_exits(int code);
