#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""almonerd --check: every mistake of a settings file with file and line, all of them in one run."""
import os
import shutil
import subprocess
import sys
import tempfile

import zmq

from broker_children import Tap

ALMONERD = sys.argv[1]
EXAMPLE = sys.argv[2]
tap = Tap()
work = tempfile.mkdtemp(prefix="check-")
keys = os.path.join(work, "keys")
public, secret = (k.decode() for k in zmq.curve_keypair())

GOOD = f"""mode = "live";
origin = "test.example/log";
data_dir = "{work}/data";
keys_dir = "{keys}";
runtime_dir = "{work}/run";
gates = (
  {{ organisation = "hospital"; bind = "tcp://127.0.0.1:7101"; }},
  {{ organisation = "*"; bind = "tcp://127.0.0.1:7100"; }}
);
limits = {{ messages_per_s = 100; }};
signer = {{ interval_ms = 1000; }};
"""


def write(name, text, mode=0o600):
    path = os.path.join(work, name)
    if os.path.exists(path):
        os.unlink(path)
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, mode)
    return path


def make_keys():
    os.makedirs(keys, exist_ok=True)
    write("keys/curve.key_secret", f'curve\n    public-key = "{public}"\n    secret-key = "{secret}"\n')
    write("keys/store.key", "11" * 32 + "\n")
    write("keys/audit.key", "22" * 32 + "\n")


def check(text, *arguments):
    """(exit code, lines of the mistakes without the folder, all that was printed)"""
    path = write("almonerd.conf", text)
    r = subprocess.run([ALMONERD, *(arguments or ("--check",)), path], capture_output=True, text=True, timeout=20)
    return r.returncode, [line.replace(path + ":", "") for line in r.stderr.splitlines()], r.stdout + r.stderr


def bad(name, change, *expected):
    """change: (old, new) in GOOD, or the whole text; expected: what some line must start with or contain ("7: ...")."""
    text = GOOD.replace(*change) if isinstance(change, tuple) else change
    code, lines, all_printed = check(text)
    missing = [e for e in expected if not any(line.startswith(e) for line in lines)]
    tap.check(name, code == 78 and not missing and not leaks(all_printed), f"code {code}, missing {missing}, got {lines}")


def leaks(text):
    return any(k in text for k in (secret, "11" * 32, "22" * 32))


make_keys()
code, lines, printed = check(GOOD)
tap.check("a_good_file_is_good", code == 0 and "good; mode live, 2 gates" in printed and not lines, (code, printed))
tap.check("checking_makes_nothing", not os.path.exists(work + "/data") and not os.path.exists(work + "/run"))

bad("an_unknown_key_with_a_hint", ("mode =", "mod ="), "1: unknown key mod (did you mean mode?)")
bad("an_unknown_key_in_a_group", ("messages_per_s", "messages_per_sec"), "10: unknown key messages_per_sec (did you mean messages_per_s?)")
bad("an_unknown_key_in_a_gate", ('bind = "tcp://127.0.0.1:7101"', 'adress = "tcp://127.0.0.1:7101"'), "7: unknown key adress")
bad("an_unknown_key_that_resembles_nothing", ("signer = {", "colour = 1;\nsigner = {"), "11: unknown key colour")
bad("a_wrong_type", ("messages_per_s = 100", 'messages_per_s = "100"'), "10: ")
bad("a_number_for_a_text", ('origin = "test.example/log"', "origin = 5"), "2: ")
bad("a_group_where_a_list_should_be", (GOOD[GOOD.index("gates"):GOOD.index("limits")], "gates = { };\n"), "6: gates must be a list")
bad("a_number_where_a_group_should_be", ("limits = { messages_per_s = 100; }", "limits = 5"), "10: limits must be a group")
bad("a_number_out_of_range", ("messages_per_s = 100", "messages_per_s = 0"), "10: ")
bad("a_number_that_libconfig_would_wrap", ("messages_per_s = 100", "messages_per_s = 5000000000"), "10: ")
bad("a_word_that_is_no_choice", ('mode = "live"', 'mode = "test"'), "1: mode must be one of: live, exercise")
bad("a_key_given_twice", ("signer = {", 'mode = "live";\nsigner = {'), "11: ")
bad("a_missing_required_key", ('origin = "test.example/log";\n', ""), " origin is missing")
bad("a_syntax_error", ('mode = "live";', 'mode = "live'), "")
bad("an_empty_file", "", "")
bad("an_origin_that_no_note_can_name", ("test.example/log", "test example"), "2: origin must have no spaces")
bad("a_zone_that_does_not_exist", ('mode = "live";', 'mode = "live"; zone = "Europe/Marlham";'), "1: zone is not a time zone")
bad("a_relative_folder", (f'data_dir = "{work}/data"', 'data_dir = "data"'), "3: data_dir must be an absolute path")
bad("a_runtime_folder_too_long_for_a_socket", (f"{work}/run", "/" + "r" * 120), "5: runtime_dir is too long for a Unix socket: at most")
bad("no_gates", (GOOD[GOOD.index("gates"):GOOD.index("limits")], "gates = ( );\n"), "6: gates must be a list with at least one gate")
bad("gates_left_out", (GOOD[GOOD.index("gates"):GOOD.index("limits")], ""), " gates must be a list with at least one gate")
bad("a_gate_that_is_no_group", (GOOD[GOOD.index("gates"):GOOD.index("limits")], 'gates = ( "tcp://127.0.0.1:7100" );\n'), "6: a gate must be a group")
bad("a_gate_without_an_address", ('organisation = "*"; bind = "tcp://127.0.0.1:7100";', 'organisation = "*";'), "8: ")
bad("two_gates_on_one_address", (":7100", ":7101"), "8: two gates on one address: see line 7")
bad("two_gates_on_one_port_one_of_them_everywhere", ("tcp://127.0.0.1:7100", "tcp://*:7101"), "8: two gates on one address: see line 7")
bad("two_gates_for_one_organisation", ('organisation = "*"', 'organisation = "hospital"'), "8: two gates for one organisation: see line 7")
bad("an_organisation_that_is_no_id", ('"hospital"', '"St Mary\'s"'), "7: organisation must be * or an id")
for name, address in {"without_a_port": "tcp://127.0.0.1", "of_another_transport": "ipc:///tmp/x", "with_a_name": "tcp://localhost:7101",
                      "with_port_0": "tcp://127.0.0.1:0", "with_a_port_too_large": "tcp://127.0.0.1:65536",
                      "with_a_wild_port": "tcp://127.0.0.1:*", "with_half_an_ipv6": "tcp://[::1:7101", "with_bytes_after": "tcp://127.0.0.1:7101x"}.items():
    bad(f"a_bind_{name}", ("tcp://127.0.0.1:7101", address), "7: bind must be tcp://ADDRESS:PORT")
bad("a_limit_shorter_than_the_interval", ("interval_ms = 1000;", "interval_ms = 1000; unsigned_limit_s = 1;"), "11: unsigned_limit_s must be at least twice")
bad("all_mistakes_in_one_run", GOOD.replace("mode =", "mod =").replace("test.example/log", "a b").replace(":7101", ":x").replace("= 100", "= 0"),
    "1: unknown key mod", "2: origin must", "7: bind must be", "10: ")

for name, path in {"curve": "curve.key_secret", "store": "store.key", "audit": "audit.key"}.items():
    os.unlink(os.path.join(keys, path))
    code, lines, _ = check(GOOD)
    tap.check(f"a_missing_{name}_key", code == 78 and any(line.startswith("4: key file") and path in line for line in lines), lines)
    make_keys()
    os.chmod(os.path.join(keys, path), 0o640)
    code, lines, _ = check(GOOD)
    tap.check(f"a_{name}_key_that_others_may_read", code == 78 and any(line.startswith("4: key file") and path in line for line in lines), lines)
    make_keys()
    write("keys/" + path, "not a key\n")
    code, lines, printed = check(GOOD)
    tap.check(f"a_{name}_key_that_is_none", code == 78 and any(line.startswith("4: key file") and path in line for line in lines), lines)
    make_keys()
write("keys/curve.key_secret", f'curve\n    public-key = "{public}"\n')
bad("a_certificate_without_its_secret", GOOD, "4: key file")
make_keys()

r = subprocess.run([ALMONERD, "--check", work + "/absent.conf"], capture_output=True, text=True)
tap.check("a_file_that_is_not_there", r.returncode == 78 and "absent.conf" in r.stderr, r.stderr)
tap.check("starting_with_a_bad_file_ends_the_same_way", check(GOOD.replace("mode =", "mod ="), "--libexec", work)[0] == 78)
for name, arguments in {"no_file": [], "two_files": ["a", "b"], "an_unknown_option": ["--chekc", "a"]}.items():
    tap.check(f"{name}_is_a_usage_error", subprocess.run([ALMONERD, *arguments], capture_output=True).returncode == 64)
r = subprocess.run([ALMONERD, "--help"], capture_output=True, text=True)
tap.check("help_lists_every_setting", r.returncode == 0 and all(k in r.stdout for k in ("runtime_dir", "connections_per_agency", "unsigned_limit_s", "organisation")))
r = subprocess.run([ALMONERD, "--version"], capture_output=True, text=True)
tap.check("version_is_printed", r.returncode == 0 and r.stdout.startswith("almonerd "))
text = open(EXAMPLE).read()
for old, new in (("/etc/almoner/keys", keys), ("/var/lib/almoner", work + "/data")):
    text = text.replace(old, new)
tap.check("the_example_is_good", check(text)[0] == 0, check(text)[2])
shutil.rmtree(work)
tap.done()
