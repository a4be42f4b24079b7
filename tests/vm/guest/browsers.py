# SPDX-License-Identifier: GPL-3.0-or-later
"""Stock Chromium and Firefox on the test site, driven as their own tools allow: ChromeDriver and Marionette.

Nothing of WebAuthn is replaced: no virtual authenticator, no soft token. A page's button is pressed, and
what the page got is read.
"""

import json
import pathlib
import socket
import time
import urllib.error
import urllib.request

# A software-emulated machine takes a minute to a browser's first page.
START_TIMEOUT = 400
# A script in a page takes no time; that of a starved machine is not its fault either.
DRIVER_TIMEOUTS = {"script": START_TIMEOUT * 1000, "pageLoad": START_TIMEOUT * 1000}
# Of everything else that is awaited: only what hangs meets it.
PATIENCE = 300
# The longest wait for a browser to come to rest; whether it did is no verdict.
CALM_TIMEOUT = 240


class BrowserError(Exception):
    pass


def wait_until(what, condition, timeout=PATIENCE, interval=0.25):
    """Returns the first true value of `condition`; a fact awaited, never a time slept."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout} s for {what}")
        time.sleep(interval)


def processor_time():
    """Returns (time the processors had nothing to do, time in all) since the start, in ticks."""
    with open("/proc/stat", encoding="ascii") as file:
        ticks = [int(word) for word in file.readline().split()[1:]]
    return ticks[3] + ticks[4], sum(ticks)


def wait_for_calm():
    """Waits until the processors rest for half of some seconds.

    A browser that still starts itself asks for a token and may come back with it too late: it lives
    for thirty seconds until it is used (CTAP 2.1 §6.5.2.1).
    """
    deadline = time.monotonic() + CALM_TIMEOUT
    idle, total = processor_time()
    while time.monotonic() < deadline:
        time.sleep(3)
        (idle_before, total_before), (idle, total) = (idle, total), processor_time()
        if 2 * (idle - idle_before) >= total - total_before:
            return


class Browser:
    """What the tests do with either browser. Use as a context manager."""

    name = ""
    # Whether it knows AppIDs of sites that come by TLS alone, even of those on this computer.
    APP_ID_NEEDS_TLS = False

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.quit()

    # Given by the browsers: start, quit, open, script (a function body, returns JSON), click (by id).

    def begin(self, button, account="", **wanted):
        """Presses "register" or "sign-in" on the page, with what the page shall ask for."""
        self.script(
            "window.site.wanted = arguments[0]; window.site.outcome = null;"
            "document.getElementById('account').value = arguments[1];",
            json.dumps(wanted),
            account,
        )
        self.click(button)

    def outcome(self, timeout=PATIENCE):
        """Returns {"ok": what the site says} or {"error": name, "message": …}."""
        text = wait_until(
            f"an outcome on {self.name}'s page",
            lambda: self.script("return window.site.outcome;"),
            timeout,
        )
        return json.loads(text)

    def outcome_after_refusal(self):
        """As outcome(), for a browser that explains the refusal in a dialog of its own first."""
        return self.outcome()

    def register(self, account, **wanted):
        self.begin("register", account, **wanted)
        return self.outcome()

    def sign_in(self, **wanted):
        self.begin("sign-in", **wanted)
        return self.outcome()


class Chromium(Browser):
    name = "Chromium"
    APP_ID_NEEDS_TLS = True

    def __init__(self, person, folder, url):
        self.person = person
        self.folder = pathlib.Path(folder)
        self.url = url
        self.port = 9515

    def start(self):
        self.process = self.person.start(
            ["chromedriver", f"--port={self.port}", "--enable-chrome-logs"],
            self.folder / "chromium.log",
        )
        wait_until("ChromeDriver", self._ready, START_TIMEOUT)
        profile = self.person.scratch("chromium")
        arguments = [
            f"--user-data-dir={profile}",
            "--no-first-run",
            "--no-default-browser-check",
            "--password-store=basic",
            "--disable-gpu",
            # Services that nobody uses here, and watchdogs that take an emulated machine for a hung one.
            "--disable-features=OptimizationGuideOnDeviceModel,OptimizationGuideModelExecution,Translate",
            "--disable-gpu-watchdog",
            "--disable-gpu-process-crash-limit",
            f"--ipc-connection-timeout={START_TIMEOUT}",
            "--disable-hang-monitor",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-extensions",
            "--disable-sync",
            "--window-size=1000,800",
            "--window-position=0,0",
        ]
        options = {
            "binary": "/usr/bin/chromium",
            "args": arguments,
            "excludeSwitches": ["enable-automation"],
            "browserStartupTimeout": START_TIMEOUT * 1000,
        }
        wanted = {
            "browserName": "chrome",
            # The site's certificate is its own.
            "acceptInsecureCerts": True,
            "goog:chromeOptions": options,
        }
        session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
        self.session = "/session/" + session["sessionId"]
        self._call("POST", self.session + "/timeouts", DRIVER_TIMEOUTS)
        self.open(self.url)
        wait_for_calm()

    def open(self, url):
        self._call("POST", self.session + "/url", {"url": url})

    def _ready(self):
        if self.process.poll() is not None:
            raise BrowserError("ChromeDriver ended while it was starting")
        try:
            return self._call("GET", "/status")["ready"]
        except OSError:
            return False

    def _call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", data=data, method=method
        )
        try:
            # Longer than the driver itself waits, so that it is the driver who says what for.
            with urllib.request.urlopen(request, timeout=START_TIMEOUT + 60) as response:
                return json.load(response)["value"]
        except urllib.error.HTTPError as error:
            value = json.load(error)["value"]
            raise BrowserError(f"{value['error']}: {value['message']}") from error

    def script(self, body, *arguments):
        return self._call(
            "POST", self.session + "/execute/sync", {"script": body, "args": list(arguments)}
        )

    def click(self, identifier):
        element = self._call(
            "POST",
            self.session + "/element",
            {"using": "css selector", "value": "#" + identifier},
        )
        self._call("POST", f"{self.session}/element/{list(element.values())[0]}/click", {})

    # The filled button of a dialog that says how a request ended ("Try again") or asks for the PIN
    # ("Next"), with and without the keyboard on it. While Chromium waits for the key its dialog has but
    # a pale Cancel.
    FILLED_BUTTON = ("#0B57D0", "#0D50BB")
    BUTTON_POINTS = 2000

    def cancel_in_browser(self):
        """Presses Escape, for which Chromium's dialog has the keyboard once it is there."""
        wait_until("Chromium to cancel", lambda: self._escape_if(lambda: True), PATIENCE, 2)

    def type_pin(self, pin):
        """Types the PIN into Chromium's own dialog, whose field has the keyboard, and presses Next."""
        wait_until(
            "Chromium to ask for the PIN",
            lambda: self.person.pixels(*self.FILLED_BUTTON) > self.BUTTON_POINTS,
            PATIENCE,
            1,
        )
        self.person.run("xdotool", "type", pin)
        self.person.key("Return")

    def outcome_after_refusal(self):
        """Closes the dialog that explains a refusal; the page hears of it only then."""
        wait_until(
            "Chromium to take the refusal",
            lambda: self._escape_if(
                # Closed before it explains, the page would be told of a cancellation.
                lambda: self.person.pixels(*self.FILLED_BUTTON) > self.BUTTON_POINTS
            ),
            PATIENCE,
            2,
        )
        return self.outcome()

    def _escape_if(self, condition):
        if not self.script("return window.site.outcome;") and condition():
            self.person.key("Escape")
        return self.script("return window.site.outcome;")

    def log(self):
        """What Chromium says of its talk with the device; ends the page."""
        self.open("chrome://device-log")
        return self.script("return document.body.innerText;")

    def quit(self):
        try:
            self._call("DELETE", self.session)
        except (AttributeError, OSError, BrowserError):
            pass
        self.person.stop(self.process)


class Firefox(Browser):
    name = "Firefox"
    PREFERENCES = {
        # The path of a real key: the device, never a soft token.
        "security.webauthn.enable_softtoken": False,
        "security.webauthn.softtoken": False,
        "security.webauth.webauthn_enable_softtoken": False,
        "security.webauth.webauthn_enable_usbtoken": True,
        "marionette.port": 2828,
        "browser.shell.checkDefaultBrowser": False,
        "browser.aboutwelcome.enabled": False,
        "browser.startup.page": 0,
        "browser.newtabpage.enabled": False,
        "browser.safebrowsing.malware.enabled": False,
        "browser.safebrowsing.phishing.enabled": False,
        "browser.tabs.warnOnClose": False,
        "datareporting.policy.dataSubmissionEnabled": False,
        "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
        "extensions.update.enabled": False,
        "app.update.enabled": False,
        "app.normandy.enabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "services.settings.server": "data:,",
        "toolkit.telemetry.enabled": False,
        "toolkit.startup.max_resumed_crashes": -1,
        "termsofuse.bypassNotification": True,
        # Its page keeps the focus also while another window has the keys.
        "focusmanager.testmode": True,
        "gfx.webrender.software": True,
        "layers.acceleration.disabled": True,
        "dom.ipc.processCount": 1,
        "dom.ipc.processPrelaunch.enabled": False,
    }

    def __init__(self, person, folder, url):
        self.person = person
        self.folder = pathlib.Path(folder)
        self.url = url
        self.connection = None
        self.message = 0

    def start(self):
        profile = self.person.scratch("firefox")
        preferences = "".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n"
            for name, value in self.PREFERENCES.items()
        )
        self.person.write(profile / "user.js", preferences)
        self.process = self.person.start(
            ["firefox-esr", "--no-remote", "--profile", str(profile), "--marionette"]
            # To press the browser's own buttons, as a person would.
            + ["--remote-allow-system-access"],
            self.folder / "firefox.log",
        )
        self.connection = wait_until("Firefox's Marionette", self._connect, START_TIMEOUT)
        self.connection.settimeout(START_TIMEOUT + 60)
        self._receive()
        # Its question for the PIN is answered by type_pin() alone.
        self._call("WebDriver:NewSession", {"unhandledPromptBehavior": "ignore"})
        self._call("WebDriver:SetTimeouts", DRIVER_TIMEOUTS)
        self._call("WebDriver:SetWindowRect", {"x": 0, "y": 0, "width": 1000, "height": 800})
        self.open(self.url)
        wait_for_calm()

    def open(self, url):
        self._call("WebDriver:Navigate", {"url": url})

    def _connect(self):
        if self.process.poll() is not None:
            raise BrowserError("Firefox ended while it was starting")
        try:
            return socket.create_connection(("127.0.0.1", self.PREFERENCES["marionette.port"]), 10)
        except OSError:
            return None

    def _receive(self):
        length = b""
        while not length.endswith(b":"):
            length += self._read(1)
        return json.loads(self._read(int(length[:-1])))

    def _read(self, size):
        data = b""
        while len(data) < size:
            part = self.connection.recv(size - len(data))
            if not part:
                raise BrowserError("Firefox closed the connection")
            data += part
        return data

    def _call(self, command, parameters):
        self.message += 1
        frame = json.dumps([0, self.message, command, parameters]).encode()
        self.connection.sendall(b"%d:%s" % (len(frame), frame))
        _, number, error, result = self._receive()
        if number != self.message:
            raise BrowserError(f"answer {number} to message {self.message}")
        if error:
            raise BrowserError(f"{error['error']}: {error['message']}")
        return result["value"] if isinstance(result, dict) and "value" in result else result

    def script(self, body, *arguments):
        # The page's own variables are wanted, not those of a sandbox around it.
        return self._call(
            "WebDriver:ExecuteScript",
            {"script": body, "args": list(arguments), "sandbox": None, "newSandbox": False},
        )

    def click(self, identifier):
        element = self._call(
            "WebDriver:FindElement", {"using": "css selector", "value": "#" + identifier}
        )
        self._call("WebDriver:ElementClick", {"id": list(element.values())[0]})

    def cancel_in_browser(self):
        """Presses Cancel on the browser's own notification."""
        # Where there is but one button it is that.
        self._press(
            "webauthn-prompt-",
            "(shown.secondaryButton.checkVisibility() ? shown.secondaryButton : shown.button)",
        )

    def answer_about_attestation(self, allow):
        """Presses Allow or Block when the browser asks whether the site may learn of the key's make."""
        self._press(
            "webauthn-prompt-register-direct-", "shown.button" if allow else "shown.secondaryButton"
        )

    def type_pin(self, pin):
        """Types the PIN into Firefox's own dialog, and presses Return."""
        # Marionette knows a dialog only from when it has loaded and its field has the keyboard.
        text = wait_until("Firefox to ask for the PIN", self._dialog, PATIENCE)
        if "PIN" not in text:
            raise BrowserError(f"Firefox asks another question: {text}")
        self.person.run("xdotool", "type", pin)
        self.person.key("Return")
        wait_until("Firefox to take the PIN", lambda: self._dialog() is None, PATIENCE)

    def _dialog(self):
        """What the dialog over the page says, or None."""
        try:
            return self._call("WebDriver:GetAlertText", {})
        except BrowserError as error:
            if "no such alert" in str(error):
                return None
            raise

    def _press(self, notification, button):
        """Presses a button (JavaScript) of the notification whose name begins so, until it has gone."""
        script = (
            "const shown = PopupNotifications.panel.firstElementChild;"
            f"if (!shown?.id.startsWith('{notification}')) return 'gone';"
            f"{button}.click(); return 'pressed';"
        )

        def press():
            return self._call("WebDriver:ExecuteScript", {"script": script, "args": []})

        self._call("Marionette:SetContext", {"value": "chrome"})
        try:
            wait_until("Firefox's notification", lambda: press() == "pressed", PATIENCE)
            # Presses of the first half second are ignored, so that nobody presses by accident.
            wait_until("Firefox to take it away", lambda: press() == "gone", PATIENCE)
        finally:
            self._call("Marionette:SetContext", {"value": "content"})

    def quit(self):
        try:
            self._call("Marionette:Quit", {"flags": ["eForceQuit"]})
        except (OSError, BrowserError, AttributeError):
            pass
        if self.connection:
            self.connection.close()
        self.person.stop(self.process)


def by_name(name):
    return {"chromium": Chromium, "firefox": Firefox}[name]


