/* SPDX-License-Identifier: Apache-2.0 */
/* place.h - homes as the server knows them: Locations of an address, and who lives there. */
#pragma once
#include "fhir/client.h"
#include "fhir/record.h"

#define PLACES_MAX    128 /* homes of one question */
#define LOCATIONS_MAX 256

struct place { /* a home in which somebody lived from, until */
    char ref[HOME_REF_MAX];
    int32_t from, until;
};
struct places {
    size_t n;
    struct place at[PLACES_MAX];
    size_t n_locations;
    struct {
        char id[FHIR_ID_MAX], ref[HOME_REF_MAX];
    } locations[LOCATIONS_MAX];
};
/* Past PLACES_MAX: left out, and partial is set. */
void places_add(struct call *call, struct places *p, const char *ref, int32_t from, int32_t until);
/* Finds the Locations of these homes. Return: FETCH_OK (none too, and when locations are not
 * configured); FETCH_PARTIAL; FETCH_FAILED; -ENOMEM. */
ALM_MUST_USE int places_locate(struct call *call, struct places *p);
/* "Location/1,Location/2" for {location}, of the home (NULL: all). Return: how many. */
size_t places_value(const struct places *p, const char *ref, struct buf *out);
/* The home of a reference to one of these Locations; NULL none. */
const char *places_home(const struct places *p, const char *base, const char *reference);

/* Everyone whose address on the day is this home, restricted and ended records left out: on is
 * called with each Patient. Return: as fetch_all. */
ALM_MUST_USE int place_people(struct call *call, const struct place *home, int32_t day,
                              resource_fn *on, void *ctx);
