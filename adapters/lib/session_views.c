/* SPDX-License-Identifier: Apache-2.0 */
/* session_views.c - what others may see of a session. */
#include "lib/session_own.h"

enum session_state session_state(const struct session *s)
{
    return s->state;
}

bool session_ready(const struct session *s)
{
    return s->state == SESSION_READY;
}

const char *session_text(const struct session *s)
{
    return s->text;
}

int32_t session_civil_day(const struct session *s)
{
    return s->civil_day;
}

const char *session_policy(const struct session *s)
{
    return s->policy;
}

uint32_t session_deadline_ms(const struct session *s)
{
    return s->welcome.deadline_ms ? s->welcome.deadline_ms : 2000;
}

struct catalogue session_catalogue(const struct session *s)
{
    return (struct catalogue){ s->catalogue.n_questions, s->catalogue.n_purposes,
                               s->catalogue.questions, s->catalogue.purposes };
}

size_t session_epochs(const struct session *s, const struct msg_catalogue_epoch **out)
{
    *out = s->catalogue.epochs;
    return s->catalogue.n_epochs;
}

const struct msg_catalogue_question *session_question(const struct session *s, const char *id)
{
    return pages_question(&s->catalogue, id);
}

const struct ages_rule *session_ages(const struct session *s)
{
    return s->catalogue.ages_told ? s->catalogue.ages : ages_usual;
}

const struct msg_catalogue_purpose *session_purpose(const struct session *s, const char *id)
{
    return pages_purpose(&s->catalogue, id);
}
