"""The README's "For your own notebooks", done to a small team's notebooks: green, and red.

Its two files and its commands are taken from the README itself.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_notebook, new_output

import notebooks as tool

# One worker does it all: each has to save the team's notebooks first.
pytestmark = pytest.mark.xdist_group("own notebooks")

README = (tool.ROOT / "README.md").read_text("utf-8")
SECTION = README.partition("\n## For your own notebooks\n")[2].partition("\n## ")[0]
# A block names its file in its first line.
FILES = dict(re.findall(r"^```\w+\n# ([\w./]+)[^\n]*\n(.*?)^```", SECTION, re.M | re.S))
WORKFLOW = yaml.safe_load(FILES[".github/workflows/notebooks.yml"])["jobs"]["notebooks"]
STRICT, LAX = WORKFLOW["strategy"]["matrix"]["include"]
INSTALL, CHECK, VALIDATE = [step["run"] for step in WORKFLOW["steps"] if "run" in step]
SAVE = "python tools/notebooks.py save"

# What the team has: written elsewhere, for an older Jupyter, on a kernel of another name.
REPORT = """
import time
from random import random
from IPython.display import HTML
from beds import TABLE
begun = time.perf_counter()
---
HTML(TABLE)
---
print(f"six beds, in {time.perf_counter() - begun:.4f} s")
---
object()
---
# NBVAL_IGNORE_OUTPUT
share = random()
assert 0 <= share < 1
share
---
{}["plum"]
"""
GARDEN = {"kernelspec": {"name": "garden", "display_name": "Garden", "language": "python"}}
RAISES = ["raises-exception"]


def older(*sources):
    """A notebook without ids, as Jupyter wrote it until 2021."""
    cells = [new_code_cell(source.strip(), metadata={"collapsed": False}) for source in sources]
    for cell in cells:
        del cell["id"]
        if "plum" in cell.source:
            cell.metadata["tags"] = RAISES
    notebook = new_notebook(metadata=GARDEN)
    notebook.nbformat_minor, notebook.cells = 4, cells
    text = nbformat.writes(notebook)
    assert '"id"' not in text
    return text


@pytest.fixture(scope="module", autouse=True)
def without_a_grammar(tmp_path_factory):
    """jsonschema, which nbval needs, would build this package's grammar: a second of each run."""
    folder = tmp_path_factory.mktemp("path")
    (folder / "rfc3987_syntax.py").write_text("raise ImportError")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder), prepend=os.pathsep)
        yield


def run(folder: Path, command: str, workers: int = 0, **matrix: str) -> subprocess.CompletedProcess:
    """Run one of the README's commands as the workflow's job would."""
    command = re.sub(r"\$\{\{ matrix\.(\w+) \}\}", lambda found: matrix[found[1]], command)
    python, *arguments = shlex.split(command)
    assert python == "python"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=kept | WORKFLOW["env"] | {"PYTEST_XDIST_AUTO_NUM_WORKERS": str(workers)},
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
    )


def must_be_green(ran: subprocess.CompletedProcess) -> str:
    assert ran.returncode == 0, ran.stdout[-5000:] + ran.stderr[-3000:]
    return ran.stdout


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """The team's folder, with all that the README says, its notebooks saved."""
    folder = tmp_path_factory.mktemp("team")
    (folder / "notebooks").mkdir()
    (folder / "notebooks" / "beds.py").write_text("TABLE = '<table><tr><td>6</td></tr></table>'\n")
    for name, sources in {"report": REPORT.split("---"), "pots": ["12", "12 + 1"]}.items():
        (folder / "notebooks" / f"{name}.ipynb").write_text(older(*sources))

    for copied in re.findall(r"\]\(((?:tools|tests)/[\w.]+)\)", SECTION):
        (folder / copied).parent.mkdir(exist_ok=True)
        shutil.copy(tool.ROOT / copied, folder / copied)
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (keeper,) = folder.glob("tools/*")
    text = keeper.read_text("utf-8")
    assert f'PYTHON = "{tool.PYTHON}"' in text and "`PYTHON`" in SECTION
    here = "{}.{}".format(*sys.version_info)
    keeper.write_text(text.replace(f'PYTHON = "{tool.PYTHON}"', f'PYTHON = "{here}"'), "utf-8")
    with (folder / "tests" / "sanitize.cfg").open("a") as file:
        file.write("\n[seconds]\nregex: \\d\\.\\d{4} s\nreplace: SECONDS\n")
        file.write("\n[address]\nregex: \\b0x[0-9a-f]+\nreplace: ADDRESS\n")

    assert SAVE in SECTION
    must_be_green(run(folder, SAVE))
    return folder


def test_the_workflow_names_what_it_needs():
    assert INSTALL == "python -m pip install -r requirements.txt"
    assert STRICT["python"] == tool.PYTHON
    wanted = SECTION.partition("Pin ")[2].partition("`requirements.txt`")[0]
    names = re.findall(r"`([\w-]+)`", wanted)
    assert {"nbval", "nbclient"} <= set(names)
    assert [version(name) for name in names]


def test_saved_notebooks_are_green(team):
    assert "notebooks: 2." in must_be_green(run(team, CHECK))
    # Two workers, for the cells of a notebook must stay together.
    assert "8 passed" in must_be_green(run(team, VALIDATE, workers=2, **STRICT))
    for file in team.glob("notebooks/*.ipynb"):
        text = file.read_text("utf-8")
        assert '"id"' in text and "garden" not in text.lower()


def cell(source, count=1, tags=(), **output):
    kind = {"text": "stream", "ename": "error"}.get(next(iter(output), ""), "display_data")
    outputs = [new_output(kind, **output)] if output else []
    metadata = {"tags": list(tags)} if tags else {}
    return new_code_cell(source, execution_count=count, outputs=outputs, metadata=metadata)


ERROR = {"ename": "ValueError", "evalue": "no plum", "traceback": []}
# Each with the colours that it has when outputs are compared, and when they are not.
PLANTED = {
    "as saved": (cell("x = 6; print(x)", text="6\n"), "green", "green"),
    "another output": (cell("print('seven')", text="six\n"), "red", "green"),
    "an output too many": (cell("print('seven')"), "red", "green"),
    "a failing cell": (cell("assert x == 7"), "red", "red"),
    "raises as tagged": (cell("raise ValueError('no plum')", 1, RAISES, **ERROR), "green", "green"),
    "raises no more": (cell("pass", 1, RAISES, **ERROR), "red", "green"),
    "a semicolon": (cell("x;"), "red", "green"),
    "another picture": (
        cell("display({'image/png': 'aaaa'}, raw=True)", data={"image/png": "bbbb"}),
        "green",
        "green",
    ),
    "not run": (cell("print('ten')", None), "green", "green"),
    "endless": (cell("import time\nwhile True: time.sleep(1)"), "red", "red"),
}


@pytest.fixture(scope="module")
def planted(team, tmp_path_factory):
    """The team's folder with a bad notebook in place of its own, and less patience."""
    folder = tmp_path_factory.mktemp("planted") / "team"
    shutil.copytree(team, folder, ignore=shutil.ignore_patterns("*.ipynb"))
    notebook = new_notebook(cells=[cell for cell, *_ in PLANTED.values()], metadata=GARDEN)
    (folder / "notebooks" / "planted.ipynb").write_text(tool.as_text(notebook), "utf-8")
    settings = (folder / "nbval.ini").read_text("utf-8")
    assert "cell-timeout=60" in settings
    (folder / "nbval.ini").write_text(settings.replace("cell-timeout=60", "cell-timeout=5"))
    return folder


@pytest.mark.parametrize("which, how", [(1, STRICT), (2, LAX)], ids=["strict", "lax"])
def test_a_plant_is_red(planted, which, how):
    ran = run(planted, f"{VALIDATE} -v --color=no", **how)
    assert ran.returncode == 1, ran.stdout + ran.stderr
    colours = re.findall(r"::Cell \d+ (PASSED|FAILED)", ran.stdout)
    assert dict(zip(PLANTED, colours, strict=True)) == {
        name: {"green": "PASSED", "red": "FAILED"}[plant[which]] for name, plant in PLANTED.items()
    }


@pytest.mark.parametrize(
    "cells, said",
    [
        ([cell("1"), cell("2", None)], "code cell 2 was not run"),
        ([cell("1"), cell("2", 3)], "code cell 2 has the count 3, not 2"),
        ([cell("1", **ERROR)], "code cell 1 keeps an error that no tag expects"),
        ([cell("1", 1, RAISES)], "code cell 1 is tagged to raise, and keeps no error"),
        ([cell("# NBVAL_RAISES_EXCEPTION\n1")], "code cell 1 is tagged to raise"),
        ([cell("1"), new_code_cell(" ")], None),
    ],
)
def test_check_says_what_nbval_passes_over(tmp_path, cells, said):
    path = tmp_path / "planted.ipynb"
    notebook = new_notebook(cells=cells)
    tool.clean(notebook)
    tool.write(path, tool.as_text(notebook))
    found = tool.faults(path)
    assert len(found) == (said is not None) and all(said in fault for fault in found)


def with_a_version(notebook):
    notebook["metadata"]["language_info"]["version"] = "3.11.7"


def with_a_time(notebook):
    notebook["cells"][0]["metadata"]["execution"] = {"iopub.status.idle": "2026-01-01T00:00:00Z"}


def without_an_id(notebook):
    del notebook["cells"][0]["id"]


@pytest.mark.parametrize("change", [with_a_version, with_a_time, without_an_id])
def test_check_says_what_is_not_saved_clean(team, change):
    path = team / "notebooks" / "pots.ipynb"
    saved = path.read_text("utf-8")
    notebook = json.loads(saved)
    change(notebook)
    try:
        path.write_text(json.dumps(notebook, indent=1) + "\n", "utf-8")
        ran = run(team, CHECK)
        assert ran.returncode == 1 and ran.stderr.count("\n") == 1, ran.stderr
        assert "pots.ipynb: it is not saved clean" in ran.stderr
    finally:
        path.write_text(saved, "utf-8")


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": 7}', "<<<<<<< HEAD\n{}"])
def test_what_is_no_notebook_is_said_in_a_sentence(tmp_path, text):
    path = tmp_path / "broken.ipynb"
    path.write_text(text)
    with pytest.raises(tool.Refused, match="broken.ipynb is not a notebook that can be read: "):
        tool.read(path)
