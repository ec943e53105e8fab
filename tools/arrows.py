#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Reads the include arrows between rooms from the code; fails on a forbidden one or on a cycle of files.

usage: tools/arrows.py [--dot]    --dot prints the drawing instead (rooms as a Graphviz graph)
Exit codes: 0 the drawing holds, 1 it does not, 2 wrong usage.
"""
import pathlib
import re
import sys

# Which rooms a room may include, beside itself. tests may open every door.
MAY = {
    "core/abi": [],
    "core/base": ["core/abi"],
    "core/log": ["core/base"],
    "core/kernel": ["core/base", "core/abi"],
    "filters": ["core/base"],
    "loops/support": ["core/abi"],
    "loops": ["core/abi", "loops/support"],  # each loop: not another one
    "plugins/host": ["core/kernel", "core/base", "core/abi"],
    "plugins/kit": ["core/abi"],
    "plugins/toolkits": ["core/kernel", "core/base", "core/abi"],
    "plugins/template": ["core/abi", "loops/support"],
    "wheels": ["core/kernel", "core/base", "core/abi", "filters"],
    "components": ["wheels", "filters", "core/kernel", "core/base", "core/abi"],
    "tools": ["plugins/host", "plugins/kit", "components", "wheels", "filters", "core/kernel", "core/base", "core/abi",
              "core/log", "loops/support"],
    "examples": ["plugins/host", "plugins/toolkits", "components", "wheels", "filters", "core/kernel", "core/base", "core/abi", "core/log",
                 "loops/asio"],  # the adapter that a program of Asio's compiles in
}
ROOT = pathlib.Path(__file__).resolve().parent.parent
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)


def room_of(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] in ("core", "plugins"):
        return "/".join(parts[:2])
    if parts[0] == "loops":
        return "loops/support" if parts[1] == "support" else "loops/" + parts[1]
    return parts[0]


def allowed(room):
    return MAY.get(room) if not (room.startswith("loops/") and room != "loops/support") else MAY["loops"]


def sources():
    for top in ("core", "filters", "loops", "plugins", "wheels", "components", "tools", "examples"):
        for path in sorted((ROOT / top).rglob("*")):
            if path.suffix in (".h", ".hpp", ".c", ".cpp"):
                yield path


def cycle_in(graph):
    state, stack = {}, []

    def visit(node):
        state[node] = "open"
        stack.append(node)
        for near in graph.get(node, ()):
            if state.get(near) == "open":
                return stack[stack.index(near):] + [near]
            if near not in state:
                found = visit(near)
                if found:
                    return found
        state[node] = "done"
        stack.pop()
        return None

    sys.setrecursionlimit(10000)
    for node in sorted(graph):
        if node not in state:
            found = visit(node)
            if found:
                return found
    return None


def main(arguments):
    if arguments not in ([], ["--dot"]):
        print(__doc__, file=sys.stderr)
        return 2
    files = list(sources())
    public = {}  # "poe/kernel.hpp" -> the file
    for path in files:
        text = path.as_posix()
        if "/poe/" in text:
            public[text[text.index("/poe/", len(ROOT.as_posix())) + 1:]] = path
    bad, rooms, graph = [], set(), {}
    for path in files:
        room = room_of(path)
        for name in INCLUDE.findall(path.read_text(encoding="utf-8")):
            beside = (path.parent / name).resolve()
            target = beside if beside.exists() else public.get(name)
            if target is None:
                continue  # somebody else's header
            graph.setdefault(path, set()).add(target)
            other = room_of(target)
            if other == room:
                continue
            rooms.add((room, other))
            if allowed(room) is None or other not in allowed(room):
                bad.append(f"{path.relative_to(ROOT)} includes \"{name}\" of {other}: {room} may not")
    if arguments:
        print("digraph rooms {\n  rankdir=BT;")
        for a, b in sorted(rooms):
            print(f'  "{a}" -> "{b}";')
        print("}")
        return 0
    loop = cycle_in(graph)
    if loop:
        bad.append("a cycle: " + " -> ".join(str(p.relative_to(ROOT)) for p in loop))
    for line in bad:
        print("arrows: " + line, file=sys.stderr)
    print(f"arrows: {len(files)} files, {len(rooms)} arrows between rooms, {len(bad)} forbidden")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
