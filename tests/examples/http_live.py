# SPDX-License-Identifier: MIT
"""Two visitors of http_live with somebody else's WebSocket client. usage: http_live.py PORT"""
import asyncio
import sys

import websockets

AT = f"ws://127.0.0.1:{sys.argv[1]}/ws"


async def turned_away(**arguments):
    try:
        async with websockets.connect(AT, **arguments):
            return 101
    except websockets.exceptions.InvalidStatusCode as refused:
        return refused.status_code


async def visit():
    large = "x" * 900_000
    async with websockets.connect(AT) as ann, websockets.connect(AT) as bob:  # offers permessage-deflate: declined
        for text in ("hello", "grüße", large):
            await ann.send(text)
            assert await ann.recv() == text
            assert await bob.recv() == text
        await (await bob.ping(b"there?"))
        await bob.close(1000)
        assert bob.close_code == 1000, bob.close_code
        await ann.send("y" * 2_000_000)
        try:
            await ann.recv()
            raise AssertionError("a message over the limit was taken")
        except websockets.exceptions.ConnectionClosedError as closed:
            assert closed.rcvd.code == 1009, closed
    assert await turned_away(origin="http://evil.example") == 403
    assert await turned_away(origin=f"http://127.0.0.1:{sys.argv[1]}") == 101


asyncio.run(asyncio.wait_for(visit(), 60))
