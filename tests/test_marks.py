"""Marks: whatever is handed in, each exercise gets one, and none harms another's."""

import csv
import json
import shutil
import socket
import subprocess
import sys

import pytest
from conftest import ONCE, within

import notebooks as tool
from bughunt import hunts, marks, nbgrader

ROOT = tool.ROOT
SOLVED, UNTOUCHED = ROOT / "solutions", ROOT / "exercises"
LESSON = "02-the-first-test.ipynb"


def notebook(*cells):
    """The text of a notebook with these code cells, as little as JupyterLab would open."""
    cells = [{"cell_type": "code", "source": source.splitlines(True)} for source in cells]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}})


def marked(folder, *arguments):
    """Run the command on `folder`; return what it printed and the rows of its CSV."""
    file = folder.with_suffix(".csv")
    command = [sys.executable, "-m", "bughunt", "marks", str(folder), "--csv", str(file)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done, list(csv.DictReader(file.open(encoding="utf-8", newline="")))


@pytest.fixture
def class_room(tmp_path):
    """A folder with what was handed in; `hand_in(path, text or file)` puts more into it."""
    folder = tmp_path / "handed-in"

    def hand_in(name, what):
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(what, str):
            file.write_text(what, "utf-8")
        else:
            shutil.copyfile(what, file)
        return folder

    return hand_in


def test_a_class_in_one_table(class_room):
    """Solved, untouched, partly solved, a test file on disk: each learner's mark, in one table."""
    class_room(f"ann/{LESSON}", SOLVED / LESSON)
    class_room(f"ben/exercises/{LESSON}", UNTOUCHED / LESSON)
    class_room("ben/.ipynb_checkpoints/old.ipynb", SOLVED / LESSON)
    smoke = (hunts.FOLDER / "orders" / "proofs.py").read_text("utf-8")
    smoke = smoke.partition("@pytest.mark.anyio\nasync def test_overfitted")[0]
    folder = class_room("cem/test_orders.py", smoke)
    done, rows = marked(folder)
    found = [(row["learner"], row["exercise"], row["outcome"]) for row in rows]
    names = [name for name in hunts.names() if hunts.load(name).lesson == "02"]
    assert found == [
        *(("ann", name, "all caught") for name in names),
        *(("ben", name, "not started") for name in names),
        ("cem", "orders", "some caught"),
    ]
    partly = rows[-1]
    assert 0 < int(partly["caught"]) < int(partly["of"]) == len(hunts.load("orders").bugs)
    assert partly["stopped"].startswith("free: P")
    table = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert f"cem orders {partly['caught']} of {partly['of']} {partly['stopped']}" in table
    bugs = sum(len(hunts.load(name).bugs) for name in names)
    assert f"ann {len(names)} {bugs} of {bugs} {len(names)}" in table


@ONCE
def test_what_is_no_good_harms_no_other(class_room):
    """Each bad file gets a sentence of its own, and the good one behind it its full mark."""
    class_room("a/notes.ipynb", "{ not json")
    class_room("b/empty.ipynb", notebook())
    class_room("c/homework.py", "def test_a(): pass")
    (class_room("d/latin.py", "") / "d" / "latin.py").write_bytes(b"caf\xe9")
    class_room(
        "e/crops.py", "import os, signal\ndef test_a(): os.kill(os.getppid(), signal.SIGKILL)"
    )
    up = "import psutil\ndef test_a():\n    psutil.Process().parents()[1].kill()"
    class_room("f/two.ipynb", notebook(f"%%bughunt crops\n{up}", "%%bughunt orders\ndef test_a(:"))
    class_room("g/crops.py", "def test_a(): assert bytearray(9 * 10**9)")
    class_room("h/crops.py", "(" * 100_000)
    class_room("i/crops.py", "def test_a(): raise ValueError('\\x1b[2J')")
    class_room("=1+1/crops.py", "")
    folder = class_room(f"z/{LESSON}", SOLVED / LESSON)
    done, rows = marked(folder)
    said = {(row["learner"].lstrip("'"), row["exercise"]): row["stopped"] for row in rows}
    assert "not a notebook" in said["a", ""]
    assert "%%bughunt" in said["b", ""]
    assert "no exercise has its name" in said["c", ""]
    assert "not text in UTF-8" in said["d", ""]
    assert "ended the process" in said["e", "crops"]
    assert "ended the process" in said["f", "crops"]
    assert "not Python" in said["f", "orders"]
    assert "MemoryError" in said["g", "crops"]
    assert "not Python" in said["h", "crops"]
    assert "\x1b" not in done.stdout
    assert [row["learner"] for row in rows if row["stopped"] == "not started"] == ["'=1+1"]
    assert {row["outcome"] for row in rows if row["learner"] == "z"} == {"all caught"}


def test_an_exercise_has_a_time(class_room):
    endless = "import time\n" + "".join(
        f"def test_{number}(): time.sleep(3)\n" for number in range(9)
    )
    class_room("ann/crops.py", endless)
    folder = class_room("ben/crops.py", "")
    _, rows = marked(folder, "--seconds", "2")
    assert [row["stopped"] for row in rows] == ["its time was up: 2 s.", "not started"]


def test_no_network_but_its_own_loopback(class_room):
    """Where the system allows it: a server out here is not there for a test; its own is."""
    outside = socket.create_server(("127.0.0.1", 0))
    port = outside.getsockname()[1]
    own = (
        "import socket\ndef test_own():\n    with socket.create_server(('127.0.0.1', 0)) as one:\n"
    )
    own += "        socket.create_connection(one.getsockname()).close()\n"
    out = f"def test_out():\n    socket.create_connection(('127.0.0.1', {port})).close()\n"
    folder = class_room("ann/crops.py", own + out)
    with outside:
        done, [row] = marked(folder)
        _, [reached] = marked(folder, "--network")
    assert "test_out" not in reached["stopped"]
    if "Tests can reach the network" not in done.stderr:
        assert "test_out: " in row["stopped"] and "test_own" not in row["stopped"]


def test_a_call_that_is_no_good(tmp_path, capsys):
    assert marks.main([str(tmp_path / "nonesuch")]) == 2
    assert "There is no folder" in capsys.readouterr().err
    assert marks.main([str(tmp_path)]) == 2
    assert "is a notebook or a test file" in capsys.readouterr().err
    (tmp_path / "crops.py").write_text("")
    assert marks.main([str(tmp_path), "--csv", str(tmp_path / "no" / "marks.csv")]) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_nothing_is_left(class_room, tmp_path, monkeypatch):
    """No folder stays, of a server's either, though its exercise was stopped in the middle."""
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    monkeypatch.setenv("TMPDIR", str(scratch))
    folder = class_room("ann/tabs.py", "import time\ndef test_a(): time.sleep(99)\n")
    marked(folder, "--seconds", "6")
    assert within(10, lambda: not list(scratch.iterdir()))


def test_nbgraders_course_keeps_what_its_teacher_changed(tmp_path, capsys):
    """Written twice: what was changed stays, with a sentence, until one asks for it anew."""
    folder = tmp_path / "course"
    source = folder / "source" / LESSON.removesuffix(".ipynb") / LESSON
    assert nbgrader.main([str(folder)]) == 0
    written = source.read_text("utf-8")
    points = [f"%caught {hunt.exercise}" in written for hunt in marks.read(SOLVED / LESSON)]
    assert points == [True] * len(points)
    source.write_text(notebook("x = 1"), "utf-8")
    (folder / "nbgrader_config.py").write_text("c = get_config()\n")
    assert nbgrader.main([str(folder)]) == 0
    said = capsys.readouterr().out
    assert str(source) in said and "configure(get_config())" in said
    assert source.read_text("utf-8") == notebook("x = 1")
    assert (folder / "nbgrader_config.py").read_text() == "c = get_config()\n"
    assert nbgrader.main([str(folder), "--overwrite"]) == 0
    assert source.read_text("utf-8") == written


def test_nbgraders_course_where_it_cannot_be(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert nbgrader.main([str(tmp_path / "file")]) == 2
    assert "cannot be written" in capsys.readouterr().err
