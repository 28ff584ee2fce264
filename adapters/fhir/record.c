/* SPDX-License-Identifier: Apache-2.0 */
/* record.c - people and addresses out of their resources. */
#include "fhir/record.h"

#include "base/bytes.h"
#include "base/clock.h"
#include "base/crypto.h"
#include "lib/fold.h"

#include <stdio.h>
#include <string.h>

bool record_restricted(const struct fhir_config *c, const json_t *resource)
{
    for (size_t i = 0; i < c->n_restricted; i++) {
        if (fhir_coded(resource, "meta.security", c->restricted[i]))
            return true;
    }
    return false;
}

/* Official first, then usual, then one without a use. An old name never: who left it behind
 * (adoption, gender recognition) must not be found by it. */
static int name_rank(const json_t *name)
{
    const char *use = path_text(name, "use");

    if (!*path_text(name, "family") || !*path_text(name, "given"))
        return 0;
    return strcmp(use, "official") == 0 ? 3 : strcmp(use, "usual") == 0 ? 2 : !*use ? 1 : 0;
}

static void name_take(const json_t *resource, struct patient *out)
{
    const json_t *names = json_object_get(resource, "name");
    int best = 0;

    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);
        int rank = name_rank(name);

        if (rank <= best || *path_text(name, "period.end"))
            continue;
        if (text_copy(out->given, sizeof(out->given), path_text(name, "given")) != 0 ||
            text_copy(out->family, sizeof(out->family), path_text(name, "family")) != 0)
            continue;
        best = rank;
    }
    if (!best)
        out->given[0] = out->family[0] = '\0';
}

static void identifier_take(const json_t *resource, const char *system, char *out, size_t size)
{
    const json_t *all = json_object_get(resource, "identifier");

    out[0] = '\0';
    for (size_t i = 0; *system && i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);

        if (strcmp(path_text(one, "system"), system) != 0 ||
            strcmp(path_text(one, "use"), "old") == 0 || !*path_text(one, "value"))
            continue;
        if (text_copy(out, size, path_text(one, "value")) == 0)
            return;
    }
}

bool patient_bears(const struct fhir_config *c, const json_t *resource, const char *nhs)
{
    const json_t *all = json_object_get(resource, "identifier");
    char wanted[NHS_TEXT], held[NHS_TEXT];
    bool folded = fold_nhs(nhs, wanted) == ALM_OK;

    for (size_t i = 0; i < json_array_size(all); i++) {
        const json_t *one = json_array_get(all, i);
        const char *value = path_text(one, "value");

        if (strcmp(path_text(one, "system"), c->nhs_system) != 0)
            continue;
        if (strcmp(value, nhs) == 0 ||
            (folded && fold_nhs(value, held) == ALM_OK && strcmp(held, wanted) == 0))
            return true;
    }
    return false;
}

bool patient_links(const struct fhir_config *c, const json_t *resource, const char *type,
                   const char *other)
{
    const json_t *links = json_object_get(resource, "link");
    char id[FHIR_ID_MAX];

    for (size_t i = 0; i < json_array_size(links); i++) {
        const json_t *link = json_array_get(links, i);

        if (strcmp(path_text(link, "type"), type) == 0 &&
            fhir_reference(path_text(link, "other.reference"), c->base, "Patient", id) &&
            strcmp(id, other) == 0)
            return true;
    }
    return false;
}

bool patient_replaced(const json_t *resource)
{
    return path_has(resource, "link.type", "replaced-by");
}

void patient_read(const struct fhir_config *c, const json_t *resource, struct patient *out)
{
    int32_t first, last;

    memset(out, 0, sizeof(*out));
    text_take(out->id, sizeof(out->id), path_text(resource, "id"));
    name_take(resource, out);
    out->born = ALM_DAY_NONE;
    if (fhir_days(path_text(resource, "birthDate"), &first, &last) == 0 && first == last)
        out->born = first;
    identifier_take(resource, c->nhs_system, out->nhs, sizeof(out->nhs));
    identifier_take(resource, c->upn_system, out->upn, sizeof(out->upn));
    out->restricted = record_restricted(c, resource);
    out->gone = json_is_false(json_object_get(resource, "active")) || patient_replaced(resource);
    out->unborn = *c->unborn_tag && fhir_coded(resource, "meta.tag", c->unborn_tag);
}

/* --- homes --- */

struct lines {
    char *out;
    size_t size;
    bool too_long;
};

static bool line_add(void *ctx, const json_t *value)
{
    struct lines *l = ctx;
    size_t at = strlen(l->out);
    int n;

    if (!json_is_string(value) || !*json_string_value(value))
        return true;
    n = snprintf(l->out + at, l->size - at, "%s%s", at ? ", " : "", json_string_value(value));
    l->too_long = l->too_long || n < 0 || (size_t)n >= l->size - at;
    return true;
}

/* Return: false when there can be none. */
static bool home_name(struct home *h)
{
    char folded[FOLD_OUT_MAX], postcode[POSTCODE_TEXT], hex[17];
    uint8_t digest[SHA256_LEN] = { 0 };
    int n;

    if (fold_address(h->address, folded) != ALM_OK || crypto_sha256(bytes_str(folded), digest) != 0)
        return false;
    hex_encode(digest, 8, hex);
    if (fold_postcode(h->postcode, postcode) == ALM_OK) {
        n = snprintf(h->ref, sizeof(h->ref), "%s.%s", postcode, hex);
    } else {
        h->postcode[0] = '\0';
        n = snprintf(h->ref, sizeof(h->ref), "-.%s", h->address);
        if (n >= (int)sizeof(h->ref)) /* too long to be looked for by it */
            n = snprintf(h->ref, sizeof(h->ref), "#.%s", hex);
    }
    return n > 0 && (size_t)n < sizeof(h->ref);
}

bool home_read(const json_t *address, struct home *out)
{
    struct lines l = { out->address, sizeof(out->address), false };
    const char *use = path_text(address, "use"), *end = path_text(address, "period.end");
    int32_t first, last;

    memset(out, 0, sizeof(*out));
    out->from = out->until = ALM_DAY_NONE;
    if (strcmp(use, "work") == 0 || strcmp(use, "billing") == 0 ||
        strcmp(path_text(address, "type"), "postal") == 0 || (strcmp(use, "old") == 0 && !*end))
        return false;
    (void)path_each(address, "line", line_add, &l);
    if (!*out->address || l.too_long)
        return false;
    text_take(out->postcode, sizeof(out->postcode), path_text(address, "postalCode"));
    /* A year or month stands for the whole of it. Source: FHIR R4, Period: an end "includes any
     * matching date/time". */
    if (fhir_days(path_text(address, "period.start"), &first, &last) == 0)
        out->from = first;
    if (*end && fhir_days(end, &first, &last) != 0)
        return false;
    if (*end)
        out->until = last + 1;
    if (out->from != ALM_DAY_NONE && out->until != ALM_DAY_NONE && out->from > out->until)
        return false;
    return home_name(out);
}

size_t homes_read(const json_t *patient, struct home *out, size_t max)
{
    const json_t *all = json_object_get(patient, "address");
    size_t n = 0;

    for (size_t i = 0; i < json_array_size(all) && n < max; i++)
        n += home_read(json_array_get(all, i), &out[n]);
    return n;
}

void home_postcode(const char *ref, char out[static 16])
{
    size_t len = strcspn(ref, ".");

    out[0] = '\0';
    if (ref[0] == '-' || ref[0] == '#' || len < 5 || len >= POSTCODE_TEXT || !ref[len])
        return;
    (void)snprintf(out, 16, "%.*s %.3s", (int)(len - 3), ref, ref + len - 3);
}

const char *home_line(const char *ref)
{
    return strncmp(ref, "-.", 2) == 0 ? ref + 2 : "";
}
