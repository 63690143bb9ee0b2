"""The learner's own copy: filled, brought up to date, never overwritten."""

import json
import subprocess
import sys

import nbformat
import pytest

from bughunt import lab


@pytest.fixture
def course(tmp_path):
    for name in ("notebooks/00-start-here.ipynb", "notebooks/02-a.ipynb", "exercises/02-a.ipynb"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"{name}, first edition")
    return tmp_path


def test_a_new_copy(course):
    assert len(lab.fill(course)) == 1
    copy = course / "my/exercises/02-a.ipynb"
    assert copy.read_text() == "exercises/02-a.ipynb, first edition"
    assert (course / "my/notebooks/00-start-here.ipynb").exists()


def test_nothing_to_say_the_second_time(course):
    lab.fill(course)
    assert lab.fill(course) == []


def test_an_untouched_file_follows_its_original(course):
    lab.fill(course)
    (course / "notebooks/02-a.ipynb").write_text("second edition")
    (said,) = lab.fill(course)
    assert "notebooks/02-a.ipynb" in said and "exercises" not in said
    assert (course / "my/notebooks/02-a.ipynb").read_text() == "second edition"
    assert lab.fill(course) == []


def test_a_touched_file_stays(course):
    lab.fill(course)
    mine = course / "my/exercises/02-a.ipynb"
    mine.write_text("my own work")
    assert lab.fill(course) == []
    (course / "exercises/02-a.ipynb").write_text("second edition")
    for _ in range(2):
        (said,) = lab.fill(course)
        assert "my/exercises/02-a.ipynb" in said
        assert mine.read_text() == "my own work"


def test_a_notebook_that_was_only_opened_is_not_touched(course):
    original = course / "notebooks/02-a.ipynb"
    cell = nbformat.v4.new_code_cell("1 + 1")
    first = nbformat.v4.new_notebook(cells=[cell])
    original.write_text(nbformat.writes(first))
    lab.fill(course)
    mine = course / "my/notebooks/02-a.ipynb"
    opened = nbformat.read(mine, as_version=4)
    opened.metadata.language_info = {"name": "python", "version": "3.13.0"}
    nbformat.write(opened, mine)
    original.write_text(nbformat.writes(first) + "\n")
    assert lab.fill(course) == []
    original.write_text(nbformat.writes(first).replace("1 + 1", "2 + 2"))
    assert "Brought up to date" in lab.fill(course)[0]
    assert nbformat.read(mine, as_version=4).cells[0].source == "2 + 2"

    ran = nbformat.read(mine, as_version=4)
    ran.cells[0].outputs = [nbformat.v4.new_output("stream", text="4")]
    nbformat.write(ran, mine)
    original.write_text(nbformat.writes(first))
    assert "yours stay" in lab.fill(course)[0]
    assert nbformat.read(mine, as_version=4) == ran


def test_a_deleted_file_comes_back_new(course):
    lab.fill(course)
    mine = course / "my/exercises/02-a.ipynb"
    mine.write_text("my own work")
    (course / "exercises/02-a.ipynb").write_text("second edition")
    mine.unlink()
    lab.fill(course)
    assert mine.read_text() == "second edition"
    (course / "exercises/02-a.ipynb").write_text("third edition")
    lab.fill(course)
    assert mine.read_text() == "third edition"


def test_a_new_lesson_arrives(course):
    lab.fill(course)
    (course / "notebooks/03-b.ipynb").write_text("new")
    (said,) = lab.fill(course)
    assert "03-b" in said
    assert (course / "my/notebooks/03-b.ipynb").exists()


def test_files_of_the_learners_own_stay(course):
    lab.fill(course)
    (course / "my/notebooks/scratch.ipynb").write_text("mine")
    lab.fill(course)
    assert (course / "my/notebooks/scratch.ipynb").read_text() == "mine"


@pytest.mark.parametrize("text", ["", "{", "[]", None])
def test_a_lost_record_overwrites_nothing(course, text):
    lab.fill(course)
    mine = course / "my/exercises/02-a.ipynb"
    mine.write_text("my own work")
    record = course / "my" / lab.RECORD
    record.unlink() if text is None else record.write_text(text)
    lab.fill(course)
    assert mine.read_text() == "my own work"
    assert "notebooks/02-a.ipynb" in json.loads(record.read_text())


@pytest.mark.skipif(sys.platform == "win32", reason="JupyterLab is a child there")
def test_arguments_are_passed_on(course, monkeypatch):
    calls = []
    monkeypatch.setattr(lab, "ROOT", course)
    monkeypatch.setattr(lab.fill, "__defaults__", (course,))
    monkeypatch.setattr(lab.os, "execv", lambda *call: calls.append(call))
    monkeypatch.setattr(lab.subprocess, "call", lambda command: 0)
    lab.main(["--no-browser", "--port=8899"])
    ((python, command),) = calls
    assert python == sys.executable
    assert command[-2:] == ["--no-browser", "--port=8899"]
    assert f"--ServerApp.root_dir={course / 'my'}" in command
    assert (course / "my/notebooks/00-start-here.ipynb").exists()


def test_without_the_lessons_there_is_a_plain_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(lab, "ROOT", tmp_path)
    assert lab.main([]) == 2
    assert "clone" in capsys.readouterr().err
    assert not (tmp_path / "my").exists()


def test_jupyterlab_takes_our_arguments():
    """The settings that main() names exist in the JupyterLab that is installed."""
    said = subprocess.run(
        [sys.executable, "-m", "jupyterlab", "--help-all"], capture_output=True, text=True
    ).stdout
    assert "--ServerApp.root_dir=" in said
    assert "--LabApp.default_url=" in said
