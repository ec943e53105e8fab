# SPDX-License-Identifier: MIT
"""A visitor of http_live in Chromium, by its DevTools protocol. usage: http_browser.py PORT DEVTOOLS_PORT PICTURE"""
import asyncio
import base64
import json
import sys
import urllib.request

import websockets

PORT, DEVTOOLS, PICTURE = sys.argv[1:]
LONG = "a long line, which goes compressed: " + "again and " * 5 + "again"


class Page:
    """One tab. Call its commands as methods of the protocol."""

    def __init__(self, socket):
        self.socket = socket
        self.number = 0
        self.complaints = []

    async def call(self, method, **parameters):
        self.number += 1
        await self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(await self.socket.recv())
            if answer.get("method") in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.complaints.append(answer)
            if answer.get("id") == self.number:
                assert "error" not in answer, answer
                return answer["result"]

    async def value(self, expression):
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    async def until(self, condition):
        """The page itself looks at each of its frames: nothing to sleep for here."""
        seen = await self.value(
            "new Promise(done => { const end = performance.now() + 20000;"
            f" const look = () => {{ const now = document.readyState === 'complete' && ({condition});"
            " if (now || performance.now() > end) done(now); else setTimeout(look, 10); }; look(); })")
        assert seen, f"never: {condition}\n" + str(await self.value("document.body.innerText"))

    async def type_line(self, text):
        await self.call("Input.insertText", text=text)
        for kind in ("keyDown", "keyUp"):
            await self.call("Input.dispatchKeyEvent", type=kind, key="Enter", code="Enter", text="\r",
                            windowsVirtualKeyCode=13)


async def visit(page):
    for domain in ("Page", "Runtime", "Log"):
        await page.call(domain + ".enable")
    await page.call("Page.navigate", url=f"http://127.0.0.1:{PORT}/")
    await page.until("['socket', 'stream'].every(id => document.getElementById(id)?.textContent === 'connected')")
    assert await page.value("ws.extensions") != "", "the browser's messages are not compressed"
    lines = ["hello from the browser", "grüße from elsewhere", LONG, LONG]
    async with websockets.connect(f"ws://127.0.0.1:{PORT}/ws") as other:
        await page.type_line(lines[0])
        assert await other.recv() == lines[0]
        await other.send(lines[1])
        await page.until("said.childElementCount === 2 && heard.childElementCount === 2")
        await page.type_line(LONG)
        assert [await other.recv() for _ in range(2)] == lines[1:3]
        await other.send(LONG)
        await page.until("said.childElementCount === 4 && heard.childElementCount === 4")
    for shown in ("said", "heard"):
        assert await page.value(f"[...{shown}.children].map(line => line.textContent)") == lines, shown
    assert await page.value("count.textContent + ' ' + seen.textContent") == "4 4"
    shot = await page.call("Page.captureScreenshot", format="png")
    with open(PICTURE, "wb") as picture:
        picture.write(base64.b64decode(shot["data"]))
    assert not page.complaints, page.complaints


async def main():
    tabs = json.load(urllib.request.urlopen(f"http://127.0.0.1:{DEVTOOLS}/json/list", timeout=20))
    tab = next(tab for tab in tabs if tab["type"] == "page")
    async with websockets.connect(tab["webSocketDebuggerUrl"], max_size=None) as socket:
        await visit(Page(socket))


asyncio.run(asyncio.wait_for(main(), 55))
