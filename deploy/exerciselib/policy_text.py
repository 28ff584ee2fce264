# SPDX-License-Identifier: Apache-2.0
"""Turns a folder of the exercise's form into policy text, for `almoner policy activate` and the policy tests.

    /usr/bin/python3 -m exerciselib.policy_text DIR OUT

The folder's free text becomes finite domains: the roles are those of scenarios.csv and every excluded_roles; each value of
lawful_bases is a gateway in force as long as a purpose that lists it; a protocol is in force as long as its purposes.
"""
import re
import sys
import unicodedata
import zlib
from pathlib import Path

from exerciselib.folder import POLICY_ID, FolderError, load

OWNER = "the partnership's information-governance group"
DECISION = "as the evaluation's protocols say"
ROLE_MAX = 48  # characters
WITHIN_DAYS = 365  # data README, check 6
PAST_SHIELD = ("child-protection", "domestic-abuse-safety")  # data README, "lives-at"
THRESHOLD_PURPOSE, REFERRAL_PURPOSE = "concern-monitoring", "referral-tracking"  # data README, check 5
REFERRAL_QUESTION = "referral-state"
HUB_SECTOR, SHIELD_OWNERS = "partnership", "childrens-services"
LODGER, DECIDER = "practitioner", "duty-manager"  # roles: of whoever lodges, and of who decides on what is due
DECIDE_DAYS, DECIDE_HOURS = 28, 24  # data README, "Referrals"; the hours are the exercise's own
LONGEST_DAYS = 3660  # nothing of a story is forgotten while it is told
CATEGORY = "concern"  # where concerns.csv has no category
DESK_HOURS = "1"  # of an agency that answers by hand
KIND = "soft"  # of every referral: the data names none


COSIGN_EVERY_S = 5  # a rehearsal is shorter than a day: its witnesses are asked often


def threshold_question(rule_id):
    return "threshold-" + rule_id.lower()


def question_id(question):
    """The catalogue's id and the parameter of a scenario's `question`; ("", "") for who-is-involved."""
    kind, _, rest = question.partition(":")
    if kind == "insight":
        name, _, parameter = rest.partition(":")
        return name, parameter
    if kind == "threshold":
        return threshold_question(rest), ""
    if kind == "referral":
        return REFERRAL_QUESTION, rest
    return "", ""


def text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def words(values):
    return "[ " + ", ".join(text(v) for v in values) + " ]" if values else "[ ]"


def group(pairs, indent="  "):
    return indent + "{ " + " ".join(f"{k} = {v};" for k, v in pairs if v is not None) + " }"


def listing(name, entries):
    return f"{name} = (\n" + ",\n".join(entries) + "\n);\n" if entries else f"{name} = ( );\n"


def yes(value):
    return "true" if value else "false"


def domain(values):
    return sorted(set(values))


def split(value):
    return [v for v in value.split("|") if v]


def role_id(role):
    """A role of the folder is free text; the policy's roles are ids."""
    if POLICY_ID.match(role) and len(role) <= ROLE_MAX:
        return role
    plain = re.sub(r"[^a-z0-9]+", "-", unicodedata.normalize("NFKD", role).lower().encode("ascii", "ignore").decode()).strip("-")
    return f"{plain[:32] or 'role'}.{zlib.crc32(role.encode()):08x}"  # the sum keeps two roles of one spelling apart


def code(value, otherwise):
    """A word of the folder as an id: a category, a reason, an outcome."""
    return role_id(value)[:63] if value else otherwise


def categories(folder):
    return domain([code(c.get("category", ""), CATEGORY) for c in folder.rows("concerns")] + [CATEGORY])


def hubs(folder):
    """Who may follow firings: a hub of its own, and whoever may read thresholds."""
    protocol = next((p["protocol_id"] for p in folder.rows("purposes") if p["purpose"] == THRESHOLD_PURPOSE), None)
    readers = {r["agency_id"] for r in folder.rows("protocol-parties") if r["protocol_id"] == protocol and r["ask"] != "no"}
    return {a["agency_id"] for a in folder.rows("agencies") if a["sector"] == HUB_SECTOR or a["agency_id"] in readers}


def partnership(folder):
    name = folder.path.resolve().name
    ident = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name.lower()).strip("._-") or "exercise"
    return f'partnership = {{ id = {text(ident)}; name = {text(name + " exercise")}; country = "england"; }};\n'


def domains(folder):
    roles = [s["role"] for s in folder.rows("scenarios")] + [r for p in folder.rows("purposes") for r in split(p["excluded_roles"])]
    sectors = [a["sector"] for a in folder.rows("agencies")] + [s for q in folder.rows("questions") for s in split(q["sectors"])]
    return (f"sectors = {words(domain(sectors))};\nroles = {words(domain([*map(role_id, roles), LODGER, DECIDER]))};\n"
            f"concern_categories = {words(categories(folder))};\n")


def agencies(folder, by_hand=()):
    hub = hubs(folder)
    return listing("agencies", [group([
        ("id", text(a["agency_id"])), ("name", text(a["name"])), ("sector", text(a["sector"])),
        ("team_of", text(a["team_of"]) if a["team_of"] else None), ("sensitive", yes(a["sensitive"] == "yes")),
        ("controller", text(a["controller"])), ("hub", "true" if a["agency_id"] in hub else None),
        ("desk_hours", DESK_HOURS if a["agency_id"] in by_hand else None)])
        for a in folder.rows("agencies")])


def bases_of(purpose):
    """Its lawful_bases, and always one that can carry it: consent where it is required, a power where it is not."""
    bases = split(purpose["lawful_bases"])
    if purpose["consent_required"] == "yes":
        return bases if "consent" in bases else bases + ["consent"]
    return bases if any(b != "consent" for b in bases) else bases + ["no-consent-needed"]


def gateways(folder):
    """Each value of lawful_bases, in force from the first to the last day of the purposes that list it."""
    dates = {}
    for p in folder.rows("purposes"):
        for basis in bases_of(p):
            dates.setdefault(basis, []).append((p["valid_from"], p["valid_to"]))
    return listing("gateways", [group([
        ("id", text(basis)), ("title", text(basis.replace("-", " "))), ("statute", text("the exercise")), ("countries", '[ "england" ]'),
        ("from", text(min(f for f, _ in days))), ("to", text(max(t for _, t in days))),
        ("kind", text("consent" if basis == "consent" else "power"))])
        for basis, days in sorted(dates.items())])


def protocols(folder):
    entries = []
    for protocol in domain(p["protocol_id"] for p in folder.rows("purposes")):
        mine = [p for p in folder.rows("purposes") if p["protocol_id"] == protocol]
        parties = [group([("agency", text(r["agency_id"])), ("ask", text(r["ask"])), ("answer", text(r["answer"]))], "      ")
                   for r in folder.rows("protocol-parties") if r["protocol_id"] == protocol]
        entries.append(f'  {{ id = {text(protocol)}; title = {text(protocol)}; from = "{min(p["valid_from"] for p in mine)}"; '
                       f'to = "{max(p["valid_to"] for p in mine)}"; review = "{max(p["valid_to"] for p in mine)}";\n'
                       f'    parties = (\n' + ",\n".join(parties) + "\n    ); }")
    return listing("protocols", entries)


def purposes(folder):
    entries = []
    for p in folder.rows("purposes"):
        consent, relationship = p["consent_required"] == "yes", p["relationship_required"] == "yes"
        entries.append(group([
            ("id", text(p["purpose"])), ("title", text(p.get("note") or p["purpose"])), ("protocol", text(p["protocol_id"])),
            ("from", text(p["valid_from"])), ("to", text(p["valid_to"])), ("consent", text("required" if consent else "not-required")),
            ("relationship", text("required" if relationship else "not-required")),
            ("within_days", str(WITHIN_DAYS) if relationship else None), ("who_is_involved", yes(p["who_is_involved"] == "yes")),
            ("sensitive", text(p["sensitive_rule"])), ("sees_past_shield", text("location") if p["purpose"] in PAST_SHIELD else None),
            ("bases", words(bases_of(p))), ("roles", '"*"'), ("excluded_roles", words([role_id(r) for r in split(p["excluded_roles"])]))]))
    return listing("purposes", entries)


def holder_question(q):
    residence = q["rule"] == "residence"
    return group([
        ("id", text(q["question_id"])), ("text", text(q["text"])),
        ("holders", text("all-parties") if residence else words(split(q["sectors"]))), ("purposes", words(split(q["purposes"]))),
        ("sensitive", yes(q["sensitive"] == "yes")), ("household", yes(q["rule"] not in ("involvement", "residence"))),
        ("uses_homes", yes(q["rule"] != "involvement")), ("home_parameter", yes(residence)), ("reveals_location", yes(residence)),
        ("unknown", text("cannot-say" if residence else "no")),
        ("look_back_days", q["window_days"] or None), ("owner", text(OWNER)), ("decision", text(DECISION))])


def broker_questions(folder):
    """Thresholds belong to concern-monitoring, referral states to referral-tracking."""
    ids = {p["purpose"] for p in folder.rows("purposes")}
    own = [("owner", text(OWNER)), ("decision", text(DECISION))]
    if THRESHOLD_PURPOSE in ids:
        for t in folder.rows("thresholds"):
            what = t.get("action") or "several agencies are concerned"
            yield group([("id", text(threshold_question(t["rule_id"]))), ("text", text(f"Concern rule {t['rule_id']}: {what}")),
                         ("kind", '"threshold"'), ("purposes", words([THRESHOLD_PURPOSE])), ("scope", text(t["scope"])),
                         ("levels", words(split(t["levels"]))), ("min_agencies", t["min_agencies"]), ("window_days", t["window_days"]),
                         ("independent", "false"), ("own_concerns", '"count"'), ("contributors", '"named"'), ("bypass", '"none"'),
                         ("decide_role", text(DECIDER)), ("decide_hours", DECIDE_HOURS)] + own)
    if REFERRAL_PURPOSE in ids:
        yield group([("id", text(REFERRAL_QUESTION)), ("text", text("What has become of this referral?")), ("kind", '"referral"'),
                     ("purposes", words([REFERRAL_PURPOSE]))] + own)


def questions(folder):
    return listing("questions", [holder_question(q) for q in folder.rows("questions")] + list(broker_questions(folder)))


def consent_rules():
    """Data README, "Consent"."""
    return """consent = {
  capacities = (
    { capacity = "self"; able = true; from_age = 16; },
    { capacity = "gillick"; able = true; from_age = 12; },
    { capacity = "parent"; able = true; before_age = 16; },
    { capacity = "local-authority"; able = true; before_age = 16; },
    { capacity = "carer-without-pr"; able = false; }
  );
  grace_days = 0;
};
"""


def shield_owner(folder):
    """Who lodges shields: the first children's services agency; without one, the first agency."""
    agencies_ = folder.rows("agencies")
    return next((a["agency_id"] for a in agencies_ if a["sector"] == SHIELD_OWNERS), agencies_[0]["agency_id"] if agencies_ else None)


def shields(folder):
    owner = shield_owner(folder)
    return f"shields = {{ owners = {words([a['sector'] for a in folder.rows('agencies') if a['agency_id'] == owner])}; }};\n"


def casework():
    """Data README, "Thresholds" and "Referrals": nothing expires while the story is told, and a referral needs nothing to be sent."""
    return f"""concerns = {{ most_days = {LONGEST_DAYS}; closed_days = {LONGEST_DAYS}; }};
referrals = {{
  decide_days = {DECIDE_DAYS};
  info_days = {LONGEST_DAYS};
  feedback_days = {LONGEST_DAYS};
  expire_days = {LONGEST_DAYS};
  undelivered_days = {LONGEST_DAYS};
  loop_days = 0;
  decide_role = "{DECIDER}";
  kinds = ( {{ kind = "{KIND}"; needs = [ ]; }} );
}};
"""


def oversight(witnesses):
    """Who vouches for the log beside its operator; without any, the usual: nobody."""
    if not witnesses:
        return ""
    named = ", ".join(f'"{w}"' for w in witnesses)
    return f"witnesses = {{ agencies = [ {named} ]; need = 1; outage_hours = 4; every_seconds = {COSIGN_EVERY_S}; }};\n"


HEAD = "# Written from an exercise folder; change the folder, not this file.\n"


def policy_files(folder, by_hand=(), witnesses=()):
    """file name -> policy text. by_hand: agencies where people answer; witnesses: agencies that cosign the log."""
    return {
        "10-partnership.policy": HEAD + partnership(folder) + domains(folder) + agencies(folder, by_hand),
        "20-law.policy": HEAD + gateways(folder) + consent_rules() + shields(folder),
        "30-protocols.policy": HEAD + protocols(folder) + purposes(folder),
        "40-questions.policy": HEAD + questions(folder) + casework() + oversight(witnesses),
    }


def write_policy(folder, out, by_hand=(), witnesses=()):
    """Writes the policy text of a loaded folder into the directory out (made if absent)."""
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    for name, content in policy_files(folder, by_hand, witnesses).items():
        (out / name).write_text(content, encoding="utf-8")
    return out


def main(argv):
    if len(argv) != 3:
        print("usage: python3 -m exerciselib.policy_text DIR OUT", file=sys.stderr)
        return 64
    try:
        write_policy(load(argv[1]), argv[2])
    except FolderError as e:
        print(e, file=sys.stderr)
        return 65
    except OSError as e:
        print(f"{argv[2]}: {e.strerror}", file=sys.stderr)
        return 73
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
