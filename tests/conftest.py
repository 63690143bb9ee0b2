"""What the tests share: a judge, the sample hunt, and a progress file of their own."""

import os
import sys
import time
from pathlib import Path

import pytest

import notebooks as tool
from bughunt import hunts, runner
from bughunt.judge import Judge

SAMPLE = Path(__file__).parent / "sample"
# What is the same on every Python is proved on one, the oldest.
ONCE = pytest.mark.skipif(
    sys.version_info[:2] != tuple(map(int, tool.PYTHON.split("."))),
    reason=f"proved on Python {tool.PYTHON}",
)


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Keep the learner's own progress and signatures out of it."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("BUGHUNT_PROGRESS", str(tmp_path / "progress.json"))


def ten_seconds() -> float:
    """What a verdict may take: ten seconds, and more where the machine has too much to do."""
    return runner.stretched(10, 5)


def within(seconds, is_so) -> bool:
    """Wait until `is_so()`, at most `seconds`."""
    until = time.monotonic() + seconds
    while not (held := is_so()) and time.monotonic() < until:
        time.sleep(0.05)
    return bool(held)


def pytest_xdist_auto_num_workers(config):
    """One worker more than there are cores: kernels and servers keep the tests waiting."""
    return (os.cpu_count() or 1) + 1


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="leave nothing out to save time")


@pytest.fixture(scope="session")
def thorough(pytestconfig):
    return pytestconfig.getoption("--thorough")


@pytest.fixture(scope="session")
def judge():
    judge = Judge()
    yield judge
    judge.stop()


@pytest.fixture(scope="session")
def httpx2_in_httpx_place(tmp_path_factory):
    """Return a folder that makes `import httpx` give httpx2 to a Python that has it on its path."""
    folder = tmp_path_factory.mktemp("httpx2")
    replace = "import sys\n\nimport httpx2\n\nsys.modules['httpx'] = httpx2\n"
    (folder / "sitecustomize.py").write_text(replace)
    return str(folder)


@pytest.fixture(scope="session")
def judge_with_httpx2(httpx2_in_httpx_place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", httpx2_in_httpx_place)
        judge = Judge()
        judge.start()
    yield judge
    judge.stop()


@pytest.fixture(scope="session")
def sample():
    return hunts.read(SAMPLE)


@pytest.fixture(scope="session")
def solution():
    return (SAMPLE / "solution.py").read_text("utf-8")
