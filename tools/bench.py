"""What a verdict costs, as time and as multiples of plain pytest: `make bench` prints one table.

A verdict in a kernel, on an app with two variations and eight bugs, is set beside one plain pytest
run of the same file in a process; and beside a verdict on sixteen bugs.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from jupyter_client.manager import start_new_kernel

from bughunt import hunts, runner

RUNS = 10
SAMPLE = Path(__file__).parents[1] / "tests" / "sample"
# The sample's own bugs, again and again, until there are eight or sixteen.
SETUP = f"""
%load_ext bughunt
import dataclasses, itertools
from pathlib import Path
from bughunt import hunts, report
from bughunt.magics import show
judge = get_ipython().magics_manager.registry["BugHuntMagics"].judge
sample = hunts.read(Path({str(SAMPLE)!r}))
tests = (sample.folder / "solution.py").read_text("utf-8")
def with_bugs(count):
    bugs = itertools.islice(itertools.cycle(sample.bugs), count)
    return dataclasses.replace(sample, bugs=tuple(bugs))
def verdict(hunt):
    found = judge.judge(tests, hunt)
    assert found.outcome == "all caught"
    show(report.as_text(found, hunt), html=report.as_html(found, hunt))
eight, sixteen = with_bugs(8), with_bugs(16)
"""


def seconds(work) -> float:
    """Return how long `work()` takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def plain_pytest(folder: str) -> None:
    """Run pytest once, in a process of its own, as a learner would."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", runner.TEST_FILE]
    subprocess.run(command, cwd=folder, capture_output=True, check=True)


def in_a_kernel(reading: float) -> tuple[float, list[float], list[float]]:
    """Time the first verdict, `reading` seconds after %load_ext, and more on 8 and 16 bugs."""
    manager, client = start_new_kernel(stderr=subprocess.DEVNULL)

    def cell(code):
        reply = client.execute_interactive(code, output_hook=lambda message: None)
        assert reply["content"]["status"] == "ok", reply["content"]

    try:
        cell(SETUP)
        time.sleep(reading)
        first, short, long = seconds(lambda: cell("verdict(eight)")), [], []
        for _ in range(RUNS if reading else 0):  # in turn, so that both see the same machine
            short.append(seconds(lambda: cell("verdict(eight)")))
            long.append(seconds(lambda: cell("verdict(sixteen)")))
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    return first, short, long


def main() -> None:
    """Measure and print the table."""
    sample = hunts.read(SAMPLE)
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (
            ("main.py", sample.source),
            (runner.TEST_FILE, (SAMPLE / "solution.py").read_text("utf-8")),
            ("conftest.py", runner.CONFTEST),
        ):
            Path(folder, name).write_text(text, "utf-8")
        plain = median(seconds(lambda: plain_pytest(folder)) for _ in range(3))
    at_once, _, _ = in_a_kernel(reading=0)
    # %load_ext starts the runner, which is ready by the time that the learner has read and typed.
    first, short, long = in_a_kernel(reading=3)
    rows = [
        ("one plain pytest run of the file", plain),
        ("first verdict, at once after %load_ext", at_once),
        ("first verdict, 3 s after %load_ext", first),
        (f"verdict after that, median of {RUNS}", median(short)),
        ("one more bug", (median(long) - median(short)) / 8),
    ]
    print(f"{'two variations, eight bugs':42} {'ms':>7} {'x plain pytest':>15}")
    for name, took in rows:
        print(f"{name:42} {took * 1000:7.0f} {took / plain:15.2f}")


if __name__ == "__main__":
    main()
