/* SPDX-License-Identifier: Apache-2.0 */
/* children.h - what the supervisor hands each child: fixed descriptor numbers, arguments, and a small shared page. */
#pragma once
#include <stdint.h>

/* Descriptors in every child (others are closed before exec):
 *   3  a memfd or pipe with the child's settings and the one secret it needs, read to the end then closed
 *   4  a SOCK_SEQPACKET channel to the supervisor (ready / stop / alerts), CHILD_* datagrams
 *   5  the shared page (memfd, mmap): core only
 *   6  core<->signer pair (core and signer) ; 7 core<->reader pair (core and reader)
 *   10 + i  gate i's pair: all of them in the core; in gate i itself its own end is descriptor 10 */
#define CHILD_FD_SETTINGS 3
#define CHILD_FD_SUPERVISOR 4
#define CHILD_FD_SHARED 5
#define CHILD_FD_SIGNER 6
#define CHILD_FD_READER 7
#define CHILD_FD_GATES 10
#define CHILD_GATES_MAX 512

/* Settings on descriptor 3: JSON text (jansson), one object; each child's own keys are listed in broker/README.md. Secrets are hex. */

enum child_say { CHILD_READY = 'R', CHILD_STOP = 'S', CHILD_CLOSE_GATE = 'C' /* core -> supervisor: u16 gate index; kill and restart it */ };

/* Before the core decides a message it notes its agency here; the supervisor reads it after a crash. An agency whose messages ended the
 * core twice in ten minutes is handed to the next core as suspended. */
struct child_shared {
    volatile uint32_t deciding;  /* 1 while a message is being decided */
    char agency[64];
    /* A thread that checks a signature beforehand ends the core over another message than the one being decided: then 1, and
     * whose it was; it comes before deciding. */
    volatile uint32_t check_crashed;
    char check_agency[64];
};

/* Core -> signer: a tree head to sign; signer -> core: the signed note. Datagrams:
 *   'H' u64 tree size, 32-byte root, u64 proved size, u16 n, n hashes of 32  (core -> signer): n is the consistency proof
 *       (RFC 9162 section 2.1.4) from the tree of the proved size, which the core believes was signed last
 *   'N' u64 tree size, 32-byte root, u16 length, note text (signer -> core): a C2SP signed checkpoint
 *   'P' u64 size (signer -> core): the head signed last has this size; ask again with a proof from it
 *   'X' u16 length, reason (signer -> core): refused (would disagree with an earlier head, or does not continue it)
 *   'W' u64 size, u8 wanted, u8 first (signer -> core): the head signed last has this size (0: none); wanted 1: which heads do witnesses
 *       hold? it signs nothing before it knows; first 1: it has just started. Also said after each 'A', and again while it waits
 *   'A' u16 answered, u16 needed, u64 size, u16 n, n hashes of 32, u16 length, note (core -> signer): so many witnesses have answered, of
 *       which the policy needs so many; one of them holds this head (length 0: none); the proof is between it and the signer's own
 *       head of that size, from the smaller to the larger, n 0 where there is none
 * Reader -> core: 'L' u32 ref, u16 length, JSON of the reading's leaf {officer, command, query}; core -> reader: 'K' u32 ref, u64 leaf (committed) or
 * 'D' u32 ref, u16 length, reason (denied: unknown officer, or not recorded). */
