"""The notebook's side: %%bughunt, %hunt, %hint, %progress, %caught and %%raises."""

import argparse
import ast
import asyncio
import contextlib
import importlib.util
import os
import shlex
import signal
import sys
import traceback

from IPython.core.error import UsageError
from IPython.core.magic import Magics, cell_magic, line_magic, magics_class
from IPython.display import display

from . import hunts, progress, report, servers
from .judge import Judge


class NotAllCaught(Exception):
    """Raised where BUGHUNT_STRICT=1 is set: the cell's tests do not catch every bug."""


def show(text: str, **rich: str) -> None:
    """Display `text`, with a richer form for those who can draw it."""
    bundle = {f"text/{kind}": value for kind, value in rich.items()}
    display({"text/plain": text, **bundle}, raw=True)


class _Arguments(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(f"{message}. Write it like this: {self.format_usage()[7:].strip()}")


def arguments_of(line: str) -> argparse.Namespace:
    """Return what stands behind %%bughunt: `name` and `anyio_mode`.

    Raises:
        UsageError: if that is something else.
    """
    arguments = _Arguments(prog="%%bughunt", add_help=False)
    arguments.add_argument("name", metavar="NAME")
    arguments.add_argument("--anyio-mode", choices=("auto", "strict"))
    return arguments.parse_args(shlex.split(line))


@magics_class
class BugHuntMagics(Magics):
    """What `%load_ext bughunt` adds to a notebook."""

    def __init__(self, shell):
        super().__init__(shell)
        self.judge = Judge()
        self.judge.start()  # it warms up while the learner reads
        self.counts: dict[str, int] = {}  # of each hunt, the bugs that its last verdict caught

    def _hunt(self, name: str) -> hunts.Hunt:
        if not name:
            raise UsageError(f"Which hunt? There are: {', '.join(hunts.names())}.")
        try:
            return hunts.load(name)
        except hunts.HuntError as error:
            raise UsageError(str(error)) from None

    @cell_magic
    def bughunt(self, line, cell):
        """%%bughunt NAME: judge the test file in this cell."""
        options = arguments_of(line)
        hunt = self._hunt(options.name)
        self.counts.pop(hunt.name, None)  # a cell that is stopped has no verdict
        # The line of the magic stays, empty, so that line numbers are the cell's.
        verdict = self.judge.judge("\n" + cell, hunt, anyio_mode=options.anyio_mode)
        self.counts[hunt.name] = verdict.caught
        progress.record(verdict, hunt)
        show(report.as_text(verdict, hunt), html=report.as_html(verdict, hunt))
        if os.environ.get("BUGHUNT_STRICT") == "1" and verdict.outcome != "all caught":
            raise NotAllCaught(report.headline(verdict))

    @line_magic
    def hunt(self, line):
        """%hunt NAME: show the promises and the app, and put a fresh `app` into the notebook."""
        hunt = self._hunt(line.strip())
        spec = importlib.util.spec_from_file_location("main", hunt.folder / "main.py")
        module = importlib.util.module_from_spec(spec)
        sys.modules["main"] = module  # so that `from main import app` works in a cell as well
        spec.loader.exec_module(module)
        self.shell.user_ns["app"] = module.app
        if hunt.server:
            servers.keep(hunt.server)  # `app`, tried by hand, finds it in the environment
        show(report.hunt_as_text(hunt), markdown=report.hunt_as_markdown(hunt))

    @line_magic
    def hint(self, line):
        """%hint NAME [PROMISE]: one more hint for a bug that is free."""
        name, _, promise = line.strip().partition(" ")
        print(progress.one_more_hint(self._hunt(name), promise.strip() or None))

    @line_magic
    def progress(self, line):
        """%progress: every exercise, how far you are, and what is next."""
        show(report.progress_as_text(), html=report.progress_as_html())

    @line_magic
    def caught(self, line):
        """%caught NAME: how many bugs the last verdict here caught, the points for nbgrader."""
        hunt = self._hunt(line.strip())
        if hunt.name not in self.counts:
            print(f"No verdict on {hunt.name} in this notebook yet: run its %%bughunt cell first.")
        return self.counts.get(hunt.name, 0)


@contextlib.contextmanager
def raises(expected: type[BaseException] | tuple[type[BaseException], ...]):
    """Expect an error: show its last line and go on; without one, fail."""
    try:
        yield
    except expected as error:
        print(traceback.format_exception_only(error)[-1].rstrip())
    else:
        raise AssertionError(f"Expected {expected}, and nothing was raised.")


MARKER = "__raises__"


def raises_to_marker(lines: list[str]) -> list[str]:
    """Turn a cell's first line `%%raises ERROR` into a call that `RaisesTransformer` knows.

    A cell magic could not await; a change of the cell's syntax tree leaves top-level await alone.
    """
    if not lines or not lines[0].startswith("%%raises"):
        return lines
    expected = lines[0].removeprefix("%%raises").strip() or "Exception"
    rest = lines[1:]
    if rest and rest[0].startswith("%%"):
        magic, _, arguments = rest[0][2:].strip().partition(" ")
        body = "".join(rest[1:])
        rest = [f"get_ipython().run_cell_magic({magic!r}, {arguments!r}, {body!r})\n"]
    return [f"{MARKER}({expected})\n", *rest]


class RaisesTransformer(ast.NodeTransformer):
    """Put a cell that begins with the marker inside `with raises(...)`."""

    def visit_Module(self, node):
        match node.body:
            case [ast.Expr(value=ast.Call(func=ast.Name(id=name)) as call), *rest] if (
                name == MARKER and rest
            ):
                block = ast.With(items=[ast.withitem(context_expr=call)], body=rest)
                node.body = [ast.fix_missing_locations(ast.copy_location(block, call))]
        return node


def show_stopped(shell, kind, error, trace, tb_offset=None) -> None:
    """Show a KeyboardInterrupt: in one line where the way there leads through a magic only."""
    modules = {frame.f_globals.get("__name__") for frame, _ in traceback.walk_tb(trace)}
    if modules & {"ipytest._impl", "bughunt.judge"}:
        # Not printed: pytest may still be holding what is printed.
        shell._showtraceback(kind, error, ["KeyboardInterrupt: you stopped the cell."])
    else:
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)


def load(shell) -> None:
    """Add the magics to an IPython shell; a second time changes nothing."""
    if MARKER in shell.user_ns:
        return
    shell.register_magics(BugHuntMagics)
    shell.set_custom_exc((KeyboardInterrupt,), show_stopped)
    shell.user_ns[MARKER] = raises
    shell.input_transformers_cleanup.append(raises_to_marker)
    # A handler of any signal makes asyncio wake up for all of them: without one, a cell that awaits
    # does not notice the stop button. (Windows has no such signals, and asyncio no handlers there.)
    with contextlib.suppress(AttributeError, NotImplementedError, RuntimeError, ValueError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: None)
    # First: ipytest's own transformer puts imports before the marker.
    shell.ast_transformers.insert(0, RaisesTransformer())
