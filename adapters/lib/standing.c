/* SPDX-License-Identifier: Apache-2.0 */
/* standing.c - words of the broker's core (broker/core/intake.c) and what an operator can do. */
#include "lib/standing.h"

#include "base/attr.h"

#include <stddef.h>
#include <string.h>

static const struct {
    const char *reason, *what_to_do;
} standing_refusals[] = {
    { "agency-suspended", "the agency is suspended; speak to the broker's officers" },
    { "unknown-key",
      "the broker does not know our signing key; is keys.sign the enrolled one, and not revoked?" },
    { "unsigned",
      "the broker does not know our signing key; is keys.sign the enrolled one, and not revoked?" },
    { "bad-signature",
      "our signature is not good for this broker; correct mode or origin, or keys.sign" },
    { "wrong-mode", "the broker is in another mode; correct mode, or broker.address" },
    { "wrong-sender",
      "the gate admits this key for another agency; correct agency, or keys.curve" },
    { "version-not-supported", "the broker speaks another version; upgrade the older of the two" },
};

const char *standing_advice(const char *reason)
{
    for (size_t i = 0; i < ALM_LEN(standing_refusals); i++) {
        if (strcmp(standing_refusals[i].reason, reason) == 0)
            return standing_refusals[i].what_to_do;
    }
    return NULL;
}
