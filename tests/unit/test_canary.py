#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_canary.py - that tests/canary finds what it looks for: each kind of canary, in each form, in each kind of place. Prints TAP.

The forms are made here by other means than the scanner's (codecs, openssl's way of base64, urllib), so that a mistake there shows.
"""
import base64
import contextlib
import hashlib
import hmac
import io
import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "canary"))
sys.path.insert(0, str(HERE.parent.parent / "deploy"))
import scan  # noqa: E402 - found through the lines above
from exerciselib import keep  # noqa: E402

KEY = hashlib.sha256(b"a key").digest()
TOKEN_KEY = hashlib.sha256(b"another").digest()
CURVE = "a:J/vF{d&C6H=y!YaRd1enA:x^x$nJ6vl4M+pXw%"
NAME, TEXT = "Zoë Quillfeather", "they met at the blue gate"
PEOPLE = "person_id,given_name,family_name,date_of_birth,nhs_number,upn\np-1,Zoë,Quillfeather,2012-05-06,9997010027,E987991618001\n"
HOMES = "household_id,address_line,postcode\nh-1,2 Hazel Court,ZZ9 9ZA\n"


@contextlib.contextmanager
def kept():
    """A folder with one place in it, which holds keys and rows. Gives (folder, place)."""
    with tempfile.TemporaryDirectory(prefix="almoner-canary-", dir="/tmp") as folder:
        place = Path(folder) / "one" / "place"
        for name, octets in (("keys/school.sign", KEY.hex().encode() + b"\n"), ("keys/shared.token", TOKEN_KEY.hex().encode() + b"\n"),
                             ("keys/school.key_secret", f'curve\n    secret-key = "{CURVE}"\n'.encode()),
                             ("agencies/school/people.csv", PEOPLE.encode()), ("agencies/school/homes.csv", HOMES.encode())):
            write(place, name, octets)
        keep.plant(place, "text", TEXT)
        keep.plant(place, "store key", bytes(range(200, 232)))
        yield Path(folder), place


def write(place, name, octets):
    path = place / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return path


def judged(folder, *files, whole=False):
    """(what scan.py prints, whether it found nothing)."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        good = scan.tell(scan.scan(folder, files), whole)
    return out.getvalue(), good


def finds(octets, *says, name="almonerd.log", at=3):
    """That octets in a file of a place are found, and that what is said of it names file, offset and kind and not the value."""
    with kept() as (folder, place):
        write(place, name, b"ts=" + octets + b"\nmore\n")
        said, good = judged(folder)
        assert not good, "it was not found"
        assert f"one/place/{name}, offset {at}: " in said, said
        for word in says:
            assert word in said, said
        assert octets.decode("latin-1") not in said and NAME not in said and KEY.hex() not in said, "the value is told"


def token(*parts, kind):
    data = b"almoner/token/v2\0" + bytes([kind, 1, 0, 1])
    for part in parts:
        data += len(part.encode()).to_bytes(2, "big") + part.encode()
    return hmac.new(TOKEN_KEY, data, hashlib.sha256).digest()


# --- tests: their names are what they show ---
def a_clean_place_has_nothing_to_find():
    with kept() as (folder, place):
        write(place, "almonerd.log", b"ts=1 level=info event=gate-ready\n")
        said, good = judged(folder)
        assert good and "not ok" not in said, said


def a_name_is_found_as_it_stands():
    finds(NAME.encode(), "name, as it stands")


def a_family_name_alone_is_found():
    finds(b"Quillfeather", "family name, as it stands")


def a_name_is_found_in_upper_and_in_lower_case():
    finds(NAME.upper().encode(), "name, as it stands")
    finds(NAME.lower().encode(), "name, as it stands")


def a_name_is_found_as_json_escapes_it():
    finds(json.dumps(NAME)[1:-1].encode(), "JSON escapes")
    finds(b'Zo\\u00EB Quillfeather', "JSON escapes")


def a_name_is_found_with_every_letter_escaped():
    finds("".join(f"\\u{ord(c):04x}" for c in NAME).encode(), "JSON escapes")


def a_name_is_found_percent_encoded():
    finds(b"Zo%C3%AB%20Quillfeather", "percent-encoding")
    finds(b"Zo%C3%AB+Quillfeather", "percent-encoding")


def a_name_is_found_in_utf_16_of_either_order():
    finds(NAME.encode("utf-16-le"), "UTF-16")
    finds(NAME.encode("utf-16-be"), "UTF-16")


def a_name_is_found_in_hex():
    finds(NAME.encode().hex().encode(), "hex")
    finds(NAME.encode().hex().upper().encode(), "hex")


def a_name_is_found_in_base64_wherever_it_begins():
    for before in (b"", b"a", b"ab", b"abc"):
        coded = base64.b64encode(before + NAME.encode() + b" and more")
        start = {0: 0, 1: 2, 2: 3, 3: 4}[len(before)]
        finds(coded, "base64", at=3 + start)


def numbers_addresses_and_postcodes_are_found():
    for octets, kind in ((b"9997010027", "NHS number"), (b"999 701 0027", "NHS number"), (b"E987991618001", "UPN"), (b"2 Hazel Court", "address"),
                         (b"2 HAZEL COURT", "address"), (b"ZZ9 9ZA", "postcode"), (b"zz99za", "postcode")):
        finds(octets, kind)


def a_planted_text_is_found():
    finds(TEXT.encode(), "text, as it stands")


def a_key_is_found_in_every_form():
    for octets, form in ((KEY, "as it stands"), (KEY.hex().encode(), "hex"), (base64.b64encode(KEY), "base64"), (base64.urlsafe_b64encode(KEY), "base64"),
                         ("".join(f"%{o:02X}" for o in KEY).encode(), "percent-encoding")):
        with kept() as (folder, place):
            write(place, "core", octets)
            said, good = judged(folder)
            assert not good and f"signing key, {form}" in said, (form, said)


def a_curve_key_is_found_as_z85_and_as_octets():
    finds(CURVE.encode(), "CURVE secret key, Z85")
    finds(scan.canaries.z85_decoded(CURVE), "CURVE secret key, as it stands")


def a_key_with_newlines_in_it_is_found():
    key = b"\n" + bytes(range(100, 115)) + b"\n" + bytes(range(150, 165))
    with kept() as (folder, place):
        keep.plant(place, "store key", key)
        write(place, "data/data.mdb", bytes(range(90)) + key)
        said, good = judged(folder)
        assert not good and "data/data.mdb" in said, said


def the_tokens_of_those_in_the_rows_are_found():
    for value in (token("9997010027", kind=1), token("E987991618001", kind=2), token("quillfeather", "zoe", "2012-05-06", kind=3),
                  token("2 hazel court", "ZZ99ZA", kind=7)):
        finds(value, "token, as it stands")
        finds(value.hex().encode(), "token, hex")


def an_outbox_may_hold_its_own_tokens_but_no_name():
    with kept() as (folder, place):
        write(place, "agencies/school/outbox/1.msg", token("9997010027", kind=1))
        said, good = judged(folder)
        assert good, said
        write(place, "agencies/school/outbox/2.msg", NAME.encode())
        said, good = judged(folder)
        assert not good and "outbox/2.msg, offset 0" in said, said


def an_officers_report_may_name_a_practitioner_but_no_command_and_nobody_else():
    with kept() as (folder, place):
        keep.plant(place, "practitioner", "t.sandpiper")
        write(place, "reports.txt", b"t.sandpiper")
        assert judged(folder)[1]
        write(place, "said.txt", b"t.sandpiper")
        assert not judged(folder)[1]
        write(place, "said.txt", b"")
        write(place, "reports.txt", NAME.encode())
        assert not judged(folder)[1]


def a_family_name_that_references_hold_is_looked_for_with_a_given_name_only():
    with kept() as (folder, place):
        write(place, "agencies/school/people.csv", PEOPLE.replace("p-1,", "p-quillfeather-zoe,").encode())
        write(place, "said.txt", b"p-quillfeather-zoe")
        assert judged(folder)[1]
        write(place, "said.txt", NAME.encode())
        assert not judged(folder)[1]


def what_is_secret_of_a_backups_key_is_found_and_what_is_public_is_not():
    public, secret = hashlib.sha256(b"p").hexdigest(), hashlib.sha256(b"s").hexdigest()
    with kept() as (folder, place):
        write(place, "keys/office.backup", f'{{"public":"{public}",\n "secret":"{secret}"}}\n'.encode())
        write(place, "said.txt", public.encode())
        assert judged(folder)[1]
        write(place, "said.txt", secret.encode())
        said, good = judged(folder)
        assert not good and "backup key, hex" in said, said


def each_kind_of_place_is_looked_through():
    core = b"\x7fELF" + bytes(12) + b"\x04\x00" + bytes(10)
    for name, kind, before in (("core.17", "core files", core), ("said.txt", "what commands printed", b""), ("almonerd.log", "operators' logs", b""), ("reports.txt", "officers' reports", b""),
                               ("ben.tokens", "tokens made for officers", b""), ("erase.change", "tokens made for officers", b""),
                               ("log", "operators' logs", b""), ("agencies/school/outbox/a", "outboxes", b""), ("agencies/school/inbox/a", "inboxes", b""),
                               ("agencies/school/tokens/cache-1", "token caches", b""), ("export/tile/0", "exports", b""), ("data/data.mdb", "the broker's store", b""),
                               ("adapter.conf", "everything else", b""),
                               ("agencies/school/people.json", "everything else", b"")):
        with kept() as (folder, place):
            write(place, name, before + NAME.encode())
            said, good = judged(folder)
            lines = [line for line in said.splitlines() if line.startswith("not ok")]
            assert not good and len(lines) == 1 and kind in lines[0], (name, said)


def the_tests_own_output_is_looked_through_for_what_any_place_has():
    with kept() as (folder, place):
        output = write(folder, "testlog.json", b'{"stdout": "Zo\\u00eb Quillfeather"}')
        said, good = judged(folder, output)
        assert not good and "the tests' own output" in said, said


def what_lies_aside_is_not_looked_through():
    with kept() as (folder, place):
        for name in ("keys/other", "typed/subject.json", "rows/pupils.xml", "agencies/school/people.csv.new.csv"):
            write(place, name, NAME.encode())
        said, good = judged(folder)
        assert good, said
        write(place, "typed.log", NAME.encode())  # a file of that name is not the folder
        assert not judged(folder)[1]


def a_whole_pass_that_kept_nothing_of_a_kind_fails():
    with kept() as (folder, place):
        said, good = judged(folder, whole=True)
        assert not good and "nothing was looked through" in said, said


def a_place_is_kept_only_where_that_is_asked_for():
    with tempfile.TemporaryDirectory(prefix="almoner-canary-", dir="/tmp") as folder:
        asked = os.environ.pop("ALM_KEPT", None)
        try:
            place = tempfile.mkdtemp(prefix="almoner-canary-", dir="/tmp")
            assert not keep.leave(place, "x") and os.path.isdir(place)
            os.environ["ALM_KEPT"] = folder
            keep.note(place, ["ask", "q", "--given", "Zoë"], "printed\n", "told\n")
            keep.note(place, ["desk", "questions"], NAME, "")
            keep.note(place, ["ask", "--help"], NAME, "")
            os.mkfifo(f"{place}/socket")
            assert keep.leave(place, "x") and not os.path.exists(place)
            (left,) = Path(folder).glob("x-*/place")
            assert (left / "said.txt").read_text() == "$ ask q\nprinted\ntold\n" and not (left / "socket").exists()
        finally:
            shutil.rmtree(place, ignore_errors=True)
            os.environ.pop("ALM_KEPT", None)
            if asked:
                os.environ["ALM_KEPT"] = asked


def main():
    tests = [f for f in list(globals().values()) if callable(f) and getattr(f, "__module__", "") == "__main__" and f.__name__.count("_") >= 3]
    print(f"1..{len(tests)}")
    failed = 0
    for n, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {n} - {test.__name__}")
        except AssertionError as e:
            failed += 1
            print(f"not ok {n} - {test.__name__}\n# " + str(e).replace("\n", "\n# "))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
