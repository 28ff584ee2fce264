/* SPDX-License-Identifier: Apache-2.0 */
/* session_sign.c - encodes what goes out, signs it unless the protocol says that it need not be, and
 * signs what lies there when that has become necessary. */
#include "lib/session_sign.h"

#include "base/log.h"

#include <errno.h>
#include <string.h>

bool session_may_be_bare(const struct session *s, uint8_t type, const char *purpose)
{
    const struct msg_catalogue_purpose *p;

    if (type != MSG_INSIGHT_QUERY && type != MSG_INVOLVEMENT_QUERY && type != MSG_ANSWER)
        return false;
    p = session_purpose(s, purpose);
    return p && p->unsigned_queries;
}

int session_encode(struct session *s, const struct msg *m, bool sign)
{
    buf_reset(&s->frame);
    return wire_encode(m, &s->setup.context, sign ? s->setup.sign : NULL, &s->frame);
}

int session_sign_anew(struct session *s, struct bytes frame)
{
    struct wire_envelope e;

    if (wire_open(frame, &e) != WIRE_OK || wire_decode(e.body, s->out) != WIRE_OK)
        return -EBADMSG;
    return session_encode(s, s->out, true);
}

int session_resign_stored(struct session *s)
{
    struct wire_context before = s->setup.context;
    uint8_t public_key[SIGN_PUBLIC_LEN];
    struct wire_envelope e;
    int r;

    if (!s->setup.origin_before || !s->setup.origin_before[0])
        return 0;
    r = text_copy(before.origin, sizeof(before.origin), s->setup.origin_before);
    if (r == 0)
        r = sign_public(s->setup.sign, public_key);
    if (r != 0)
        return r;
    if (wire_open(buf_view(&s->stored), &e) != WIRE_OK || wire_verify(&e, &before, public_key))
        return 0;
    r = session_sign_anew(s, buf_view(&s->stored));
    if (r != 0)
        return r;
    buf_reset(&s->stored);
    buf_put(&s->stored, s->frame.data, s->frame.len);
    return buf_status(&s->stored);
}

bool session_sign_after_all(struct session *s, const struct id *id)
{
    uint8_t type;
    int r;

    buf_reset(&s->stored);
    if (!s->channel || !bare_take(&s->bare, id, &s->stored))
        return false;
    r = session_sign_anew(s, buf_view(&s->stored));
    type = s->out->type;
    crypto_wipe(s->stored.data, s->stored.len);
    crypto_wipe(s->out, sizeof(*s->out)); /* a query's tokens */
    if (r == 0)
        r = channel_send(s->channel, buf_view(&s->frame));
    log_info("signed-after-all", "type=%u error=%s", type, LOG_Q(r ? strerror(-r) : "none"));
    return r == 0;
}
