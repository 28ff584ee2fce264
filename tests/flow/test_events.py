#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every event that the processes log is explained in deploy/EVENTS.md, and none is explained that no longer exists."""
import pathlib
import re
import sys

from broker_children import Tap

root = pathlib.Path(sys.argv[1])
tap = Tap()
logged = {}
for folder in ("proto", "policy", "broker", "adapters"):
    for path in sorted((root / folder).rglob("*.c")):
        text = path.read_text()
        for event in re.findall(r'(?:log_(?:info|warn|error|line)|_say)\([^";]*"([a-z0-9]+(?:-[a-z0-9]+)*)"', text) + \
                re.findall(r'LOG_(?:DEBUG|INFO|WARN|ERROR), "([a-z0-9]+(?:-[a-z0-9]+)*)"', text):
            logged.setdefault(event, path.relative_to(root))
rows = [line for line in (root / "deploy/EVENTS.md").read_text().splitlines() if line.startswith("| `")]
explained = {e for line in rows for e in re.findall(r"`([a-z0-9-]+)`", line)}
first = {e for line in rows for e in re.findall(r"`([a-z0-9-]+)`", line.split("|")[1])}
tap.check("something_is_logged", len(logged) > 50, len(logged))
missing = {e: str(p) for e, p in logged.items() if e not in explained}
tap.check("every_event_is_explained", not missing, missing)
gone = sorted(e for e in first if e not in logged)
tap.check("no_event_is_explained_that_does_not_exist", not gone, gone)
tap.done()
