"""Marks for what learners handed in: every exercise of every file judged, in one table.

`python -m bughunt marks FOLDER` judges each file in a process of its own, as many at a time as
there are cores. What a learner hands in is code, and it is run: each exercise has a limit of time,
each process one of memory, and where the system allows it there is no network. Everything else that
the user who runs this may do, that code may do too.
"""

import argparse
import contextlib
import csv
import ctypes
import io
import json
import os
import re
import subprocess
import sys
import tempfile
import textwrap
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path

from . import hunts, runner
from .judge import Judge, Verdict

CELL = re.compile(r"%%bughunt[ \t]+(?P<line>(?P<name>\w+)[^\n]*)\n?")
LARGEST = 20 * 2**20  # bytes of a file that is still read
SECONDS, MEMORY = 120, 2000  # the limits: of an exercise, and in MB of each process
STOPPED_WIDTH = 70  # characters of "what stopped it" in the table; the CSV has all of them


@dataclass
class Mark:
    """What one exercise of one file is worth; `stopped` says what kept it from more."""

    learner: str
    file: str
    exercise: str = ""
    lesson: str = ""
    caught: int = 0
    of: int = 0
    outcome: str = ""
    stopped: str = ""


@dataclass
class Handed:
    """One exercise in a file that was handed in: a test file, as `judge` wants it."""

    exercise: str
    tests: str
    anyio_mode: str | None = None


class Unreadable(Exception):
    """A file with nothing to judge; the text says why."""


def files(folder: Path) -> list[Path]:
    """Return the notebooks and test files under `folder`, but for hidden ones and links."""
    found = []
    for path, inside, names in os.walk(folder):
        inside[:] = sorted(name for name in inside if not name.startswith((".", "__")))
        for name in sorted(names):
            file = Path(path, name)
            if file.suffix in (".ipynb", ".py") and name[0] != "." and not file.is_symlink():
                found.append(file)
    return found


def learner_of(file: Path, folder: Path) -> str:
    """Return whose `file` is: the folder's in FOLDER that it lies in, or its own name's."""
    parts = file.relative_to(folder).parts
    return parts[0] if len(parts) > 1 else file.stem


def read(file: Path) -> list[Handed]:
    """Return the exercises in a file: a notebook's cells under %%bughunt, or a test file.

    A test file is named for its exercise: orders.py, test_orders.py. Where a notebook has an
    exercise twice, the last counts that is not as shipped.

    Raises:
        Unreadable: if there is none.
    """
    if file.stat().st_size > LARGEST:
        raise Unreadable(f"it is larger than {LARGEST // 2**20} MB")
    try:
        text = file.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Unreadable(getattr(error, "strerror", None) or "it is not text in UTF-8") from None
    known = set(hunts.names())
    if file.suffix == ".py":
        names = [file.stem, file.stem.removeprefix("test_")]
        exercise = next((name for name in names if name in known), None)
        if exercise is None:
            raise Unreadable("no exercise has its name: call it after one, as in test_orders.py")
        return [Handed(exercise, text)]
    found = {}
    for source in _code_cells(text):
        cell = CELL.match(source)
        if not cell or cell["name"] not in known:
            continue
        # As in the notebook: the magic's line stays, empty, so that line numbers are the cell's.
        one = Handed(cell["name"], "\n" + source[cell.end() :], _anyio_mode(cell["line"]))
        if one.exercise not in found or not hunts.load(one.exercise).is_untouched(one.tests):
            found[one.exercise] = one
    if not found:
        raise Unreadable("no cell of it begins with %%bughunt and the name of an exercise")
    return list(found.values())


def _code_cells(text: str) -> list[str]:
    try:
        cells = json.loads(text)["cells"]
        sources = [cell["source"] for cell in cells if cell["cell_type"] == "code"]
        return ["".join(source) for source in sources]
    except (ValueError, TypeError, KeyError, RecursionError):
        raise Unreadable("it is not a notebook (any more)") from None


def _anyio_mode(line: str) -> str | None:
    from IPython.core.error import UsageError

    from .magics import arguments_of  # here: IPython takes a while, and `work` needs none of it

    with contextlib.suppress(UsageError, ValueError):
        return arguments_of(line).anyio_mode
    return None


# --- judging, apart -----------------------------------------------------------------------------


def judge_file(file: Path, folder: Path, limits: dict) -> list[Mark]:
    """Judge a file's exercises in a process of its own, and return the mark of each.

    Whatever the file does, each exercise gets a mark: where one takes the process down, its mark
    says so, and a new process goes on with the next.
    """
    whose = {"learner": learner_of(file, folder), "file": file.relative_to(folder).as_posix()}
    try:
        handed = read(file)
    except (Unreadable, OSError) as why:
        return [Mark(**whose, outcome="not judged", stopped=f"{why}.")]
    marks = []
    while len(marks) < len(handed):
        left = handed[len(marks) :]
        marks += [Mark(**whose, **mark) for mark in _in_a_process(left, limits)]
        if len(marks) < len(handed):
            lost = {"outcome": "not judged", "stopped": "it ended the process that judged it."}
            marks.append(Mark(**whose, **_of(handed[len(marks)].exercise), **lost))
    return marks


def _of(exercise: str) -> dict:
    """What a mark says of an exercise, whatever the tests are worth."""
    hunt = hunts.load(exercise)
    return {"exercise": exercise, "lesson": hunt.lesson, "of": len(hunt.bugs)}


def _in_a_process(handed: list[Handed], limits: dict) -> Iterator[dict]:
    """Give the marks that a new process finds, for as long as it lives."""
    with tempfile.TemporaryDirectory(prefix="marks-", ignore_cleanup_errors=True) as folder:
        os.chmod(folder, 0o755)  # PostgreSQL, run as another user where this one is root, goes in
        process = subprocess.Popen(
            [sys.executable, "-m", "bughunt.marks"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            cwd=Path(__file__).parents[1],
            env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), folder),
            start_new_session=True,
        )
        # The process keeps to the limits by itself; this is for one that was stopped or hangs.
        patience = (limits["seconds"] + 30) * len(handed)
        last_resort = threading.Timer(patience, runner.kill_tree, [process.pid])
        last_resort.start()
        _at_work.add(process)
        try:
            with contextlib.suppress(BrokenPipeError), process.stdin:
                json.dump({"handed": [asdict(one) for one in handed]} | limits, process.stdin)
            with contextlib.suppress(ValueError):  # a line that is not the process's own
                for line in process.stdout:
                    yield json.loads(line)
        finally:
            last_resort.cancel()
            runner.kill_tree(process.pid)
            process.wait()
            process.stdout.close()
            _at_work.discard(process)


_at_work: set[subprocess.Popen] = set()


def work() -> None:
    """Judge what standard input names; print the mark of each exercise, a JSON line each."""
    asked = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing but marks may reach the pipe
    if sys.platform == "linux":  # what loses its parent in a test can be found, and ended
        ctypes.CDLL(None).prctl(runner.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    with contextlib.suppress(ImportError):  # not on Windows
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (asked["memory"] * 2**20,) * 2)
    judge = Judge(at_once=1)  # the other cores have their own
    for one in asked["handed"]:
        hunt = hunts.load(one["exercise"])
        late = threading.Event()

        def stop(late=late):
            late.set()
            runner.kill_tree(judge.process.pid)

        judge.start()
        deadline = threading.Timer(asked["seconds"], stop)
        deadline.start()
        try:
            verdict = judge.judge(one["tests"], hunt, anyio_mode=one["anyio_mode"])
            mark = {"outcome": verdict.outcome, "stopped": what_stopped(verdict)}
            mark["caught"] = verdict.caught
        except Exception as error:  # whatever it was, the next exercise is judged
            mark = {"outcome": "not judged", "stopped": f"the judge failed with {error!r}."}
        finally:
            deadline.cancel()
        if late.is_set():
            why = f"its time was up: {asked['seconds']} s."
            mark = {"outcome": "not judged", "stopped": why}
        answers.write(json.dumps(_of(one["exercise"]) | mark) + "\n")
        answers.flush()


def what_stopped(verdict: Verdict) -> str:
    """Return in a line what kept a verdict from "all caught"."""
    if verdict.outcome == "not started":
        return "not started"
    if verdict.outcome == "does not run":
        return " ".join(verdict.problem.split())
    said = [" ".join(f"{one.test}: {one.why}".split()) for one in verdict.set_aside]
    free = dict.fromkeys(bug.breaks for bug in verdict.bugs if not bug.caught_by)
    if free:
        said.append(f"free: {', '.join(free)}")
    return "; ".join(said)


def without_network() -> bool:
    """Leave the network for this process and all that it starts; tell whether that worked.

    Linux only: a network namespace of its own, in which there is only its own loopback.
    """
    clone_newuser, clone_newnet = 0x10000000, 0x40000000
    try:
        c = ctypes.CDLL(None, use_errno=True)
        user, group = os.getuid(), os.getgid()
        if c.unshare(clone_newnet):  # root may; everybody else needs a user namespace for it
            if c.unshare(clone_newuser | clone_newnet):
                return False
            Path("/proc/self/setgroups").write_text("deny")
            Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
            Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
        return _loopback_up()
    except (AttributeError, OSError):
        return False


def _loopback_up() -> bool:
    """Switch the namespace's loopback on: an exercise may start a server and talk to it."""
    import fcntl
    import socket
    import struct

    set_flags, up_and_running = 0x8914, 0x1 | 0x40  # SIOCSIFFLAGS; IFF_UP, IFF_RUNNING
    with socket.socket() as one:
        fcntl.ioctl(one, set_flags, struct.pack("16sh22x", b"lo", up_and_running))
    return True


# --- the command --------------------------------------------------------------------------------


def as_table(marks: list[Mark]) -> str:
    """Return the marks as text: a line for each exercise, and below one for each learner."""
    rows = [("learner", "exercise", "caught", "what stopped it")]
    learners: dict[str, dict[str, Mark]] = {}
    for mark in marks:
        best = learners.setdefault(mark.learner, {})
        if mark.exercise:
            stopped = textwrap.shorten(mark.stopped, STOPPED_WIDTH, placeholder=" ...")
            rows.append((mark.learner, mark.exercise, f"{mark.caught} of {mark.of}", stopped))
            best[mark.exercise] = max(best.get(mark.exercise, mark), mark, key=_worth)
        else:
            rows.append((mark.learner, "-", "-", f"{mark.file}: {mark.stopped}"))
    rows += [("",), ("learner", "exercises", "caught", "all caught")]
    for learner, best in learners.items():
        caught, of = sum(one.caught for one in best.values()), sum(one.of for one in best.values())
        done = sum(one.outcome == "all caught" for one in best.values())
        rows.append((learner, str(len(best)), f"{caught} of {of}", str(done)))
    widths = [max(len(row[i]) for row in rows if len(row) > i) for i in range(3)]
    lines = ["  ".join(map(str.ljust, row, [*widths, 0])).rstrip() for row in rows]
    # What a learner wrote may hold what a terminal obeys.
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)


def _worth(mark: Mark) -> tuple[bool, int]:
    return mark.outcome == "all caught", mark.caught


def as_csv(marks: list[Mark]) -> str:
    """Return the marks as CSV, with a header."""
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(field.name for field in fields(Mark))
    for mark in marks:
        # What a learner wrote must not become a formula in a spreadsheet.
        rows.writerow(
            f"'{value}" if str(value).startswith(("=", "+", "-", "@")) else value
            for value in astuple(mark)
        )
    return text.getvalue()


def _show_progress(done: int, of: int) -> None:
    if sys.stderr.isatty():
        bar = "#" * (30 * done // of)
        end = "\n" if done == of else ""
        print(f"\r[{bar:30}] {done} of {of} files", end=end, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> int:
    """Judge what was handed in; return 0, or 2 if there is nothing to judge."""
    parser = argparse.ArgumentParser(
        "python -m bughunt marks",
        description="Judge all that learners handed in, and print one table. FOLDER holds a folder "
        "for each learner, with their notebooks, or test files that are called after an exercise.",
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path)
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the marks there, too")
    parser.add_argument(
        "--seconds", type=int, default=SECONDS, help="what an exercise may take (%(default)s)"
    )
    parser.add_argument(
        "--memory", type=int, default=MEMORY, help="MB that a process may ask for (%(default)s)"
    )
    parser.add_argument("--network", action="store_true", help="let tests reach the network")
    options = parser.parse_args(arguments)
    folder = options.folder
    if not folder.is_dir():
        print(f"There is no folder {folder}.", file=sys.stderr)
        return 2
    found = files(folder)
    if not found:
        print(f"Nothing in {folder} is a notebook or a test file.", file=sys.stderr)
        return 2
    if options.csv:
        try:
            options.csv.touch()  # to know it now, not after all that work
        except OSError as error:
            print(f"{options.csv} cannot be written: {error.strerror}.", file=sys.stderr)
            return 2
    if not options.network:
        for name in ("MONGODB_URL", "DATABASE_URL"):
            os.environ.pop(name, None)  # servers out there: without a network, start our own
        if not without_network():
            print("Tests can reach the network: this system cannot cut it off.", file=sys.stderr)
    limits = {"seconds": options.seconds, "memory": options.memory}
    marks: dict[Path, list[Mark]] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        try:
            work = {pool.submit(judge_file, file, folder, limits): file for file in found}
            for done in as_completed(work):
                marks[work[done]] = done.result()
                _show_progress(len(marks), len(found))
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(_at_work):
                runner.kill_tree(process.pid)
            print(f"\nStopped after {len(marks)} of {len(found)} files.", file=sys.stderr)
    in_order = [mark for file in found for mark in marks.get(file, [])]
    print(as_table(in_order))
    if options.csv:
        options.csv.write_text(as_csv(in_order), "utf-8", newline="")
    return 0


if __name__ == "__main__":
    work()
