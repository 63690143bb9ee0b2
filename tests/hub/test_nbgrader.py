"""nbgrader itself, on the course that `python -m bughunt nbgrader` writes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

import notebooks as tool
from bughunt import hunts, marks

# A lesson of hunts, and one with a mend.
LESSONS = ("02-the-first-test", "04-which-loop-runs-your-test")
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """A course with both lessons released, and a way to run nbgrader in it."""
    folder = tmp_path_factory.mktemp("nbgrader") / "course"
    # nbgrader calls alembic from PATH.
    env = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    env["BUGHUNT_PROGRESS"] = str(folder / "teacher.json")

    def run(*command, cwd=folder):
        done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(sys.executable, "-m", "bughunt", "nbgrader", str(folder), cwd=tool.ROOT)
    for lesson in LESSONS:
        run(BIN / "nbgrader", "generate_assignment", lesson)
    return folder, run


def cells(file):
    return json.loads(file.read_text("utf-8"))["cells"]


def text(cell):
    return "".join(cell["source"])


@pytest.mark.parametrize("lesson", LESSONS)
def test_what_is_released_is_the_exercise_with_points(course, lesson):
    folder, _ = course
    released = cells(folder / "release" / lesson / f"{lesson}.ipynb")
    graded = [cell for cell in released if cell["metadata"].get("nbgrader", {}).get("grade")]
    exercise = [text(cell) for cell in cells(tool.EXERCISES / f"{lesson}.ipynb")]
    without_links = [re.sub(r"\[(.*?)\]\(\.\./.*?\)", r"\1", source) for source in exercise]
    assert [text(cell) for cell in released if cell not in graded] == without_links
    names = [source.split()[1] for source in exercise if source.startswith("%%bughunt")]
    points = [cell["metadata"]["nbgrader"]["points"] for cell in graded]
    assert points == [len(hunts.load(name).bugs) for name in names]
    assert [text(cell).split()[-1] for cell in graded] == names
    assert not any(cell["metadata"]["editable"] for cell in graded)


def test_what_is_handed_in_is_worth_a_point_a_bug(course, judge):
    """All caught, some caught by tests of which some are missing, and a cell that is gone."""
    folder, run = course
    lesson = LESSONS[0]
    solved = {one.exercise: one.tests for one in marks.read(tool.SOLUTIONS / f"{lesson}.ipynb")}
    last_test = solved["orders"].rindex("@pytest.mark.anyio")
    partly = solved["orders"][:last_test]
    verdict = judge.judge(partly, hunts.load("orders"))
    assert 0 < verdict.caught < len(verdict.bugs)
    answers = {
        "crops": f"%%bughunt crops{solved['crops']}",
        "orders": f"%%bughunt orders{partly}",
        "crops-caught": "99",
        "orders-caught": "%caught market",
    }
    notebook = json.loads((folder / "release" / lesson / f"{lesson}.ipynb").read_text("utf-8"))
    for cell in notebook["cells"].copy():
        grade_id = cell["metadata"].get("nbgrader", {}).get("grade_id")
        cell["source"] = answers.get(grade_id, cell["source"])
        if grade_id == "basket":
            notebook["cells"].remove(cell)
    handed_in = folder / "submitted" / "ann" / lesson / f"{lesson}.ipynb"
    handed_in.parent.mkdir(parents=True)
    handed_in.write_text(json.dumps(notebook), "utf-8")

    run(BIN / "nbgrader", "autograde", lesson)

    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as book:
        grades = book.find_submission_notebook(lesson, lesson, "ann").grades
        found = {grade.cell.name: (grade.auto_score, grade.max_score) for grade in grades}
    assert found == {
        "crops-caught": (6, 6),
        "orders-caught": (verdict.caught, len(verdict.bugs)),
        "basket-caught": (0, len(hunts.load("basket").bugs)),
    }
    assert not (folder / "teacher.json").exists(), "a learner's verdict is not the teacher's"
    # The course's own table reads the same folder, and judges apart.
    table = run(sys.executable, "-m", "bughunt", "marks", str(folder / "submitted"))
    assert re.search(rf"ann +orders +{verdict.caught} of {len(verdict.bugs)} ", table)
