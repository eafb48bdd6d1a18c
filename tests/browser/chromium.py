# browser/chromium.py: drives Debian's chromium by the DevTools protocol over a pipe: pages, sizes, colours, clicks, what was asked for.
# Each wait has a limit; the browser and its profile are gone when the test is over.
import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time

PROGRAM = shutil.which("chromium") or "/usr/bin/chromium"
ANSWERS_WITHIN_SECONDS = 60  # the first page of a busy machine
QUIET = ["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
         "--disable-default-apps", "--disable-gpu", "--disable-dev-shm-usage", "--mute-audio", "--no-proxy-server"]


class Page:
    """One tab, and what happened in it."""

    def __init__(self, browser, session):
        self.browser = browser
        self.session = session
        self.requested = []   # URLs, but for data:
        self.answered = []    # (URL, status, protocol)
        self.complaints = []  # of the console, and requests that failed

    def command(self, method, **parameters):
        return self.browser.command(method, parameters, self.session)

    def noticed(self, method, parameters):
        if method == "Network.requestWillBeSent" and not parameters["request"]["url"].startswith("data:"):
            self.requested.append(parameters["request"]["url"])
        elif method == "Network.responseReceived" and not parameters["response"]["url"].startswith("data:"):
            self.answered.append(tuple(parameters["response"][key] for key in ("url", "status", "protocol")))
        elif method == "Network.loadingFailed" and not parameters.get("canceled"):
            self.complaints.append(parameters["errorText"])
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(parameters["exceptionDetails"]["text"])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.complaints.append(str(parameters["args"]))
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.complaints.append(parameters["entry"]["text"])

    def look(self, width, height=900, dark=False, scripts=True):
        """From now on: a window of this size, these colours, with or without scripts."""
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
                                                             {"name": "prefers-reduced-motion", "value": "reduce"}])
        self.command("Emulation.setScriptExecutionDisabled", value=not scripts)
        return self

    def go(self, url):
        self.loading()
        self.command("Page.navigate", url=url)
        return self.loaded()

    def loading(self):
        """Before something that leads to another page."""
        self.browser.events = [event for event in self.browser.events if event != (self.session, "Page.loadEventFired")]

    def loaded(self):
        self.browser.wait_for_event((self.session, "Page.loadEventFired"))
        return self

    def evaluate(self, expression):
        """The value of a JavaScript expression, as JSON can say it."""
        answer = self.command("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def click(self, selector):
        """A click of the mouse in the middle of an element."""
        x, y = self.evaluate(f"""(() => {{ const e = document.querySelector({json.dumps(selector)});
            e.scrollIntoView({{block: 'center', behavior: 'instant'}}); const r = e.getBoundingClientRect();
            return [r.x + r.width / 2, r.y + r.height / 2]; }})()""")
        for kind in ("mousePressed", "mouseReleased"):
            self.command("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def follow(self, selector):
        """A click on what leads to another page."""
        self.loading()
        self.click(selector)
        return self.loaded()

    def type(self, text):
        self.command("Input.insertText", text=text)

    def press(self, key, code, text=""):
        for kind in ("keyDown", "keyUp"):
            self.command("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text if kind == "keyDown" else "")

    def overflow(self):
        """By how many pixels the page is wider than its window."""
        return self.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def screenshot(self, path):
        size = self.command("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 12000), "scale": 1}
        answer = self.command("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(answer["data"]))


class Browser:
    def __init__(self, *options):
        self.profile = tempfile.mkdtemp(prefix="webserv-browser-")
        self.log = open(os.path.join(self.profile, "log"), "wb")
        theirs_in, self.commands = os.pipe()
        self.answers, theirs_out = os.pipe()
        theirs_in, theirs_out = (self.moved_up(number) for number in (theirs_in, theirs_out))
        # A sandbox cannot be made by root, nor in every container; the pages are our own.
        words = [PROGRAM, "--headless=new", "--no-sandbox", "--remote-debugging-pipe", f"--user-data-dir={self.profile}", *QUIET, *options,
                 "about:blank"]
        self.process = subprocess.Popen(["bash", "-c", f'exec "$@" 3<&{theirs_in} 4>&{theirs_out}', "bash", *words], stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log, pass_fds=(theirs_in, theirs_out), start_new_session=True,
                                        env={**os.environ, "HOME": self.profile})
        os.close(theirs_in)
        os.close(theirs_out)
        self.received = b""
        self.number = 0
        self.replies = {}
        self.events = []  # (session, method), in order
        self.pages = {}

    @staticmethod
    def moved_up(descriptor):
        """Out of the way of 3 and 4, which the browser wants."""
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 20)
        os.close(descriptor)
        return moved

    def command(self, method, parameters=None, session=None):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters or {}}
        if session:
            message["sessionId"] = session
        self.send(json.dumps(message).encode() + b"\0")
        number = self.number
        self.wait(lambda: number in self.replies, method)
        reply = self.replies.pop(number)
        assert "error" not in reply, f"{method}: {reply['error']}"
        return reply["result"]

    def send(self, data):
        while data:
            data = data[os.write(self.commands, data):]

    def wait_for_event(self, event):
        self.wait(lambda: event in self.events, event[1])

    def wait(self, condition, what):
        deadline = time.monotonic() + ANSWERS_WITHIN_SECONDS
        while not condition():
            left = deadline - time.monotonic()
            assert left > 0, f"{what}: no answer from the browser within {ANSWERS_WITHIN_SECONDS} s; {self.said()}"
            if select.select([self.answers], [], [], left)[0]:
                self.receive(what)

    def receive(self, what):
        data = os.read(self.answers, 1 << 20)
        assert data, f"{what}: the browser ended; {self.said()}"
        *messages, self.received = (self.received + data).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.replies[message["id"]] = message
                continue
            session = message.get("sessionId")
            self.events.append((session, message["method"]))
            if session in self.pages:
                self.pages[session].noticed(message["method"], message["params"])

    def said(self):
        with open(self.log.name, errors="replace") as log:
            return log.read()[-2000:]

    def page(self):
        target = self.command("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.command("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self.pages[session] = Page(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            page.command(f"{domain}.enable")
        return page

    def close(self):
        """Ends it and all it has started; they are a process group of their own."""
        os.close(self.commands)  # which it takes as an order to end
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.answers)
        self.log.close()
        shutil.rmtree(self.profile, ignore_errors=True)
