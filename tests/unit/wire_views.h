/* SPDX-License-Identifier: Apache-2.0 */
/* wire_views.h - compares the views of two messages: theirs are bytes elsewhere, so the structs alone
 * do not compare. */
#pragma once
#include "wire/msg.h"
#include <string.h>

static inline size_t wire_views_of(struct msg *m, struct bytes *out[static SEALING_KEYS_MAX])
{
    size_t n = 0;

    if (m->type == MSG_REFERRAL)
        out[n++] = &m->referral.sealed;
    if (m->type == MSG_REFERRAL_UPDATE)
        out[n++] = &m->referral_update.sealed;
    if (m->type == MSG_COSIGN)
        out[n++] = &m->cosign.note;
    if (m->type == MSG_COSIGNATURE)
        out[n++] = &m->cosignature.note;
    if (m->type == MSG_DELIVER) {
        out[n++] = &m->deliver.referral.sealed;
        out[n++] = &m->deliver.update.sealed;
    }
    for (size_t i = 0; m->type == MSG_SEALING_KEYS && i < m->sealing_keys.n; i++)
        out[n++] = &m->sealing_keys.keys[i].body;
    return n;
}

/* Views of got that hold the same bytes as those of sent become the same views. */
static inline void wire_views_same(struct msg *got, const struct msg *sent)
{
    struct bytes *of_got[SEALING_KEYS_MAX], *of_sent[SEALING_KEYS_MAX];
    size_t n = wire_views_of(got, of_got);

    if (wire_views_of((struct msg *)(uintptr_t)sent, of_sent) != n)
        return;
    for (size_t i = 0; i < n; i++) {
        if (of_got[i]->len && bytes_equal(*of_got[i], *of_sent[i]))
            *of_got[i] = *of_sent[i];
    }
}
