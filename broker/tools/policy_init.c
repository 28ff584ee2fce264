/* SPDX-License-Identifier: Apache-2.0 */
/* policy_init.c - `almoner policy init`: a copy of the starter pack, never over anything. */
#include "base/file.h"
#include "officer.h"
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#ifndef ALM_RULESDIR
#error "the build says where the rule packs are installed"
#endif
#define PACK      "england"
#define PATH_SIZE 4096
#define FILE_MAX  (4u << 20)

static int is_rule(const struct dirent *e)
{
    static const char *const suffixes[] = { ".policy", ".cases" };
    size_t n = strlen(e->d_name);

    for (size_t i = 0; i < ALM_LEN(suffixes); i++) {
        size_t s = strlen(suffixes[i]);

        if (n > s && e->d_name[0] != '.' && strcmp(e->d_name + n - s, suffixes[i]) == 0)
            return 1;
    }
    return 0;
}

static int is_anything(const struct dirent *e)
{
    return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

static size_t list_free(struct dirent **found, int n)
{
    for (int i = 0; i < n; i++)
        free(found[i]);
    free(found);
    return n > 0 ? (size_t)n : 0;
}

/* Makes the folder, or sees that nothing is in it. */
static int prepare(const struct officer_session *s, const char *dir)
{
    struct dirent **found = NULL;
    struct stat st;
    int n;

    if (stat(dir, &st) < 0) {
        int rc = errno == ENOENT ? file_mkdirs(dir, 0755) : -errno;

        return rc ? officer_fail(s, EX_CANTCREAT, "%s: %s", dir, strerror(-rc)) : 0;
    }
    n = scandir(dir, &found, is_anything, NULL);
    if (n < 0)
        return officer_fail(s, EX_CANTCREAT, "%s: %s", dir, strerror(errno));
    if (list_free(found, n))
        return officer_fail(s, EX_CANTCREAT,
                            "%s is not empty: nothing was written; name a new folder", dir);
    return 0;
}

static int copy_file(const struct officer_session *s, const char *from, const char *dir,
                     const char *name)
{
    ALM_CLEANUP(buf_deinit) struct buf text = { 0 };
    char source[PATH_SIZE], target[PATH_SIZE];
    int rc;

    if (snprintf(source, sizeof(source), "%s/%s", from, name) >= (int)sizeof(source) ||
        snprintf(target, sizeof(target), "%s/%s", dir, name) >= (int)sizeof(target))
        return officer_fail(s, EX_CANTCREAT, "%s: the path is too long", dir);
    buf_init(&text, FILE_MAX);
    rc = file_read(source, FILE_MAX, &text);
    if (rc)
        return officer_fail(s, EX_NOINPUT, "%s: %s", source, strerror(-rc));
    rc = file_write(target, buf_view(&text), 0644);
    return rc ? officer_fail(s, EX_CANTCREAT, "%s: %s", target, strerror(-rc)) : 0;
}

static void tell(const struct officer_session *s, const char *dir, struct dirent **found, int n)
{
    json_t *list = json_array(), *o;

    for (int i = 0; i < n; i++)
        (void)json_array_append_new(list, json_string(found[i]->d_name));
    if (s->args->json) {
        o = json_pack("{s:b, s:s, s:O}", "ok", 1, "folder", dir, "files", list);
        print_json(o);
        json_decref(o);
    } else {
        (void)printf(
            "%s: %d files of the England starter pack\n\nEvery agency in it is an example, "
            "and its law is FOR REVIEW BY AN INFORMATION-GOVERNANCE LAWYER.\nNext: replace "
            "the agencies and the protocols' parties and dates, then\n  almoner policy "
            "check %s\n  almoner policy test %s\n",
            dir, n, dir, dir);
    }
    json_decref(list);
}

int command_policy_init(struct officer_session *s)
{
    const char *rules = getenv("ALMONER_RULES"), *dir = s->args->operands[2];
    struct dirent **found = NULL;
    char from[PATH_SIZE];
    int n, rc;

    if (snprintf(from, sizeof(from), "%s/%s", rules && *rules ? rules : ALM_RULESDIR, PACK) >=
        (int)sizeof(from))
        return officer_fail(s, EX_NOINPUT, "ALMONER_RULES: the path is too long");
    n = scandir(from, &found, is_rule, alphasort);
    if (n <= 0) {
        free(found);
        return officer_fail(s, EX_NOINPUT,
                            "%s: %s; the starter pack is installed with almoner, or set "
                            "ALMONER_RULES to the folder that holds it",
                            from, n < 0 ? strerror(errno) : "no rules in it");
    }
    rc = prepare(s, dir);
    for (int i = 0; i < n && !rc; i++)
        rc = copy_file(s, from, dir, found[i]->d_name);
    if (!rc)
        tell(s, dir, found, n);
    (void)list_free(found, n);
    return rc;
}
