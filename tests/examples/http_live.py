# SPDX-License-Identifier: MIT
"""Two visitors of http_live with somebody else's WebSocket client. usage: http_live.py PORT"""
import asyncio
import sys

import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory

AT = f"ws://127.0.0.1:{sys.argv[1]}/ws"


async def turned_away(**arguments):
    try:
        async with websockets.connect(AT, **arguments):
            return 101
    except websockets.exceptions.InvalidStatusCode as refused:
        return refused.status_code


async def refused(visitor, message):
    await visitor.send(message)
    try:
        await visitor.recv()
        raise AssertionError("a message over the limit was taken")
    except websockets.exceptions.ConnectionClosedError as closed:
        assert closed.rcvd.code == 1009, closed


async def forgetful():
    for takeover in (False, True):
        terms = ClientPerMessageDeflateFactory(
            server_no_context_takeover=takeover, client_no_context_takeover=not takeover,
            server_max_window_bits=9, client_max_window_bits=10)
        async with websockets.connect(AT, extensions=[terms], compression=None) as visitor:
            agreed, = visitor.extensions
            assert (agreed.remote_max_window_bits, agreed.local_max_window_bits) == (9, 10), agreed
            assert (agreed.remote_no_context_takeover, agreed.local_no_context_takeover) == (takeover, not takeover)
            for text in ("one and one and one and one and one and one and one and one and one, " * 50,) * 3:
                await visitor.send(text)
                assert await visitor.recv() == text


async def visit():
    large = "".join(f'{{"line": {i}}}' for i in range(60_000))  # 900 000 octets
    # Ann offers permessage-deflate, as browsers do; Bob does not.
    async with websockets.connect(AT) as ann, websockets.connect(AT, compression=None) as bob:
        assert [extension.name for extension in ann.extensions] == ["permessage-deflate"], ann.extensions
        assert not bob.extensions, bob.extensions
        for text in ("hello", "grüße", large, "", large):
            await ann.send(text)
            assert await ann.recv() == text
            assert await bob.recv() == text
        await (await bob.ping(b"there?"))
        await bob.close(1000)
        assert bob.close_code == 1000, bob.close_code
        await refused(ann, "y" * 2_000_000)  # a bomb: 2000 octets on the wire
    async with websockets.connect(AT, compression=None) as eve:
        await refused(eve, "y" * 2_000_000)
    await forgetful()
    assert await turned_away(origin="http://evil.example") == 403
    assert await turned_away(origin=f"http://127.0.0.1:{sys.argv[1]}") == 101


asyncio.run(asyncio.wait_for(visit(), 60))
