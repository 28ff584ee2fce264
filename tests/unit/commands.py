# SPDX-License-Identifier: Apache-2.0
"""What tests of our commands share: a folder of their own, running a program, and TAP for tests/run."""
import os
import shutil
import subprocess
import sys
import tempfile
import traceback
import weakref

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "deploy"))
from exerciselib import keep  # noqa: E402


def done_with(path, said):
    """What was printed goes into the place only now: until then a test sees there what its programs made, and nothing else."""
    for name in os.listdir(said):
        shutil.move(os.path.join(said, name), path)
    os.rmdir(said)
    keep.gone(path, os.path.splitext(os.path.basename(sys.argv[0]))[0])


class Place:
    """A temporary folder in which programs run."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="almoner-test-")
        self.printed = tempfile.mkdtemp(prefix="almoner-said-")
        # Also when the constructor of a class made of this one fails, and no __exit__ is called.
        self.remove = weakref.finalize(self, done_with, self.path, self.printed)
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("ALMONER_")}

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.remove()

    def file(self, name, text="", mode=0o600):
        path = os.path.join(self.path, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as f:
            f.write(text if isinstance(text, bytes) else text.encode())
        os.chmod(path, mode)
        return path

    def run(self, *argv, **env):
        done = subprocess.run([str(a) for a in argv], cwd=self.path, env=dict(self.env, **env), capture_output=True, text=True, timeout=120,
                              check=False)
        keep.note(self.printed, [os.path.basename(str(argv[0])), *map(str, argv[1:])], done.stdout, done.stderr)
        return done


def backends(adapter, name="csv"):
    """Where the program of a backend lies in the build that this adapter is of."""
    return os.environ.get("ALM_BACKENDS") or os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(adapter))), name)


def expect(done, code, *says):
    """Exit code, and words that the output must hold; a crash (sanitizer, signal) never counts as expected."""
    said = done.stdout + done.stderr
    assert done.returncode == code, f"exit {done.returncode}, not {code}: {' '.join(done.args)}: {said[:600]}"
    for word in says:
        assert word in said, f"{word!r} is not in: {said[:600]}"
    return said


def main(tests):
    """Runs functions whose names are sentences; prints TAP."""
    print(f"1..{len(tests)}")
    failed = 0
    for i, test in enumerate(tests, 1):
        try:
            test()
            print(f"ok {i} - {test.__name__}", flush=True)
        except Exception:  # noqa: BLE001 - a test may fail in any way
            failed += 1
            print(f"not ok {i} - {test.__name__}", flush=True)
            for line in traceback.format_exc().splitlines():
                print("# " + line)
    sys.exit(1 if failed else 0)
