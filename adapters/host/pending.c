/* SPDX-License-Identifier: Apache-2.0 */
/* pending.c - a fixed array: a desk's commands are few, and too many are told so. */
#include "host/pending.h"

#include <string.h>

struct pending *pending_add(struct pendings *p, uint8_t kind, const struct id *id, uint64_t client,
                            int64_t due_ms)
{
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (p->at[i].kind != PENDING_FREE)
            continue;
        p->at[i] = (struct pending){ .kind = kind, .id = *id, .client = client, .due_ms = due_ms };
        return &p->at[i];
    }
    return NULL;
}

struct pending *pending_find(struct pendings *p, const struct id *id)
{
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (p->at[i].kind != PENDING_FREE && id_equal(&p->at[i].id, id))
            return &p->at[i];
    }
    return NULL;
}

/* jansson hands out the bytes it will free: they are overwritten first. */
void pending_wipe_texts(json_t *request)
{
    json_t *body = json_object_get(request, "body");

    if (json_is_string(body))
        crypto_wipe((char *)json_string_value(body), json_string_length(body));
}

void pending_drop(struct pending *p)
{
    if (p->request && p->request->refcount == 1)
        pending_wipe_texts(p->request);
    json_decref(p->request);
    json_decref(p->list);
    *p = (struct pending){ 0 };
}

void pending_take(struct pending *p, struct pending *out)
{
    *out = *p;
    *p = (struct pending){ 0 };
}

struct pending *pending_due(struct pendings *p, int64_t now_ms)
{
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (p->at[i].kind != PENDING_FREE && p->at[i].due_ms <= now_ms)
            return &p->at[i];
    }
    return NULL;
}

int64_t pending_next_ms(const struct pendings *p)
{
    int64_t next = INT64_MAX;

    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (p->at[i].kind != PENDING_FREE && p->at[i].due_ms < next)
            next = p->at[i].due_ms;
    }
    return next;
}

bool pendings_any_steps(const struct pendings *p)
{
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (p->at[i].kind != PENDING_FREE && p->at[i].next)
            return true;
    }
    return false;
}

void pendings_deinit(struct pendings *p)
{
    for (size_t i = 0; i < PENDING_MAX; i++) {
        if (p->at[i].kind != PENDING_FREE)
            pending_drop(&p->at[i]);
    }
}
