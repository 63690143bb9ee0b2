"""The proofs of every exercise: that its solution, its bugs, variations and start are in order."""

import ast
import dataclasses
import json
import re
from pathlib import Path

import pytest
from conftest import ONCE

from bughunt import hunts, report, runner

ROOT = Path(__file__).parents[1]
HUNTS = [hunts.load(name) for name in hunts.names()]
EVERY = pytest.mark.parametrize("hunt", HUNTS, ids=[hunt.name for hunt in HUNTS])
# Lesson 00 solves its hunt on the way; every other hunt is solved in solutions/.
SOLVED = [*(ROOT / "solutions").glob("*.ipynb"), ROOT / "notebooks" / "00-start-here.ipynb"]


def solution(hunt: hunts.Hunt) -> str:
    """Return the last cell under `%%bughunt NAME` in the notebooks that solve the exercises."""
    found = ""
    for path in SOLVED:
        for cell in json.loads(path.read_text("utf-8"))["cells"]:
            first, _, rest = "".join(cell["source"]).partition("\n")
            if first.split()[:2] == ["%%bughunt", hunt.name]:
                found = rest
    assert found, f"no notebook solves {hunt.name}"
    return found


@EVERY
def test_promises_bugs_and_variations_belong_together(hunt):
    assert hunt.kind in ("hunt", "mend") and hunt.title and hunt.takeaway
    assert {bug.breaks for bug in hunt.bugs} == set(hunt.promises)
    if hunt.areas:
        assert len(hunt.bugs) >= 25
    else:
        assert (2 if hunt.lesson == "00" else 4) <= len(hunt.bugs) <= 6
    assert len(hunt.variations) >= (0 if hunt.lesson == "00" else 2)
    changes = [*hunt.bugs, *hunt.variations]
    assert len({change.name for change in changes}) == len(changes)
    for change in changes:
        ast.parse(change.apply(hunt.source))
    for bug in hunt.bugs:
        assert len(bug.hints) >= 3 and bug.hints[0].endswith("?") and bug.seen


@EVERY
def test_as_shipped(judge, hunt):
    verdict = judge.judge(hunt.start, hunt)
    if hunt.kind == "hunt":
        assert verdict.outcome == "not started"
    else:
        assert verdict.outcome in ("does not run", "fails on the app", "some caught")
        assert hunt.fails and hunt.fails in report.as_text(verdict, hunt)


def must_catch_all(hunt, failures, orders=1):
    """Check that every bug is caught in every order, and that nothing else fails."""
    assert failures.get("the app", []) == [[]] * orders
    for change in (*hunt.variations, *hunt.bugs):
        for order, failed in enumerate(failures[change.name]):
            caught = change in hunt.bugs
            assert bool(failed) == caught, f"{change.name}, order {order}: {failed or 'is free'}"


# In solutions/ each solution is judged in its notebook, on every Python.
@ONCE
@EVERY
def test_solution_catches_all_in_any_order(judge, hunt, thorough):
    app = dataclasses.replace(hunt, bugs=(), variations=())
    variations = dataclasses.replace(hunt, bugs=())
    bugs = dataclasses.replace(hunt, variations=())
    few = 10 if thorough else 1 if hunt.areas else 2
    for part, orders in ((app, 10), (variations, few), (bugs, few)):
        failures = judge.failures(solution(hunt), part, seeds=range(orders))
        must_catch_all(part, failures, orders)


# With httpx2 in httpx's place, so that this is proved as well.
@ONCE
@EVERY
def test_each_bug_is_free_without_the_tests_that_catch_it(judge_with_httpx2, hunt, thorough):
    tests = solution(hunt)
    failures = judge_with_httpx2.failures(tests, hunt)
    must_catch_all(hunt, failures)
    if hunt.areas and not thorough:  # half a minute; the others were just seen to pass beside them
        return
    catchers = {bug.name: failures[bug.name][0] for bug in hunt.bugs}
    free = judge_with_httpx2.failures(tests, hunt, without=catchers)
    assert free == {bug.name: [[]] for bug in hunt.bugs}


@ONCE
@EVERY
def test_smoke_and_overfitted_tests_do_what_they_should(judge, hunt):
    """Smoke leaves half of the bugs free; an over-fitted test fails on its own variation only."""
    proofs = (hunt.folder / "proofs.py").read_text("utf-8")
    overfitted = {f"test_overfitted_{variation.name}" for variation in hunt.variations}
    names = set(re.findall(r"def (test_\w+)", proofs))
    smoke = {name for name in names if name.startswith("test_smoke")}
    assert smoke and names == smoke | overfitted
    failures = judge.failures(proofs, hunt)
    assert failures["the app"] == [[]]
    for variation in hunt.variations:
        assert failures[variation.name] == [[f"test_overfitted_{variation.name}"]]
    by_smoke = [
        bug.name
        for bug in hunt.bugs
        if any(runner.function_of(test) in smoke for test in failures[bug.name][0])
    ]
    # The two bugs of lesson 00 are found together, step by step.
    assert len(by_smoke) <= len(hunt.bugs) / 2 or hunt.lesson == "00", by_smoke


def test_a_name_that_does_not_exist_is_said():
    with pytest.raises(hunts.HuntError, match="Did you mean orders?"):
        hunts.load("order")


def test_a_change_must_apply_once(sample):
    with pytest.raises(hunts.HuntError, match="2 times"):
        hunts.Change("twice", "async def crop", "def crop").apply("async def crop\nasync def crops")
