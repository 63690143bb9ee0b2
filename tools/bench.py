"""What a verdict costs, and what it costs to validate the course: `make bench` prints two tables.

python tools/bench.py verdict               half a minute
python tools/bench.py notebooks [FILES...]  many minutes; wants a machine with nothing else to do

A verdict in a kernel, on an app with two variations and eight bugs, is set beside one plain pytest
run of the same file in a process; and beside a verdict on sixteen bugs.

Validating the notebooks as `make test` does is set beside nbmake and nbconvert as people call them,
over the same notebooks, with as many workers, in the same environment and its variables. Those two
compare no outputs: they say that every cell ran.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

from jupyter_client.manager import start_new_kernel

import notebooks as tool
from bughunt import hunts, runner

RUNS = 10
# As tests/conftest.py has it: kernels keep their workers waiting.
WORKERS = (os.cpu_count() or 1) + 1
NBMAKE = "nbmake==1.5.5"
SAMPLE = tool.ROOT / "tests" / "sample"
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


def verdict() -> None:
    """Measure verdicts and print their table."""
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
        print(f"{name:42} {took * 1000:7.0f} {took / plain:15.2f}", flush=True)


def failed(output: str) -> list[str]:
    """Name what pytest's short summary says of notebooks that failed, a line each."""
    return re.findall(r"^(?:FAILED|ERROR) (.+)", output, re.MULTILINE)


def as_make_test_does(files: list[Path], scratch: Path) -> list[str]:
    """Run the tests of `make test` that validate these notebooks; return what failed."""
    which = " or ".join(f"{file.parent.name}/{file.stem}" for file in files)
    command = [sys.executable, "-m", "pytest", "tests/test_notebooks.py", "-q", "-rfE"]
    ran = subprocess.run(
        [*command, f"-n{WORKERS}", "-k", f"test_runs and ({which})"],
        cwd=tool.ROOT,
        capture_output=True,
        text=True,
    )
    found = failed(ran.stdout)
    passed = re.search(r"(\d+) passed", ran.stdout)
    if len(found) + int(passed[1] if passed else 0) != len(files):
        found.append(f"not all were run:\n{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return found


def with_nbmake(files: list[Path], scratch: Path) -> list[str]:
    """Run `pytest --nbmake` on these notebooks; return what failed."""
    # For this Python's path alone: in the kernels, %%ipytest would import the plugin.
    start = f"import sys; sys.path.insert(0, {str(scratch / 'nbmake')!r}); import pytest; "
    command = [sys.executable, "-c", f"{start}sys.exit(pytest.main())", "--nbmake", f"-n{WORKERS}"]
    quiet = ["-c", os.devnull, "-p", "no:cacheprovider", "-q", "-rfE", "--tb=no"]
    ran = subprocess.run(
        [*command, *quiet, *map(str, files)],
        # One environment for all: a solution that misses a bug would go unseen.
        env=tool.environment(tool.NOTEBOOKS / "any.ipynb", scratch),
        cwd=scratch,
        capture_output=True,
        text=True,
    )
    found = failed(ran.stdout)
    if bool(found) != bool(ran.returncode):
        found.append(f"{ran.stdout[-2000:]}{ran.stderr[-2000:]}")
    return found


def with_nbconvert(files: list[Path], scratch: Path) -> list[str]:
    """Run `jupyter nbconvert --execute` on each of these notebooks; return what failed."""

    def one(file: Path) -> list[str]:
        own = scratch / file.parent.name / file.stem
        command = [sys.executable, "-m", "nbconvert", "--execute", "--to", "notebook"]
        ran = subprocess.run(
            [*command, "--output-dir", str(own), str(file)],
            env=tool.environment(file, own),
            capture_output=True,
            text=True,
        )
        last = (ran.stderr.strip().splitlines() or [""])[-1]
        return [f"{tool.shown(file)} - {last}"] if ran.returncode else []

    with ThreadPoolExecutor(WORKERS) as pool:
        return [said for found in pool.map(one, files) for said in found]


def notebooks(files: list[Path]) -> int:
    """Measure the validation of `files`, or of all, and print its table; return 1 if one failed."""
    folders = (tool.NOTEBOOKS, tool.SOLUTIONS, tool.EXERCISES)
    every = [file for folder in folders for file in sorted(folder.glob("*.ipynb"))]
    files = [file.resolve() for file in files] or every
    if strangers := [str(file) for file in files if file not in every]:
        raise tool.Refused(f"Not a notebook of the course: {', '.join(strangers)}")
    ways = {
        "as make test does": as_make_test_does,
        "pytest --nbmake": with_nbmake,
        "jupyter nbconvert --execute": with_nbconvert,
    }
    cores = os.cpu_count() or 1
    print(f"{f'{len(files)} notebooks, {WORKERS} at a time on {cores} cores':42}", end=" ")
    print(f"{'s':>7} {'x make test':>15} {'s of CPU':>9} {'x':>5} {'failed':>7}", flush=True)
    first, problems = (), []
    for name, way in ways.items():
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            if way is with_nbmake:  # all that it needs is here already
                target = ["--quiet", "--no-deps", "--target", str(scratch / "nbmake"), NBMAKE]
                command = [sys.executable, "-m", "uv", "pip", "install"]
                subprocess.run([*command, "--python", sys.executable, *target], check=True)
            before, began = os.times(), time.perf_counter()
            found = way(files, scratch)
            took, after = time.perf_counter() - began, os.times()
        busy = sum(after[2:4]) - sum(before[2:4])
        first = first or (took, busy)
        print(f"{name:42} {took:7.0f} {took / first[0]:15.2f}", end=" ")
        print(f"{busy:9.0f} {busy / first[1]:5.2f} {len(found):7}", flush=True)
        problems += [f"{name}: {said}" for said in found]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def main(args: list[str] | None = None) -> int:
    """Print the table that was asked for, or both."""
    parser = argparse.ArgumentParser(
        prog="tools/bench.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("table", nargs="?", choices=["verdict", "notebooks"])
    parser.add_argument("files", nargs="*", type=Path)
    options = parser.parse_args(args)
    if options.table != "notebooks":
        verdict()
    if options.table == "verdict":
        return 0
    try:
        return notebooks(options.files)
    except tool.Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
