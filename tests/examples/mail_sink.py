# SPDX-License-Identifier: MIT
"""Python's smtplib against mail_sink. usage: mail_sink.py PORT AUTHORITY"""
import smtplib
import socket
import ssl
import sys

port, authority = int(sys.argv[1]), sys.argv[2]
context = ssl.create_default_context(cafile=authority)

with smtplib.SMTP("localhost", port, timeout=20) as client:
    client.starttls(context=context)
    client.sendmail("py@a", ["one@example.org", "two@example.org"], "Subject: py\r\n\r\n.dot\r\n..dots\r\n")
    client.sendmail("\u00fc@a", ["three@example.org"], "Subject: utf8\r\n\r\nx\r\n".encode(), ["SMTPUTF8", "BODY=8BITMIME"])
    try:
        client.sendmail("py@a", ["one@elsewhere.org"], "x")
        sys.exit("a relay")
    except smtplib.SMTPRecipientsRefused as refused:
        assert refused.recipients["one@elsewhere.org"][0] == 550, refused


def reply(file):
    lines = [file.readline()]
    while lines[-1][3:4] == b"-":
        lines.append(file.readline())
    return lines[-1]


# CVE-2011-0411: what was said in the clear behind STARTTLS must not be answered over TLS.
plain = socket.create_connection(("localhost", port), timeout=20)
file = plain.makefile("rb")
assert reply(file).startswith(b"220"), "greeting"
plain.sendall(b"EHLO me\r\n")
assert reply(file).startswith(b"250"), "EHLO"
plain.sendall(b"STARTTLS\r\nEHLO evil\r\nMAIL FROM:<evil@a>\r\n")
assert reply(file).startswith(b"220"), "STARTTLS"
sealed = context.wrap_socket(plain, server_hostname="localhost")
sealed.sendall(b"NOOP\r\nMAIL FROM:<a@b>\r\nQUIT\r\n")
answers = b""
while piece := sealed.recv(4096):
    answers += piece
codes = [line[:3] for line in answers.splitlines()]
assert codes == [b"250", b"503", b"221"], answers
print("fine")
