# SPDX-License-Identifier: Apache-2.0
"""Compares what came out with what should have: what the asker saw, and for refusals the reason that the log recorded."""

NO_CONSENT_LINE = "no-consent-on-file"
CONSENT_REASONS = {"no-consent", "consent-refused", "consent-withdrawn", "consent-expired", "consent-invalid", "consent-scope",
                   "sensitive-service"}
HIDDEN_REASONS = {"shielded-address"}
# The words of the data's own README for what the product tells more finely.
REFERRAL_STATES = {"delivering": "in-service", "rejected": "declined", "received": "sent", "more-info": "sent", "redirected": "sent"}


def seen_threshold(scenario, reply):
    rule = scenario["question"].partition(":")[2]
    if not reply["fired"]:
        return f"answer;rule={rule};fired=no"
    names = "|".join(sorted(c["agency"] for c in reply["contributors"])) or "-"
    return f"answer;rule={rule};fired=yes;on={reply['fired_on']};agencies={names};masked={'yes' if reply['masked'] else 'no'}"


def seen(answered):
    """What the asker saw, in the folder's own form."""
    reply = answered.reply
    kind = reply.get("kind")
    if kind == "insight":
        return "answer;value=" + {"cannot-say": "not-known"}.get(reply["answer"], reply["answer"])
    if kind == "involvement":
        names = "|".join(sorted(i["agency"] for i in reply["involved"])) or "-"
        return f"answer;agencies={names};masked={'yes' if reply['masked'] else 'no'}"
    if kind == "threshold":
        return seen_threshold(answered.scenario, reply)
    if kind == "referral-state":
        return f"answer;state={REFERRAL_STATES.get(reply['state'], reply['state'])}"
    if kind == "refusal":
        return f"refuse;told={reply['reason']}"
    return f"failed;exit={answered.exit};{reply.get('error') or kind or 'no reply'}"


def told_for(reason):
    """What an asker may see of a recorded reason."""
    if reason in HIDDEN_REASONS:
        return None
    return f"refuse;told={NO_CONSENT_LINE if reason in CONSENT_REASONS else reason}"


def judge(answered, recorded):
    """recorded: (reason, how it was told) as the log holds them for this message, ("", "") for none, None when the log has no row of it.

    A shield that lies behind a refusal for want of consent is recorded as the shield and told as that refusal, or the shield would show.
    Return: (passed, got) where got is in the form of `expected`."""
    expected = answered.scenario["expected"]
    saw = seen(answered)
    if recorded is None:
        return False, f"{saw} (no record in the log)"
    recorded, telling = recorded
    if not expected.startswith("refuse;reason="):
        return saw == expected and recorded == "", saw if recorded == "" else f"{saw} (recorded {recorded})"
    got = f"refuse;reason={recorded}" if recorded else saw
    reason = expected.split("=", 1)[1]
    allowed = told_for(reason)
    if allowed is None and telling != "no-consent-line":  # hidden: the asker sees an unknown person's reply
        if not saw.startswith("answer;value=not-known") and not saw.startswith("answer;agencies=-"):
            return False, f"{got} (asker saw {saw})"
    elif saw != (allowed or told_for("no-consent")):
        return False, f"{got} (asker saw {saw})"
    return recorded == reason, got
