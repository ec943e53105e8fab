#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""A name server of a few names on a free port of 127.0.0.1, over UDP and TCP. Writes "listening PORT"."""
import errno
import socket
import struct
import threading

A, PTR, MX, TXT, CNAME = 1, 12, 15, 16, 5


def labels(name):
    return b"".join(bytes([len(part)]) + part.encode() for part in name.split(".")) + b"\0"


ZONE = {
    ("host.test", A): [(A, bytes([192, 0, 2, 7]))],
    ("www.test", A): [(CNAME, labels("host.test"))],
    ("host.test", MX): [(MX, struct.pack(">H", 20) + labels("late.test")), (MX, struct.pack(">H", 5) + labels("first.test"))],
    ("7.2.0.192.in-addr.arpa", PTR): [(PTR, labels("host.test"))],
    ("long.test", TXT): [(TXT, bytes([200]) + b"x" * 200)] * 50,
}


def answer(question, limit):
    at, parts = 12, []
    while question[at]:
        parts.append(question[at + 1:at + 1 + question[at]].decode())
        at += 1 + question[at]
    name, kind = ".".join(parts), struct.unpack(">H", question[at + 1:at + 3])[0]
    records = ZONE.get((name, kind), [])
    known = any(name == there for there, _ in ZONE)
    body = question[12:at + 5]
    for its_kind, data in records:
        body += b"\xc0\x0c" + struct.pack(">HHIH", its_kind, 1, 60, len(data)) + data
    head = question[:2] + struct.pack(">HHHHH", 0x8180 if known else 0x8183, 1, len(records), 0, 0)
    if len(head) + len(body) <= limit:
        return head + body
    return question[:2] + struct.pack(">HHHHH", 0x8380, 1, 0, 0, 0) + question[12:at + 5]


def over_tcp(listener):
    while True:
        client, _ = listener.accept()
        with client:
            stream = client.makefile("rb")
            while len(size := stream.read(2)) == 2:
                reply = answer(stream.read(struct.unpack(">H", size)[0]), 65535)
                client.sendall(struct.pack(">H", len(reply)) + reply)


def sockets():
    """One port for both: what is free for UDP may be somebody's by TCP."""
    while True:
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        udp.bind(("127.0.0.1", 0))
        try:
            return udp, socket.create_server(udp.getsockname())
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            udp.close()


udp, tcp = sockets()
threading.Thread(target=over_tcp, args=(tcp,), daemon=True).start()
print("listening", udp.getsockname()[1], flush=True)
while True:
    asked, client = udp.recvfrom(4096)
    udp.sendto(answer(asked, 512), client)
