/* SPDX-License-Identifier: Apache-2.0 */
/* anew.c - a store that was restored becomes that of another origin: where witnesses hold a later
 * head than the backup does, the log under the origin before cannot be gone on with. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "backup/store_tool.h"
#include "store/begun.h"

/* What may stand in an origin and not in a file's name becomes '_'. */
void anew_heads_name(const char *origin, char out[static ANEW_NAME])
{
    int n = snprintf(out, ANEW_NAME, ANEW_HEADS "%.*s.txt", NOTE_NAME_MAX - 1, origin);

    for (int i = 0; i < n; i++) {
        if (!isalnum((unsigned char)out[i]) && out[i] != '.' && out[i] != '-')
            out[i] = '_';
    }
}

int anew_key(const struct store_tool *t, const struct unpacked *u, struct note_key *key)
{
    if (!note_key_init(key, u->origin, t->settings.audit_public))
        return 0;
    return tool_fail(t, EX_DATAERR, "%s: its origin does not make a verifier key", t->backup);
}

static int head_keep(void *ctx, uint64_t size, struct bytes note)
{
    FILE *to = ctx;
    int n = fprintf(to, "=== %" PRIu64 "\n", size);

    return n < 0 || fwrite(note.data, 1, note.len, to) != note.len ? -EIO : 0;
}

static int heads_open(const char *folder, const char *origin, FILE **out)
{
    char name[ANEW_NAME], path[SETTINGS_PATH + 64 + ANEW_NAME];
    int fd, n;

    anew_heads_name(origin, name);
    n = snprintf(path, sizeof(path), "%s/%s", folder, name);
    if (n < 0 || n >= (int)sizeof(path))
        return -ENAMETOOLONG;
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return -errno;
    *out = fdopen(fd, "w");
    if (*out)
        return 0;
    (void)close(fd);
    return -ENOMEM;
}

static int heads_close(FILE *to)
{
    int r = fflush(to) || fsync(fileno(to)) ? -errno : 0;

    return fclose(to) && !r ? -errno : r;
}

static int anew_in(struct store *s, const struct store_options *to, const char *folder,
                   struct begun *b)
{
    FILE *heads = NULL;
    int r = heads_open(folder, b->from, &heads), closed;

    if (r)
        return r;
    (void)fprintf(heads,
                  "# Heads that were signed for the log of %s, oldest first; \"=== N\" stands before "
                  "that of N leaves.\n",
                  b->from);
    r = begun_anew(s, to, head_keep, heads, b);
    closed = heads_close(heads);
    return r ? r : closed;
}

int anew(const struct store_tool *t, const char *folder, struct unpacked *u)
{
    ALM_CLEANUP(store_closep) struct store *s = NULL;
    struct store_options o = { .path = folder,
                               .key = &t->settings.store_key,
                               .mode = t->mode,
                               .origin = u->origin,
                               .map_bytes = (size_t)t->settings.limits.store_mib << 20 };
    struct begun b = { .made_ms = u->made_ms };
    int r = text_copy(b.from, sizeof(b.from), u->origin);

    if (!r)
        r = store_open(&o, &s);
    o.origin = t->settings.origin;
    if (!r)
        r = anew_in(s, &o, folder, &b);
    u->head_size = b.head;
    if (r)
        return tool_fail(t, r == -ENOMEM ? EX_OSERR : EX_IOERR,
                         "%s: it could not be begun anew under %s: %s", folder, t->settings.origin,
                         strerror(-r));
    return 0;
}
