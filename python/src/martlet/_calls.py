"""How a call of the library is run: so that Ctrl-C stops it, and progress shows."""

from __future__ import annotations

import threading
from _thread import LockType, allocate_lock, start_new_thread
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, Structure, addressof, c_void_p, cast
from typing import Any, Callable, Union

from martlet._ffi import check
from martlet._structs import Control, sized

Report = Callable[[int, int], Any]
Progress = Union[bool, Report]
Call = Callable[[Any], int]

# Rows x dim x beam width from which a call is worth a thread of its own. It then takes about 5 ms,
# against 0.1 ms to start the thread; nobody notices Ctrl-C waiting for a shorter one.
LONG = 2**20
# Vectors x dim that one query may be compared with in that way: some 50 ms, on codes.
LONG_SCAN = 2**28
# Distances of an exact scan that take as long as one unit of a beam's width.
SCANNED_PER_STEP = 32
_INTERVAL = 0.1  # seconds from one report to the next


class Watched(Structure):
    """The options of a call that has no others than a control."""

    _fields_ = [("control", c_void_p)]

    def pointer(self) -> Any:
        """Return the control as the library takes it."""
        return cast(self.control, POINTER(Control))


def run(call: Call, options: Any, rows: int, work: int, progress: Progress) -> None:
    """Run a call, so that an exception in the waiting thread cancels it.

    Python raises KeyboardInterrupt in the main thread, and only between bytecodes. A long call is
    therefore made in a helper thread while this one waits. A short one, or one that no interrupt
    could reach anyway, is made here.

    Parameters
    ----------
    call : callable
        Takes the options to use, calls the library and returns the status.
    options : AddOptions, SearchOptions or Watched
        Without a control. Not changed.
    rows : int
        What there is to be done, for the report; 0: bytes, of which the library tells how many.
    work : int
        Rows x dim x beam width, about proportional to the time that the call takes.
    progress : bool or callable
        As in Index.add().
    """
    if progress is not False:
        with _reporter(progress, rows) as report:
            _watch(call, options, rows, report)
    elif work >= LONG and threading.current_thread() is threading.main_thread():
        _watch(call, options, rows, lambda done, total: None)
    else:
        check(call(options))


@contextmanager
def _reporter(progress: Progress, rows: int) -> Iterator[Report]:
    """Give the function to report to; close the progress bar in the end."""
    if progress is not True:
        if not callable(progress):
            raise TypeError(f"progress is {progress!r}; expected a bool or a function")
        yield progress
        return
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        raise ImportError("progress=True needs tqdm: pip install 'martlet[progress]'") from error
    unit = " vectors" if rows else "B"
    with tqdm(total=rows or None, unit=unit, unit_scale=not rows) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        yield show


def _watch(call: Call, options: Any, rows: int, report: Report) -> None:
    """Make a call in a helper thread, and report on it until it has ended.

    An exception may strike between any two bytecodes, so what the threads agree on are single
    atomic steps: whoever takes the ticket decides whether the call is made, and the call has ended
    when its outcome is in the list.
    """
    control = sized(Control)
    watched = type(options).from_buffer_copy(options)
    watched.control = addressof(control)
    ticket = [call]
    outcome: list[BaseException | None] = []
    ended = allocate_lock()
    ended.acquire()

    def make() -> None:
        if not _take(ticket):
            return
        try:
            check(call(watched))
            outcome.append(None)
        except BaseException as error:  # noqa: BLE001 - raised where the call was made
            outcome.append(error)
        finally:
            ended.release()

    try:
        _start(make)
        while not outcome:
            report(control.done, rows or control.total)
            if not ended.acquire(timeout=_INTERVAL):
                make()  # Without memory, a new thread dies before it has taken the ticket.
    except BaseException:
        control.cancel = 1
        if not _take(ticket):
            _outlast(outcome, ended)
        raise
    _raise(outcome.pop())
    report(control.done, rows or control.total)


def _start(make: Callable[[], None]) -> None:
    try:
        start_new_thread(make, ())
    except RuntimeError:  # There are no new threads when the interpreter is about to exit.
        make()


def _take(ticket: list[Call]) -> bool:
    try:
        ticket.pop()
    except IndexError:
        return False
    return True


def _outlast(outcome: list[BaseException | None], ended: LockType) -> None:
    """Wait for a cancelled call; it ends within milliseconds."""
    while not outcome:
        try:
            ended.acquire(timeout=_INTERVAL)
        except KeyboardInterrupt:  # Pressed again: one is about to be raised already.
            continue


def _raise(failure: BaseException | None) -> None:
    try:
        if failure is not None:
            raise failure
    finally:
        del failure  # Its traceback holds this frame: a cycle that would keep arrays alive.
