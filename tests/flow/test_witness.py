#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_witness.py PROTOC - a broker whose log a school's adapter witnesses, all of it real processes: what is signed verifies with other people's code;
a log written anew by whoever holds the signing key does not; and an old copy of everything the broker has is refused once the school answers."""
import json
import shutil
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from town import CHILDRENS, PATIENCE, PATIENT, POLICE, SCHOOL, is_kind, play, wait_for  # noqa: E402

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import tlog  # noqa: E402

# A head of a public test log with the line of a public witness, May 2026.
PUBLIC = ("arche2025h1.staging.ct.transparency.dev\n1432088532\nU7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=\n\n"
          "\u2014 remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==\n")
PUBLIC_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
QUICK = "interval_ms = 200; witness_wait_s = 60;"


def witness(town):
    return town.stage.command("witness", "show", "--json", "--socket", town.stage.socket_of(SCHOOL)).json()


def signed(town):
    """Leaves of the head that the school signed last."""
    held = witness(town)["held"]
    return held["size"] if held else 0


def log_something(town, n=3):
    for _ in range(n):
        town.stage.command("practitioner", "suspend", SCHOOL, "t-none", "--reason", "a test", *town.stage.signed())
        town.stage.command("practitioner", "resume", SCHOOL, "t-none", "--reason", "a test", *town.stage.signed(both=True))
    return town.status()["log_size"]


def until_signed(town, size, seconds=40):
    return wait_for(lambda: signed(town) >= size, seconds * PATIENCE)


def files(town, name):
    return town.stage.work / name


def a_head_is_signed_and_everybody_can_see_by_whom(tap, town):
    size = log_something(town)
    tap.check("the_school_signs_the_newest_head", until_signed(town, size), witness(town))
    o = town.stage.command("audit", "witnesses", "--json").json()
    school = o["witnesses"][0]
    tap.check("officers_see_who_signed_what_and_when", school["agency"] == SCHOOL and school["fresh"] and school["size"] >= size and school["signed_at"], o)
    tap.check("under_the_key_that_the_agency_says_is_its_own", school["under"] == witness(town)["vkey"] and witness(town)["vkey"] in school["vkeys"])
    text = town.stage.command("audit", "witnesses").out
    tap.check("in_a_table_too", SCHOOL in text and "1 of 1 count, 1 needed" in text and school["under"] in text, text)
    status = town.stage.command("status").out
    tap.check("the_broker_s_status_says_so", "1 of 1 count, 1 needed" in status and "STOPPED" not in status, status)
    tap.check("the_agency_s_own_command_says_what_it_holds", "cosigned" in town.stage.command("witness", "show", "--socket", town.stage.socket_of(SCHOOL)).out)
    none = town.stage.command("witness", "show", "--socket", town.stage.socket_of(POLICE), check=False)
    tap.check("an_adapter_that_is_no_witness_says_that", none.exit == 78 and "no witness" in none.err, (none.exit, none.err))


def exports_carry_the_line(tap, town):
    vkey, own = str(town.stage.keys / "audit.vkey"), witness(town)["vkey"]
    log_vkey = Path(vkey).read_text().strip()
    lines, tiles = str(files(town, "log.export")), str(files(town, "log.tiles"))
    town.stage.command("audit", "export", lines)
    town.stage.command("audit", "export", "--format", "tiles", tiles)
    for name, path in (("lines", lines), ("tiles", tiles)):
        good = town.stage.command("audit", "verify", "--export", path, "--vkey", vkey, "--witness", own)
        tap.check(f"an_export_in_{name}_verifies_with_its_witness", "witnessed by " + SCHOOL in good.out, good.out)
    (files(town, "school.vkey")).write_text(own + "\n")
    o = town.stage.command("audit", "verify", "--export", tiles, "--vkey", vkey, "--witness", files(town, "school.vkey"), "--witnesses", "1", "--json").json()
    tap.check("the_key_may_lie_in_a_file", o["ok"] and o["witnesses"][0]["witness"] == SCHOOL, o)
    try:
        tap.check("other_people_s_code_agrees", tlog.verify(tiles, log_vkey, witnesses=[own])[0] == o["leaves"])
    except tlog.Bad as e:
        tap.check("other_people_s_code_agrees", False, e)
    tap.check("as_it_does_with_a_public_witness", tlog.cosigned(PUBLIC.encode(), PUBLIC_WITNESS) == 1779573024)
    head = Path(tiles, "checkpoint").read_bytes()
    tap.check("and_finds_the_line_where_it_is_looked_for", abs(tlog.cosigned(head, own) - time.time()) < 600)
    other = tlog.cosigner_vkey(b"\x55" * 32, SCHOOL)
    bad = town.stage.command("audit", "verify", "--export", tiles, "--vkey", vkey, "--witness", other, check=False)
    tap.check("a_witness_of_another_key_has_not_signed", bad.exit == 65 and "only 0 of the 1" in bad.out, bad.out)
    some = town.stage.command("audit", "verify", "--export", tiles, "--vkey", vkey, "--witness", own, "--witness", tlog.cosigner_vkey(b"\x56" * 32, "nobody"), "--witnesses", "1")
    tap.check("one_of_two_is_enough_where_one_is_asked_for", some.exit == 0)
    twice = town.stage.command("audit", "verify", "--export", tiles, "--vkey", vkey, "--witness", own, "--witness", own, check=False)
    tap.check("one_witness_is_not_two", twice.exit == 64 and "twice" in twice.err, twice.err)
    wrong = town.stage.command("audit", "verify", "--export", tiles, "--vkey", vkey, "--witness", log_vkey, check=False)
    tap.check("the_log_s_own_key_is_no_witness_s", wrong.exit in (65, 66), wrong.err)
    many = town.stage.command("audit", "verify", "--export", tiles, "--vkey", vkey, "--witnesses", "2", check=False)
    tap.check("a_number_without_keys_is_a_mistake", many.exit == 64, many.err)
    flips = 0
    where = head.index(SCHOOL.encode()) + len(SCHOOL) + 8
    for at in range(where, len(head) - 1):
        Path(tiles, "checkpoint").write_bytes(head[:at] + bytes([head[at] ^ 1]) + head[at + 1:])
        if at % 16 == 0:  # every sixteenth with the command, all of them with the other code
            flips += town.stage.command("audit", "verify", "--export", tiles, "--vkey", vkey, "--witness", own, check=False).exit == 0
        try:
            flips += tlog.cosigned(Path(tiles, "checkpoint").read_bytes(), own) is not None
        except (tlog.Bad, UnicodeDecodeError):
            pass
    Path(tiles, "checkpoint").write_bytes(head)
    tap.check("a_line_that_was_altered_in_any_octet_counts_for_nobody", flips == 0, flips)


def a_log_written_anew_has_no_witness(tap, town):
    """Whoever holds the signing key makes a whole other log: its tree, tiles, records and head are good. Nobody else signed it."""
    seed = bytes.fromhex((town.stage.keys / "audit.key").read_text().strip())
    vkey, own = str(town.stage.keys / "audit.vkey"), witness(town)["vkey"]
    old = Path(files(town, "log.tiles"), "checkpoint").read_bytes().decode()
    size = int(old.split("\n")[1])
    log = [(bytes([n % 256]) * 32, b"another story %d" % n, b"sealed") for n in range(size)]
    folder = files(town, "anew.tiles")
    for path, octets in tlog.export(log).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(octets)
    note = tlog.sign(seed, town.stage.origin, size, tlog.root([tlog.leaf_hash(tlog.entry_of(*r)) for r in log]))
    for name, head in (("without_any_line", note), ("with_the_line_of_the_true_head", note + old.rstrip("\n").split("\n")[-1] + "\n"),
                       ("with_a_line_of_the_operator_s_own", note + tlog.cosign(seed, SCHOOL, note, int(time.time())))):
        (folder / "checkpoint").write_text(head, encoding="utf-8")
        alone = town.stage.command("audit", "verify", "--export", folder, "--vkey", vkey, check=False)
        seen = town.stage.command("audit", "verify", "--export", folder, "--vkey", vkey, "--witness", own, check=False)
        tap.check(f"a_log_written_anew_{name}_is_found_by_one_witness", alone.exit == 0 and seen.exit == 65, (alone.exit, seen.exit, seen.out))


def restarted(town):
    town.stage.start_broker()
    return wait_for(lambda: town.status()["head"]["size"] > 0 or town.status()["head"]["refused"], 90 * PATIENCE)


def a_restart_goes_on(tap, town):
    town.end_broker()
    tap.check("a_broker_that_was_stopped_signs_again_when_its_witness_has_answered", restarted(town) and town.status()["sharing"], town.status())
    size = log_something(town, 1)
    tap.check("and_the_school_goes_on_signing", until_signed(town, size))
    for _ in range(3):  # whenever it dies: what it said is on disk, and what is on disk it says
        process = town.stage.processes.pop(f"adapter-{SCHOOL}")
        log_something(town, 1)
        process.kill()
        process.wait(20)
        town.stage.start_adapter(SCHOOL, town.stage.work / "agencies" / SCHOOL / "adapter.conf")
        town.stage.wait_adapter(SCHOOL)
    size = log_something(town, 1)
    tap.check("as_it_does_after_its_adapter_was_killed_again_and_again", until_signed(town, size) and town.status()["sharing"] and not witness(town)["forked"])


def backed_up(town, name):
    if not files(town, "safe").exists():
        town.stage.command("backup", "key", "new", files(town, "safe"))
    return town.stage.command("backup", files(town, name), "--to", files(town, "safe.pub"), *town.stage.signed(), "--json").json()


def put_back(town, name):
    town.stage.command("restore", files(town, name), "--key", files(town, "safe"), "--config", town.stage.config)


def a_backup_is_gone_on_with_unless_the_witness_has_seen_more(tap, town):
    data, aside = town.stage.data_dir, files(town, "aside")
    made = backed_up(town, "in-time")
    tap.check("the_school_has_signed_what_is_backed_up_and_no_more", until_signed(town, made["leaves"]) and signed(town) == made["leaves"], (signed(town), made))
    town.end_broker()
    shutil.rmtree(data)
    put_back(town, "in-time")
    tap.check("a_restored_broker_signs_again_once_its_witness_has_answered", restarted(town) and town.status()["sharing"] and not (data / "restored").exists(),
              town.status())
    speaker = town.speaker(CHILDRENS)
    tap.check("a_consent_is_lodged_before_the_next_backup", is_kind(speaker.ask(speaker.consent(person="Ben")), "receipt"))
    speaker.close()
    made = backed_up(town, "too-old")
    size = log_something(town)
    tap.check("the_school_signs_what_comes_after_a_backup", until_signed(town, size))
    town.end_broker()
    data.rename(aside)
    put_back(town, "too-old")
    town.stage.start_broker()
    tap.check("a_backup_that_ends_before_what_the_school_holds_is_refused",
              wait_for(lambda: town.status()["stopped_by"] in ("log-forked", "signer-refused"), 60 * PATIENCE), town.status()["stopped_by"])
    tap.check("though_nothing_in_it_is_wrong", town.status()["log_size"] >= made["leaves"])
    town.end_broker()
    shutil.rmtree(data)
    aside.rename(data)
    tap.check("the_broker_that_was_not_lost_goes_on", restarted(town) and town.status()["sharing"], town.status()["stopped_by"])


def an_old_copy_is_refused(tap, town):
    """The whole folder as it was, signer.head included: within itself it is without fault."""
    data, copy = town.stage.data_dir, files(town, "copy")
    town.end_broker()
    shutil.copytree(data, copy)
    tap.check("the_broker_is_back", restarted(town))
    size = log_something(town)
    tap.check("the_school_has_signed_what_came_after", until_signed(town, size))
    town.end_broker()
    shutil.rmtree(data)
    shutil.copytree(copy, data)
    held = signed(town)
    town.stage.start_broker()
    tap.check("an_old_copy_of_everything_stops_sharing", wait_for(lambda: town.status()["stopped_by"] in ("log-forked", "signer-refused"), 60 * PATIENCE), town.status()["stopped_by"])
    log = town.log()
    tap.check("the_signer_says_why", "event=head-remembered" in log and "event=log-forked" in log)
    tap.check("and_remembers_the_head_that_it_had_forgotten", int((data / "signer.head").read_text().split("\n")[1]) == held)
    status = town.stage.command("status").out
    tap.check("officers_see_it", "THE LOG IS FORKED" in status and "STOPPED BY" in status, status)
    speaker = town.speaker(CHILDRENS)
    got = speaker.ask(speaker.insight())
    tap.check("nothing_is_shared", got is not None and speaker.kind(got) == "busy", got)
    town.end_broker()
    town.stage.processes[f"adapter-{SCHOOL}"].terminate()
    town.stage.processes.pop(f"adapter-{SCHOOL}").wait(20)
    town.stage.start_broker()
    tap.check("also_after_a_restart_without_the_school", wait_for(lambda: town.status()["head"]["refused"], 90 * PATIENCE) and not town.status()["sharing"])
    tap.check("the_school_was_shown_nothing_that_it_could_sign", tlog.open_head(Path(town.stage.work / "agencies" / SCHOOL / "witness.head").read_bytes(),
                                                                               (town.stage.keys / "audit.vkey").read_text().strip())[0] == held)


ANEW = "anew.example/almoner"


def restore_anew(town, config, *options):
    done = town.stage.command("restore", files(town, "too-old"), "--key", files(town, "safe"), *(["--config", config] if config else []), *options, check=False)
    return done.exit, done.out + done.err


def what_is_refused(tap, town, config):
    for name, (code, said), wanted, word in (
            ("under_the_same_origin_it_is_refused", restore_anew(town, town.stage.config, "--begin-anew"), 64, "leave it out"),
            ("under_another_without_the_word_too", restore_anew(town, config), 65, "say --begin-anew"),
            ("it_needs_a_configuration", restore_anew(town, None, "--check", "--begin-anew"), 64, "--config")):
        tap.check(name, code == wanted and word in said, (code, said[:400]))
    live = files(town, "live.conf")
    live.write_text(config.read_text(encoding="utf-8").replace('mode = "exercise"', 'mode = "live"'), encoding="utf-8")
    code, said = restore_anew(town, live, "--begin-anew")
    tap.check("a_rehearsal_s_log_begins_no_live_one", code == 65 and "another broker" in said, (code, said[:400]))
    left = sorted(p.name for p in town.stage.data_dir.iterdir()) if town.stage.data_dir.exists() else []
    tap.check("none_of_these_put_anything_in_place", left in ([], ["almonerd.lock"]), left)
    tap.check("it_can_be_checked_beforehand", restore_anew(town, config, "--check", "--begin-anew")[0] == 0)


def waits_in_an_outbox(town):
    """Lodged while there is no broker, and so signed for the origin before."""
    return town.stage.command("consent", "grant", "--purpose", "early-help", "--capacity", "parent", "--holds-responsibility", "--giver-ref", "p-9", "--recipients",
                              SCHOOL, "--sources", "*", "--given-on", town.day, "--method", "signed", "--practitioner", "t-1", "--given", "Ben", "--family",
                              "Brookvane", "--born", town.people["Ben"].born, "--socket", town.stage.socket_of(POLICE), "--json", check=False)


def moved(town, agency, vkey):
    """The adapter's own settings for the new origin, and a start with them."""
    process = town.stage.processes.pop(f"adapter-{agency}", None)
    if process:
        process.terminate()
        process.wait(20)
    path = town.stage.work / "agencies" / agency / "adapter.conf"
    text = path.read_text(encoding="utf-8").replace(f'origin = "{town.stage.origin}";', f'origin = "{ANEW}"; origin_before = "{town.stage.origin}";')
    path.write_text(text.replace(str(town.stage.keys / "audit.vkey"), str(vkey)), encoding="utf-8")
    town.stage.start_adapter(agency, path)


def the_head_of_before_is_evidence(tap, town, vkey, before):
    """Heads that were kept of the log before are held against the one that begins with its leaves."""
    kept, later = files(town, "log.tiles") / "checkpoint", town.stage.work / "agencies" / SCHOOL / "witness.head.of-rehearsal.example_almoner"
    verify = lambda *options: town.stage.command("audit", "verify", "--vkey", vkey, *options, check=False)  # noqa: E731
    got = verify("--head", later, "--head-vkey", before)
    tap.check("a_later_head_than_the_backup_has_does_not_fit", got.exit == 65 and "cut short" in got.out, (got.exit, got.out, got.err))
    got = verify("--head", kept)
    tap.check("nor_does_a_head_under_the_new_key", got.exit == 65 and "not one that this verifier key signed" in got.out, (got.exit, got.out))
    got = verify("--head-vkey", before)
    tap.check("a_key_without_a_head_is_a_mistake", got.exit == 64, (got.exit, got.err))
    got = verify("--head", kept, "--head-vkey", before)
    tap.check("an_earlier_one_shows_that_the_beginning_is_what_was_signed", got.exit == 0 and "continues the head" in got.out, (got.exit, got.out, got.err))
    export = files(town, "anew.export")
    town.stage.command("audit", "export", export)
    got = verify("--export", export, "--head", kept, "--head-vkey", before)
    tap.check("as_an_export_does_from_its_first_leaf", got.exit == 0, (got.exit, got.out, got.err))
    notes = (town.stage.data_dir / "heads-of-rehearsal.example_almoner.txt").read_text(encoding="utf-8").split("\n=== ")[1:]
    sizes = [int(n.split("\n", 1)[0]) for n in notes]
    good = [tlog.open_head((n.split("\n", 1)[1].rstrip("\n") + "\n").encode(), before.read_text().strip())[0] for n in notes]
    tap.check("the_heads_of_before_are_kept", sizes == good == sorted(sizes) and sizes, (sizes, good))
    return sizes[-1]


def a_log_is_begun_anew_under_another_origin(tap, town):
    data, vkey, before = town.stage.data_dir, files(town, "anew.vkey"), town.stage.keys / "audit.vkey"
    state, held = town.stage.work / "agencies" / SCHOOL / "witness.head", None
    town.end_broker()
    data.rename(files(town, "refused"))
    held = state.read_bytes()
    lodged = waits_in_an_outbox(town)
    tap.check("something_waits_in_an_outbox", lodged.exit == 0 and lodged.json().get("queued"), (lodged.exit, lodged.out, lodged.err))
    config = files(town, "anew.conf")
    config.write_text(town.stage.config.read_text(encoding="utf-8").replace(f'origin = "{town.stage.origin}"', f'origin = "{ANEW}"'), encoding="utf-8")
    what_is_refused(tap, town, config)
    code, said = restore_anew(town, config, "--begin-anew")
    tap.check("with_the_word_it_is_restored_under_the_new_origin", code == 0 and f"goes on under {ANEW}" in said, (code, said[-600:]))
    got = town.stage.command("fsck", "--config", config, check=False)
    tap.check("and_is_sound", got.exit == 0 and "sound" in got.out, (got.exit, got.out))
    tap.check("under_that_one_alone", town.stage.command("fsck", check=False).exit == 65)
    leaves = json.loads((data / "restored").read_text())["leaves"]
    shown = town.stage.command("key", "show", town.stage.keys / "audit.key", "--origin", ANEW, "--json").json()
    vkey.write_text(shown["vkey"] + "\n")
    for agency in (SCHOOL, POLICE):
        moved(town, agency, vkey)
    town.stage.origin, town.stage.config, town.stage.env["ALMONER_CONFIG"] = ANEW, config, str(config)
    town.stage.start_broker()
    tap.check("it_shares_once_its_witness_has_signed", wait_for(lambda: town.status()["sharing"] and town.status()["head"]["size"] > leaves, 60 * PATIENCE),
              town.status()["stopped_by"])
    row = town.audit(leaves)[0]
    tap.check("its_first_own_leaf_says_where_it_comes_from", row["event"] == "restored" and row["leaf"] == leaves and
              row["detail"].startswith(f"from=rehearsal.example/almoner leaves={leaves} head="), row)
    tap.check("it_is_recorded_once", len(town.audit(leaves, event="restored")) == 1)
    tap.check("the_school_s_new_state_lies_beside_the_old", until_signed(town, leaves + 1) and not witness(town)["forked"] and
              (state.parent / "witness.head.of-rehearsal.example_almoner").read_bytes() == held, witness(town))
    newest = the_head_of_before_is_evidence(tap, town, vkey, before)
    tap.check("the_leaf_names_the_newest_head_of_before", f" head={newest} " in row["detail"] and newest <= leaves, (newest, row["detail"]))
    speaker = town.speaker(CHILDRENS)
    tap.check("what_was_lodged_under_the_old_origin_holds", len(speaker.consents() or ()) == 1)
    speaker.close()
    tap.check("what_waited_in_the_outbox_is_signed_anew_and_receipted",
              wait_for(lambda: town.stage.command("status", "--socket", town.stage.socket_of(POLICE), "--json", check=False).json().get("outbox") == 0, 30 * PATIENCE) and
              town.audit(leaves, event="consent-lodged", agency=POLICE), town.audit(leaves))
    got = town.stage.command("sealing", "publish", "--socket", town.stage.socket_of(SCHOOL), "--practitioner", "t-1", check=False)
    tap.check("a_sealing_key_is_published_again_as_if_for_the_first_time", got.exit == 0, (got.exit, got.out, got.err))
    town.end_broker()
    town.stage.start_broker()
    tap.check("after_a_restart_it_says_so_no_second_time", len(town.audit(leaves, event="restored")) == 1)


if __name__ == "__main__":
    play(lambda tap, town: [step(tap, town) for step in (a_head_is_signed_and_everybody_can_see_by_whom, exports_carry_the_line, a_log_written_anew_has_no_witness,
                                                         a_restart_goes_on, a_backup_is_gone_on_with_unless_the_witness_has_seen_more,
                                                         an_old_copy_is_refused, a_log_is_begun_anew_under_another_origin)],
         with_adapters=(SCHOOL, POLICE), witnesses=(SCHOOL,), signer=QUICK, limits=PATIENT)
