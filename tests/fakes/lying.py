"""A framework that lies: it knows its worker, and sends what it likes in the worker's place.

What it does it does once where it is told a path: the next time it is honest.
"""

import json
import os
import struct
import sys
import zlib
from pathlib import Path


def _worker():
    """What the worker has to hand in the function that serves questions."""
    frame = sys._getframe()
    while frame.f_code.co_name != "main":
        frame = frame.f_back
    return frame.f_locals


def frame(token, head, body=b"", check=None, magic=b"\x93CONV\r\n\n"):
    """The bytes of a frame, with a checksum that is right unless another one is given."""
    if not isinstance(head, bytes):
        head = json.dumps(head).encode()
    check = zlib.crc32(body, zlib.crc32(head)) if check is None else check
    return struct.pack("<8s16sIQI", magic, token, len(head), len(body), check) + head + body


def instead(change, once=None):
    """From here on the worker sends what ``change`` makes of its headers, and no arrays.

    change  a function from a header to another one, or to bytes, with a body if it gives a pair
    once    a path: the next worker finds a file there, and is honest
    """
    if once is not None:
        try:
            Path(once).touch(exist_ok=False)
        except FileExistsError:
            return
    worker, token = sys.modules["__main__"], _worker()["token"]
    honest = worker._write

    def write(answers, sent):
        header, _ = worker.take(bytearray(sent), token)
        told = change({**header, "arrays": []})
        head, body = told if isinstance(told, tuple) else (told, b"")
        honest(answers, frame(token, head, body))

    worker._write = write


def say(**fields):
    """The worker says this of its next question, whatever it came to."""
    instead(lambda header: {"number": header["number"], "arrays": [], **fields})


def twice():
    """The worker sends every frame twice."""
    worker = sys.modules["__main__"]
    honest = worker._write
    worker._write = lambda answers, sent: [honest(answers, sent) for _ in range(2)]


def exit_with_a_frame(head, body=b""):
    """Sends a frame of our own making, and ends the process."""
    told = _worker()
    os.write(told["answers"], frame(told["token"], head, body))
    os._exit(0)


def later(act):
    """Acts, as source says, once the worker has told truly who it is."""
    worker = sys.modules["__main__"]
    honest = worker._write

    def write(answers, sent):
        worker._write = honest
        honest(answers, sent)
        exec(act, globals(), {"lying": sys.modules[__name__]})

    worker._write = write
