/* SPDX-License-Identifier: Apache-2.0 */
/* town.c - see town.h. */
#include "town.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

static const uint8_t town_kinds[TOWN_TOKENS] = {
    TOKEN_NHS,       TOKEN_NAME_DOB, TOKEN_PHONETIC_DOB, TOKEN_NAME_POSTCODE,
    TOKEN_GIVEN_DOB, TOKEN_DOB_HOME, TOKEN_DOB_POSTCODE,
};

uint64_t town_mix(uint64_t n)
{
    uint64_t z = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void town_agency_name(unsigned i, char out[static TOWN_NAME])
{
    (void)snprintf(out, TOWN_NAME, "agency-%03u", i % 1000);
}

void town_purpose_name(unsigned i, char out[static TOWN_NAME])
{
    (void)snprintf(out, TOWN_NAME, "purpose-%03u", i % 1000);
}

void town_question_name(unsigned i, char out[static TOWN_NAME])
{
    (void)snprintf(out, TOWN_NAME, "question-%03u", i % 1000);
}

static void town_seed(const char *what, unsigned i, uint8_t out[static 32])
{
    char text[64];
    int len = snprintf(text, sizeof(text), "almoner bench %s %u", what, i);

    (void)crypto_generichash(out, 32, (const unsigned char *)text, (size_t)len, NULL, 0);
}

int town_agency_at(unsigned i, struct town_agency *out)
{
    town_agency_name(i, out->name);
    town_seed("curve", i, out->curve_secret);
    town_seed("sign", i, out->sign.octets);
    if (crypto_scalarmult_base(out->curve_public, out->curve_secret))
        return -EIO;
    return sign_public(&out->sign, out->sign_public);
}

unsigned town_purpose_of(uint64_t person)
{
    return 2 * (unsigned)(person / 2 % (TOWN_PURPOSES / 2)) + (person % 2 == 0);
}

unsigned town_holder_of(unsigned question)
{
    return TOWN_ASKERS + question % TOWN_HOLDERS;
}

void town_token_value(uint64_t person, unsigned k, uint8_t out[static TOKEN_LEN])
{
    for (unsigned i = 0; i < TOKEN_LEN / 8; i++) {
        uint64_t z = town_mix(person * TOWN_TOKENS * 8 + k * 8 + i + 1000);

        memcpy(out + 8 * i, &z, sizeof(z));
    }
}

void town_person(uint64_t person, struct token_set *out)
{
    memset(out, 0, sizeof(*out));
    out->n = TOWN_TOKENS;
    for (unsigned k = 0; k < TOWN_TOKENS; k++) {
        out->tokens[k] = (struct token){ .kind = town_kinds[k], .scheme = TOKEN_HMAC, .epoch = 1 };
        town_token_value(person, k, out->tokens[k].value);
    }
}
