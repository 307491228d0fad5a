#!/usr/bin/env python3
"""The pages of all levels, and above all level 4, in a real browser: `make test-browser`.

Headless Chromium is driven through chromedriver, which speaks WebDriver (https://www.w3.org/TR/webdriver2/):
JSON over HTTP, so Python's standard library is enough. The server is ours, with a copy of its files and an
empty data folder, and nothing talks to any other machine. The script never waits by sleeping for a fixed time;
until() looks again and again until a deadline. Everything that is started here is ended here, by its process id.

To read it, begin with the checks in the middle. They are built on Browser, Server and until().
"""
import argparse
import base64
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE = 10  # seconds until something that should happen counts as not happening
LOCAL = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # never through a proxy


class Failure(Exception):
    """A check does not hold. The text says what was expected, and what there was instead."""


class Skipped(Exception):
    """A check can't be made on this machine. The text says why."""


def expect(expected, got):
    if got != expected:
        raise Failure(f"expected  {expected!r}\ngot       {got!r}")


def until(sentence, condition, good=bool):
    """Returns what `condition` returns as soon as that is good. Raises a Failure if it never is."""
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            value = condition()
            if good(value):
                return value
        except Failure as failure:  # the page may be changing at this moment, for example
            value = failure
        if time.monotonic() > deadline:
            raise Failure(f"expected  {sentence}, within {PATIENCE} s\nlast seen {value!r}")
        time.sleep(0.01)  # a pause between two looks


def eventually(expected, function):
    """Like expect(), for something that takes a moment."""
    until(repr(expected), function, lambda value: value == expected)


# What is started and ended ------------------------------------------------------------------------

class Process:
    """A program in a process group of its own, whose output goes into a file."""

    def __init__(self, command, output, environment=None):
        self.output = pathlib.Path(output)
        with self.output.open("ab") as file:
            self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                                          start_new_session=True, env={**os.environ, **(environment or {})})

    def check(self):
        """Raises with the program's last words if it has ended."""
        if self.popen.poll() is not None:
            raise OSError(f"{self.popen.args[0]} has ended:\n{self.output.read_text()}")

    def stop(self, number=signal.SIGTERM):
        if self.popen.poll() is None:
            self.popen.send_signal(number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(PATIENCE)
        with contextlib.suppress(ProcessLookupError):  # end whatever it has started and left behind
            os.killpg(self.popen.pid, signal.SIGKILL)
        return self.popen.wait()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """One of our levels, copied with its files to `folder`, so that it starts with an empty data folder."""

    def __init__(self, level, program, folder, arguments=()):
        folder.mkdir()
        shutil.copy(program, folder / "server")
        for name in ("public", "templates"):
            if (level / name).is_dir():
                shutil.copytree(level / name, folder / name)
        self.folder = folder
        self.port = free_port()
        self.site = f"http://127.0.0.1:{self.port}"
        self.command = [str(folder / "server"), str(self.port), *arguments]
        self.start()

    def start(self):
        secrets = {"SECRET_KEY": "not much of a secret", "ADMIN_USER": "ada", "ADMIN_PASSWORD": "secret"}
        self.process = Process(self.command, self.folder / "log", secrets)
        until("a server that takes connections", self.accepts)

    def accepts(self):
        self.process.check()
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        return self.process.stop()

    def ask(self, path, values=None):
        """Fetches the text of a page, or posts JSON and returns the reply, as curl would."""
        request = urllib.request.Request(self.site + path, json.dumps(values).encode() if values else None,
                                         {"Content-Type": "application/json"} if values else {})
        with LOCAL.open(request, timeout=PATIENCE) as reply:
            return reply.read().decode()

    def source(self, path, form=None):
        """The text of a page, whatever its status. With a form, of the page that answers it."""
        login = {"Authorization": "Basic " + base64.b64encode(b"ada:secret").decode()}
        data = urllib.parse.urlencode(form).encode() if form else None
        try:
            with LOCAL.open(urllib.request.Request(self.site + path, data, login), timeout=PATIENCE) as reply:
                return reply.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def sign(self, name, message):
        return json.loads(self.ask("/api/messages", {"name": name, "message": message}))

    def messages(self):
        """The name and the text of each message in the API, the newest first."""
        return [(m["name"], m["message"]) for m in json.loads(self.ask("/api/messages?limit=100"))["messages"]]


class Browser:
    """A Chromium with a profile of its own. Its windows are numbered, and 0 is there from the start."""

    latest = None  # the browser that was used last

    def __init__(self, driver, site, profile, javascript=True):
        self.session = ""
        self.profile = str(profile)
        self.driver = driver
        self.site = site
        arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     "--disable-background-networking", "--disable-component-update", "--disable-sync",
                     "--no-proxy-server", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
                     f"--user-data-dir={profile}"]
        if os.geteuid() == 0:
            arguments.append("--no-sandbox")  # Chromium's sandbox refuses to work for root
        options = {"args": arguments}
        if not javascript:
            options["prefs"] = {"profile.managed_default_content_settings.javascript": 2}
        answer = self.call("POST", "/session", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"pageLoad": PATIENCE * 1000, "script": PATIENCE * 1000}}}})
        self.session = "/session/" + answer["sessionId"]
        self.process_id = answer["capabilities"].get("goog:processID")
        self.windows = self.call("GET", "/window/handles")
        self.complaints = []

    def call(self, method, path, values=None):
        Browser.latest = self
        data = None if method == "GET" else json.dumps(values or {}).encode()
        request = urllib.request.Request(self.driver + self.session + path, data, method=method,
                                         headers={"Content-Type": "application/json; charset=utf-8"})
        try:
            with LOCAL.open(request, timeout=6 * PATIENCE) as reply:
                return json.load(reply)["value"]
        except urllib.error.HTTPError as error:
            problem = json.load(error)["value"]
            raise Failure(f"{method} {path}: {problem['error']}: {problem['message']}") from None

    def quit(self):
        with contextlib.suppress(Failure, OSError):
            self.call("DELETE", "")
        with contextlib.suppress(OSError, TypeError):  # is the process still there, and still ours?
            if self.profile in pathlib.Path(f"/proc/{self.process_id}/cmdline").read_text():
                os.kill(self.process_id, signal.SIGKILL)

    def window(self, number):
        """Makes a window the current one. Opens it first if it does not exist yet."""
        while len(self.windows) <= number:
            self.windows.append(self.call("POST", "/window/new", {"type": "window"})["handle"])
        self.call("POST", "/window", {"handle": self.windows[number]})
        return self

    def open(self, path):
        self.call("POST", "/url", {"url": path if ":" in path else self.site + path})
        return self

    def path(self):
        return urllib.parse.urlsplit(self.call("GET", "/url")).path

    def run(self, script, *arguments):
        """Runs a script in the page, and returns what it returns."""
        return self.call("POST", "/execute/sync", {"script": script, "args": arguments})

    def run_until_done(self, script):
        """Runs a script that waits for something, and returns the value that it passes to done()."""
        return self.call("POST", "/execute/async", {"script": "const done = arguments[0]; " + script, "args": []})

    def find(self, selector):
        element = self.call("POST", "/element", {"using": "css selector", "value": selector})
        return "/element/" + next(iter(element.values()))

    def text(self, selector="body"):
        return self.call("GET", self.find(selector) + "/text")

    def type(self, selector, text):
        self.call("POST", self.find(selector) + "/value", {"text": text})

    def press(self, keys):
        """Presses keys one after the other, wherever the focus is."""
        actions = [{"type": kind, "value": key} for key in keys for kind in ("keyDown", "keyUp")]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keyboard", "actions": actions}]})

    def focused(self):
        element = self.call("GET", "/element/active")
        return "/element/" + next(iter(element.values()))

    def style(self, selector, name):
        return self.call("GET", self.find(selector) + "/css/" + name)

    def devtools(self, command, **parameters):
        return self.call("POST", "/goog/cdp/execute", {"cmd": command, "params": parameters})

    def click(self, selector):
        self.call("POST", self.find(selector) + "/click")

    def read_console(self):
        """What pages, and the browser about them, have written to their consoles since the start."""
        self.complaints += [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})]
        return self.complaints

    @contextlib.contextmanager
    def may_complain(self):
        """Complaints within the block don't count, because they are part of what is checked."""
        count = len(self.read_console())
        yield
        self.read_console()
        del self.complaints[count:]

    def chat(self):
        """The messages that a page shows, the newest first. The chat has that one at the bottom."""
        messages = [tuple(pair) for pair in self.run(
            "return [...document.querySelectorAll('.message')].map(article =>"
            " [article.querySelector('b').textContent, article.querySelector('p').textContent])")]
        return messages[::-1] if self.run("return document.querySelector('[role=log]') !== null") else messages

    def state(self):
        return self.text("#state")

    def join_chat(self):
        self.open("/chat")
        eventually("Connected.", self.state)
        return self

    def say(self, name, message):
        self.run("document.forms[0].name.value = ''")
        self.type("#name", name)
        self.type("#message", message + ENTER)


ENTER, TAB = "\ue007", "\ue004"  # as WebDriver writes keys (§17.4.2)


# The checks, each of them a sentence that holds or does not ---------------------------------------

CHECKS = []


def check(sentence):
    def keep(function):
        CHECKS.append((sentence, function))
        return function
    return keep


class World:
    """What the checks work with: the server that is judged, another site, and two browsers."""

    def __init__(self, options, stack, folder):
        self.folder = folder
        self.server = Server(options.files, options.program, folder / "level4", ["--engine", options.engine, "--wire"])
        stack.callback(lambda: self.server.stop())
        self.npm = options.npm.resolve()
        self.levels = {4: self.server}
        for level in ("level1", "level2", "level3"):
            other = Server(options.files.parent / level, options.program.parent.parent / level / "server", folder / level)
            stack.callback(other.stop)
            self.levels[int(level[-1])] = other
        self.level3 = self.levels[3]
        self.driver = Process([options.chromedriver, "--port=0"], folder / "chromedriver.log")
        stack.callback(self.driver.stop)
        address = f"http://127.0.0.1:{until('the port of chromedriver', self.driver_port)[1]}"
        self.browser = Browser(address, self.server.site, folder / "profile")
        stack.callback(self.browser.quit)
        self.plain = Browser(address, self.server.site, folder / "plain-profile", javascript=False)
        stack.callback(self.plain.quit)

    def driver_port(self):
        self.driver.check()
        return re.search(r"started successfully on port (\d+)", self.driver.output.read_text())

    def both(self):
        """The two windows, one after the other. Each is the current one while it is used."""
        return (self.browser.window(number) for number in (0, 1))

    def third(self):
        return self.browser.window(2)

    def join_in_both(self):
        for window in self.both():
            window.join_chat().run("window.sameDocument = true")  # lost if the page is ever loaded again

    def expect_in_both(self, name, message):
        for window in self.both():
            eventually([(name, message)], lambda w=window: w.chat()[:1])
            expect(1, window.chat().count((name, message)))
            expect(True, window.run("return window.sameDocument"))

    def tool(self, package, file):
        """A file of an npm package, if that is installed."""
        path = self.npm / package / file
        if not path.is_file():
            raise Skipped(f"{package} is not in {self.npm}: make deps-pages installs it with npm")
        return path

    def emulate(self, feature, value):
        """Has the third window behave as if the system were set like that."""
        self.third().devtools("Emulation.setEmulatedMedia", features=[{"name": feature, "value": value}])

    def admin_page(self):
        return self.server.site.replace("//", "//ada:secret@") + "/admin"


@check("two windows on /chat show what was written before, the newest first")
def _(world):
    world.server.sign("Ada", "the first")
    world.server.sign("Grace", "the second")
    for window in world.both():
        window.join_chat()
        eventually([("Grace", "the second"), ("Ada", "the first")], lambda w=window: w.chat()[:2])


@check("a message written in one window shows in both at once")
def _(world):
    world.join_in_both()
    world.browser.window(0).say("Left", "from the left")
    world.expect_in_both("Left", "from the left")
    world.browser.window(1).say("Right", "from the right")
    world.expect_in_both("Right", "from the right")


@check("what was written in the chat is on /messages and in /api/messages")
def _(world):
    world.join_in_both()
    world.browser.window(0).say("Left", "to be kept")
    world.expect_in_both("Left", "to be kept")
    expect(("Left", "to be kept"), world.server.messages()[0])
    expect(("Left", "to be kept"), world.third().open("/messages").chat()[0])


@check("a message signed with the form in a third window shows up in both")
def _(world):
    world.join_in_both()
    third = world.third().open("/contact")
    third.type("#name", "Third")
    third.type("#message", "by the form")
    third.click("button")
    eventually("/thankyou", third.path)
    eventually("Thank you, Third!", lambda: third.text("h1"))
    world.expect_in_both("Third", "by the form")
    # The session remembers the name from now on.
    expect("Third", world.third().open("/contact").run("return document.forms[0].name.value"))


@check("a message that a program sends to the API shows up in both")
def _(world):
    world.join_in_both()
    world.server.sign("curl", "by the API")
    world.expect_in_both("curl", "by the API")


@check("a message that is refused is explained in its window, and the other shows nothing of it")
def _(world):
    world.join_in_both()
    before = world.server.messages()
    for name, message, wrong, right in (("Left", "   ", "message", "name"), ("   ", "text", "name", "message")):
        page = world.browser.window(0)
        page.say(name, message)
        reason = until("a reason", lambda: page.text(f"#{wrong}-mistake"))
        expect(wrong, page.call("GET", page.focused() + "/property/name"))
        expect(["true", "false", ""], [page.call("GET", page.find("#" + wrong) + "/attribute/aria-invalid"),
                                       page.call("GET", page.find("#" + right) + "/attribute/aria-invalid"),
                                       page.text(f"#{right}-mistake")])
        expect(message, page.run("return document.forms[0].message.value"))  # to be corrected
        expect("", world.browser.window(1).text(f"#{wrong}-mistake"))
        page = world.browser.window(0)
        page.run("document.forms[0].message.value = ''")
    expect(before, world.server.messages())


@check("a script in a page hears of new messages by server-sent events")
def _(world):
    third = world.third().open("/about")
    third.run("window.events = []; const source = new EventSource('/api/messages/events');"
              "source.onopen = () => events.push('open');"
              "source.onmessage = event => events.push(JSON.parse(event.data).message)")
    eventually(["open"], lambda: third.run("return events"))
    world.server.sign("curl", "an event")
    eventually(["open", "an event"], lambda: third.run("return events"))
    third.open("about:blank")


@check("the page of the wire shows what another tab asks for, as text, and nothing of its own")
def _(world):
    wire = world.browser.window(0).open("/wire")
    eventually("Connected.", wire.state)
    world.third().open("/hello?name=tab")  # gets its page compressed
    world.server.ask("/hello?name=%3Cimg%20src=x%3E")
    world.browser.window(0)
    steps = until("both pages", lambda: wire.text("#wire"), lambda text: "<h1>Hello, &lt;img" in text)
    for part in ("GET /hello?name=tab HTTP/1.1\\r\\n", "Content-Encoding: gzip\\r\\n", " bytes that aren't text)"):
        expect(part, part if part in steps else steps)
    expect([0, 0], [wire.run("return document.querySelectorAll('#wire img, #wire h1').length"), steps.count("GET /wire")])
    expect(True, wire.run("return [...document.querySelectorAll('.step')].every((step, i, all) =>"
                          " i === 0 || step.offsetTop >= all[i - 1].offsetTop + all[i - 1].offsetHeight)"))
    for _ in range(220):  # more than the page keeps
        world.server.ask("/hello")
    eventually(True, lambda: wire.run("const shown = new Set([...document.querySelectorAll('.step')].map(step =>"
                                      " step.dataset.exchange)); return shown.size === 200 &&"
                                      " ladder.scrollTop + ladder.clientHeight > ladder.scrollHeight - 20"))


@check("what looks like HTML is shown as it was typed, wherever it appears")
def _(world):
    name, message = "<img src=x onerror='hacked = 1'>", "<script>hacked = 2</script> & {{name}}"
    world.join_in_both()
    world.browser.window(0).say(name, message)
    world.expect_in_both(name, message)  # as it was sent
    for address in ("/chat", "/messages", world.admin_page()):  # and as it was stored
        third = world.third().open(address)
        eventually([(name, message)], lambda: third.chat()[:1])
        expect(0, third.run("return document.querySelectorAll('main img, article script').length"))
        expect("undefined", third.run("return typeof hacked"))


@check("a picture that is uploaded with the form is shown")
def _(world):
    picture = world.folder / "a picture.png"
    picture.write_bytes(base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
                                         "YPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="))
    third = world.third().open("/upload")
    expect(True, "1 MiB at most" in third.text("#file-hint"))
    third.type("#file", str(picture))
    third.click("button")
    until("a page about the picture", third.path, lambda path: path.startswith("/upload/"))
    eventually([1], lambda: third.run("return [...document.images].map(image => image.naturalWidth)"))
    address = third.run("return document.images[0].getAttribute('src')")
    expect([True, address], [address.startswith("/uploads/"), third.text("p > a[href^='/uploads/']:not(:has(img))")])
    third.click("main a[href='/upload']")
    eventually("/upload", third.path)  # the way back


@check("a page of another site can't sign in a visitor's name, or open the chat's socket")
def _(world):
    before = world.server.messages()
    (world.level3.folder / "public/files/elsewhere.html").write_text(
        f'<!doctype html><title>Elsewhere</title><form method="post" action="{world.server.site}/contact">'
        '<input name="name" value="Eve"><input name="message" value="not from here"><button>Win</button></form>')
    elsewhere = world.level3.site.replace("127.0.0.1", "localhost") + "/files/elsewhere.html"
    with world.browser.may_complain():
        third = world.third().open(elsewhere)
        third.click("button")
        eventually("403 Forbidden", lambda: third.text("h1"))
        third.open(elsewhere)
        socket_address = world.server.site.replace("http", "ws") + "/ws/chat"
        expect("refused", third.run_until_done(
            f"const socket = new WebSocket('{socket_address}');"
            "socket.onopen = () => done('open'); socket.onerror = () => done('refused')"))
        # It was our server that refused both, not the browser.
        expect(2, len([line for line in third.read_console() if "403" in line]))
    expect(before, world.server.messages())


@check("a page of another site can't show ours in a frame, where a click could be stolen")
def _(world):
    (world.level3.folder / "public/files/frame.html").write_text(
        f'<!doctype html><title>Frames</title><iframe src="{world.server.site}/contact"></iframe>'
        f'<iframe src="{world.server.site}/admin"></iframe><iframe src="{world.server.site}/nowhere"></iframe>')
    with world.browser.may_complain():
        third = world.third().open(world.level3.site.replace("127.0.0.1", "localhost") + "/files/frame.html")
        eventually(3, lambda: len([line for line in third.read_console() if "frame-ancestors 'none'" in line]))


@check("a script and a style inside a page do nothing, and the console says why")
def _(world):
    (world.server.folder / "public/files/inline.html").write_text(
        '<!doctype html><title>still</title><p style="color: red">Text</p><script>document.title = "ran"</script>')
    with world.browser.may_complain():
        third = world.third().open("/files/inline.html")
        lines = until("two complaints", lambda: [line for line in third.read_console() if "inline" in line],
                      lambda found: len(found) >= 2)
        expect([True] * 2, ["Content Security Policy" in line for line in lines[:2]])
        expect("still", third.run("return document.title"))


@check("the picture of the home page is legible when it is opened by itself")
def _(world):
    third = world.third().open("/static/bytes.svg")
    expect(["rgb(232, 244, 241)"], third.run(
        "return [...new Set([...document.querySelectorAll('g > text:not([fill])')].map(t => getComputedStyle(t).fill))]"))
    expect("15px", third.run("return getComputedStyle(document.querySelector('text')).fontSize"))


@check("the chat keeps the newest 200 messages, in their order, however many come")
def _(world):
    page = world.third().join_chat()
    page.run("for (let id = 1e6; id < 1e6 + 20000; ++id) show({id, name: 'many', message: String(id), created: ''});"
             "show({id: 1e6 + 19999, name: 'many', message: 'twice', created: ''});"
             "show({id: 1e6 + 19900.5, name: 'many', message: 'late', created: ''});")
    messages = [message for _, message in page.chat()]
    expect(200, len(messages))
    expect(["1019999", "1019998"], messages[:2])
    expect(["1019901", "late", "1019900"], messages[98:101])


@check("when the server restarts, the chat says so, reconnects and shows what it has missed")
def _(world):
    world.join_in_both()
    before = [window.chat() for window in world.both()]
    with world.browser.may_complain():  # about failed attempts to connect
        expect(0, world.server.stop())
        for window in world.both():
            until("that the connection is lost", window.state, lambda state: "lost" in state)
        world.server.start()
        world.server.sign("curl", "while both were away")
        for window in world.both():
            eventually("Connected.", window.state)
        world.expect_in_both("curl", "while both were away")
    expect(before, [window.chat()[1:] for window in world.both()])  # no message is there twice


@check("the form works by keyboard alone, without JavaScript")
def _(world):
    page = world.plain.open("/chat")
    expect("Without JavaScript this form signs the guestbook.", page.state())  # it really is off
    page.open("/contact")
    stops = []
    while stops[-1:] != ["Sign"] or "message" not in stops:
        if len(stops) == 12:
            raise Failure(f"expected  to reach the button by Tab\ngot       {stops}")
        page.press(TAB)
        focused = page.focused()
        stops.append(page.call("GET", focused + "/property/name") or page.call("GET", focused + "/text"))
        if page.call("GET", focused + "/css/outline-style") == "none":
            raise Failure(f"expected  to see where the focus is\ngot       no outline around the last of {stops}")
        page.press({"name": "Keyboard", "message": "without a mouse"}.get(stops[-1], ""))
    expect(["name", "email", "message", "Sign"], stops[-4:])
    page.press(ENTER)
    eventually("/thankyou", page.path)
    eventually("Thank you, Keyboard!", lambda: page.text("h1"))
    expect(("Keyboard", "without a mouse"), world.server.messages()[0])


@check("a form with a mistake comes back with what was typed, and marks and explains the mistake")
def _(world):
    page = world.plain
    with page.may_complain():  # about the status 422
        page.open("/contact")
        page.call("POST", page.find("#name") + "/clear")
        page.type("#name", " ")
        page.type("#message", "an hour's work")
        page.click("button")
        until("an alert", lambda: "marked" in page.text("[role=alert]"))
        name = page.find("#name")
        expect("true", page.call("GET", name + "/attribute/aria-invalid"))
        described_by = page.call("GET", name + "/attribute/aria-describedby")
        until("an explanation", lambda: page.text("#" + described_by))
        colour = page.call("GET", page.find("#" + described_by) + "/css/color")
        frames = [page.call("GET", page.find(field) + "/css/border-top-color") for field in ("#name", "#message")]
        expect([True, False], [frame == colour for frame in frames])
        expect("an hour's work", page.call("GET", page.find("#message") + "/property/value"))


@check("without JavaScript the form of the chat signs the guestbook")
def _(world):
    page = world.plain.open("/chat")
    page.type("#name", "Plain")
    page.type("#message", "no script" + ENTER)
    eventually("/thankyou", page.path)
    expect(("Plain", "no script"), world.server.messages()[0])


# How it looks -------------------------------------------------------------------------------------

LONG_NAME = "/hello?name=" + "Ada" * 60
PAGES = {
    1: ["/"],
    2: ["/", "/about", LONG_NAME, "/nowhere"],
    3: ["/", "/about", LONG_NAME, "/users/42", "/files/", "/files/notes/", "/nowhere"],
    4: ["/", "/about", LONG_NAME, "/users/123456789012345678", "/files/", "/files/notes/", "/nowhere", "/contact",
        "/thankyou", "/messages", "/chat", "/upload", "/wire"],
}


def all_pages(world):
    """Opens one page of level 4 after the other, also the administrator's, and forms with mistakes."""
    world.server.sign("W" * 100, "long" * 500)  # without a place where a line could be broken
    for address in PAGES[4] + [world.admin_page()]:
        page = world.third().open(address)
        if address == "/chat":
            until("the history", page.chat)
        if address == "/wire":
            until("what has passed", lambda: page.text("#wire"))
        yield address, page
    for address in ("/contact", "/upload"):
        page.open(address).run("document.forms[0].submit()")  # which doesn't validate
        until("a mistake", lambda: page.text("[role=alert]"))
        yield "a mistake at " + address, page


@check("the home pages of levels 3 and 4 have their style sheet and their picture")
def _(world):
    for server in (world.level3, world.server):
        page = world.third().open(server.site + "/")
        background = page.style("body", "background-color")
        if background in ("rgba(0, 0, 0, 0)", "rgba(255, 255, 255, 1)"):
            raise Failure(f"expected  a background from the style sheet\ngot       {background}")
        expect(True, page.style("body", "font-family").startswith("system-ui"))
        expect([True], page.run("return [...document.images].map(image => image.naturalWidth > 0)"))


@check("on a screen 375 pixels wide no page has to be scrolled sideways")
def _(world):
    world.third().devtools("Emulation.setDeviceMetricsOverride", width=375, height=667,
                           deviceScaleFactor=1, mobile=True)
    widths = [(address, page.run("return document.documentElement.scrollWidth"))
              for address, page in all_pages(world)]
    world.browser.devtools("Emulation.clearDeviceMetricsOverride")
    expect([], [(address, width) for address, width in widths if width > 375])


def luminance(colour):
    """How bright a colour is, from 0 to 1 (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@check("pages are dark if the system is, light if it is not, and legible either way")
def _(world):
    wrong = []
    for scheme in ("dark", "light"):
        world.emulate("prefers-color-scheme", scheme)
        for address, page in all_pages(world):
            paper, ink = (luminance(page.style("body", name)) for name in ("background-color", "color"))
            is_dark = paper < 0.1
            contrast = (max(paper, ink) + 0.05) / (min(paper, ink) + 0.05)
            if is_dark != (scheme == "dark") or contrast < 7:
                wrong.append((scheme, address, paper, ink))
    world.browser.devtools("Emulation.setEmulatedMedia", features=[])
    expect([], wrong)


@check("the pages of level 4 have one frame: the same navigation, and a line for search engines")
def _(world):
    frame = ("return [...document.querySelectorAll('nav a')].map(link => link.textContent + ' ' +"
             " link.getAttribute('href')).concat(document.querySelectorAll('meta[name=description]').length)")
    links = ["Home /", "Sign /contact", "Messages /messages", "Chat /chat", "Upload /upload", "About /about", 1]
    expect([], [(address, got) for address, page in all_pages(world) if (got := page.run(frame)) != links])


@check("pages and errors say what to try next, and show the request that made them as text")
def _(world):
    for path in ("/hello?name=<b>", "/users/42", "/nowhere?<b>"):
        for level in (3, 4):
            with world.browser.may_complain():  # about the 404
                page = world.third().open(world.levels[level].site + path)
            shown = "GET " + path.replace("<b>", "%3Cb%3E") + " HTTP/1.1"
            expect(shown, page.text("main code"))
            expect(True, "Try next: " in page.text("main"))


@check("a visitor who has not signed is not thanked, but asked to sign")
def _(world):
    world.plain.call("DELETE", "/cookie")
    eventually("/contact", world.plain.open("/thankyou").path)


@check("a form with a mistake puts the cursor into the first field that is wrong")
def _(world):
    third = world.third()
    for name, message, first in (("", "text", "name"), ("Ada", "", "message"), ("", "", "name")):
        with third.may_complain():  # about the status 422
            third.open("/contact").run("const [name, message] = arguments, form = document.forms[0];"
                                       "form.name.value = name; form.message.value = message; form.submit()", name, message)
            until("an alert", lambda: "marked" in third.text("[role=alert]"))
        eventually(first, lambda: third.call("GET", third.focused() + "/property/name"))
    third.open("/upload")
    with third.may_complain():
        third.run("document.forms[0].submit()")
        until("an alert", lambda: third.text("[role=alert]"))
    eventually("file", lambda: third.call("GET", third.focused() + "/property/name"))


@check("the name and the text of a writer from right to left are on one side, and the time on the other")
def _(world):
    world.server.sign("Ada", "\u05e9\u05dc\u05d5\u05dd")
    world.server.sign("\u05d0\u05d3\u05d4", "Hello")
    sides = ("const sides = article => { const name = article.querySelector('b').getBoundingClientRect(),"
             " time = article.querySelector('time').getBoundingClientRect();"
             " return [getComputedStyle(article.querySelector('p')).direction, name.left < time.left] };"
             "return [...document.querySelectorAll('.message')].map(sides)")
    for address in ("/messages", "/chat"):
        third = world.third().open(address)
        eventually(("\u05d0\u05d3\u05d4", "Hello"), lambda: third.chat()[:1][0] if third.chat() else ())
        newest = third.run(sides)
        newest = newest[::-1] if address == "/chat" else newest
        expect([["ltr", True], ["rtl", False]], newest[:2])


@check("nothing on the chat page moves when messages come")
def _(world):
    world.server.sign("Ada", "one more")
    third = world.third().open("about:blank").join_chat()
    until("the history", third.chat)
    world.server.sign("Ada", "another one")
    eventually(("Ada", "another one"), lambda: third.chat()[0])
    until("the newest in sight", lambda: third.run(
        "const last = document.querySelector('.message:last-child').getBoundingClientRect();"
        "return last.bottom <= document.querySelector('[role=log]').getBoundingClientRect().bottom"))
    expect([], third.run_until_done(
        "new PerformanceObserver(list => done(list.getEntries().map(entry => entry.value)))"
        ".observe({type: 'layout-shift', buffered: true});"
        "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done([]), 100)))"))


@check("times are the reader's own, and those of UTC without JavaScript")
def _(world):
    world.server.sign("Ada", "what time is it?")
    own = ("const time = document.querySelector('.message:last-of-type time'); return time.textContent ==="
           " new Date(time.dateTime).toLocaleString([], {dateStyle: 'medium', timeStyle: 'short'})")
    for address in ("/messages", "/chat", world.admin_page()):
        third = world.third().open(address)
        until("a message", third.chat)
        expect(True, third.run(own))
    expect(True, world.plain.open("/messages").text("time").endswith(" UTC"))


@check("buttons have an edge where the system chooses the colours")
def _(world):
    world.emulate("forced-colors", "active")
    for address in ("/contact", "/chat", "/upload"):
        page = world.third().open(address)
        expect(["1px", "solid"], [page.style("button", f"border-top-{part}") for part in ("width", "style")])
        expect(True, page.run("const style = getComputedStyle(document.querySelector('button'));"
                              "return style.borderTopColor !== style.backgroundColor"))
    world.browser.devtools("Emulation.setEmulatedMedia", features=[])


@check("on paper there are no navigation, no forms and no dark background")
def _(world):
    world.third().devtools("Emulation.setEmulatedMedia", media="print", features=[
        {"name": "prefers-color-scheme", "value": "dark"}])
    for address in ("/", "/messages", "/contact"):
        page = world.third().open(address)
        expect("none", page.style("nav", "display"))
        expect(["rgba(255, 255, 255, 1)", "rgba(0, 0, 0, 1)"], [page.style("body", p) for p in ("background-color", "color")])
    expect("none", page.style("form", "display"))
    world.browser.devtools("Emulation.setEmulatedMedia", media="", features=[])


def breaches(world, page):
    """What axe-core finds wrong with a page, in light and in dark: rules, and where they are broken."""
    page.run(world.tool("axe-core", "axe.min.js").read_text())
    found = []
    for scheme in ("light", "dark"):
        world.emulate("prefers-color-scheme", scheme)
        found += [scheme + ": " + breach for breach in page.run_until_done(
            "axe.run(document).then(result => done(result.violations.map(rule =>"
            " rule.id + ' at ' + rule.nodes.map(node => node.target.join(' ')).join(', '))), done)")]
    world.browser.devtools("Emulation.setEmulatedMedia", features=[])
    return found


@check("axe-core finds nothing wrong with any page of any level, in light and in dark")
def _(world):
    found = []
    for level in (1, 2, 3):
        for path in PAGES[level]:
            with world.browser.may_complain():  # about the 404
                page = world.third().open(world.levels[level].site + path)
            found += [(level, path[:20], breach) for breach in breaches(world, page)]
    for address, page in all_pages(world):
        found += [(4, address, breach) for breach in breaches(world, page)]
    expect([], found)


@check("html-validate finds nothing wrong with the HTML of any page of any level")
def _(world):
    program = world.tool("html-validate", "bin/html-validate.mjs")
    if not shutil.which("node"):
        raise Skipped("there is no Node.js to run html-validate")
    world.server.sign("<b>Ada</b>", "one & two")
    sources = {f"level{level}-{number}": world.levels[level].source(path)
               for level, paths in PAGES.items() for number, path in enumerate(paths)}
    sources["admin"] = world.server.source("/admin")
    for path in ("/contact", "/upload"):
        sources["a-mistake-at-" + path[1:]] = world.server.source(path, {"name": "Ada"})
    folder = world.folder / "html"
    folder.mkdir()
    (folder / ".htmlvalidate.json").write_text(json.dumps(
        {"root": True, "extends": ["html-validate:recommended"], "rules": {"doctype-style": ["error", {"style": "lowercase"}]}}))
    for name, source in sources.items():
        (folder / f"{name}.html").write_text(source)
    run = subprocess.run(["node", program, "--formatter", "text", *sorted(folder.glob("*.html"))],
                         cwd=folder, capture_output=True, text=True)
    expect([], [line.replace(f"{folder}/", "") for line in (run.stdout + run.stderr).splitlines()])
    expect(0, run.returncode)


@check("none of the visited pages has written anything to the browser's console")
def _(world):
    for _ in all_pages(world):
        pass
    icon = re.escape(world.levels[2].site + "/favicon.ico")  # which level 2 does not have
    meant = re.compile(rf"({icon}|\S+/(nowhere|contact|upload)) - Failed to load resource: the server responded with a status of 4")
    expect([], [line for browser in (world.browser, world.plain) for line in browser.read_console()
                if not meant.match(line)])


# ---------------------------------------------------------------------------------------------------

def explain(failure, options, number):
    """The failure, what the page shows, and where to find a picture of it."""
    lines = str(failure).splitlines()
    browser = Browser.latest
    with contextlib.suppress(Failure, OSError):
        lines.append("page      " + browser.call("GET", "/url"))
        lines += ["          | " + line[:80] for line in browser.text().splitlines()[:12]]
        options.pictures.mkdir(parents=True, exist_ok=True)
        picture = options.pictures / f"{options.engine}-{number}.png"
        picture.write_bytes(base64.b64decode(browser.call("GET", "/screenshot")))
        lines.append(f"picture   {picture}")
    return "".join(f"        {line}\n" for line in lines)


def main():
    here = pathlib.Path(__file__).resolve().parents[2]
    parser = argparse.ArgumentParser(description="The pages of all levels in a real browser.")
    parser.add_argument("--program", type=pathlib.Path, default=here / "build/level4/server")
    parser.add_argument("--files", type=pathlib.Path, default=here / "level4", help="the folder of its public/")
    parser.add_argument("--engine", default="epoll", choices=["epoll", "poll", "threads"])
    parser.add_argument("--pictures", type=pathlib.Path, default=here / "build/browser", help="of what failed")
    parser.add_argument("--npm", type=pathlib.Path, default=here / "build/npm/node_modules", help="where make deps-pages installs")
    parser.add_argument("--chromedriver", default="chromedriver")
    parser.add_argument("--only", default="", metavar="WORDS", help="the checks with these words in them")
    options = parser.parse_args()

    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that what was started is also ended then
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as name, \
            contextlib.ExitStack() as stack:
        try:
            world = World(options, stack, pathlib.Path(name))
        except (Failure, OSError) as failure:
            print(f"The browser or the server did not start:\n{failure}")
            return 1
        for number, (sentence, function) in enumerate(CHECKS, 1):
            if options.only not in sentence:
                continue
            try:
                function(world)
                passed += 1
                print(f"  ok    {sentence}", flush=True)
            except Skipped as reason:
                skipped += 1
                print(f"  skip  {sentence}\n        {reason}", flush=True)
            except Exception as failure:  # even a mistake of this script must not stop the other checks
                failed += 1
                reason = failure if isinstance(failure, Failure) else f"{type(failure).__name__}: {failure}"
                print(f"  FAIL  {sentence}\n{explain(reason, options, number)}", end="", flush=True)
    if passed + failed + skipped == 0:
        print("No check ran, because none has these words in it.")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed or not passed + skipped else 0


if __name__ == "__main__":
    sys.exit(main())
