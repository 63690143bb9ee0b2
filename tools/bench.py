"""What a verdict costs, as time and as multiples of plain pytest: `make bench` prints one table.

A verdict in a kernel, on an app with two variations and eight bugs, is set beside one plain pytest
run of the same file in a process; and beside a verdict on two bugs fewer.
"""

import dataclasses
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from bughunt import hunts, runner
from bughunt.judge import Judge

RUNS = 10
SAMPLE = Path(__file__).parents[1] / "tests" / "sample"


def seconds(work) -> float:
    """Return how long `work()` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def with_bugs(hunt: hunts.Hunt, count: int) -> hunts.Hunt:
    """Return `hunt` with `count` bugs, its own ones again and again."""
    bugs = [
        dataclasses.replace(hunt.bugs[i % len(hunt.bugs)], name=f"bug{i}") for i in range(count)
    ]
    return dataclasses.replace(hunt, bugs=tuple(bugs))


def plain_pytest(folder: str) -> None:
    """Run pytest once, in a process of its own, as a learner would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", runner.TEST_FILE]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


def main() -> None:
    """Measure and print the table."""
    sample, tests = hunts.read(SAMPLE), (SAMPLE / "solution.py").read_text("utf-8")
    eight, sixteen = with_bugs(sample, 8), with_bugs(sample, 16)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (
            ("main.py", sample.source),
            (runner.TEST_FILE, tests),
            ("conftest.py", runner.CONFTEST),
        ):
            Path(folder, name).write_text(text, "utf-8")
        plain = median(seconds(lambda: plain_pytest(folder)) for _ in range(3))
    # As in a notebook: %load_ext starts the runner, and the learner reads before the first verdict;
    # "cold" does not wait for that.
    judge = Judge()
    cold = seconds(lambda: judge.judge(tests, eight))
    judge.stop()
    judge.start()
    time.sleep(3)
    first = seconds(lambda: judge.judge(tests, eight))
    short, long = [], []
    for _ in range(RUNS):  # in turn, so that both see the same machine
        short.append(seconds(lambda: judge.judge(tests, eight)))
        long.append(seconds(lambda: judge.judge(tests, sixteen)))
    judge.stop()
    rows = [
        ("one plain pytest run of the file", plain),
        ("first verdict, at once after %load_ext", cold),
        ("first verdict, the runner being ready", first),
        (f"verdict after that, median of {RUNS}", median(short)),
        ("one more bug", (median(long) - median(short)) / 8),
    ]
    print(f"{'two variations, eight bugs':42} {'ms':>7} {'x plain pytest':>15}")
    for name, took in rows:
        print(f"{name:42} {took * 1000:7.0f} {took / plain:15.2f}")


if __name__ == "__main__":
    main()
