"""A headless Chromium, spoken to in the DevTools protocol over a pipe (Debian: `chromium`)."""

from __future__ import annotations

import json
import os
import select
import shutil
import subprocess
from pathlib import Path
from typing import Any

QUIET = (
    "headless no-sandbox disable-gpu disable-quic no-first-run disable-background-networking "
    "disable-component-update disable-sync disable-dev-shm-usage remote-debugging-pipe"
)


PATIENCE = 300
"""Seconds after which a silent browser counts as hung."""


class Browser:
    """One page. What it prints, throws and asks the network for is noted."""

    def __init__(self, profile: Path):
        assert shutil.which("chromium"), "no chromium; on Debian: apt-get install chromium"
        to_browser, self.writing = os.pipe()
        self.reading, from_browser = os.pipe()
        flags = [*(f"--{flag}" for flag in QUIET.split()), f"--user-data-dir={profile}"]
        self.process = subprocess.Popen(
            # The browser reads from 3 and writes to 4.
            ["bash", "-c", f'exec chromium "$@" 3<&{to_browser} 4>&{from_browser}', "", *flags],
            pass_fds=(to_browser, from_browser),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        os.close(to_browser)
        os.close(from_browser)
        self.count, self.rest, self.session = 0, b"", ""
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.loaded = False
        target = self.command("Target.createTarget", url="about:blank")["targetId"]
        attached = self.command("Target.attachToTarget", targetId=target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.command(f"{domain}.enable")

    def command(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and wait for its result."""
        self.count += 1
        message: dict[str, Any] = {"id": self.count, "method": method, "params": parameters}
        if self.session:
            message["sessionId"] = self.session
        os.write(self.writing, json.dumps(message).encode() + b"\0")
        while True:
            answer = self.receive()
            if answer.get("id") == self.count:
                assert "error" not in answer, answer
                return answer["result"]

    def receive(self) -> dict[str, Any]:
        """The next message; events are noted."""
        while b"\0" not in self.rest:
            assert select.select([self.reading], [], [], PATIENCE)[0], "chromium does not answer"
            piece = os.read(self.reading, 1 << 16)
            assert piece, f"chromium ended with exit code {self.process.wait()}"
            self.rest += piece
        text, _, self.rest = self.rest.partition(b"\0")
        message: dict[str, Any] = json.loads(text)
        given = message.get("params", {})
        match message.get("method"):
            case "Runtime.exceptionThrown" | "Runtime.consoleAPICalled" | "Log.entryAdded":
                self.problems.append(json.dumps(given))
            case "Network.requestWillBeSent":
                self.requests.append(given["request"]["url"])
            case "Page.loadEventFired":
                self.loaded = True
            case _:
                pass
        return message

    def open(self, path: Path, dark: bool = False) -> None:
        """Load a file, and wait until that is done."""
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.command("Emulation.setEmulatedMedia", features=[scheme])
        self.problems, self.requests, self.loaded = [], [], False
        self.command("Page.navigate", url=path.resolve().as_uri())
        while not self.loaded:
            self.receive()

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression."""
        found = self.command("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def press(self, key: str, shift: bool = False) -> None:
        """Press a key and let it go."""
        for kind in ("rawKeyDown", "keyUp"):
            held = 8 if shift else 0
            self.command("Input.dispatchKeyEvent", type=kind, key=key, code=key, modifiers=held)

    def close(self) -> None:
        """End the browser."""
        os.close(self.writing)
        os.close(self.reading)
        self.process.terminate()
        self.process.wait()
