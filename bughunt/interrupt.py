"""A pytest plugin: lets the stop button end a test that waits for ever in an `%%ipytest` cell.

With ipytest's `run_in_thread=True` the stop button ends the cell, but not the thread: pytest goes
on holding the notebook's output, and each later cell fails. This plugin, which pytest finds by
itself, waits for the end of the cell and then ends what still runs. Outside a notebook it does
nothing.
"""

import asyncio
import contextlib
import ctypes
import gc
import sys
import threading
import time

PATIENCE = 5  # seconds that a test has for its cleaning up, after each way of ending it


def pytest_configure(config):
    """Where pytest runs in a thread of a notebook, have the end of the cell end it."""
    ipython = sys.modules.get("IPython.core.getipython")
    shell = ipython.get_ipython() if ipython else None
    thread = threading.current_thread()
    if shell is None or thread is threading.main_thread():
        return

    def cell_has_ended(*_):
        shell.events.unregister("post_run_cell", cell_has_ended)
        config.option.tbstyle = "no"  # a test that is stopped by hand has nothing to tell
        stop(thread)

    shell.events.register("post_run_cell", cell_has_ended)


def stop(thread: threading.Thread) -> None:
    """If `thread` still runs a test, end the test, so that pytest comes to its own end there."""
    if _ended(thread, 0):
        return
    for loop in _living(asyncio.BaseEventLoop):
        if getattr(loop, "_thread_id", None) == thread.ident:
            loop.call_soon_threadsafe(_cancel_all, loop)
    if trio := sys.modules.get("trio"):
        for runner in _living(trio._core._run.Runner):  # trio has no public list of its loops
            with contextlib.suppress(trio.RunFinishedError):
                runner.current_trio_token().run_sync_soon(_cancel_trio, trio, thread)
    if _ended(thread, PATIENCE):
        return
    # It awaits nothing: raise an error at its next bytecode.
    error = ctypes.py_object(StoppedByHand)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), error)
    _ended(thread, PATIENCE)


class StoppedByHand(Exception):
    """Raised in a test that was running when its cell was interrupted."""


def _ended(thread: threading.Thread, seconds: float) -> bool:
    """Wait until `thread` has ended, `seconds` at the most.

    Not by `join`: before Python 3.13 a `join` that was interrupted takes the thread for ended.
    """
    deadline = time.monotonic() + seconds
    while thread.ident in sys._current_frames():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.01)
    return True


def _living(kind: type) -> list:
    return [one for one in gc.get_objects() if isinstance(one, kind)]


def _cancel_trio(trio, thread: threading.Thread) -> None:
    # Called in each of trio's loops: a loop does not tell from outside in which thread it runs.
    if threading.current_thread() is thread:
        trio.lowlevel.current_root_task().child_nurseries[-1].cancel_scope.cancel()


def _cancel_all(loop: asyncio.AbstractEventLoop) -> None:
    for task in asyncio.all_tasks(loop):
        task.cancel()
