#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Oblivious match tokens end to end: a key holder, a broker and adapters over CURVE; the change from one key to the next while they work; a key holder that
is away, false or stingy; adapters that are killed at the wrong moment; a cache that rots. argv: protoc."""
import json
import signal
import subprocess
import sys
import time

from broker_children import Tap, wait_for
from oblivious import ObliviousTokens, some_point
from town import CHILDRENS, PATIENCE, POLICE, SCHOOL, Town

KEEPER = "token-keeper"
PATIENCE_S = 60 * PATIENCE
HMAC, SHARED, FORGOTTEN = (f'{{ scheme = "hmac"; epoch = {epoch}; state = "%s"; }}' for epoch in (1, 9, 10))
NEXT, LAST = ('{ scheme = "oblivious"; epoch = 2; state = "%s"; public_key = "%s"; }',
              '{ scheme = "oblivious"; epoch = 3; state = "%s"; public_key = "%s"; }')
ASK = ["ask", "cp-plan-current", "--purpose", "child-protection", "--basis", "safeguarding-child"]


class TokenTown(Town):
    """The smallest town with a key holder, an agency that is party to nothing."""

    def __init__(self, protoc, **options):
        super().__init__(protoc, **options)
        stage, make, activate = self.stage, self.stage.make_broker, self.stage.activate
        stage.make_broker = lambda organisations: make([*organisations, KEEPER])

        def with_keeper(policy):
            parts = policy / "10-partnership.policy"
            text = parts.read_text(encoding="utf-8")
            parts.write_text(text.replace("agencies = (\n", 'agencies = (\n  { id = "token-keeper"; name = "Token keeper"; sector = "education"; '
                                          'controller = "A university"; contact = "01632 960009"; },\n', 1), encoding="utf-8")
            self.policy = policy
            activate(policy)

        stage.activate = with_keeper
        self.activate_again = activate

    def __enter__(self):
        super().__enter__()
        stage = self.stage
        stage.command("key", "new", "curve", stage.keys / KEEPER)
        stage.command("key", "new", "sign", stage.keys / KEEPER)
        stage.enrol(KEEPER)
        self.cabinet.organisation[KEEPER] = KEEPER
        self.publics = {}
        for epoch in (2, 3):
            made = stage.command("tokens", "key", "new", "--epoch", epoch, self.key_file(epoch), "--json").json()
            self.publics[epoch] = made["public_key"]
        return self

    # --- the key holder ---
    def key_file(self, epoch):
        return self.stage.keys / f"tokens-{epoch}.oprf"

    def start_keeper(self, epochs=((2, None), (3, None)), limits=""):
        stage = self.stage
        rows = ", ".join(f'{{ epoch = {e}; key = "{path or self.key_file(e)}"; }}' for e, path in epochs)
        conf = stage.work / "keeper.conf"
        conf.write_text(f'agency = "{KEEPER}"; mode = "{stage.mode}"; origin = "{stage.origin}"; state = "{stage.work / "keeper"}";\n'
                        f'broker = {{ address = "{stage.gates[KEEPER]}"; public_key = "{stage.broker_public()}"; }};\n'
                        f'keys = {{ curve = "{stage.keys / KEEPER}.key_secret"; sign = "{stage.keys / KEEPER}.sign"; }};\n'
                        f"epochs = ( {rows} );\nlimits = {{ points_per_second = 100000; all_points_per_second = 100000; {limits} }};\n", encoding="utf-8")
        before = self.keeper_log().count("event=connected")
        stage.start("keeper", [stage.prefix / "libexec" / "almoner" / "almoner-keyholder", conf])
        if not wait_for(lambda: self.keeper_log().count("event=connected") > before, PATIENCE_S):
            raise AssertionError("the key holder did not connect:\n" + self.keeper_log())

    def keeper_log(self):
        return self.stage.log_tail("keeper", 100000)

    def end_keeper(self, how=signal.SIGTERM):
        process = self.stage.processes.pop("keeper")
        process.send_signal(how)
        return process.wait(20 * PATIENCE)

    # --- the policy ---
    def epochs(self, *rows, check=True):
        """Activates the policy with these epochs."""
        keeper = f'keyholder = "{KEEPER}"; ' if any("oblivious" in row for row in rows) else ""
        (self.policy / "60-tokens.policy").write_text(f"tokens = {{ {keeper}epochs = ( {', '.join(rows)} ); }};\n", encoding="utf-8")
        read = self.stage.work / "differences"
        read.write_text(self.stage.command("policy", "diff", "--active", self.policy, check=False).out, encoding="utf-8")
        return self.stage.command("policy", "activate", self.policy, "--acknowledged", read, *self.stage.signed(both=True), check=check)

    # --- adapters ---
    def run(self, agency, role, *words, about=None, check=None):
        args = [*words, "--socket", self.stage.socket_of(agency), "--practitioner", "p-1", "--role", role, "--json"]
        stdin = None
        if about:
            p = self.people[about] if isinstance(about, str) else about
            stdin = json.dumps({"given_name": p.given, "family_name": p.family, "date_of_birth": p.born, "nhs_number": p.nhs or "", "upn": "", "homes": []})
            args += ["--subject", "-"]
        got = self.stage.command(*args, stdin=stdin, check=False)
        if check is not None and got.exit != check:
            raise AssertionError(f"{words}: exit {got.exit}, not {check}: {got.out}{got.err}")
        return got

    def ask(self, about="Ben", agency=SCHOOL, role="senco"):
        got = self.run(agency, role, *ASK, about=about)
        return (got.exit, got.json().get("answer") if got.out.strip() else None)

    def answers(self, wanted, **how):
        """Asks until the answer is as wanted: rows may still be read."""
        seen = []

        def there():
            seen.append(self.ask(**how))
            return seen[-1] == wanted
        return wait_for(there, PATIENCE_S), seen[-1]

    def tokens_of(self, agency):
        got = self.stage.command("status", "--socket", self.stage.socket_of(agency), "--json", check=False)
        return got.json().get("tokens", {}) if got.out.strip() else {}

    def ready(self, agency, epoch, seconds=PATIENCE_S):
        return wait_for(lambda: any(k["epoch"] == epoch and k["ready"] for k in self.tokens_of(agency).get("keys", [])), seconds)

    def carried(self, agency):
        def done():
            t = self.tokens_of(agency)
            return t.get("carrying") and t["records"] > 0 and t["carried"] == t["records"]
        return wait_for(done, PATIENCE_S)

    def kill_adapter(self, agency):
        process = self.stage.processes.pop(f"adapter-{agency}")
        process.kill()
        process.wait()

    def start_adapter(self, agency):
        self.stage.start_adapter(agency, self.stage.work / "agencies" / agency / "adapter.conf")
        self.stage.wait_adapter(agency)

    def adapter_log(self, agency):
        return self.stage.log_tail(f"adapter-{agency}", 100000)

    def left(self):
        """What holds up the change of key, by agency."""
        got = self.stage.command("tokens", "status", "--json").json()
        return got, {a["agency"]: a for a in got.get("agencies", [])}


class Stranger:
    """Somebody in nobody's rows."""

    def __init__(self, given, family="Quill", born="1999-09-09"):
        self.given, self.family, self.born, self.nhs, self.postcode = given, family, born, None, None


def lodges(tap, town):
    """Under the first key: what will have to be carried."""
    done = [town.run(CHILDRENS, "social-worker", "shield", "--level", "existence", "--reason", "fled", about=Stranger("Dot")),
            town.run(CHILDRENS, "social-worker", "consent", "refuse", "--purpose", "early-help", "--capacity", "self", "--recipients", "*", about="Ada"),
            town.run(CHILDRENS, "social-worker", "concern", "lodge", "--category", "attendance", "--severity", "low", "--purpose",
                     "concern-monitoring", "--basis", "public-task", about="Ben")]
    tap.check("a shield of a stranger, a refusal and a concern are lodged under the first key", all(d.exit == 0 for d in done), [d.out + d.err for d in done])
    tap.check("and the book of whom they are about has an entry for each", town.tokens_of(CHILDRENS).get("records") == 3, town.tokens_of(CHILDRENS))
    lodged = list((town.stage.work / "agencies" / CHILDRENS / "lodged").iterdir())
    tap.check("in which nobody can be read", len(lodged) == 3 and not any(name in p.read_bytes() for p in lodged for name in (b"Dot", b"Quill", b"Brookvane")))


def to_another_shared(tap, town):
    """From one shared key to another, which needs nobody but the adapters."""
    first, second = town.stage.keys / "partnership.token", town.stage.keys / "partnership-9.token"
    town.stage.command("key", "new", "token", second)
    tokens = town.stage.work / "agencies" / CHILDRENS / "tokens"

    def configure(*changes):
        for agency in (CHILDRENS, SCHOOL):
            conf = town.stage.work / "agencies" / agency / "adapter.conf"
            text = conf.read_text(encoding="utf-8")
            for before, after in changes:
                assert before in text, (before, text)
                text = text.replace(before, after)
            conf.write_text(text, encoding="utf-8")
            town.kill_adapter(agency)
            town.start_adapter(agency)

    town.stage.command("agency", "suspend", SCHOOL, "--reason", "laptop lost", *town.stage.signed())
    status = lambda: town.stage.command("status", "--socket", town.stage.socket_of(SCHOOL), "--json", check=False).json()
    given = town.run(SCHOOL, "senco", "consent", "grant", "--purpose", "early-help", "--capacity", "parent", "--recipients", "*", about="Ada")
    tap.check("what a school lodges that is suspended waits, under the first key", wait_for(lambda: status()["state"] == "refused", PATIENCE_S) and
              status()["outbox"] == 1 and town.tokens_of(SCHOOL).get("records") == 1, given.out + given.err)
    town.kill_adapter(SCHOOL)
    town.stage.command("agency", "resume", SCHOOL, "--reason", "found again", *town.stage.signed(both=True))
    folders = [(town.stage.work / "agencies" / SCHOOL / name, town.stage.work / f"away-{name}") for name in ("outbox", "lodged")]
    for here, away in folders:  # as if it were away until the change is over
        here.rename(away)
    town.start_adapter(SCHOOL)
    configure((f'token = "{first}";', f'token = "{first}"; token_next = "{second}";'), ("epoch = 1;", "epoch = 1; next_epoch = 9;"))
    town.epochs(HMAC % "current", SHARED % "next")
    tap.check("all is carried from one shared key to another", town.carried(CHILDRENS) and wait_for(lambda: town.left()[0].get("holds_up") == 0, PATIENCE_S),
              town.left())
    tap.check("for which the school is ready", town.ready(SCHOOL, 9), town.tokens_of(SCHOOL))
    town.epochs(SHARED % "current", HMAC % "previous")
    ok, last = town.answers((0, "yes"))
    tap.check("under the other shared key the answer is the same", ok, last)
    hidden, nobody = (town.run(SCHOOL, "senco", *ASK, about=Stranger(name)) for name in ("Dot", "Fay"))
    tap.check("and whom a carried shield hides is as unknown as anybody there, too", hidden.exit == nobody.exit == 0 and
              {k: v for k, v in hidden.json().items() if k != "message_id"} == {k: v for k, v in nobody.json().items() if k != "message_id"}, hidden.out)
    town.epochs(SHARED % "current")
    tap.check("who kept the first key cannot read the book of a stolen disk with it",
              wait_for(lambda: not (tokens / "book-1-1.key").exists(), PATIENCE_S) and (tokens / "book-1-9.key").exists(), list(tokens.iterdir()))
    town.kill_adapter(SCHOOL)
    for here, away in folders:
        here.rename(away.with_suffix(".before"))
        away.rename(here)
    town.start_adapter(SCHOOL)
    tap.check("what lay in an outbox all the while is made anew under the key of now, and accepted",
              wait_for(lambda: "event=record-made-anew" in town.adapter_log(SCHOOL) and status()["outbox"] == 0, PATIENCE_S) and
              status()["outbox_refused"] == 0, town.adapter_log(SCHOOL)[-1500:])
    configure((f'token = "{first}"; token_next = "{second}";', f'token = "{second}";'), ("epoch = 1; next_epoch = 9;", "epoch = 9;"))
    ok, last = town.answers((0, "yes"))
    tap.check("and with the first key out of the configuration all goes on", ok and town.tokens_of(CHILDRENS).get("records") == 3, (last, town.tokens_of(CHILDRENS)))


def reported(tap, town):
    """While the policy lists the key before, an officer finds what was asked under it too."""
    stage, path = town.stage, town.stage.work / "ben.tokens"
    ben = town.people["Ben"]
    about = {"given_name": ben.given, "family_name": ben.family, "date_of_birth": ben.born, "nhs_number": ben.nhs}
    got = stage.command("subject", "tokens", "--out", path, "--subject", "-", "--socket", stage.socket_of(SCHOOL), stdin=json.dumps(about), check=False)
    made = json.loads(path.read_text(encoding="utf-8")) if got.exit == 0 else {"tokens": []}
    tap.check("tokens for an officer are of the key holder's key and of the one before", (made.get("scheme"), made.get("epoch")) == ("oblivious", 2) and
              {(t["scheme"], t["epoch"]) for t in made["tokens"]} == {("oblivious", 2), ("hmac", 9)}, got.out + got.err)
    got = stage.command("report", "person", "--tokens", path, "--json", *stage.signed(), check=False)
    asked = [r for r in json.loads(got.out)["rows"] if r["event"] == "decided"] if got.exit == 0 else []
    tap.check("and find what was asked under either", len(asked) > 2 and all(r["match"] == "match" for r in asked), got.out[:300] + got.err)
    path.unlink(missing_ok=True)


def to_the_next(tap, town):
    """From the shared key to the key holder's, while everybody works."""
    tap.check("under the shared key the answer is yes", town.ask() == (0, "yes"), town.ask())
    town.kill_adapter(CHILDRENS)
    town.epochs(SHARED % "current", NEXT % ("next", town.publics[2]))
    town.start_keeper()
    got, agencies = town.left()
    tap.check("the status says whose records hold it up, and how many", got["holds_up"] == 3 and agencies.get(CHILDRENS, {}).get("holds_up") == 3, got)
    early = town.epochs(NEXT % ("current", town.publics[2]), SHARED % "previous", check=False)
    tap.check("the next key does not become the current one while a refusal and a shield lack its tokens", early.exit != 0 and CHILDRENS in early.out + early.err,
              early.out + early.err)
    town.epochs(SHARED % "current", NEXT % ("next", town.publics[2]))
    town.start_adapter(CHILDRENS)
    wait_for(lambda: "event=token-cache " in town.adapter_log(CHILDRENS), PATIENCE_S)
    town.kill_adapter(CHILDRENS)  # in the midst of its index, or of carrying
    town.start_adapter(CHILDRENS)
    tap.check("an adapter that was killed meanwhile builds its index under the next key", town.ready(CHILDRENS, 2))
    tap.check("and carries all that it lodged", town.carried(CHILDRENS), town.tokens_of(CHILDRENS))
    tap.check("questions under the current key are answered all the while", town.answers((0, "yes"))[0])
    fresh = town.run(CHILDRENS, "social-worker", "shield", "--level", "existence", "--reason", "fled", about=Stranger("Eli"))
    tap.check("what is lodged meanwhile is carried at once", fresh.exit == 0 and wait_for(lambda: town.tokens_of(CHILDRENS)["carried"] == 4, PATIENCE_S),
              town.tokens_of(CHILDRENS))
    tap.check("no name went to the key holder's log", "Brookvane" not in town.keeper_log() and "Quill" not in town.keeper_log())
    tap.check("the status has nothing that holds it up", wait_for(lambda: town.left()[0].get("holds_up") == 0, PATIENCE_S), town.left())
    tap.check("the school is ready for the next key", town.ready(SCHOOL, 2))
    town.epochs(NEXT % ("current", town.publics[2]), SHARED % "previous")
    ok, last = town.answers((0, "yes"))
    tap.check("under the key holder's key the answer is the same", ok, last)
    reported(tap, town)
    hidden = town.run(SCHOOL, "senco", *ASK, about=Stranger("Dot"))
    nobody = town.run(SCHOOL, "senco", *ASK, about=Stranger("Fay"))
    tap.check("and whom a carried shield hides is as unknown as anybody", hidden.exit == nobody.exit == 0 and
              {k: v for k, v in hidden.json().items() if k != "message_id"} == {k: v for k, v in nobody.json().items() if k != "message_id"}, hidden.out)
    tap.check("for a reason that the log alone has", any("shielded-existence" in json.dumps(r) for r in town.stage.audit_rows()) and "shield" not in hidden.out)
    town.epochs(NEXT % ("current", town.publics[2]))
    ok, last = town.answers((0, "yes"))
    tap.check("and it stays so when the shared key is gone", ok, last)
    tap.check("whose tokens nobody holds any more", wait_for(lambda: [k["epoch"] for k in town.tokens_of(SCHOOL)["keys"]] == [2], PATIENCE_S), town.tokens_of(SCHOOL))


def to_another(tap, town):
    """From one key of the key holder's to another."""
    given = town.run(SCHOOL, "senco", "consent", "grant", "--purpose", "early-help", "--capacity", "parent", "--recipients", "*", about="Ben")
    tap.check("a consent is lodged by the school", given.exit == 0 and town.tokens_of(SCHOOL)["records"] == 2, given.out + given.err)
    town.kill_adapter(SCHOOL)
    town.epochs(NEXT % ("current", town.publics[2]), LAST % ("next", town.publics[3]))
    tap.check("all is carried to another key of the key holder's", town.carried(CHILDRENS) and
              wait_for(lambda: town.left()[0].get("holds_up") == 0, PATIENCE_S), town.left())
    town.epochs(LAST % ("current", town.publics[3]), NEXT % ("previous", town.publics[2]))
    town.start_adapter(SCHOOL)
    tap.check("an adapter that was away all the while is ready for it", town.ready(SCHOOL, 3), town.tokens_of(SCHOOL))
    tap.check("and carries a consent, which held nobody up, when it is back", wait_for(lambda: town.tokens_of(SCHOOL)["carried"] == 2, PATIENCE_S), town.tokens_of(SCHOOL))
    ok, last = town.answers((0, "yes"))
    tap.check("and the answer is the same again", ok, last)
    town.epochs(LAST % ("current", town.publics[3]))
    tap.check("without the key before, too", town.answers((0, "yes"))[0])


def forgotten(tap, town):
    """A next key that nobody gave to the adapters."""
    town.epochs(LAST % ("current", town.publics[3]), FORGOTTEN % "next")
    tap.check("a next key that an adapter lacks is told", wait_for(lambda: any(not k["usable"] for k in town.tokens_of(SCHOOL).get("keys", [])), PATIENCE_S))
    ok, last = town.answers((0, "yes"))
    tap.check("and stops nobody's work under the current one", ok, last)
    town.epochs(LAST % ("current", town.publics[3]))


def restarts(tap, town):
    """The cache: nothing is asked for twice, nothing rotten is believed."""
    cache = town.stage.work / "agencies" / CHILDRENS / "tokens" / "epoch-3.cache"
    town.kill_adapter(CHILDRENS)
    town.start_adapter(CHILDRENS)
    tap.check("an adapter that is started again is ready", town.ready(CHILDRENS, 3))
    tap.check("having asked for one value: the key of its cache", town.tokens_of(CHILDRENS)["fetched"] == 1, town.tokens_of(CHILDRENS))
    town.kill_adapter(CHILDRENS)
    rotten = bytearray(cache.read_bytes())
    rotten[-20] ^= 1
    cache.write_bytes(rotten)
    town.start_adapter(CHILDRENS)
    tap.check("a byte of the cache that flipped is found", town.ready(CHILDRENS, 3) and "event=token-cache-damaged" in town.adapter_log(CHILDRENS))
    tap.check("and what was lost is fetched anew", town.tokens_of(CHILDRENS)["fetched"] > 1 and town.answers((0, "yes"))[0], town.tokens_of(CHILDRENS))
    tap.check("the cache holds no name", not any(name in cache.read_bytes().lower() for name in (b"brook", b"9997010027", b"hazel")))


def away(tap, town):
    """Nobody makes tokens: what rests on held rows goes on."""
    town.end_keeper(signal.SIGKILL)
    tokens = ObliviousTokens(bytes.fromhex(town.key_file(3).read_text().strip()), epoch=3)
    police = town.speaker(POLICE)
    town.tokens = tokens
    got = police.ask(police.insight(person="Ben"), timeout_s=20)
    tap.check("without the key holder held rows keep answering whoever has the tokens already", got is not None and
              police.kind(got) == "insight" and got.insight.value == town.pb.INSIGHT_VALUE_YES, got)
    asked = town.run(SCHOOL, "senco", *ASK, about="Ben")
    tap.check("a command that needs tokens says so, and that it may be tried later", asked.exit == 75 and "match tokens" in asked.out + asked.err, asked.out + asked.err)
    police.close()
    town.speakers.remove(police)


def false(tap, town):
    """Another key than the policy names."""
    wrong = town.stage.keys / "wrong.oprf"
    town.stage.command("tokens", "key", "new", "--epoch", 9, wrong)
    town.start_keeper(epochs=((3, wrong),))
    seen = []

    def told():
        seen.append(town.run(SCHOOL, "senco", *ASK, about="Ben"))
        return "another key" in seen[-1].out + seen[-1].err
    tap.check("tokens made with another key are not used, and whoever asks is told to tell the officers", wait_for(told, PATIENCE_S) and seen[-1].exit == 75,
              seen[-1].out + seen[-1].err)
    tap.check("the adapter's log has it as an error", "level=error proc=adapter event=tokens-wanting reason=false" in town.adapter_log(SCHOOL))
    town.end_keeper()


def stingy(tap, town):
    """An agency beyond its rate harms only itself; and what the key holder sees."""
    keeper = town.speaker(KEEPER)
    process = []
    try:
        args = [str(town.stage.prefix / "bin" / "almoner"), *ASK, "--socket", str(town.stage.socket_of(SCHOOL)), "--practitioner", "p-1", "--role",
                "senco", "--given", "Nobody", "--family", "Atall", "--born", "1980-01-01"]
        points, agencies, requests = [], set(), 0
        end = time.monotonic() + PATIENCE_S
        while requests < 4 and time.monotonic() < end:
            if not process or process[-1].poll() is not None:
                process.append(subprocess.Popen(args, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=town.stage.env))
            got = keeper.until({"token_request"}, timeout_s=2)
            if got is None:
                continue
            requests += 1
            agencies.add(got.token_request.agency)
            blob = got.token_request.points
            points += [blob[i:i + 32] for i in range(0, len(blob), 32)]
            reply = keeper.body(in_reply_to=got.id)
            reply.busy.retry_after_ms = 500
            keeper.send(keeper.frame(reply, 2048))
        tap.check("a key holder is asked by the agency's name", SCHOOL in agencies, agencies)
        tap.check("for points of which none ever repeats, not even when the same is asked again", requests >= 4 and len(points) == len(set(points)), len(points))
    finally:
        for p in process:
            p.kill()
            p.wait()
        keeper.close()
        town.speakers.remove(keeper)
    (town.stage.work / "keeper" / "budget").unlink(missing_ok=True)  # a day of which the adapters have used nothing yet
    town.start_keeper(limits="points_per_day = 300;")
    police = town.speaker(POLICE)
    kinds = []
    for _ in range(4):
        body = police.body()
        body.token_request.epoch = 3
        body.token_request.points = b"".join(some_point() for _ in range(100))
        police.send(police.frame(body, 4096))
        got = police.until({"tokens", "busy", "refusal"}, body.id, 20 * PATIENCE)
        kinds.append(got and police.kind(got))
    tap.check("an agency beyond its budget is told that the key holder is busy", kinds == ["tokens"] * 3 + ["busy"], kinds)
    ok, last = town.answers((0, "yes"))
    tap.check("and another one is served", ok, last)
    tap.check("the key holder's log says who, and how much, when it ends", town.end_keeper() == 0 and f"event=tokens-evaluated agency={POLICE} points=300" in town.keeper_log())


def main():
    tap = Tap()
    with TokenTown(sys.argv[1], with_adapters=(CHILDRENS, SCHOOL)) as town:
        for test in (lodges, to_another_shared, to_the_next, to_another, forgotten, restarts, away, false, stingy):
            test(tap, town)
    tap.done()


if __name__ == "__main__":
    main()
