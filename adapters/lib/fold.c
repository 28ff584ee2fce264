/* SPDX-License-Identifier: Apache-2.0 */
/* fold.c - normal forms of names, addresses, postcodes and numbers. */
#include "lib/fold.h"

#include "base/bytes.h"
#include "base/crypto.h"
#include "lib/words.h"

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
    { 0x00E6, "ae" }, { 0x00F0, "d" }, { 0x00F8, "o" }, { 0x00FE, "th" }, { 0x0111, "d" },
    { 0x0127, "h" },  { 0x0131, "i" }, { 0x0138, "q" }, { 0x0142, "l" },  { 0x014B, "n" },
    { 0x0153, "oe" }, { 0x0167, "t" }, { 0x0180, "b" }, { 0x0192, "f" },  { 0x01E5, "g" },
    { 0x0259, "e" },  { 0x0268, "i" }, { 0x0289, "u" },
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

    /* An accent, now apart from its letter; or what is written like an apostrophe and counts as a
     * letter: "O\u02bcNeill", "Ka\u02bbiulani". */
    if (uc_is_general_category(c, UC_CATEGORY_M) || uc_is_general_category(c, UC_CATEGORY_Lm))
        return;
    for (size_t i = 0; i < ALM_LEN(fold_plain); i++) {
        if (fold_plain[i].letter == c) {
            folding_put(f, fold_plain[i].plain, strlen(fold_plain[i].plain));
            return;
        }
    }
    if (!uc_is_general_category(c, UC_CATEGORY_L) &&
        !(f->digits && uc_is_general_category(c, UC_CATEGORY_Nd))) {
        /* An apostrophe joins: "St John's" is two words. */
        f->gap = f->gap || (f->words && c != '\'' && c != 0x2019 && c != '.');
        return;
    }
    n = u8_uctomb(encoded, c, sizeof(encoded));
    if (n > 0)
        folding_put(f, encoded, (size_t)n);
}

static bool ascii_only(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] >= 0x80)
            return false;
    }
    return true;
}

/* What the Unicode tables say of ASCII, without asking them: most names, and a third of the cost of
 * an index. */
static void folding_ascii(struct folding *f, char c)
{
    if (c >= 'A' && c <= 'Z')
        c = (char)(c - 'A' + 'a');
    if ((c >= 'a' && c <= 'z') || (f->digits && c >= '0' && c <= '9'))
        folding_put(f, &c, 1);
    else
        f->gap = f->gap || (f->words && c != '\'' && c != '.');
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
    if (ascii_only(text, in)) {
        for (size_t i = 0; i < in; i++)
            folding_ascii(f, text[i]);
        f->out[f->full ? 0 : f->len] = '\0';
        return !f->full && f->len > 0;
    }
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

enum alm_fault fold_given(const char *text, struct given *out)
{
    char word[FOLD_IN_MAX + 1], rest[FOLD_OUT_MAX] = "";
    const char *formal;
    size_t skip = strspn(text, " "), len = strcspn(text + skip, " ");

    *out = (struct given){ .plain = "" };
    if (fold_name(text, out->plain) != ALM_OK)
        return ALM_BAD_NAME;
    memcpy(word, text + skip, len); /* it was folded, so it is not too long */
    word[len] = '\0';
    if (!text[skip + len] || fold_name(word, out->first) != ALM_OK) /* one word; or "- Ann" */
        memcpy(out->first, out->plain, sizeof(out->first));
    else if (fold_name(text + skip + len, rest) != ALM_OK)
        rest[0] = '\0';
    formal = words_given(out->first);
    if (formal != out->first)
        memcpy(out->first, formal, strlen(formal) + 1); /* of the table: short */
    crypto_wipe(word, sizeof(word));
    if (strlen(out->first) + strlen(rest) >= sizeof(out->formal))
        return ALM_BAD_NAME;
    memcpy(out->formal, out->first, strlen(out->first) + 1);
    memcpy(out->formal + strlen(out->first), rest, strlen(rest) + 1);
    crypto_wipe(rest, sizeof(rest));
    return ALM_OK;
}

/* --- addresses --- */

#define ADDRESS_WORDS_MAX 64

struct words { /* of a folded address, in order */
    const char *at[ADDRESS_WORDS_MAX];
    size_t len[ADDRESS_WORDS_MAX];
    size_t n;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool word_is(const struct words *w, size_t i, const char *word)
{
    return i < w->n && w->len[i] == strlen(word) && memcmp(w->at[i], word, w->len[i]) == 0;
}

static bool word_has_digit(const struct words *w, size_t i)
{
    for (size_t c = 0; i < w->n && c < w->len[i]; c++) {
        if (is_digit(w->at[i][c]))
            return true;
    }
    return false;
}

/* "8 a" is "8a". */
static bool word_letter(const struct words *w, size_t i)
{
    return i < w->n && w->len[i] == 1 && w->at[i][0] >= 'a' && w->at[i][0] <= 'h';
}

static void word_drop(struct words *w, size_t i)
{
    w->n--;
    memmove(&w->at[i], &w->at[i + 1], (w->n - i) * sizeof(w->at[0]));
    memmove(&w->len[i], &w->len[i + 1], (w->n - i) * sizeof(w->len[0]));
}

/* Return: whether there are few enough. */
static bool words_part(const char *plain, struct words *w)
{
    w->n = 0;
    for (const char *word = plain; *word;) {
        size_t len = strcspn(word, " ");
        const char *full = words_address(word, len, word[len] == '\0');

        if (w->n == ADDRESS_WORDS_MAX)
            return false;
        w->at[w->n] = full ? full : word;
        w->len[w->n++] = full ? strlen(full) : len;
        word += len + (word[len] ? 1 : 0);
    }
    return true;
}

/* "No. 8" is "8". */
static void words_number(struct words *w)
{
    for (size_t i = 0; i + 1 < w->n; i++) {
        if ((word_is(w, i, "no") || word_is(w, i, "number")) && word_has_digit(w, i + 1))
            word_drop(w, i);
    }
}

/* "8 Phantom Road, Flat 2" is "Flat 2, 8 Phantom Road". */
static void words_flat(struct words *w)
{
    bool numbered = false;

    for (size_t i = 0; i + 1 < w->n; i++) {
        numbered = numbered || word_has_digit(w, i);
        if (i && numbered && word_is(w, i, "flat") &&
            (word_has_digit(w, i + 1) || w->len[i + 1] == 1)) {
            const char *flat = w->at[i], *which = w->at[i + 1];
            size_t len = w->len[i], len_which = w->len[i + 1];

            memmove(&w->at[2], &w->at[0], i * sizeof(w->at[0]));
            memmove(&w->len[2], &w->len[0], i * sizeof(w->len[0]));
            w->at[0] = flat;
            w->len[0] = len;
            w->at[1] = which;
            w->len[1] = len_which;
            return;
        }
    }
}

enum alm_fault fold_address(const char *text, char out[static FOLD_OUT_MAX])
{
    char plain[FOLD_OUT_MAX];
    struct folding f = { .out = plain, .digits = true, .words = true };
    struct folding whole = { .out = out };
    struct words w;

    out[0] = '\0';
    if (!fold_text(text, &f) || !words_part(plain, &w))
        return ALM_BAD_ADDRESS;
    words_number(&w);
    words_flat(&w);
    for (size_t i = 0; i < w.n; i++) {
        bool joins = i && i + 1 < w.n && word_letter(&w, i) && word_has_digit(&w, i - 1) &&
                     !word_is(&w, i - 1, "flat");

        whole.gap = !joins;
        folding_put(&whole, w.at[i], w.len[i]);
    }
    out[whole.full ? 0 : whole.len] = '\0';
    return whole.full ? ALM_BAD_ADDRESS : ALM_OK;
}

void fold_door(const char *folded, char out[static FOLD_OUT_MAX])
{
    struct folding f = { .out = out };
    struct words w = { .n = 0 };
    bool numbered = false;

    (void)words_part(folded, &w); /* what fold_address let through: few enough */
    for (size_t i = 0; i < w.n; i++)
        numbered = numbered || word_has_digit(&w, i);
    for (size_t i = 0; i < w.n; i++) {
        bool flat = i && word_is(&w, i - 1, "flat") && w.len[i] == 1;

        f.gap = true;
        if (!numbered || flat || word_has_digit(&w, i))
            folding_put(&f, w.at[i], w.len[i]);
    }
    out[f.full ? 0 : f.len] = '\0';
}

/* --- numbers and postcodes --- */

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

/* An O for a 0 or an I for a 1, or the other way. */
static void code_letter(char *c)
{
    *c = *c == '0' ? 'O' : *c == '1' ? 'I' : *c;
}

static void code_digit(char *c)
{
    *c = *c == 'O' ? '0' : *c == 'I' ? '1' : *c;
}

/* Only where one of the two can stand: no code that is one is brought to another. Source: Royal
 * Mail's forms A9, A99, AA9, AA99, A9A, AA9A; the areas that begin with I or O are IG, IM, IP, IV,
 * OL and OX, none has I second; no single letter is followed by 0 and one more; no district ends in
 * I or O. */
static void postcode_mend(char *code, size_t n)
{
    size_t out = n - 3; /* the outward part: 2 to 4 characters */

    if ((code[0] == '1' && strchr("GMPV", code[1])) || (code[0] == '0' && strchr("LX", code[1])))
        code_letter(&code[0]);
    if (out == 4 || (out == 3 && code[1] == '0'))
        code_letter(&code[1]);
    else if (out == 3 && code[1] == 'I')
        code_digit(&code[1]);
    if (out == 4)
        code_digit(&code[2]);
    code_digit(&code[out - 1]);
    code_digit(&code[out]);
}

enum alm_fault fold_postcode(const char *text, char out[static POSTCODE_TEXT])
{
    int n = fold_code(text, out, POSTCODE_TEXT);

    if (n >= 5 && n <= 7)
        postcode_mend(out, (size_t)n);
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
