"""What bughunt's own tests share: a judge, the sample hunt, and a progress file of their own."""

from pathlib import Path

import pytest

from bughunt import hunts
from bughunt.judge import Judge

SAMPLE = Path(__file__).parent / "sample"


@pytest.fixture(autouse=True)
def own_progress(tmp_path, monkeypatch):
    """Keep the learner's own progress and signatures out of it."""
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "jupyter"))
    monkeypatch.setenv("BUGHUNT_PROGRESS", str(tmp_path / "progress.json"))


@pytest.fixture(scope="session")
def judge():
    judge = Judge()
    yield judge
    judge.stop()


@pytest.fixture(scope="session")
def sample():
    return hunts.read(SAMPLE)


@pytest.fixture(scope="session")
def solution():
    return (SAMPLE / "solution.py").read_text("utf-8")
