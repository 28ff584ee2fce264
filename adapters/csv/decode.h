/* SPDX-License-Identifier: Apache-2.0 */
/* decode.h - a file's bytes as UTF-8, whatever the product that wrote it made of them.
 *
 * The only user of <iconv.h>. */
#pragma once
#include "base/attr.h"
#include "base/bytes.h"

/* What DECODE_WORDS names, in that order; UTF-16 without a byte-order mark is little-endian, as
 * Windows writes it. */
enum encoding {
    ENCODING_UTF8,
    ENCODING_WINDOWS_1252,
    ENCODING_ISO_8859_1,
    ENCODING_ISO_8859_15,
    ENCODING_UTF16,
    ENCODING_UTF16LE,
    ENCODING_UTF16BE,
    ENCODING_COUNT
};
#define DECODE_WORDS                                                                               \
    "utf-8", "windows-1252", "iso-8859-1", "iso-8859-15", "utf-16", "utf-16le", "utf-16be"
/* ENCODING_COUNT when no encoding is called so. */
enum encoding encoding_of(const char *word);

/**
 * decode_text() - in as UTF-8
 * @in:   borrowed; must live as long as *out is used
 * @said: as configured. A byte-order mark of UTF-8 or UTF-16 is believed before it, and left out.
 * @kept: initialised; holds what had to be converted
 * @out:  a view of in or of kept
 * @line: on -EILSEQ, where it stands (from 1)
 * Return: 0; -EILSEQ bytes that this encoding does not have (in UTF-8 only the mark is looked at);
 * -E2BIG past kept's bound; -ENOMEM; -EINVAL this system's iconv lacks the encoding.
 */
ALM_MUST_USE int decode_text(struct bytes in, enum encoding said, struct buf *kept,
                             struct bytes *out, unsigned long *line);
