/* SPDX-License-Identifier: Apache-2.0 */
#include "due.h"
#include "stages.h"

__attribute__((weak)) void due_put(struct core *c, const struct due *d)
{
    (void)c;
    (void)d;
}
__attribute__((weak)) void due_done(struct core *c, uint8_t kind, const struct id *about, const char *agency)
{
    (void)c;
    (void)kind;
    (void)about;
    (void)agency;
}
__attribute__((weak)) int64_t due_end_of(const struct core *c, int32_t day)
{
    (void)c;
    return (int64_t)(day + 1) * 86400000 - 1;
}
__attribute__((weak)) void watch_seen(struct core *c, uint16_t slot, const struct token_set *subject,
                const struct token *household)
{
    (void)c;
    (void)slot;
    (void)subject;
    (void)household;
}
__attribute__((weak)) void shield_attempted(struct core *c, const struct ask *ask)
{
    (void)c;
    (void)ask;
}
__attribute__((weak)) int firing_contacts(struct core *c, uint16_t hub, const struct id *episode, firing_contact *visit, void *ctx)
{
    (void)c;
    (void)hub;
    (void)episode;
    (void)visit;
    (void)ctx;
    return -2;
}
