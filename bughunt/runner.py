"""Runs a test file against variants of main.py, each in a process of its own.

`python -m bughunt.runner` is a server: a process that has its imports done and runs no threads, so
that a variant costs a fork and the rest of a pytest session. It reads one JSON line a batch of
runs, and answers with one. Where there is no fork (Windows), each run is a fresh Python.
"""

import contextlib
import ctypes
import dataclasses
import faulthandler
import gc
import io
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

TEST_FILE = "test_main.py"
PROJECT = "project"  # the name of each variant's folder
CAN_FORK = hasattr(os, "fork") and not os.environ.get("BUGHUNT_SPAWN")
AT_ONCE = 2
GRACE = 0 if CAN_FORK else 3  # seconds beyond the deadline, for a fresh Python and its imports
MAX_FILE_BYTES = 64 * 2**20  # what one test run may write into one file, captured output included
PR_SET_CHILD_SUBREAPER = 36  # of Linux's prctl
MAX_REPORT = 60_000  # characters of a failure's report that are passed on
# Plugins of pytest that no verdict needs; each would cost every run a little.
UNUSED = """
    cacheprovider debugging doctest faulthandler freeze_support junitxml pastebin python_path
    setuponly setupplan stepwise terminalprogress
""".split()
# A tests' own `anyio_backend` comes before this one; session scope, so that fixtures may have any.
CONFTEST = """import pytest


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
"""


class Recorder:
    """A pytest plugin that writes what happens to a file, so that a kill loses nothing."""

    def __init__(self, stream: io.TextIOBase, run: dict):
        self.stream, self.run = stream, run
        self.order = ""  # of several, this one
        self.overrides = self.overrides_at_first = None

    def write(self, **event):
        self.stream.write(json.dumps(event) + "\n")
        self.stream.flush()

    def name(self, nodeid: str) -> str:
        return _short(nodeid) + self.order

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Have pytest pass over the folders of other runs, on its way to this one's."""
        own = Path(self.run["folder"])
        on_the_way = own.is_relative_to(collection_path) or collection_path.is_relative_to(own)
        return None if on_the_way else True

    def pytest_collection_modifyitems(self, items):
        only, without = self.run.get("only"), self.run.get("without", ())
        # Not by --deselect, which also drops test_order_twice for test_order.
        items[:] = [
            item
            for item in items
            if (name := _short(item.nodeid)) not in without and (only is None or name in only)
        ]
        for item in items:
            item._traceback_filter = self.own_frames
        if self.run.get("backwards"):
            items.reverse()

    def own_frames(self, excinfo):
        """Leave pytest the frames of the run's own files: for others it parses whole packages."""
        folder = Path(self.run["folder"]).resolve()
        own = excinfo.traceback.filter(lambda at: Path(at.path).resolve().parent == folder)
        return own or excinfo.traceback[-1:]

    def pytest_collection_finish(self, session):
        self.write(collected=[_short(item.nodeid) for item in session.items])

    def pytest_runtestloop(self, session):
        """Run the tests in each order that a seed gives; all but the last in a fork."""
        seeds = self.run.get("seeds") or []
        if seeds or self.run.get("first_failure"):
            session.config.option.maxfail = 1  # one failure tells enough of an order
        gc.freeze()  # what each test's collection need not look at
        for seed in seeds:
            if seed == seeds[-1] or os.fork() == 0:
                random.Random(seed).shuffle(session.items)
                self.order = f" in order {seed}"
                break
            os.wait()

    def pytest_collectreport(self, report):
        if report.failed:
            self.write(error=report.longreprtext[-MAX_REPORT:])

    def pytest_runtest_logstart(self, nodeid):
        self.overrides = _overrides()
        if self.overrides_at_first is None:
            self.overrides_at_first = self.overrides
        self.write(start=self.name(nodeid))

    def pytest_runtest_logreport(self, report):
        outcome = "skipped" if hasattr(report, "wasxfail") else report.outcome
        crash = getattr(report.longrepr, "reprcrash", None)
        self.write(
            test=self.name(report.nodeid),
            when=report.when,
            outcome=outcome,
            report=report.longreprtext[-MAX_REPORT:] if report.failed else "",
            message=crash.message[:MAX_REPORT] if crash else "",
        )

    def pytest_runtest_logfinish(self, nodeid):
        # Python tells of a coroutine that nobody awaited when it frees it: do so in this test,
        # though its traceback, if it failed, still holds the coroutine.
        for name in ("last_exc", "last_type", "last_value", "last_traceback"):
            vars(sys).pop(name, None)
        gc.collect()
        now = _overrides()
        self.write(
            finish=self.name(nodeid),
            left_override=now != self.overrides,
            overridden=now != self.overrides_at_first,
        )

    def pytest_warning_recorded(self, warning_message, nodeid):
        message = str(warning_message.message)
        if "was never awaited" in message:
            self.write(never_awaited=message, test=self.name(nodeid))


def _overrides() -> dict:
    """Return what stands in for dependencies of main.py's app now."""
    app = getattr(sys.modules.get("main"), "app", None)
    return dict(getattr(app, "dependency_overrides", {}))


def _short(nodeid: str) -> str:
    return nodeid.partition("::")[2]  # before it stands the file, as seen from the root


def function_of(test: str) -> str:
    """Return the function's name of a test that pytest calls `TestCrops::test_crop[leek]`."""
    return test.partition("[")[0].rpartition("::")[2]


def root_of(run: dict) -> Path:
    """Return the folder that holds those of all runs of a test file, and their conftest.py."""
    return Path(run["folder"]).parents[1]


def arguments_of(run: dict) -> list[str]:
    """Return pytest's arguments for `run`, which are those of all runs of its test file."""
    root = str(root_of(run))
    arguments = ["-c", os.devnull, "--rootdir", root, "--confcutdir", root]
    arguments += ["-q", "--tb=short", "--color=no"]
    arguments += [part for name in UNUSED for part in ("-p", f"no:{name}")]
    if run.get("anyio_mode"):
        arguments += ["-o", f"anyio_mode={run['anyio_mode']}"]
    return arguments


@contextlib.contextmanager
def recorded(run: dict):
    """Go where `run` takes place, and write its events down: yields the recorder of them."""
    os.chdir(run["folder"])
    os.environ.update(run.get("environment", {}))
    with open(run["events"], "a", encoding="utf-8") as events, open(run["stack"], "w") as stack:
        # A little before the deadline, note which line was running: it can name an endless loop.
        faulthandler.dump_traceback_later(run["deadline"] * 0.9, file=stack)
        recorder = Recorder(events, run)
        try:
            yield recorder
        except BaseException as error:
            recorder.write(escaped=type(error).__name__)


def run_here(run: dict) -> None:
    """Run pytest in this process on a variant's folder, and write its events to `run["events"]`."""
    import anyio.pytest_plugin
    import pytest

    import_what_is_named(run)
    with recorded(run) as recorder:
        # AnyIO's plugin as an object: by name, pytest would first look through all packages.
        plugins = [recorder, anyio.pytest_plugin]
        status = pytest.main([*arguments_of(run), TEST_FILE], plugins)
        recorder.write(done=int(status))


class Forks:
    """A pytest plugin that makes a session, and forks a process for each run to go on with it.

    Until then all runs of a test file are alike, and half of what they cost is spent.
    """

    def __init__(self, runs: list[dict], at_once: int):
        self.runs, self.at_once = runs, at_once
        self.results: list[dict] = []
        # In a fork, of its run:
        self.recording, self.recorder = contextlib.ExitStack(), None

    def pytest_collection(self, session) -> bool | None:
        """Collect nothing, but let each fork collect what its run's folder holds."""
        self.results, run = _run_all(self.runs, self.at_once)
        if run is None:
            return True
        config = session.config
        # What a test prints goes to a file that is this process's own.
        capture = config.pluginmanager.getplugin("capturemanager")
        capture.stop_global_capturing()
        _cut_off()
        capture.start_global_capturing()
        self.recorder = self.recording.enter_context(recorded(run))
        here = dataclasses.replace(config.invocation_params, dir=Path(run["folder"]))
        config.invocation_params, config.args[:] = here, [TEST_FILE]
        config.pluginmanager.register(self.recorder)
        return None


def _cut_off() -> None:
    """Cut a fork off from the server: its group, its input and output, its right to fill disks."""
    os.setsid()
    _limit()
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    sys.stdin, sys.stdout, sys.stderr = open(0), open(1, "w"), open(2, "w")


def _fork(runs: list[dict], at_once: int) -> list[dict]:
    """Run each of `runs` in a fork of one pytest session."""
    import anyio.pytest_plugin
    import pytest

    import_what_is_named(runs[0])
    gc.freeze()
    forks = Forks(runs, at_once)
    server, path = os.getpid(), sys.path[:]
    try:
        with contextlib.redirect_stdout(io.StringIO()), forks.recording:
            arguments = [*arguments_of(runs[0]), str(root_of(runs[0]))]
            status = pytest.main(arguments, [forks, anyio.pytest_plugin])
            if forks.recorder:
                forks.recorder.write(done=int(status))
    finally:
        if os.getpid() != server:
            os._exit(0)  # threads that never end do not keep it
    sys.path[:] = path
    gc.collect()  # the session, which later forks need not copy
    return forks.results


def _limit() -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_FILE_BYTES, MAX_FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def stretched(seconds: float, most: float) -> float:
    """Return a deadline up to `most` times as long where the machine has too much to do."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0  # not on Windows
    return seconds * min(max(1, load / (os.cpu_count() or 1)), most)


class _Process:
    """A started run: forked or spawned, it can be asked whether it has ended, and killed."""

    def __init__(self, run: dict):
        self.run, self.began = run, time.monotonic()
        if CAN_FORK:
            self.popen, self.pid = None, os.fork()
        else:
            command = [sys.executable, "-m", "bughunt.runner", json.dumps(run)]
            quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
            self.popen = subprocess.Popen(command, **quiet)
            self.pid = self.popen.pid

    def ended(self) -> bool:
        if self.popen:
            return self.popen.poll() is not None
        return os.waitpid(self.pid, os.WNOHANG)[0] == self.pid

    def kill(self) -> None:
        kill_tree(self.pid)
        if self.popen:
            self.popen.wait()
        else:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.pid, 0)


def kill_tree(pid: int, itself: bool = True) -> None:
    """Kill the process `pid` and all that it started, or only the latter."""
    with contextlib.suppress(psutil.Error):
        root = psutil.Process(pid)
        doomed = root.children(recursive=True)
        if itself:
            doomed.insert(0, root)
        for process in doomed:
            with contextlib.suppress(psutil.Error):
                process.kill()


def import_what_is_named(run: dict) -> None:
    """Import the larger packages that the tests or the app speak of."""
    files = (Path(run["folder"], name) for name in (TEST_FILE, "main.py"))
    text = "".join(file.read_text("utf-8") for file in files)
    if "sqlalchemy" in text:
        import aiosqlite  # noqa: F401
        import sqlalchemy.dialects.sqlite.aiosqlite
        import sqlalchemy.ext.asyncio
        import sqlalchemy.orm  # noqa: F401
    if "pymongo" in text:
        import pymongo  # noqa: F401
    if "asgi_lifespan" in text:
        import asgi_lifespan  # noqa: F401
    if "TestClient" in text:
        import fastapi.testclient  # noqa: F401
    if "trio" in text:
        import anyio._backends._trio  # noqa: F401
        import trio

        # It draws lots for the order in which tasks go on: a verdict is the same each time.
        trio._core._run._r.seed(0)


def run_batch(runs: list[dict], at_once: int = AT_ONCE) -> list[dict]:
    """Run each of `runs`, `at_once` at a time; return what each left, in the same order.

    Args:
        runs: each with `folder` (which holds main.py and the test file), `events` and `stack`
            (files to write), `deadline` (seconds), and, if need be, `only` or `without` (names of
            tests), `first_failure` (to end there), `backwards`, `seeds` (for other orders) and
            `anyio_mode`.
    """
    if runs and CAN_FORK:
        return _fork(runs, at_once)
    return _run_all(runs, at_once)[0]


def _run_all(runs: list[dict], at_once: int) -> tuple[list[dict], dict | None]:
    """Start and watch a process for each run; return their results, or, in a fork, its run."""
    waiting, running, results = list(enumerate(runs)), {}, {}
    parent = os.getppid()
    while waiting or running:
        while waiting and len(running) < at_once:
            index, run = waiting.pop(0)
            process = running[index] = _Process(run)
            if process.pid == 0:  # this is the fork
                return [], run
        time.sleep(0.002)
        for index, process in list(running.items()):
            seconds = time.monotonic() - process.began
            if process.ended():
                overran = False
            elif seconds > process.run["deadline"] + stretched(GRACE, 5):
                process.kill()
                overran = True
            else:
                continue
            del running[index]
            results[index] = _read(process.run, overran, seconds)
        if os.getppid() != parent:  # the kernel was killed: nobody waits for an answer
            kill_tree(os.getpid(), itself=False)
            clear_away(runs)
            os._exit(1)
    _end_what_is_left()
    return [results[index] for index in range(len(runs))], None


def clear_away(runs: list[dict]) -> None:
    """Remove the folder of `runs`, if who made it can no longer do so."""
    for run in runs:
        shutil.rmtree(root_of(run), ignore_errors=True)


def _end_what_is_left() -> None:
    """Kill what a test started and left behind, and collect it."""
    while psutil.Process().children(recursive=True):
        kill_tree(os.getpid(), itself=False)
        if sys.platform == "win32":  # which keeps no record of what has ended
            break
        with contextlib.suppress(ChildProcessError):
            os.waitpid(-1, 0)


def _read(run: dict, overran: bool, seconds: float) -> dict:
    """Gather a run's events into one result."""
    result = {"collected": None, "errors": [], "tests": {}, "never_awaited": {}, "running": None}
    result |= {"done": None, "escaped": None, "overran": overran, "seconds": seconds, "line": None}
    # The tests after which another dependency is overridden, and whether one is in the end.
    result |= {"left_override": [], "overridden": False}
    with contextlib.suppress(FileNotFoundError), open(run["events"], encoding="utf-8") as lines:
        for line in lines:
            event = json.loads(line) if line.endswith("\n") else {}
            if "test" in event and "outcome" in event:
                _merge(result["tests"], event)
            elif "never_awaited" in event:
                result["never_awaited"][event["test"]] = event["never_awaited"]
            elif "error" in event:
                result["errors"].append(event["error"])
            elif "start" in event:
                result["running"] = event["start"]
            elif "finish" in event:
                result["running"] = None
                result["overridden"] = event["overridden"]
                if event["left_override"]:
                    result["left_override"].append(event["finish"])
            else:
                result |= event
    if overran:
        with contextlib.suppress(FileNotFoundError):
            for frame in Path(run["stack"]).read_text("utf-8", "replace").splitlines():
                if f'{TEST_FILE}", line ' in frame:
                    result["line"] = int(frame.split(", line ")[1].split()[0])
                    break
    return result


def _merge(tests: dict, event: dict) -> None:
    """Fold a test's set-up, call and tear-down into one outcome: the worst counts."""
    rank = {"passed": 0, "skipped": 1, "failed": 2}
    known = tests.get(event["test"])
    if known is None or rank[event["outcome"]] > rank[known["outcome"]]:
        tests[event["test"]] = {key: event[key] for key in ("outcome", "report", "message", "when")}


# Touches what FastAPI, pydantic, HTTPX and AnyIO import or build when they are first used.
WARM_APP = """from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Query
from pydantic import BaseModel

app = FastAPI()


class Order(BaseModel):
    crop: str
    amount: int = 1


def upper(name: str) -> str:
    return name.upper()


@app.get("/crops/{name}")
def crop(name: Annotated[str, Depends(upper)], limit: Annotated[int, Query(ge=0)] = 0) -> Order:
    if name != "LEEK":
        raise HTTPException(404)
    return Order(crop=name)


@app.post("/orders", status_code=201)
async def order(order: Order):
    return order
"""
WARM_TESTS = """import pytest
from httpx import ASGITransport, AsyncClient
from main import app


@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client


@pytest.mark.anyio
@pytest.mark.parametrize("name, status", [("leek", 200), ("stone", 404)])
async def test_crop(client, name, status):
    assert (await client.get(f"/crops/{name}?limit=1")).status_code == status


@pytest.mark.anyio
async def test_order(client):
    assert (await client.post("/orders", json={"crop": "leek"})).json()["amount"] == 1
    assert (await client.post("/orders", json={})).status_code == 422


def test_fails():
    assert [1] == [2]
"""


def warm_up() -> None:
    """Do the imports and a first pytest session, so that no fork pays for them."""
    with tempfile.TemporaryDirectory() as root:
        folder = Path(root, "warm", PROJECT)
        folder.mkdir(parents=True)
        Path(root, "conftest.py").write_text(CONFTEST)
        for name, text in (("main", WARM_APP), ("test_main", WARM_TESTS)):
            Path(folder, f"{name}.py").write_text(text)
        work = {"folder": str(folder), "deadline": 60}
        work |= {name: str(Path(folder, name)) for name in ("events", "stack")}
        with contextlib.redirect_stdout(io.StringIO()):
            run_here(work)
        faulthandler.cancel_dump_traceback_later()
        os.chdir(tempfile.gettempdir())
        for name in ("main", "test_main", "conftest"):
            sys.modules.pop(name, None)
        sys.path[:] = [entry for entry in sys.path if entry not in (root, str(folder))]
    # What is there now never becomes garbage: a fork need not look at it, nor copy its pages.
    gc.collect()
    gc.freeze()


def serve() -> None:
    """Answer batches, one JSON line each, until standard input ends."""
    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing but answers may reach the pipe
    if (
        sys.platform == "linux"
    ):  # what loses its parent in a test becomes ours, and so can be killed
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    if CAN_FORK:
        warm_up()
    batch = {"runs": []}
    try:
        for line in requests:
            batch = json.loads(line)
            answers.write(json.dumps(run_batch(**batch)) + "\n")
            answers.flush()
    finally:
        clear_away(batch["runs"])


if __name__ == "__main__":
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    # A verdict is the same everywhere; where CI is set, pytest's reports are longer.
    for name in ("CI", "BUILD_NUMBER", "PYTEST_ADDOPTS", "PYTEST_PLUGINS"):
        os.environ.pop(name, None)
    sys.dont_write_bytecode = True
    if len(sys.argv) > 1:
        run_here(json.loads(sys.argv[1]))
        os._exit(0)
    serve()
