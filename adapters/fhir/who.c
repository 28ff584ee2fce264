/* SPDX-License-Identifier: Apache-2.0 */
/* who.c - a reference looked up again, by its number. */
#include "fhir/who.h"

#include "base/bytes.h"
#include "lib/fold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define HITS_MAX 16

struct hits { /* records that bear the number */
    struct call *call;
    const struct patient *asked;
    const char *nhs;
    size_t n;
    json_t *at[HITS_MAX]; /* owned */
    bool restricted, too_many;
};

static void hits_deinit(struct hits *h)
{
    for (size_t i = 0; i < h->n; i++)
        json_decref(h->at[i]);
    h->n = 0;
}

static int hits_add(struct hits *h, const json_t *resource)
{
    struct patient p;

    patient_read(h->call->client->config, resource, &p);
    /* An unborn child goes by its mother's number: another record, not a double. */
    if (p.unborn != h->asked->unborn)
        return 0;
    for (size_t i = 0; i < h->n; i++) {
        if (strcmp(path_text(h->at[i], "id"), p.id) == 0)
            return 0;
    }
    h->restricted = h->restricted || p.restricted;
    h->too_many = h->too_many || h->n == HITS_MAX;
    if (h->n < HITS_MAX)
        h->at[h->n++] = json_incref((json_t *)resource);
    return 0;
}

static int hit_take(void *ctx, const json_t *resource)
{
    struct hits *h = ctx;

    /* A server that leaves out a parameter which it does not know sends everybody. */
    if (!patient_bears(h->call->client->config, resource, h->nhs))
        return fetch_refuse(h->call, "Patient", "the server sent a record of another number");
    return hits_add(h, resource);
}

static int hits_find(struct hits *h)
{
    const struct fhir_config *config = h->call->client->config;
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf query = { 0 };
    bool partial = h->call->partial;
    int r;

    buf_init(&value, 1024);
    buf_init(&query, 4096);
    fetch_value(config->nhs_system, &value);
    buf_put_u8(&value, '|');
    fetch_value(h->nhs, &value);
    buf_put_u8(&value, 0);
    if (buf_status(&value) != 0 ||
        fetch_query("identifier={value}", (const char *)value.data, &query) != 0)
        return -ENOMEM;
    h->call->partial = false;
    r = fetch_all(h->call, "Patient", (const char *)query.data, hit_take, h);
    /* Some of several would look like the only one. */
    if (r == FETCH_OK && h->call->partial)
        r = fetch_refuse(h->call, "Patient", "not all records of a number came");
    h->call->partial = partial;
    return r;
}

static bool merged(const struct fhir_config *c, const json_t *gone, const json_t *living)
{
    return patient_links(c, gone, "replaced-by", path_text(living, "id")) ||
           patient_links(c, living, "replaces", path_text(gone, "id"));
}

/* Of the records that bear one number, the one that lives, and those that were merged into it. */
static int hits_judge(const struct hits *h, struct who *out)
{
    const struct fhir_config *c = h->call->client->config;
    json_t *living = NULL;

    if (h->restricted)
        return WHO_NONE;
    if (h->too_many)
        return WHO_MANY;
    for (size_t i = 0; i < h->n; i++) {
        struct patient p;

        patient_read(c, h->at[i], &p);
        if (p.gone)
            continue;
        if (living)
            return WHO_MANY;
        living = h->at[i];
    }
    if (!living)
        return WHO_NONE;
    for (size_t i = 0; i < h->n; i++) {
        const char *id = path_text(h->at[i], "id");

        if (h->at[i] != living && !merged(c, h->at[i], living)) {
            if (strcmp(id, h->asked->id) == 0)
                return WHO_MANY; /* ours ended, another has its number, and nobody says they are one
                                  */
            continue;
        }
        if (out->n == WHO_IDS_MAX)
            return WHO_MANY;
        text_take(out->ids[out->n++], FHIR_ID_MAX, id);
    }
    out->patient = json_incref(living);
    return WHO_KNOWN;
}

static int who_by_number(struct call *call, json_t *own, const struct patient *p, struct who *out)
{
    ALM_CLEANUP(hits_deinit) struct hits h = { .call = call, .asked = p, .nhs = p->nhs };
    int r;

    (void)hits_add(&h, own); /* also when the server's index is behind */
    r = hits_find(&h);
    if (r != FETCH_OK)
        return r < 0 ? r : WHO_FAILED;
    return hits_judge(&h, out);
}

int who_find(struct call *call, const char *ref, struct who *out)
{
    struct patient p;
    json_t *own = NULL;
    int r = fetch_one(call, "Patient", ref, &own);

    memset(out, 0, sizeof(*out));
    if (r != FETCH_OK)
        return r < 0 ? r : r == FETCH_ABSENT ? WHO_NONE : WHO_FAILED;
    patient_read(call->client->config, own, &p);
    memcpy(out->nhs, p.nhs, sizeof(out->nhs));
    if (p.restricted) {
        r = WHO_NONE;
    } else if (*p.nhs) {
        r = who_by_number(call, own, &p, out);
    } else if (p.gone) {
        r = patient_replaced(own) ? WHO_MANY : WHO_NONE;
    } else {
        text_take(out->ids[out->n++], FHIR_ID_MAX, p.id);
        out->patient = json_incref(own);
        r = WHO_KNOWN;
    }
    json_decref(own);
    return r;
}

void who_deinit(struct who *w)
{
    json_decref(w->patient);
    w->patient = NULL;
    w->n = 0;
}

/* A logical reference (FHIR R4, Reference): no reference, but an identifier. */
static bool who_numbered(const struct who *w, const struct fhir_config *c, const json_t *resource,
                         const char *path)
{
    char beside[PATH_MAX_LEN + 16];
    size_t len = strlen(path), tail = strlen(".reference");
    char held[NHS_TEXT], wanted[NHS_TEXT];

    if (len <= tail || strcmp(path + len - tail, ".reference") != 0 || strchr(path, '|') ||
        fold_nhs(w->nhs, wanted) != ALM_OK)
        return false;
    (void)snprintf(beside, sizeof(beside), "%.*s.identifier.system", (int)(len - tail), path);
    if (strcmp(path_text(resource, beside), c->nhs_system) != 0)
        return false;
    (void)snprintf(beside, sizeof(beside), "%.*s.identifier.value", (int)(len - tail), path);
    return fold_nhs(path_text(resource, beside), held) == ALM_OK && strcmp(held, wanted) == 0;
}

bool who_is(const struct who *w, const struct fhir_config *c, const json_t *resource,
            const char *path)
{
    const char *reference = path_text(resource, path);
    char id[FHIR_ID_MAX];

    if (!*reference)
        return who_numbered(w, c, resource, path);
    if (!fhir_reference(reference, c->base, "Patient", id))
        return false;
    for (size_t i = 0; i < w->n; i++) {
        if (strcmp(w->ids[i], id) == 0)
            return true;
    }
    return false;
}

void who_value(const struct who *w, struct buf *out)
{
    for (size_t i = 0; i < w->n; i++)
        buf_printf(out, "%sPatient/%s", i ? "," : "", w->ids[i]);
    buf_put_u8(out, 0);
}
