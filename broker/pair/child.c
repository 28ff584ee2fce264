/* SPDX-License-Identifier: Apache-2.0 */
/* child.c - a child's end of children.h. */
#include "pair/child.h"

#include "base/bytes.h"

#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static void child_wipe_text(struct buf *text)
{
    if (text->data)
        crypto_wipe(text->data, text->cap);
    buf_deinit(text);
}

static int child_read_all(int fd, struct buf *text)
{
    /* Once and for all: growing would leave copies of the secret behind. */
    int r = buf_room(text, CHILD_SETTINGS_MAX);

    while (!r) {
        ssize_t n = read(fd, text->data + text->len, CHILD_SETTINGS_MAX - text->len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        if (n == 0)
            return text->len < CHILD_SETTINGS_MAX ? 0 : -E2BIG;
        text->len += (size_t)n;
    }
    return r;
}

/* jansson keeps copies of the secrets it parsed: whatever it frees is wiped. */
static void child_wiping_free(void *p)
{
    if (p)
        crypto_wipe(p, malloc_usable_size(p));
    free(p);
}

int child_settings(json_t **out)
{
    ALM_CLEANUP(child_wipe_text) struct buf text;
    json_error_t error;
    json_t *object;
    int r;

    /* exec undid what almonerd had set: from here on there are secrets in memory, for no other
     * process of this user to read. */
    if (prctl(PR_SET_DUMPABLE, 0))
        return -errno;
    json_set_alloc_funcs(malloc, child_wiping_free);
    buf_init(&text, CHILD_SETTINGS_MAX);
    r = child_read_all(CHILD_FD_SETTINGS, &text);
    close(CHILD_FD_SETTINGS);
    if (r)
        return r;
    object = json_loadb((const char *)text.data, text.len, JSON_REJECT_DUPLICATES, &error);
    if (!json_is_object(object)) {
        json_decref(object);
        return -EINVAL;
    }
    *out = object;
    return 0;
}

static int child_bad(const char *key)
{
    log_error("child-settings", "key=%s", key);
    return -EINVAL;
}

int child_text(const json_t *object, const char *key, const char **out)
{
    const char *text = json_string_value(json_object_get(object, key));

    if (!text)
        return child_bad(key);
    *out = text;
    return 0;
}

int child_int(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < min ||
        json_integer_value(value) > max)
        return child_bad(key);
    *out = json_integer_value(value);
    return 0;
}

int child_secret(const json_t *object, const char *key, struct secret *out)
{
    const char *hex;

    if (child_text(object, key, &hex))
        return -EINVAL;
    return hex_decode(hex, out->octets, sizeof(out->octets)) ? child_bad(key) : 0;
}

int child_log_level(const json_t *object, enum log_level *out)
{
    static const char *const names[] = { "debug", "info", "warn", "error" };
    const char *text;

    if (child_text(object, "log_level", &text))
        return -EINVAL;
    for (size_t i = 0; i < ALM_LEN(names); i++) {
        if (!strcmp(text, names[i])) {
            *out = (enum log_level)(LOG_DEBUG + i);
            return 0;
        }
    }
    return child_bad("log_level");
}

int child_say(enum child_say what, uint16_t gate)
{
    const uint8_t said[3] = { (uint8_t)what, (uint8_t)(gate >> 8), (uint8_t)gate };
    size_t len = what == CHILD_CLOSE_GATE ? 3 : 1;
    ssize_t n;

    do {
        n = send(CHILD_FD_SUPERVISOR, said, len, MSG_NOSIGNAL);
    } while (n < 0 && errno == EINTR);
    return n < 0 ? -errno : 0;
}

int child_heard(void)
{
    uint8_t heard[8];
    ssize_t n;

    do {
        n = recv(CHILD_FD_SUPERVISOR, heard, sizeof(heard), MSG_DONTWAIT);
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
    if (n == 0)
        return -ECONNRESET;
    return heard[0] == CHILD_STOP ? CHILD_STOP : 0;
}
