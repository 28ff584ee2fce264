#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_desk_front.py DESK - almoner-desk against a played adapter: its commands, the terminal, and the page over HTTP."""
import http.client
import os
import pty
import re
import select
import signal
import socket
import subprocess
import sys
import time
import urllib.parse

from commands import Place, expect, main
from local_adapter import Adapter

DESK = os.path.join(os.path.abspath(sys.argv[1]), "almoner-desk")
QUESTION = {"id": "ab12" + "0" * 28, "state": "open", "question": "attends", "wording": "Has she come?", "asker": "police", "purpose": "early-help",
            "as_of": "2022-01-01", "asked_ms": 1700000000000, "due_ms": 1900000000000, "about": "person", "name": "Nora <Corran>", "born": "1985-01-02",
            "on_list": True}
STATEMENT = {"name": "Dilys Ward", "by": "dw", "at_ms": 1700000000000, "until_ms": 1900000000000, "people": 3, "list_unchanged": True}
SIGNED = ("--name", "Dilys Ward", "--practitioner", "dw")
PATIENCE = 60  # seconds: the machine may be busy


def answers(request):
    """As the desk's worker would."""
    verb = request.get("do")
    if verb == "list":
        return {"ok": True, "kind": "desk-questions", "waiting": 1, "questions": [QUESTION], "statement": STATEMENT}
    if verb == "answer" and not request.get("name"):
        return {"ok": False, "error": "missing-field", "exit": 64, "message": "who says so? <sign>"}
    if verb in ("answer", "show"):
        return {"ok": True, "kind": "desk-question", "question": dict(QUESTION, state="given", answer=request.get("value", "no"), answered_by="Dilys Ward")}
    if verb == "complete":
        return {"ok": True, "kind": "desk-statement", "statement": STATEMENT}
    return {"ok": True, "kind": "desk-statements", "statements": [STATEMENT]}


# --- commands ---
def list_shows_what_waits_and_until_when_the_statement_holds():
    with Adapter(answers) as a:
        said = expect(a.run(DESK, "desk", "list"), 0, "ab120000", "Has she come?", "Nora <Corran>, born 1985-01-02", "Asked by police", "Dilys Ward stated")
        assert "{" not in said
        assert a.asked == [{"op": "source", "do": "list"}]


def answering_says_who():
    with Adapter(answers) as a:
        expect(a.run(DESK, "desk", "answer", "ab12", "no", *SIGNED), 0, 'Answered "no" by Dilys Ward')
        assert a.asked == [{"op": "source", "do": "answer", "id": "ab12", "value": "no", "name": "Dilys Ward", "practitioner": "dw"}]


def names_may_come_from_the_environment():
    with Adapter(answers) as a:
        expect(a.run(DESK, "desk", "complete", ALMONER_NAME="Dilys Ward", ALMONER_PRACTITIONER="dw"), 0, "the list is complete (3 people)")
        assert a.asked[0]["practitioner"] == "dw"


def a_refusal_is_told_with_its_exit_code_and_as_json_for_programs():
    with Adapter(answers) as a:
        expect(a.run(DESK, "desk", "answer", "ab12", "no"), 64, "who says so?")
        expect(a.run(DESK, "desk", "answer", "ab12", "no", "--json"), 64, '"error":"missing-field"')


def wrong_usage_is_told_before_anything_is_asked():
    with Adapter(answers) as a:
        for words in (["dance"], ["answer", "ab12"], ["show"], ["list", "--port", "80"], ["list", "--timeout", "soon"], ["list", "--colour"]):
            expect(a.run(DESK, "desk", *words), 64)
        assert a.asked == []


def without_a_socket_or_an_adapter_the_next_step_is_named():
    with Place() as p:
        expect(p.run(DESK, "desk", "list"), 64, "--socket")
        expect(p.run(DESK, "desk", "list", "--socket", p.path + "/none"), 69, "almoner-adapter")


# --- the terminal ---
class Terminal:
    """`almoner desk` in a terminal of its own."""

    def __init__(self, adapter, *words):
        self.said = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execve(DESK, [DESK, "desk", *words], adapter.env)

    def until(self, text):
        end = time.monotonic() + PATIENCE
        while text not in self.said:
            assert time.monotonic() < end, f"{text!r} did not come: {self.said!r}"
            if select.select([self.fd], [], [], 1)[0]:
                try:
                    self.said += os.read(self.fd, 4096).decode()
                except OSError:  # the terminal has gone with the program
                    break
        assert text in self.said, self.said
        self.said = self.said.split(text, 1)[1]

    def types(self, text):
        os.write(self.fd, text.encode() + b"\n")

    def ends(self):
        code = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        os.close(self.fd)
        return code


def the_terminal_asks_one_question_after_another():
    with Adapter(answers) as a:
        t = Terminal(a, "--practitioner", "dw")
        t.until("1 question waits")
        t.until("Nora <Corran>")
        t.types("maybe")
        t.until("One of y, n, u, c, s or q")
        t.until("(q)uit: ")
        t.types("u")
        t.until("Your name: ")
        t.types("Dilys Ward")
        t.until("Recorded.")
        assert t.ends() == 0
        assert a.asked[-1] == {"op": "source", "do": "answer", "id": QUESTION["id"], "value": "not-known", "name": "Dilys Ward", "practitioner": "dw"}


def the_terminal_asks_again_when_an_answer_was_refused_and_stops_at_the_end_of_the_input():
    with Adapter(answers) as a:
        t = Terminal(a, "--practitioner", "dw")
        t.until("(q)uit: ")
        t.types("y")
        t.until("Your name: ")
        t.types("")
        t.until("who says so?")
        t.until("(q)uit: ")
        t.types("q")
        assert t.ends() == 0


# --- the page ---
class Form:
    """`almoner desk form`, and a browser that keeps a cookie."""

    def __init__(self, adapter, *words):
        self.process = subprocess.Popen([DESK, "desk", "form", *words], env=adapter.env, stdout=subprocess.PIPE, text=True)
        found = re.search(r"http://127\.0\.0\.1:(\d+)/\?key=([0-9a-f]+)", self.process.stdout.readline())
        assert found, "no address was printed"
        self.port, self.key, self.cookie = int(found.group(1)), found.group(2), ""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE) == 0
        self.process.stdout.close()

    def ask(self, method, path, body=None, **headers):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            said = {k.replace("_", "-"): v for k, v in headers.items()}
            if self.cookie:
                said.setdefault("Cookie", self.cookie)
            if isinstance(body, dict):
                body = urllib.parse.urlencode(body)
                said.setdefault("Content-Type", "application/x-www-form-urlencoded")
            c.request(method, path, body, said)
            r = c.getresponse()
            return r.status, dict(r.getheaders()), r.read().decode()
        finally:
            c.close()

    def open(self):
        status, headers, _ = self.ask("GET", f"/?key={self.key}")
        assert status == 303 and headers["Location"] == "/"
        self.cookie = headers["Set-Cookie"].split(";")[0]
        assert "HttpOnly" in headers["Set-Cookie"] and "SameSite=Strict" in headers["Set-Cookie"]
        status, headers, html = self.ask("GET", "/")
        assert status == 200, html
        return headers, html


def token_of(html):
    return re.search(r'name="form" value="([0-9a-f]+)"', html).group(1)


def posted(html, **fields):
    return dict({"form": token_of(html), "id": QUESTION["id"], "value": "no", "name": "Dilys Ward", "practitioner": "dw"}, **fields)


def the_page_opens_with_the_printed_address_and_answers_a_question():
    with Adapter(answers) as a, Form(a) as f:
        headers, html = f.open()
        assert "Nora &lt;Corran&gt;" in html and "<script" not in html
        assert headers["Connection"] == "close" and headers["Cache-Control"] == "no-store"
        assert headers["Referrer-Policy"] == "same-origin"  # with no-referrer a browser says "Origin: null" with the page's own forms
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        status, headers, _ = f.ask("POST", "/answer", posted(html))
        assert status == 303 and headers["Location"] == "/?said=answered"
        assert a.asked[-1] == {"op": "source", "do": "answer", "id": QUESTION["id"], "value": "no", "name": "Dilys Ward", "practitioner": "dw"}
        assert "is recorded" in f.ask("GET", "/?said=answered")[2]
        status, headers, _ = f.ask("POST", "/complete", posted(html))
        assert status == 303 and a.asked[-1]["do"] == "complete" and "id" not in a.asked[-1]
        assert f.ask("GET", "/style.css")[0] == 200


def what_is_wrong_with_a_form_stands_first_and_what_was_typed_stays():
    with Adapter(answers) as a, Form(a) as f:
        _, html = f.open()
        status, _, html = f.ask("POST", "/answer", posted(html, name="", practitioner="d<w"))
        assert status == 422 and "<title>Error: " in html and "who says so? &lt;sign&gt;" in html and 'value="d&lt;w"' in html


def nobody_without_the_printed_key_sees_or_sends_anything():
    with Adapter(answers) as a, Form(a) as f:
        _, html = f.open()
        good, f.cookie = f.cookie, ""
        for path, cookie in (("/", ""), ("/?key=" + "0" * 32, ""), ("/", "almoner-desk=" + "0" * 32), ("/?key=", "almoner-desk=")):
            asked = len(a.asked)
            status, _, body = f.ask("GET", path, **({"Cookie": cookie} if cookie else {}))
            assert status == 403 and "Nora" not in body and len(a.asked) == asked, path
        assert f.ask("POST", "/answer", posted(html))[0] == 403
        f.cookie = good
        for body, headers in ((posted(html, form="0" * 32), {}), (posted(html, form=""), {}), (posted(html), {"Origin": "http://evil.example"}),
                              (posted(html), {"Origin": "null"})):
            asked = len(a.asked)
            assert f.ask("POST", "/answer", body, **headers)[0] == 403
            assert len(a.asked) == asked


def another_name_for_this_machine_is_refused():
    with Adapter(answers) as a, Form(a) as f:
        f.open()
        for host in ("evil.example", f"evil.example:{f.port}", "127.0.0.1"):
            assert f.ask("GET", "/", Host=host)[0] == 421


def what_is_no_page_of_ours_is_refused():
    with Adapter(answers) as a, Form(a) as f:
        _, html = f.open()
        assert f.ask("GET", "/etc/passwd")[0] == 404
        assert f.ask("POST", "/else", posted(html))[0] == 404
        assert f.ask("PUT", "/")[0] == 405
        assert f.ask("POST", "/answer", "{}", Content_Type="application/json")[0] == 415
        asked = len(a.asked)
        assert f.ask("POST", "/answer", posted(html, name="x" * 300))[0] == 413
        assert f.ask("POST", "/answer", posted(html, name="x" * 20000))[0] == 413
        assert [r for r in a.asked[asked:] if r["do"] == "answer"] == []


def a_second_request_on_one_connection_is_not_served():
    with Adapter(answers) as a, Form(a) as f:
        f.open()
        head = f"GET /style.css HTTP/1.1\r\nHost: 127.0.0.1:{f.port}\r\n\r\n"
        with socket.create_connection(("127.0.0.1", f.port), timeout=PATIENCE) as s:
            s.sendall((head + head).encode())
            said = b""
            while True:
                part = s.recv(65536)
                if not part:
                    break
                said += part
        assert said.count(b"HTTP/1.1 200") == 1


def a_caller_who_says_nothing_keeps_nobody_else_waiting():
    with Adapter(answers) as a, Form(a) as f:
        with socket.create_connection(("127.0.0.1", f.port), timeout=PATIENCE) as s:
            s.sendall(b"POST /answer HTTP/1.1\r\nHost: ")
            f.open()


def a_page_without_its_adapter_says_so():
    with Adapter(answers) as a, Form(a, "--socket", a.path + "/none") as f:
        status, headers, _ = f.ask("GET", f"/?key={f.key}")
        f.cookie = headers["Set-Cookie"].split(";")[0]
        status, _, html = f.ask("GET", "/")
        assert status == 503 and "almoner-adapter" in html


def a_port_that_is_taken_is_told():
    with Adapter(answers) as a, socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen(1)
        expect(a.run(DESK, "desk", "form", "--port", s.getsockname()[1]), 69, "try another --port")


main([list_shows_what_waits_and_until_when_the_statement_holds, answering_says_who, names_may_come_from_the_environment,
      a_refusal_is_told_with_its_exit_code_and_as_json_for_programs, wrong_usage_is_told_before_anything_is_asked,
      without_a_socket_or_an_adapter_the_next_step_is_named, the_terminal_asks_one_question_after_another,
      the_terminal_asks_again_when_an_answer_was_refused_and_stops_at_the_end_of_the_input,
      the_page_opens_with_the_printed_address_and_answers_a_question, what_is_wrong_with_a_form_stands_first_and_what_was_typed_stays,
      nobody_without_the_printed_key_sees_or_sends_anything, another_name_for_this_machine_is_refused, what_is_no_page_of_ours_is_refused,
      a_second_request_on_one_connection_is_not_served, a_caller_who_says_nothing_keeps_nobody_else_waiting, a_page_without_its_adapter_says_so,
      a_port_that_is_taken_is_told])
