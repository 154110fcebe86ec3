"""A framework that is always in trouble: one function for each way to be."""

import contextlib
import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

FOREVER = 86_400


class Tensor:
    """An array that fails only when somebody looks at it."""

    def __array__(self, dtype=None, copy=None):
        raise ValueError("the device was lost")


class UnspeakableError(Exception):
    def __str__(self):
        raise RuntimeError("no words")


def segfault():
    sys.stdout.write("about to read where nobody lives\n")
    ctypes.string_at(0)


def die_of(signal_number):
    os.kill(os.getpid(), signal_number)


def is_first(path):
    """Whether the file was not there, which it makes."""
    try:
        Path(path).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


def crash_once(path, signal_number=signal.SIGABRT):
    """Crashes unless the file is there, which it makes."""
    if is_first(path):
        die_of(signal_number)


LEAKED = []


def leak(megabytes):
    LEAKED.append(b"." * (megabytes * 2**20))


def announce():
    """Says that nothing will come of this process any more, for `fakes.clock`."""
    if "FAKE_STALLING" in os.environ:  # the lock goes when the process does
        fcntl.flock(os.open(os.environ["FAKE_STALLING"], os.O_RDWR | os.O_CREAT), fcntl.LOCK_EX)


def stall():
    announce()
    time.sleep(FOREVER)


def stall_against_sigterm():
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stall()


def stall_with_the_gil():
    announce()
    ctypes.PyDLL(None).sleep(FOREVER)


def flood(descriptor, megabytes):
    for _ in range(16 * megabytes):
        os.write(descriptor, b"." * 2**16)


def flood_by_printing(stream, megabytes):
    for _ in range(megabytes):
        print("." * 2**20, file=stream)


def write_rubbish():
    """Into every descriptor but the standard ones, so that the protocol's own is among them."""
    for descriptor in range(3, 256):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"\x93 rubbish")


def close_all_but_the_standard_streams():
    os.closerange(3, 256)


def close_the_standard_streams():
    os.closerange(0, 3)


def close_the_question_pipe():
    """The one that is only read, so that the answer still gets out."""
    for descriptor in range(3, 256):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"")
            continue
        with contextlib.suppress(OSError):
            os.close(descriptor)


def crash_with_a_child_on_the_pipe():
    """Whoever waits for the pipe to end waits for the child."""
    if os.fork() == 0:
        stall()
    segfault()


def fork_and_fall_through():
    """The child goes on as if it were the worker; the worker waits for its end."""
    child = os.fork()
    if child:
        os.waitpid(child, 0)


def wait_for(path):
    while not Path(path).exists():
        time.sleep(0.01)


def leave_a_thread():
    threading.Thread(target=stall).start()


def leave_a_child():
    subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({FOREVER})"])


def hold_open(path):
    """The pipe at ``path`` gets a byte, and ends when this process and its children have."""
    descriptor = os.open(path, os.O_WRONLY)
    os.write(descriptor, b".")
    return descriptor


def leave_a_child_that_holds_open(path):
    descriptor = hold_open(path)
    if os.fork() == 0:
        stall()
    os.close(descriptor)


def hoard():
    """Touches more and more memory, until it is refused some."""
    kept = []
    while True:
        kept.append(np.ones(2**20))


def fail_to_allocate():
    raise RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes")


def misspell():
    return undefined_in_the_framework  # noqa: F821  # the mistake is the point
