"""A pytest plugin: lets the stop button end a test that waits for ever in an `%%ipytest` cell.

With ipytest's `run_in_thread=True` the stop button ends the cell, but not the thread: pytest goes
on holding the notebook's output, and each later cell fails. This plugin, which pytest finds by
itself, waits for the end of the cell and then ends what still runs. Outside a notebook it does
nothing.
"""

import asyncio
import ctypes
import gc
import sys
import threading

PATIENCE = 5  # seconds that an interrupted test has for its cleaning up


def pytest_configure(config):
    """Where pytest runs in a thread of a notebook, have the end of the cell end it."""
    main = sys.modules.get("IPython.core.getipython")
    shell = main.get_ipython() if main else None
    thread = threading.current_thread()
    if shell is None or thread is threading.main_thread():
        return

    def cell_has_ended(*_):
        shell.events.unregister("post_run_cell", cell_has_ended)
        if thread.is_alive():
            stop(thread)

    shell.events.register("post_run_cell", cell_has_ended)


def stop(thread: threading.Thread) -> None:
    """Interrupt a thread that runs pytest: at its next bytecode, and in what its loop awaits."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread.ident), ctypes.py_object(KeyboardInterrupt)
    )
    for loop in [one for one in gc.get_objects() if isinstance(one, asyncio.BaseEventLoop)]:
        if getattr(loop, "_thread_id", None) == thread.ident:
            loop.call_soon_threadsafe(int)  # wakes it up
    thread.join(PATIENCE)
