/* SPDX-License-Identifier: Apache-2.0 */
/* place.c - homes looked for by their postcode, or by their line where they have none. */
#include "fhir/place.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void places_add(struct call *call, struct places *p, const char *ref, int32_t from, int32_t until)
{
    struct place *to;

    if (p->n == PLACES_MAX || strlen(ref) >= HOME_REF_MAX) {
        call->partial = true;
        return;
    }
    to = &p->at[p->n++];
    *to = (struct place){ .from = from, .until = until };
    text_take(to->ref, sizeof(to->ref), ref);
}

/* "&address-postalcode=ZZ7 8ZD,ZZ78ZD", as either way of writing it may be held, or "&address=..."
 * where there is no postcode. Return: 0; FETCH_ABSENT nothing to look for; -ENOMEM. */
static int address_query(const char *search, const struct place *home, struct buf *out)
{
    ALM_CLEANUP(buf_deinit) struct buf value = { 0 };
    char postcode[16], close[16] = "";
    const char *parameter = "address-postalcode={value}";
    size_t n = 0;

    buf_init(&value, 4096);
    home_postcode(home->ref, postcode);
    for (const char *c = postcode; *c; c++) {
        if (*c != ' ')
            close[n++] = *c;
    }
    if (*postcode) {
        buf_printf(&value, "%s,%s", postcode, close);
    } else if (*home_line(home->ref)) {
        parameter = "address={value}";
        fetch_value(home_line(home->ref), &value);
    } else {
        return FETCH_ABSENT;
    }
    buf_put_u8(&value, 0);
    buf_printf(out, "%s%s", search, *search ? "&" : "");
    if (buf_status(&value) != 0)
        return -ENOMEM;
    return fetch_query(parameter, (const char *)value.data, out);
}

/* --- Locations --- */

struct locating {
    struct call *call;
    struct places *places;
    const char *ref;
};

static int location_take(void *ctx, const json_t *resource)
{
    struct locating *l = ctx;
    struct places *p = l->places;
    struct home home;

    if (record_restricted(l->call->client->config, resource) ||
        !home_read(json_object_get(resource, "address"), &home) || strcmp(home.ref, l->ref) != 0)
        return 0;
    if (p->n_locations == LOCATIONS_MAX) {
        l->call->partial = true;
        return 0;
    }
    text_take(p->locations[p->n_locations].id, FHIR_ID_MAX, path_text(resource, "id"));
    text_take(p->locations[p->n_locations++].ref, HOME_REF_MAX, home.ref);
    return 0;
}

static bool looked_for(const struct places *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(p->at[i].ref, p->at[n].ref) == 0)
            return true;
    }
    return false;
}

static int place_locate(struct call *call, struct places *p, const struct place *home)
{
    struct locating l = { call, p, home->ref };
    ALM_CLEANUP(buf_deinit) struct buf query = { 0 };
    ALM_CLEANUP(buf_deinit) struct buf search = { 0 };
    int r;

    buf_init(&query, 8192);
    buf_init(&search, 4096);
    r = fetch_query(call->client->config->locations, "", &search);
    if (r == 0)
        r = address_query((const char *)search.data, home, &query);
    if (r != 0)
        return r == FETCH_ABSENT ? FETCH_OK : -ENOMEM;
    return fetch_all(call, "Location", (const char *)query.data, location_take, &l);
}

int places_locate(struct call *call, struct places *p)
{
    int worst = FETCH_OK;

    for (size_t i = 0; call->client->config->has_locations && i < p->n; i++) {
        int r = looked_for(p, i) ? FETCH_OK : place_locate(call, p, &p->at[i]);

        if (r < 0 || r == FETCH_FAILED)
            return r;
        worst = r != FETCH_OK ? r : worst;
    }
    return worst;
}

size_t places_value(const struct places *p, const char *ref, struct buf *out)
{
    size_t n = 0;

    for (size_t i = 0; i < p->n_locations; i++) {
        if (!ref || strcmp(p->locations[i].ref, ref) == 0)
            buf_printf(out, "%sLocation/%s", n++ ? "," : "", p->locations[i].id);
    }
    buf_put_u8(out, 0);
    return n;
}

const char *places_home(const struct places *p, const char *base, const char *reference)
{
    char id[FHIR_ID_MAX];

    if (!fhir_reference(reference, base, "Location", id))
        return NULL;
    for (size_t i = 0; i < p->n_locations; i++) {
        if (strcmp(p->locations[i].id, id) == 0)
            return p->locations[i].ref;
    }
    return NULL;
}

/* --- people --- */

struct living {
    struct call *call;
    const char *ref;
    int32_t day;
    resource_fn *on;
    void *ctx;
};

static int person_take(void *ctx, const json_t *resource)
{
    struct living *l = ctx;
    struct home homes[ALM_STAYS_MAX];
    struct patient p;
    size_t n = homes_read(resource, homes, ALM_LEN(homes));

    patient_read(l->call->client->config, resource, &p);
    if (p.restricted || p.gone)
        return 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(homes[i].ref, l->ref) == 0 && day_within(homes[i].from, homes[i].until, l->day))
            return l->on(l->ctx, resource);
    }
    return 0;
}

int place_people(struct call *call, const struct place *home, int32_t day, resource_fn *on,
                 void *ctx)
{
    struct living l = { call, home->ref, day, on, ctx };
    ALM_CLEANUP(buf_deinit) struct buf query = { 0 };
    int r;

    buf_init(&query, 8192);
    r = address_query("", home, &query);
    if (r != 0)
        return r == FETCH_ABSENT ? FETCH_OK : r;
    return fetch_all(call, "Patient", (const char *)query.data, person_take, &l);
}
