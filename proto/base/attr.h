/* SPDX-License-Identifier: Apache-2.0 */
/* attr.h - compiler attributes that carry our ownership and error conventions. */
#pragma once

#define ALM_MUST_USE __attribute__((warn_unused_result))
#define ALM_CLEANUP(fn) __attribute__((cleanup(fn)))
#define ALM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ALM_NORETURN __attribute__((noreturn))
/* Symbols that libalmoner exports; everything else is hidden. */
#define ALM_API __attribute__((visibility("default")))
#define ALM_LEN(array) (sizeof(array) / sizeof((array)[0]))
