/* SPDX-License-Identifier: Apache-2.0 */
/* referral.h - referrals in plain words. */
#pragma once
#include <jansson.h>

void print_referrals(const json_t *reply);
void print_referral(const json_t *reply);
void print_referral_state(const json_t *reply);
void print_referral_texts(const json_t *reply);
