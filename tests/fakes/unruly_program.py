"""A program for ``conformance run --command`` that does what the kernel's first number says."""

import json
import os
import signal
import struct
import sys
import time
from base64 import b64decode
from pathlib import Path

FIRST = os.environ.get("FIRST_LINE", '{"kind": "ready", "name": "unruly", "version": "1"}')


def write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


sys.stdin.readline()
write(FIRST)
for line in sys.stdin:
    if log := os.environ.get("LOG"):
        with Path(log).open("a", encoding="utf-8") as file:
            file.write(line)
    question = json.loads(line)
    (deed,) = struct.unpack("<f", b64decode(question["kernel"]["data"]).rjust(4, b"\0"))
    reply = {"kind": "answer", "id": question["id"], "y": question["x"]}
    if deed == 1:
        reply = {"kind": "refusal", "id": question["id"], "words": "I would\nrather not"}
    elif deed == 2:
        reply = {"kind": "skip", "id": question["id"]}
    elif deed == 3:
        os.kill(os.getpid(), signal.SIGSEGV)
    elif deed == 4:
        sys.exit(7)
    elif deed == 5:
        time.sleep(3600)
    elif deed == 6:
        write("Segmentation fault (not really)")
    elif deed == 7:
        reply["id"] += 1
    elif deed == 8:
        reply["y"] = {"dtype": "float32", "shape": [1, 1, 99], "data": question["x"]["data"]}
    elif deed == 9:
        reply = {"kind": "answer", "id": question["id"]}
    elif deed == 10:
        write("")
    elif deed == 11:
        reply = ["answer"]
    elif deed == 12:
        os.kill(os.getpid(), signal.SIGKILL)
    write(json.dumps(reply))
