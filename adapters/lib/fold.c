/* SPDX-License-Identifier: Apache-2.0 */
/* fold.c - normal forms of names, addresses, postcodes and numbers. */
#include "lib/fold.h"

#include "base/bytes.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unicase.h>
#include <unictype.h>
#include <uninorm.h>
#include <unistr.h>

#define FOLD_POINTS_MAX                                                                            \
    2048 /* bytes after case folding and decomposition: at most 18 times, but what does not fit is \
            refused */

/* Letters that have no decomposition but are written plainly by most keyboards. */
static const struct {
    ucs4_t letter;
    const char *plain;
} fold_plain[] = {
    { 0x00E6, "ae" }, { 0x00F0, "d" }, { 0x00F8, "o" }, { 0x00FE, "th" },
    { 0x0111, "d" },  { 0x0131, "i" }, { 0x0142, "l" }, { 0x0153, "oe" },
};

/* What the folded text is made of; a word break is kept as one space where asked. */
struct folding {
    char *out;
    size_t len;
    bool digits, words, gap, full;
};

static void folding_put(struct folding *f, const void *text, size_t len)
{
    size_t gap = f->gap && f->len ? 1 : 0;

    if (f->len + gap + len >= FOLD_OUT_MAX) {
        f->full = true;
        return;
    }
    if (gap)
        f->out[f->len++] = ' ';
    memcpy(f->out + f->len, text, len);
    f->len += len;
    f->gap = false;
}

static void folding_point(struct folding *f, ucs4_t c)
{
    uint8_t encoded[6];
    int n;

    if (uc_is_general_category(c, UC_CATEGORY_M))
        return; /* an accent, now apart from its letter */
    for (size_t i = 0; i < ALM_LEN(fold_plain); i++) {
        if (fold_plain[i].letter == c) {
            folding_put(f, fold_plain[i].plain, strlen(fold_plain[i].plain));
            return;
        }
    }
    if (!uc_is_general_category(c, UC_CATEGORY_L) &&
        !(f->digits && uc_is_general_category(c, UC_CATEGORY_Nd))) {
        /* An apostrophe joins: "St John's" is two words. */
        f->gap = f->gap || (f->words && c != '\'' && c != 0x2019 && c != 0x02BC && c != '.');
        return;
    }
    n = u8_uctomb(encoded, c, sizeof(encoded));
    if (n > 0)
        folding_put(f, encoded, (size_t)n);
}

/* Return: whether anything was left, and it fitted. */
static bool fold_text(const char *text, struct folding *f)
{
    uint8_t points[FOLD_POINTS_MAX];
    size_t in = strnlen(text, FOLD_IN_MAX + 1), n = sizeof(points);
    uint8_t *folded;

    f->out[0] = '\0';
    if (in == 0 || in > FOLD_IN_MAX || !utf8_valid(text, in))
        return false;
    folded = u8_casefold((const uint8_t *)text, in, NULL, UNINORM_NFKD, points, &n);
    if (folded != points) { /* longer than the buffer: libunistring then allocates */
        free(folded);
        return false;
    }
    for (size_t i = 0; i < n;) {
        ucs4_t c;
        int used = u8_mbtouc(&c, points + i, n - i);

        folding_point(f, c);
        i += used > 0 ? (size_t)used : 1;
    }
    f->out[f->full ? 0 : f->len] = '\0';
    return !f->full && f->len > 0;
}

enum alm_fault fold_name(const char *text, char out[static FOLD_OUT_MAX])
{
    struct folding f = { .out = out };

    return fold_text(text, &f) ? ALM_OK : ALM_BAD_NAME;
}

static char soundex_code(char c)
{
    static const char codes[] = "01230120022455012623010202"; /* a to z; 0: no sound of its own */

    return c >= 'a' && c <= 'z' ? codes[c - 'a'] : '0';
}

void fold_phonetic(const char *folded, char out[static FOLD_OUT_MAX])
{
    size_t n = 0;
    char last;

    if (folded[0] < 'a' || folded[0] > 'z') {
        if (text_copy(out, FOLD_OUT_MAX, folded) != 0)
            out[0] = '\0';
        return;
    }
    out[n++] = folded[0];
    last = soundex_code(folded[0]);
    for (const char *c = folded + 1; *c && n < SOUNDEX_TEXT - 1; c++) {
        char code = soundex_code(*c);

        if (code != '0' && code != last)
            out[n++] = code;
        if (*c != 'h' && *c != 'w') /* they do not part two like sounds */
            last = code;
    }
    while (n < SOUNDEX_TEXT - 1)
        out[n++] = '0';
    out[n] = '\0';
}

/* last: only as the last word, for "St Mary's Road" is not a street of Mary's. */
static const struct {
    const char *shortened, *word;
    bool last;
} fold_words[] = {
    { "apt", "flat", false },   { "av", "avenue", true },     { "ave", "avenue", true },
    { "cl", "close", true },    { "cres", "crescent", true }, { "ct", "court", true },
    { "dr", "drive", true },    { "gdns", "gardens", true },  { "gn", "green", true },
    { "ln", "lane", true },     { "pl", "place", true },      { "rd", "road", true },
    { "sq", "square", true },   { "st", "street", true },     { "tce", "terrace", true },
    { "ter", "terrace", true },
};

static const char *fold_word(const char *word, size_t len, bool last)
{
    for (size_t i = 0; i < ALM_LEN(fold_words); i++) {
        if (strlen(fold_words[i].shortened) == len &&
            memcmp(word, fold_words[i].shortened, len) == 0)
            return fold_words[i].last && !last ? NULL : fold_words[i].word;
    }
    return NULL;
}

enum alm_fault fold_address(const char *text, char out[static FOLD_OUT_MAX])
{
    char plain[FOLD_OUT_MAX];
    struct folding f = { .out = plain, .digits = true, .words = true };
    struct folding whole = { .out = out };

    out[0] = '\0';
    if (!fold_text(text, &f))
        return ALM_BAD_ADDRESS;
    for (const char *word = plain; *word;) {
        size_t len = strcspn(word, " ");
        const char *full = fold_word(word, len, word[len] == '\0');

        whole.gap = true;
        folding_put(&whole, full ? full : word, full ? strlen(full) : len);
        word += len + (word[len] ? 1 : 0);
    }
    out[whole.full ? 0 : whole.len] = '\0';
    return whole.full ? ALM_BAD_ADDRESS : ALM_OK;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

/* Letters upper case and digits, without spaces and hyphens. Return: the length, or -1 for any
 * other character or too many. */
static int fold_code(const char *text, char *out, size_t out_size)
{
    size_t n = 0;

    out[0] = '\0';
    for (const char *c = text; *c; c++) {
        char up = *c >= 'a' && *c <= 'z' ? (char)(*c - 'a' + 'A') : *c;

        if (up == ' ' || up == '-')
            continue;
        if ((!is_digit(up) && !is_upper(up)) || n + 1 >= out_size) {
            out[0] = '\0';
            return -1;
        }
        out[n++] = up;
    }
    out[n] = '\0';
    return (int)n;
}

enum alm_fault fold_postcode(const char *text, char out[static POSTCODE_TEXT])
{
    int n = fold_code(text, out, POSTCODE_TEXT);

    if (n >= 5 && n <= 7 && is_upper(out[0]) && is_digit(out[n - 3]) && is_upper(out[n - 2]) &&
        is_upper(out[n - 1]))
        return ALM_OK;
    out[0] = '\0';
    return ALM_BAD_POSTCODE;
}

static bool nhs_good(const char *digits)
{
    unsigned sum = 0, check;

    for (unsigned i = 0; i < 10; i++) {
        if (!is_digit(digits[i]))
            return false;
        if (i < 9)
            sum += (10 - i) * (unsigned)(digits[i] - '0');
    }
    check = (11 - sum % 11) % 11;
    return check != 10 && check == (unsigned)(digits[9] - '0');
}

enum alm_fault fold_nhs(const char *text, char out[static NHS_TEXT])
{
    if (fold_code(text, out, NHS_TEXT) == 10 && nhs_good(out))
        return ALM_OK;
    out[0] = '\0';
    return ALM_BAD_NHS;
}

static const char upn_letters[] = "ABCDEFGHJKLMNPQRTUVWXYZ"; /* 23: without I, O and S */

/* The value of a character: a digit's own, or (thirteenth place only) a letter's place. Return: -1
 * for none. */
static int upn_value(char c, bool letter)
{
    const char *at = letter && is_upper(c) ? strchr(upn_letters, c) : NULL;

    if (is_digit(c))
        return c - '0';
    return at ? (int)(at - upn_letters) : -1;
}

static bool upn_good(const char *upn)
{
    unsigned sum = 0;

    for (unsigned i = 1; i < 13; i++) {
        int value = upn_value(upn[i], i == 12);

        if (value < 0)
            return false;
        sum += (i + 1) * (unsigned)value;
    }
    return upn_letters[sum % 23] == upn[0];
}

enum alm_fault fold_upn(const char *text, char out[static UPN_TEXT])
{
    if (fold_code(text, out, UPN_TEXT) == 13 && upn_good(out))
        return ALM_OK;
    out[0] = '\0';
    return ALM_BAD_UPN;
}
