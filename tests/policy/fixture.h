/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - what the policy tests share: tests/policy/small.policy as a bundle, and facts that it
 * permits. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h> /* after the five above, which it needs */

#include "base/clock.h"
#include "base/crypto.h"
#include "compile/compile.h"
#include "engine/engine.h"

struct fixture {
    struct bundle *b;
    struct facts f; /* of a permitted question; each test changes one thing */
    struct consent_fact consents[4];
    struct shield_fact shields[2];
    struct decision d;
};

int32_t on(const char *day); /* "2022-05-03" */
uint16_t agency(struct fixture *x, const char *id);
struct agency_set set_of(struct fixture *x, const char *ids); /* "a b", or "*" */
/* Starts again: agency asks question ("" for who-is-involved) for purpose about a person on
 * 2022-05-03, involved since 2022-01-01. */
void ask(struct fixture *x, const char *who, const char *purpose, const char *question);
/* Adds a live grant by the subject for everybody. Returned for changing. */
struct consent_fact *grant(struct fixture *x);
struct consent_fact *refusal(struct fixture *x); /* as grant(), a day later */
struct shield_fact *shield(struct fixture *x, uint8_t level);
void decide(struct fixture *x);
/* Decide, and compare. */
void expect_reason(struct fixture *x, enum reason r);
/* permitted; "a b", masked ones as "(a)"; "" for none */
void expect_holders(struct fixture *x, const char *ids);
/* the holders listed, whatever the outcome */
void expect_asked(struct fixture *x, const char *ids);

int fixture_new(void **state);
int fixture_free(void **state);
/* Compiles a text kept in a temporary file. Return: as policy_compile(). */
int compile_text(const char *text, struct conf_errors *e, struct buf *out);
char *small_policy(void); /* its text; free() it */
/* The bytes of a bundle as a store of an earlier program has it: of this version. */
void old_bundle(const char *path, uint16_t version, struct buf *bytes);
struct bundle *old_bundle_read(const char *path, uint16_t version); /* which is read still */
struct bundle *bundle_of(const char *text); /* which compiles, else the test fails */
/* The least that is a policy, for a test to write more into: agencies "a" and "b" of one sector. */
struct layout;
void draft_layout(struct layout *l);
/* What the engine says of the bytes that a layout becomes: as bundle_decode(). */
int decoded_layout(const struct layout *l);
