/* SPDX-License-Identifier: Apache-2.0 */
/* pages.c - two growing arrays, bounded. */
#include "lib/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void pages_deinit(struct pages *p)
{
    free(p->questions);
    free(p->purposes);
    *p = (struct pages){ 0 };
}

/* Room for n more than have; one too many, so that an empty list is no failure. Return: 0 or
 * -ENOMEM. */
static int pages_room(void **array, size_t have, size_t n, size_t size)
{
    void *grown = reallocarray(*array, have + n + 1, size);

    if (!grown)
        return -ENOMEM;
    *array = grown;
    return 0;
}

int pages_add(struct pages *p, const struct msg_catalogue *page)
{
    if (page->page != p->next)
        return -EPROTO;
    if (p->n_questions + page->n_questions > CATALOGUE_MAX ||
        p->n_purposes + page->n_purposes > CATALOGUE_MAX)
        return -E2BIG;
    if (pages_room((void **)&p->questions, p->n_questions, page->n_questions,
                   sizeof(*p->questions)) != 0 ||
        pages_room((void **)&p->purposes, p->n_purposes, page->n_purposes, sizeof(*p->purposes)) !=
            0)
        return -ENOMEM;
    memcpy(p->questions + p->n_questions, page->questions,
           page->n_questions * sizeof(*p->questions));
    memcpy(p->purposes + p->n_purposes, page->purposes, page->n_purposes * sizeof(*p->purposes));
    for (uint8_t i = 0; i < page->n_capacities; i++) {
        const struct msg_catalogue_capacity *a = &page->capacities[i];

        p->ages_told = true;
        if (a->capacity < AGES_CAPACITIES)
            p->ages[a->capacity] = (struct ages_rule){ a->from_age, a->before_age };
    }
    for (uint8_t i = 0; i < page->n_epochs && p->n_epochs < TOKEN_EPOCHS_MAX; i++)
        p->epochs[p->n_epochs++] = page->epochs[i];
    p->n_questions += page->n_questions;
    p->n_purposes += page->n_purposes;
    p->next++;
    return 0;
}

const struct msg_catalogue_question *pages_question(const struct pages *p, const char *id)
{
    for (size_t i = 0; i < p->n_questions; i++) {
        if (strcmp(p->questions[i].id, id) == 0)
            return &p->questions[i];
    }
    return NULL;
}

const struct msg_catalogue_purpose *pages_purpose(const struct pages *p, const char *id)
{
    for (size_t i = 0; i < p->n_purposes; i++) {
        if (strcmp(p->purposes[i].id, id) == 0)
            return &p->purposes[i];
    }
    return NULL;
}
