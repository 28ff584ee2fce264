#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""test_desk_browser.py DESK - the desk's page in a headless Chromium, by keyboard alone, and as a screen reader is told of it."""
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "unit"))
if not os.environ.get("ALM_FULL"):
    print("1..0 # SKIP only with tests/run --full")
    sys.exit(0)
try:
    from selenium import webdriver
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.keys import Keys
except ImportError as e:
    print(f"1..0 # SKIP the browser's driver is not installed: {e}")
    sys.exit(0)
from commands import main  # noqa: E402
from local_adapter import Adapter  # noqa: E402

DESK = os.path.join(os.path.abspath(sys.argv[1]), "almoner-desk")
PATIENCE = 60  # seconds: the machine may be busy
QUESTION = {"id": "ab12" + "0" * 28, "state": "open", "question": "attends", "wording": "Has this person come to us?", "asker": "police",
            "purpose": "early-help", "as_of": "2022-01-01", "asked_ms": 1700000000000, "due_ms": 1900000000000, "about": "person",
            "name": "Nora Corran", "born": "1985-01-02", "on_list": True}


class Desk:
    """Questions that go when they are answered; a name that is missing is refused."""

    def __init__(self, *ids):
        self.waiting = [dict(QUESTION, id=i + QUESTION["id"][len(i):]) for i in ids]
        self.answered = []

    def __call__(self, request):
        if request["do"] == "list":
            return {"ok": True, "questions": self.waiting}
        if request["do"] == "answer":
            if request.get("practitioner") == "Nora":
                return {"ok": False, "error": "bad-field", "exit": 65, "message": "practitioner: small letters"}
            self.answered.append(request)
            self.waiting = [q for q in self.waiting if q["id"] != request["id"]]
        return {"ok": True}


class Page:
    """The form, and a browser on it."""

    def __init__(self, desk):
        self.adapter = Adapter(desk)
        self.form = subprocess.Popen([DESK, "desk", "form"], env=self.adapter.env, stdout=subprocess.PIPE, text=True)
        address = re.search(r"http://\S+", self.form.stdout.readline()).group()
        options = Options()
        for word in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--no-proxy-server"):
            options.add_argument(word)
        options.binary_location = "/usr/bin/chromium"
        self.browser = webdriver.Chrome(service=Service("/usr/bin/chromedriver"), options=options)
        self.browser.set_page_load_timeout(PATIENCE)
        self.browser.get(address)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.browser.quit()
        self.form.send_signal(signal.SIGTERM)
        self.form.wait(PATIENCE)
        self.form.stdout.close()
        self.adapter.__exit__(*exc)

    def press(self, *keys):
        ActionChains(self.browser).send_keys(*keys).perform()

    def focused(self):
        return self.browser.switch_to.active_element

    def tab_to(self, what):
        """Presses Tab until the focus is where it should be: never more often than the page has stations."""
        for _ in range(40):
            self.press(Keys.TAB)
            if what(self.focused()):
                return self.focused()
        raise AssertionError("the keyboard does not get there")

    def until(self, happened, what):
        end = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < end, f"{what}: {self.browser.page_source[:3000]}"
            time.sleep(0.1)

    def tree(self):
        """(role, name, properties) of everything that a screen reader can come upon."""
        nodes = self.browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
        return [(n.get("role", {}).get("value"), n.get("name", {}).get("value", ""), {p["name"]: p["value"].get("value") for p in n.get("properties", [])})
                for n in nodes if not n.get("ignored")]


def named(name):
    return lambda e: e.get_attribute("name") == name


def a_question_is_answered_with_the_keyboard_alone():
    desk = Desk("ab12")
    with Page(desk) as p:
        assert p.browser.title == "1 question waits"
        p.press(Keys.TAB)
        assert p.focused().text == "Skip to the questions"
        p.tab_to(named("value"))
        p.press(Keys.SPACE)
        p.press(Keys.ARROW_DOWN)
        p.press(Keys.ARROW_DOWN)
        p.tab_to(named("name")).send_keys("Dilys Ward")
        p.tab_to(named("practitioner")).send_keys("dw")
        p.press(Keys.ENTER)
        p.until(lambda: "said=answered" in p.browser.current_url, "the answer was not taken")
        assert [(a["value"], a["name"], a["practitioner"]) for a in desk.answered] == [("not-known", "Dilys Ward", "dw")]
        p.until(lambda: p.focused().get_attribute("role") == "status", "what was done has not the focus")


def a_form_without_an_answer_is_not_sent():
    desk = Desk("ab12")
    with Page(desk) as p:
        p.tab_to(named("name")).send_keys("Dilys Ward")
        p.tab_to(named("practitioner")).send_keys("dw")
        p.press(Keys.ENTER)
        p.until(lambda: p.focused().get_attribute("name") == "value", "the browser does not lead to what is missing")
        assert desk.answered == []


def what_is_wrong_has_the_focus_and_is_announced_and_what_was_typed_stays():
    desk = Desk("ab12")
    with Page(desk) as p:
        p.tab_to(named("value"))
        p.press(Keys.SPACE)
        p.tab_to(named("name")).send_keys("Dilys Ward")
        p.tab_to(named("practitioner")).send_keys("Nora")
        p.press(Keys.ENTER)
        p.until(lambda: p.browser.title.startswith("Error: "), "no error is told")
        p.until(lambda: p.focused().get_attribute("role") == "alert", "the error has not the focus")
        assert any(role == "alert" for role, _, _ in p.tree())
        assert p.tab_to(named("name")).get_attribute("value") == "Dilys Ward"


def a_screen_reader_is_told_what_everything_is():
    with Page(Desk("ab12", "cd34")) as p:
        tree = p.tree()
        of = lambda *roles: [(name, props) for role, name, props in tree if role in roles]
        assert len(of("radio")) == 8 and all(name in ("Yes", "No", "Not known to us", "We cannot say") for name, _ in of("radio")), of("radio")
        assert all(name for name, _ in of("textbox", "button", "link")), tree
        assert [props["level"] for name, props in of("heading")] == [1, 2, 2, 2]
        assert sum("Your answer: Nora Corran" in name for name, _ in of("group")) == 2, of("group")
        assert sum(name.startswith("Nora Corran") for name, _ in of("region")) == 2
        assert [name for name, _ in of("main")] and p.browser.find_element("tag name", "html").get_attribute("lang") == "en-GB"


def nothing_moves_and_no_script_runs():
    with Page(Desk("ab12")) as p:
        before = p.browser.page_source
        assert "<script" not in before and "http-equiv" not in before
        assert p.browser.execute_script("return document.scripts.length") == 0
        time.sleep(3)
        assert p.browser.page_source == before


def the_text_can_be_twice_as_large_on_a_narrow_screen():
    with Page(Desk("ab12")) as p:
        p.browser.set_window_size(640, 900)
        p.browser.execute_script("document.body.style.fontSize = '2.2rem'")
        wide = p.browser.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{wide} pixels have to be scrolled sideways"


main([a_question_is_answered_with_the_keyboard_alone, a_form_without_an_answer_is_not_sent,
      what_is_wrong_has_the_focus_and_is_announced_and_what_was_typed_stays, a_screen_reader_is_told_what_everything_is,
      nothing_moves_and_no_script_runs, the_text_can_be_twice_as_large_on_a_narrow_screen])
