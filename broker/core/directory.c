/* SPDX-License-Identifier: Apache-2.0 */
/* directory.c - which services meet a need here, from the bundle in force. About nobody: no leaf,
 * and it may be asked again. */
#include "stages.h"

#include <string.h>

static bool directory_serves(const uint16_t *list, uint8_t n, uint16_t wanted)
{
    for (uint8_t i = 0; i < n; i++)
        if (list[i] == wanted)
            return true;
    return false;
}

/* A service without areas serves everywhere. */
static bool directory_fits(const struct policy_service *s, uint16_t need, uint16_t area,
                           uint8_t kind)
{
    if (need != POLICY_NONE && !directory_serves(s->needs, s->n_needs, need))
        return false;
    if (area != POLICY_NONE && s->n_areas && !directory_serves(s->areas, s->n_areas, area))
        return false;
    return !kind || (s->kinds >> (kind - 1) & 1);
}

static void directory_entry(const struct core *c, const struct policy_service *s,
                            struct msg_service *out)
{
    text_cut(out->id, sizeof(out->id), s->id);
    text_cut(out->agency, sizeof(out->agency), bundle_agency_at(c->bundle, s->agency)->id);
    text_cut(out->title, sizeof(out->title), s->title);
    text_cut(out->contact, sizeof(out->contact), s->contact);
    for (uint8_t i = 0; i < s->n_needs && out->n_needs < FILTER_MAX; i++)
        text_cut(out->needs[out->n_needs++], sizeof(out->needs[0]),
                 bundle_need_id(c->bundle, s->needs[i]));
    out->kinds = s->kinds;
    out->criteria = s->n_criteria > 0;
}

/* Return: NULL, or what is wrong with the query. */
static const char *directory_fault(const struct core *c, uint16_t *need, uint16_t *area)
{
    const struct msg_directory_query *q = &c->in.directory_query;

    if (!c->bundle)
        return "no-policy";
    *need = q->need[0] ? bundle_need(c->bundle, q->need) : POLICY_NONE;
    *area = q->area[0] ? bundle_area(c->bundle, q->area) : POLICY_NONE;
    if (q->need[0] && *need == POLICY_NONE)
        return "unknown-need";
    return q->area[0] && *area == POLICY_NONE ? "unknown-area" : NULL;
}

void directory_take(struct core *c, struct work *w)
{
    uint16_t need, area, n = 0, from = 0;
    const char *word = directory_fault(c, &need, &area);
    uint8_t kind = c->in.directory_query.kind;
    struct msg_directory *out;

    if (word) {
        tell_word(c, w->agency, &w->id, word);
        return;
    }
    from = (uint16_t)(c->in.directory_query.page < UINT16_MAX / FILTER_MAX
                          ? c->in.directory_query.page * FILTER_MAX
                          : UINT16_MAX);
    out = &tell_begin(c, MSG_DIRECTORY, &w->id)->directory;
    out->page = c->in.directory_query.page;
    for (size_t i = 0; i < bundle_n_services(c->bundle); i++) {
        const struct policy_service *s = bundle_service_at(c->bundle, (uint16_t)i);

        if (!directory_fits(s, need, area, kind))
            continue;
        if (n >= from && out->n < FILTER_MAX)
            directory_entry(c, s, &out->services[out->n++]);
        n++;
    }
    out->pages = (uint16_t)((n + FILTER_MAX - 1) / FILTER_MAX);
    if (tell_send(c, w->agency))
        tell_word(c, w->agency, &w->id, "internal");
}
