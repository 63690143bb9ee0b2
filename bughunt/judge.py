"""The judge: from a test file and a hunt to a verdict."""

import ast
import atexit
import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from . import advice, runner, servers
from .advice import Kind
from .hunts import Bug, Hunt

FIRST_DEADLINE = 4.0  # seconds for the first run on the app, when nothing is known of the tests
LEAST_DEADLINE = 2.0  # seconds that any later run gets: a busy machine takes a while to fork
PROOF_DEADLINE = 60.0  # for each order of a proof: a hunt's own tests end by themselves
SLOWER = 5  # how many times the app's own run a later one may take
MOST_ALONE = 6  # how many of the tests that fail on the app are run again, each alone
AGAIN, BACKWARDS = "the app, once more", "the app, the tests in reverse order"


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
    "some caught" and "all caught"; `problem` says in plain words what is wrong and what to do, and
    `notes` what is hardly meant and yet costs nothing.
    """

    hunt: str
    outcome: str
    problem: str = ""
    report: str = ""
    tests: list[str] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bugs: list[BugResult] = field(default_factory=list)

    @property
    def caught(self) -> int:
        """How many bugs are caught."""
        return sum(bool(bug.caught_by) for bug in self.bugs)

    def as_dict(self) -> dict:
        """Return the verdict as plain data, for JSON."""
        return asdict(self) | {"caught": self.caught, "of": len(self.bugs)}


class RunnerEnded(Exception):
    """The runner process ended in the middle of its work."""


class Judge:
    """Keeps a runner process ready, so that a verdict after the first is quick.

    Args:
        at_once: how many variants run at a time.
    """

    def __init__(self, at_once: int = runner.AT_ONCE):
        self.process, self.at_once = None, at_once
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

    def run(self, runs: list[dict], at_once: int | None = None) -> list[dict]:
        """Have the runner do `runs`; stop it if the wait is interrupted."""
        self.start()
        at_once = at_once or self.at_once
        try:
            self.process.stdin.write(json.dumps({"runs": runs, "at_once": at_once}) + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline()
            if not answer:
                raise RunnerEnded
            return json.loads(answer)
        except BrokenPipeError:
            self.stop()
            raise RunnerEnded from None
        except BaseException:
            self.stop()
            raise

    def judge(self, tests: str, hunt: Hunt, *, anyio_mode: str | None = None) -> Verdict:
        """Judge a test file.

        Args:
            tests: the text of the test file.
            hunt: the exercise that it is for.
            anyio_mode: "auto" to run as with pytest's setting of that name.

        Returns:
            The verdict. What is wrong with `tests` is said there, never raised.
        """
        if hunt.kind == "hunt" and hunt.is_untouched(tests):
            return Verdict(hunt.name, "not started")
        problem = advice.does_not_compile(tests)
        if problem:
            return Verdict(hunt.name, "does not run", problem)
        try:
            with self._case(tests, hunt, anyio_mode) as case:
                return case.verdict()
        except servers.NoServer as error:
            return Verdict(hunt.name, "does not run", str(error))
        except RunnerEnded:
            return Verdict(hunt.name, "does not run", advice.ENDED_THE_RUNNER)

    def failures(
        self,
        tests: str,
        hunt: Hunt,
        *,
        seeds: Sequence[int] = (),
        without: dict[str, list[str]] | None = None,
    ) -> dict[str, list[list[str]]]:
        """Tell which tests fail on what: a hunt is proved with it.

        Args:
            tests: the text of a test file that runs.
            hunt: the exercise that it is for.
            seeds: each shuffles the tests anew; without any, they run in the file's order.
            without: the tests that are left out, by what they are left out for; only that is run.

        Returns:
            For "the app" and the name of each variation and bug: for each order the tests that
            did not pass.

        Raises:
            servers.NoServer: if the hunt needs one and none starts.
        """
        changes = {change.name: change for change in (*hunt.variations, *hunt.bugs)}
        sources = {name: change.apply(hunt.source) for name, change in changes.items()}
        # The orders of one run share their database.
        together = runner.CAN_FORK and not hunt.server
        runs_of = [list(seeds)] if together or not seeds else [[seed] for seed in seeds]
        with self._case(tests, hunt) as case:
            deadline = PROOF_DEADLINE * len(runs_of[0] or [0])
            found = {}
            for name, source in {"the app": hunt.source, **sources}.items():
                if without is None or name in without:
                    left_out = {"without": (without or {}).get(name, [])}
                    found[name] = [
                        case.prepare(source, deadline, seeds=some, **left_out) for some in runs_of
                    ]
            results = iter(self.run([run for runs in found.values() for run in runs], at_once=4))
        for name, runs in found.items():
            found[name] = [failed for run in runs for failed in _not_passed(run, next(results))]
        return found

    @contextlib.contextmanager
    def _case(self, tests: str, hunt: Hunt, anyio_mode: str | None = None) -> Iterator["_Case"]:
        with (
            tempfile.TemporaryDirectory(prefix="bughunt-", ignore_cleanup_errors=True) as work,
            servers.databases(hunt.server) as new_database,
        ):
            yield _Case(self, tests, hunt, Path(work), anyio_mode, new_database)


class _Case:
    """One test file before the judge."""

    def __init__(self, judge: Judge, tests: str, hunt: Hunt, work: Path, anyio_mode, database):
        self.judge, self.tests, self.hunt = judge, tests, hunt
        self.new_database = database  # gives the environment of a variant
        self.work, self.anyio_mode, self.count = work, anyio_mode, 0
        self.aside: dict[str, SetAside] = {}
        self.stops = 0  # how many tests have kept a run on the app from its end
        self.notes = advice.notes(tests, hunt.source)
        (work / "conftest.py").write_text(runner.CONFTEST, "utf-8")

    def prepare(self, source: str, deadline: float, **more) -> dict:
        """Lay out a variant's folder and return the run for it, with `more` of its settings."""
        self.count += 1
        base = self.work / str(self.count)
        folder = base / runner.PROJECT
        folder.mkdir(parents=True)
        (folder / "main.py").write_text(source, "utf-8")
        (folder / runner.TEST_FILE).write_text(self.tests, "utf-8")
        run = {"folder": str(folder), "deadline": deadline, "without": list(self.aside)}
        run |= {"events": str(base / "events"), "stack": str(base / "stack")}
        return run | {"environment": self.new_database(), "anyio_mode": self.anyio_mode} | more

    def verdict(self) -> Verdict:
        first = self.on_app()
        if isinstance(first, Verdict):
            return first
        deadline = runner.stretched(max(LEAST_DEADLINE, SLOWER * first["seconds"]), 3)
        source = self.hunt.source
        right = [
            *((variation, variation.apply(source), {}) for variation in self.hunt.variations),
            (AGAIN, source, {}),
            (BACKWARDS, source, {"backwards": True}),
        ]
        # A large hunt's verdict names one test that catches a bug, and comes in half the time.
        on_bugs = {"first_failure": bool(self.hunt.areas)}
        bugs = [(bug, bug.apply(source), on_bugs) for bug in self.hunt.bugs]
        # There, it must be known which tests count before a bug's run ends at one of them.
        batches = [right, bugs] if self.hunt.areas else [right + bugs]
        results, on_variation = [], False
        for batch in batches if self.judged(first) else []:
            found = self.run_all(batch, deadline)
            on_variation |= self.weigh_variations(first, found)
            results += found
        self.look_for_stand_ins(first, results)
        return self.summary(first, results, on_variation)

    def run_all(self, variants: list[tuple], deadline: float) -> list[tuple]:
        """Run the tests on (variant, source, settings); return (variant, result)."""
        found = self.judge.run([self.prepare(text, deadline, **more) for _, text, more in variants])
        for number, result in enumerate(found):
            if result["overran"] and not _stopped(result):
                # The machine was too busy for all the tests: of those not run nothing is known.
                _, text, more = variants[number]
                found[number] = self.judge.run([self.prepare(text, 3 * deadline, **more)])[0]
        return list(zip((one for one, *_ in variants), found, strict=True))

    def on_app(self) -> dict | Verdict:
        """Run the tests on the app; once more without the one that hung or ended the run."""
        while True:
            deadline = runner.stretched(FIRST_DEADLINE, 1.5)
            result = self.judge.run([self.prepare(self.hunt.source, deadline)])[0]
            broken = advice.does_not_run(result)
            if broken:
                report = advice.last_error(result)
                return Verdict(self.hunt.name, "does not run", broken, report, notes=self.notes)
            whys = self.whys(result)
            spoiling = {test: why for test, why in whys.items() if why.kind is Kind.SPOILS}
            whys = spoiling or whys
            alone = self.pass_alone(whys, result)
            for test, why in whys.items():
                report = ""
                if test in result["tests"] and why.kind in (Kind.PLAIN, Kind.SLIP):
                    report = advice.own_frames(result["tests"][test]["report"])
                why = advice.LEFT_BEHIND if test in alone else why
                self.aside.setdefault(test, SetAside(test, why.text, report))
            if spoiling and len(spoiling) < len(result["collected"]):
                continue
            if not _stopped(result):
                return result
            self.stops += 1
            why = advice.stopped(result, deadline, self.tests)
            self.aside[result["running"]] = SetAside(result["running"], why)
            if self.stops == 2 or len(self.aside) == len(result["collected"]):
                return self.summary(result, [], False)

    def whys(self, result: dict) -> dict[str, advice.Why]:
        """Say of each test that cannot count why: it failed, was skipped, awaited nothing."""
        plain = {
            node.name for node in ast.walk(ast.parse(self.tests)) if type(node) is ast.FunctionDef
        }
        with_test_client = advice.async_tests_with_test_client(self.tests)
        old_session = advice.tests_with_an_old_session(self.tests)
        found = {}
        for test, outcome in result["tests"].items():
            if outcome["outcome"] == "skipped":
                found[test] = advice.SKIPPED
            elif outcome["outcome"] == "failed":
                name = runner.function_of(test)
                why = advice.why_failed(outcome, name in plain, name in with_test_client)
                if why.kind is Kind.PLAIN and name in old_session:
                    why = advice.Why(f"{why.text} ({advice.OLD_SESSION})")
                found[test] = why
        for test, message in result["never_awaited"].items():
            why = advice.never_awaited(message, self.tests)
            if test not in result["tests"]:
                self.notes.append(f"Somewhere {why.text}.")
            elif test not in found or found[test].kind is Kind.PLAIN:
                found[test] = why
        return found

    def pass_alone(self, whys: dict[str, advice.Why], result: dict) -> set[str]:
        """Tell which of the failures are the fault of the tests before them."""
        failed = [test for test, why in whys.items() if why.kind is Kind.PLAIN]
        if len(result["tests"]) == 1 or not 0 < len(failed) <= MOST_ALONE:
            return set()
        source, deadline = self.hunt.source, FIRST_DEADLINE
        runs = [self.prepare(source, deadline, only=[test]) for test in failed]
        alone = zip(failed, self.judge.run(runs), strict=True)
        return {test for test, one in alone if one["done"] == 0 and one["tests"]}

    def judged(self, first: dict) -> list[str]:
        """The tests that count, in the file's order."""
        return [test for test in first["collected"] or () if test not in self.aside]

    def weigh_variations(self, first: dict, results: list) -> bool:
        """Set aside what fails on a variation or on a second run; tell if on a variation."""
        on_variation, aside_before = False, list(self.aside)
        # First the app again: what fails there is not the variation's doing.
        for variant, result in sorted(results, key=lambda one: one[0] != AGAIN):
            if isinstance(variant, Bug):
                continue
            for test in _failing(result, self.judged(first)):
                outcome = result["tests"].get(test, {"report": "", "message": ""})
                if variant == BACKWARDS:
                    self.notes.append(f"`{test}` {advice.NOT_IN_REVERSE}.")
                    continue
                if variant == AGAIN:
                    why = advice.BY_CHANCE
                    if aside_before:
                        why = advice.needs_what_is_set_aside(aside_before)
                else:
                    why = advice.why_on_a_variation(outcome, variant.says)
                    on_variation = True
                self.aside[test] = SetAside(test, why, advice.own_frames(outcome["report"]))
        return on_variation

    def look_for_stand_ins(self, first: dict, results: list) -> None:
        """Note which tests leave what they put in a dependency's place."""
        if first["overridden"] and not self.aside:
            always = dict.fromkeys(map(runner.function_of, first["left_override"]))
            if always:
                self.notes.append(advice.leave_stand_ins(list(always), always=True))
        when_red = {}
        for variant, result in results:
            if isinstance(variant, Bug):
                left = set(result["left_override"]) - set(first["left_override"])
                failing = _failing(result, self.judged(first))
                when_red |= dict.fromkeys(runner.function_of(one) for one in failing if one in left)
        if when_red:
            self.notes.append(advice.leave_stand_ins(list(when_red), always=False))

    def summary(self, first: dict, results: list, on_variation: bool) -> Verdict:
        counted = self.judged(first)
        verdict = Verdict(self.hunt.name, "some caught", tests=counted)
        verdict.set_aside = list(self.aside.values())
        verdict.notes = self.notes
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


def _not_passed(run: dict, result: dict) -> list[list[str]]:
    """For each order of a run, which of its tests did not pass."""
    orders = [f" in order {seed}" for seed in run["seeds"]] or [""]
    passed = {test for test, got in result["tests"].items() if got["outcome"] == "passed"}
    tests = result["collected"] or ["its first line"]
    return [[test for test in tests if test + order not in passed] for order in orders]


def _stopped(result: dict) -> bool:
    """Whether a test kept the run from its end."""
    return result["running"] is not None
