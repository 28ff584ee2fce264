/* SPDX-License-Identifier: Apache-2.0 */
/* core_town_kept.c - see core_town_kept.h. */
#include "core_town_kept.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define TOWN_TELLS_ALL false /* what a sanitizer says must not end in a file */
#else
#define TOWN_TELLS_ALL true
#endif

void town_store_key(uint8_t key[static 32])
{
    for (uint8_t i = 0; i < 32; i++)
        key[i] = (uint8_t)(9 + 29 * i);
}

static void town_plant(FILE *f, const char *kind, struct bytes value)
{
    fprintf(f, "{\"kind\": \"%s\", \"hex\": \"", kind);
    for (size_t i = 0; i < value.len; i++)
        fprintf(f, "%02x", value.data[i]);
    fprintf(f, "\"}\n");
}

/* The list of what this town must not show. */
static void town_plant_all(struct town *t, FILE *f)
{
    static const char *const texts[] = { "worker-7", "case-1234567" };
    uint8_t store_key[32];
    struct token home;

    for (int p = TOWN_TESS; p <= TOWN_SAM; p++) {
        struct token_set who;

        town_person((enum town_person)p, &who);
        for (size_t i = 0; i < who.n; i++)
            town_plant(f, "token", bytes_of(who.tokens[i].value, TOKEN_LEN));
    }
    for (unsigned n = 0; n < 4; n++) {
        town_home(n, &home);
        town_plant(f, "token", bytes_of(home.value, TOKEN_LEN));
    }
    for (int a = 0; a < TOWN_N; a++)
        town_plant(f, "signing key", bytes_of(t->keys[a].octets, 32));
    for (int o = 0; o < 3; o++)
        town_plant(f, "signing key", bytes_of(t->officers[o].octets, 32));
    town_plant(f, "signing key", bytes_of(t->audit.octets, 32));
    town_store_key(store_key);
    town_plant(f, "store key", bytes_of(store_key, sizeof(store_key)));
    for (size_t i = 0; i < ALM_LEN(texts); i++)
        fprintf(f, "{\"kind\": \"reference\", \"text\": \"%s\"}\n", texts[i]);
}

void town_listen(struct town *t)
{
    char path[sizeof(t->dir) + 16];

    t->said = -1;
    if (!getenv("ALM_KEPT") || !TOWN_TELLS_ALL)
        return;
    (void)snprintf(path, sizeof(path), "%s/core.log", t->dir);
    t->said = dup(2);
    assert_true(t->said >= 0 && freopen(path, "a", stderr) && fileno(stderr) == 2);
    log_init("core", LOG_DEBUG);
}

bool town_keep(struct town *t)
{
    const char *kept = getenv("ALM_KEPT");
    char path[512];
    FILE *f;

    if (t->said >= 0) {
        assert_true(dup2(t->said, 2) == 2);
        close(t->said);
    }
    if (!kept)
        return false;
    (void)snprintf(path, sizeof(path), "%s/canaries.jsonl", t->dir);
    f = fopen(path, "w");
    assert_non_null(f);
    town_plant_all(t, f);
    assert_int_equal(fclose(f), 0);
    (void)snprintf(path, sizeof(path), "%s/control.sock", t->dir);
    (void)unlink(path);
    (void)snprintf(path, sizeof(path), "%s/%s", kept, t->dir + sizeof("/tmp/") - 1);
    return rename(t->dir, path) == 0;
}
