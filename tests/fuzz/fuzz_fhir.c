/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_fhir.c - whatever JSON a FHIR server sends in place of a resource, reading it ends, and
 * gives days, ids and homes that can be. */
#include "fhir/event.h"
#include "fhir/record.h"

#include "base/clock.h"
#include "base/crypto.h"

#include <assert.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fhir_config config = {
    .base = "https://trust.example/r4",
    .nhs_system = "https://fhir.nhs.uk/Id/nhs-number",
    .unborn_tag = "t|unborn",
    .n_restricted = 1,
    .restricted = { "http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R" },
};
static const struct fhir_search search = {
    .subject = "subject.reference",
    .location = "location.location.reference",
    .date = "period.start|onsetDateTime",
    .end = "period.end",
    .code = "type|code",
    .status = "status",
    .over = { 1, { "inactive" } },
};

static void read_homes(const json_t *resource)
{
    struct home homes[ALM_STAYS_MAX];
    size_t n = homes_read(resource, homes, ALM_STAYS_MAX);
    char postcode[16];

    for (size_t i = 0; i < n; i++) {
        assert(strlen(homes[i].ref) < ALM_REF_MAX && strchr(homes[i].ref, '.'));
        assert(homes[i].from == ALM_DAY_NONE || homes[i].until == ALM_DAY_NONE ||
               homes[i].from <= homes[i].until);
        home_postcode(homes[i].ref, postcode);
        assert(!*homes[i].postcode == !*postcode);
    }
}

static void read_events(const json_t *resource)
{
    char id[FHIR_ID_MAX];
    struct event e;
    struct span s;

    for (uint8_t rule = FHIR_STATE; rule <= FHIR_EVER; rule++) {
        struct fhir_question q = { .rule = rule, .window_days = 30, .kinds = { 1, { "a" } } };
        struct count c = count_new(&q, 19000);

        if (!event_read(&config, &q, &search, resource, 19000, &e))
            continue;
        assert(e.date == CIVIL_NONE || e.date <= 19000);
        count_add(&c, &e);
        assert(!(count_holds(&c) && c.unclear));
    }
    if (span_read(&config, &search, resource, &s))
        assert(s.unclear || s.start != ALM_DAY_NONE);
    if (event_subject(&config, &search, resource, id) == EVENT_PATIENT)
        assert(fhir_id_valid(id));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *resource = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct patient p;
    int32_t first, last;

    if (crypto_init() != 0 || !resource)
        return 0;
    patient_read(&config, resource, &p);
    assert(strlen(p.given) < ALM_FIELD_MAX && strlen(p.family) < ALM_FIELD_MAX);
    (void)patient_bears(&config, resource, "9997001001");
    (void)patient_links(&config, resource, "replaces", "a");
    read_homes(resource);
    read_events(resource);
    if (fhir_days(path_text(resource, "birthDate|period.start|a.b.c"), &first, &last) == 0)
        assert(first <= last);
    json_decref(resource);
    return 0;
}
