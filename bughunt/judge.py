"""The judge: from a test file and a hunt to a verdict."""

import ast
import atexit
import json
import re
import subprocess
import sys
import tempfile
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import runner
from .hunts import Bug, Hunt

FIRST_DEADLINE = 4.0  # seconds for the first run on the app, when nothing is known of the tests
NO_TESTS = 5  # pytest's exit status
LEAST_DEADLINE = 2.0  # seconds that any later run gets: a busy machine takes a while to fork
SLOWER = 5  # how many times the app's own run a later one may take
AGAIN = "the app, once more"
PROJECT = "project"  # the name of each variant's folder
SKIPPED = "it was skipped or is expected to fail: that counts as not run"

NO_MARKER = "pytest runs nothing async by itself: put `@pytest.mark.anyio` on the line above it"
# What a failure on the app may say, and what to tell the reader about it.
ADVICE = (
    ("async def functions are not natively supported", NO_MARKER),
    ("requested an async fixture", NO_MARKER),
    ("'ellipsis' object", "its call is not written yet: put it where the `...` stands"),
    (
        "'coroutine' object",
        "it uses a coroutine as if it were the answer: put `await` before the call",
    ),
    (
        "Cannot run the event loop while another loop is running",
        "it starts a loop inside a running one: await AsyncClient instead",
    ),
    ("[Errno 27]", "it writes more than 64 MB: print less"),
    ("RecursionError", "it calls itself without end: give the recursion a way out"),
    ("fixture '", "it asks for a fixture that this file does not define: see the report"),
)


@dataclass
class SetAside:
    """A test that is not counted: `why` in a sentence, `report` as pytest printed it."""

    test: str
    why: str
    report: str = ""


@dataclass
class BugResult:
    """What became of one bug: who caught it (names of tests, in the file's order), or nobody."""

    bug: str
    breaks: str
    promise: str
    caught_by: list[str]
    diff: str


@dataclass
class Verdict:
    """What the tests are worth.

    `outcome` is one of "not started", "does not run", "fails on the app", "fails on a variation",
    "some caught" and "all caught"; `problem` says in plain words what is wrong and what to do.
    """

    hunt: str
    outcome: str
    problem: str = ""
    report: str = ""
    tests: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    bugs: list[BugResult] = field(default_factory=list)

    @property
    def caught(self) -> int:
        """How many bugs are caught."""
        return sum(bool(bug.caught_by) for bug in self.bugs)

    def as_dict(self) -> dict:
        """Return the verdict as plain data, for JSON."""
        return asdict(self) | {"caught": self.caught, "of": len(self.bugs)}


class Judge:
    """Keeps a runner process ready, so that a verdict after the first is quick."""

    def __init__(self):
        self.process = None
        atexit.register(self.stop)

    def start(self) -> None:
        """Start the runner if it does not run; it warms up while the caller goes on."""
        if self.process is None or self.process.poll() is not None:
            # A session of its own: the notebook's stop button must not reach it half-way.
            self.process = subprocess.Popen(
                [sys.executable, "-m", "bughunt.runner"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[1],
                start_new_session=True,
            )

    def stop(self) -> None:
        """End the runner, and all that it runs."""
        if self.process is not None:
            runner.kill_tree(self.process.pid)
            self.process.wait()
            self.process.stdin.close()
            self.process.stdout.close()
            self.process = None

    def run(self, runs: list[dict]) -> list[dict]:
        """Have the runner do `runs`; stop it if the wait is interrupted."""
        self.start()
        try:
            self.process.stdin.write(json.dumps(runs) + "\n")
            self.process.stdin.flush()
            return json.loads(self.process.stdout.readline())
        except BaseException:
            self.stop()
            raise

    def judge(
        self, tests: str, hunt: Hunt, *, anyio_mode: str | None = None, seed: int | None = None
    ) -> Verdict:
        """Judge a test file.

        Args:
            tests: the text of the test file.
            hunt: the exercise that it is for.
            anyio_mode: "auto" to run as with pytest's setting of that name.
            seed: shuffles the tests, to prove that their order does not matter.

        Returns:
            The verdict. What is wrong with `tests` is said there, never raised.
        """
        if hunt.kind == "hunt" and hunt.is_untouched(tests):
            return Verdict(hunt.name, "not started")
        problem = _does_not_compile(tests)
        if problem:
            return Verdict(hunt.name, "does not run", problem)
        with tempfile.TemporaryDirectory(prefix="bughunt-", ignore_cleanup_errors=True) as work:
            common = {"anyio_mode": anyio_mode, "seed": seed}
            return _Case(self, tests, hunt, Path(work), common).verdict()


class _Case:
    """One test file before the judge."""

    def __init__(self, judge: Judge, tests: str, hunt: Hunt, work: Path, common: dict):
        self.judge, self.tests, self.hunt = judge, tests, hunt
        self.work, self.common, self.count = work, common, 0
        self.aside: dict[str, SetAside] = {}

    def prepare(self, source: str, deadline: float) -> dict:
        """Lay out a variant's folder and return the run for it."""
        self.count += 1
        base = self.work / str(self.count)
        folder = base / PROJECT
        folder.mkdir(parents=True)
        (folder / "main.py").write_text(source, "utf-8")
        (folder / runner.TEST_FILE).write_text(self.tests, "utf-8")
        (folder / "conftest.py").write_text(runner.CONFTEST, "utf-8")
        run = {"folder": str(folder), "deadline": deadline, "deselect": list(self.aside)}
        run |= {"events": str(base / "events"), "stack": str(base / "stack")}
        return run | self.common

    def verdict(self) -> Verdict:
        first = self.on_app()
        if isinstance(first, Verdict):
            return first
        deadline = max(LEAST_DEADLINE, SLOWER * first["seconds"])
        variants = [
            *((variation, variation.apply(self.hunt.source)) for variation in self.hunt.variations),
            *((bug, bug.apply(self.hunt.source)) for bug in self.hunt.bugs),
            (AGAIN, self.hunt.source),
        ]
        if not self.judged(first):
            variants = []
        results = self.judge.run([self.prepare(source, deadline) for _, source in variants])
        results = list(zip((variant for variant, _ in variants), results, strict=True))
        on_variation = self.weigh_variations(first, results)
        return self.summary(first, results, on_variation)

    def on_app(self) -> dict | Verdict:
        """Run the tests on the app; once more without the one that hung or ended the run."""
        while True:
            result = self.judge.run([self.prepare(self.hunt.source, FIRST_DEADLINE)])[0]
            broken = _does_not_run(result)
            if broken:
                return Verdict(self.hunt.name, "does not run", broken, _last_error(result))
            unmarked = [t for t, got in result["tests"].items() if NO_MARKER in _why_failed(got)]
            if unmarked:  # in pytest 9 it also breaks the tests after it: run those without it
                for test in unmarked:
                    self.aside[test] = SetAside(test, NO_MARKER)
                if len(unmarked) < len(result["collected"]):
                    continue
            for test, message in result["never_awaited"].items():
                name = message.split("'")[1] if "'" in message else "a coroutine"
                why = f"`{name}` was called and never awaited: put `await` before the call"
                self.aside.setdefault(test, SetAside(test, why))
            for test, outcome in result["tests"].items():
                if outcome["outcome"] == "skipped":
                    self.aside.setdefault(test, SetAside(test, SKIPPED))
                elif outcome["outcome"] == "failed":
                    why = _why_failed(outcome)
                    self.aside.setdefault(test, SetAside(test, why, _own_frames(outcome["report"])))
            stopped = _stopped(result)
            if stopped is None:
                return result
            if result["running"] in self.aside or len(self.aside) >= 2:
                return self.summary(result, [], False)
            self.aside[result["running"]] = stopped
            if len(self.aside) == len(result["collected"]):
                return self.summary(result, [], False)

    def judged(self, first: dict) -> list[str]:
        """The tests that count, in the file's order."""
        return [test for test in first["collected"] or () if test not in self.aside]

    def weigh_variations(self, first: dict, results: list) -> bool:
        """Set aside what fails on a variation or on a second run; tell if on a variation."""
        on_variation = False
        for variant, result in results:
            if isinstance(variant, Bug):
                continue
            for test in _failing(result, self.judged(first)):
                report = result["tests"].get(test, {}).get("report", "")
                if variant == AGAIN:
                    why = "it passed on the app, and the next time it did not: it depends on chance"
                else:
                    why = f"it insists on what nobody promised. {variant.says}"
                    on_variation = True
                self.aside[test] = SetAside(test, why, _own_frames(report))
        return on_variation

    def summary(self, first: dict, results: list, on_variation: bool) -> Verdict:
        counted = self.judged(first)
        verdict = Verdict(self.hunt.name, "some caught", tests=counted)
        verdict.set_aside = list(self.aside.values())
        caught = {
            variant.name: _failing(result, counted)
            for variant, result in results
            if isinstance(variant, Bug)
        }
        for bug in self.hunt.bugs:
            promise = self.hunt.promises[bug.breaks]
            diff = bug.diff(self.hunt.source)
            verdict.bugs.append(
                BugResult(bug.name, bug.breaks, promise, caught.get(bug.name, []), diff)
            )
        if on_variation:
            verdict.outcome = "fails on a variation"
        elif self.aside:
            verdict.outcome = "fails on the app"
        elif verdict.caught == len(verdict.bugs):
            verdict.outcome = "all caught"
        return verdict


def _failing(result: dict, counted: list[str]) -> list[str]:
    """Which of the tests that count did not pass."""
    if result["collected"] is None or result["escaped"]:
        return list(counted)[:1]
    failing = {test for test, got in result["tests"].items() if got["outcome"] == "failed"}
    if _stopped(result):
        failing.add(result["running"])
    return [test for test in counted if test in failing]


def _does_not_compile(tests: str) -> str:
    """Say why Python cannot read the file, or nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(ast.parse(tests), runner.TEST_FILE, "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = getattr(error, "lineno", None)
        where = f"Line {line}" if line else "The file"
        text = getattr(error, "msg", None) or str(error)
        if "outside" in text and "await" in text:
            return f"{where} awaits outside a test: move it into an `async def test_...`."
        return f"{where} is not Python: {text}. Mend it and run the cell again."
    return ""


def _does_not_run(result: dict) -> str:
    """Say why no test of the file could run, or nothing."""
    if result["errors"]:
        error = _last_error(result)
        last = [line for line in error.splitlines() if line.startswith("E  ")]
        text = last[-1][1:].strip() if last else error.splitlines()[-1]
        missing = re.search(r"No module named '([\w.]+)'", text)
        if missing:
            return (
                f"The file imports {missing[1]}, which is not installed here. "
                "Use the packages of the course, or install it first."
            )
        return f"The file stops before its first test: {text}"
    if result["collected"] is None:
        if result["overran"]:
            where = f" at line {result['line']}" if result["line"] else ""
            return f"The file never ends{where}, before its first test: take that out of it."
    if not result["collected"] and result["done"] == NO_TESTS:
        return "There is no test in it: pytest runs functions whose names begin with `test_`."
    if not result["collected"]:
        return (
            "The file ends the whole test run while it is loaded "
            "(sys.exit, os._exit or an interrupt at the top level): take that out."
        )
    return ""


def _stopped(result: dict) -> SetAside | None:
    """If a test kept the run from its end: which, and how."""
    test = result["running"]
    if test is None:
        return None
    if result["overran"]:
        at = f" (line {result['line']} was running)" if result["line"] else ""
        return SetAside(
            test, f"it never ends{at}: it was stopped. Give what it waits for a deadline"
        )
    return SetAside(
        test,
        "it ended the whole test run (sys.exit, os._exit, pytest.exit or KeyboardInterrupt): "
        "a test ends by returning, or by an assertion that fails",
    )


def _why_failed(outcome: dict) -> str:
    """Say in a sentence why a test fails on an app that is right."""
    text = outcome["report"] + outcome["message"]
    for sign, advice in ADVICE:
        if sign in text:
            return advice
    first = outcome["message"].splitlines()[0] if outcome["message"] else "see the report"
    if "ExceptionGroup" in first:  # a task group's; the first error in it says more
        inside = re.search(
            r"^[ |]+\| (?!\w*ExceptionGroup)(\w+: .+)", outcome["report"], re.MULTILINE
        )
        first = inside[1] if inside else first
    return f"it fails on the app, which keeps its promises: {_without_addresses(first)}"


def _own_frames(report: str) -> str:
    """Cut pytest's report to the frames of the test file and of main.py, and the error's lines."""
    kept, own, inside = [], True, None
    for line in report.splitlines():
        if frame := re.match(r"(\S+):\d+: in ", line):
            own = frame[1] in ("main.py", runner.TEST_FILE)
        elif frame := re.match(r'([ |]*)File "(.+)", line', line):  # in a group of exceptions
            file = Path(frame[2])
            own, inside = file.parent.name == PROJECT, f"{frame[1]}  "
            line = line.replace(frame[2], file.name)
        elif inside and not line.startswith(inside):
            own, inside = True, None
        if own or re.match(r"E( |$)", line):
            kept.append(line)
    return _without_addresses("\n".join(kept))


def _without_addresses(text: str) -> str:
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def _last_error(result: dict) -> str:
    return result["errors"][-1] if result["errors"] else ""
