"""nbgrader's side: `solutions/` become the source of an nbgrader course.

`python -m bughunt nbgrader FOLDER` writes an assignment for each solved notebook: the cell under
%%bughunt is what a learner answers, and a locked cell after it, `%caught NAME`, is worth a point a
bug. `nbgrader generate_assignment` makes the exercise of it, `nbgrader autograde` runs what comes
back: the verdict is made anew, and the number of bugs that it caught is the partial credit.
"""

import argparse
import re
import sys
from pathlib import Path

import nbformat
from nbconvert.preprocessors import Preprocessor
from traitlets import Bool

from . import hunts
from .lab import ROOT
from .marks import CELL, SECONDS

SOLUTIONS = ROOT / "solutions"
CONFIG = "nbgrader_config.py"
CONFIGURE = """from bughunt.nbgrader import configure

configure(get_config())  # noqa: F821
"""
POINTS = """\
# A point for each bug that your tests catch. Your teacher's copy of this cell counts.
%caught {name}"""
# The lessons lie elsewhere, if at all: of a link to one, its words stay.
LINK = re.compile(r"\[([^\]]*)\]\(\.\./[^)]*\)")


def source(solution: Path):
    """Return a solved notebook as nbgrader's source; None if nothing in it can be graded."""
    notebook = nbformat.read(solution, as_version=4)
    cells = []
    for cell in notebook.cells:
        cells.append(cell)
        if cell.cell_type != "code":
            cell.source = LINK.sub(r"\1", cell.source)
            continue
        cell.outputs, cell.execution_count = [], None
        if hunt := CELL.match(cell.source):
            name, tests = hunt["name"], cell.source[hunt.end() :].rstrip()
            line = cell.source[: hunt.end()].rstrip()
            cell.source = f"{line}\n### BEGIN SOLUTION\n{tests}\n### END SOLUTION"
            cell.metadata["nbgrader"] = _graded(name, solution=True)
            points = nbformat.v4.new_code_cell(POINTS.format(name=name), id=f"caught-{name}")
            points.metadata["nbgrader"] = _graded(
                f"{name}-caught", locked=True, grade=True, points=len(hunts.load(name).bugs)
            )
            cells.append(points)
    notebook.cells = cells
    return notebook if any("nbgrader" in cell.metadata for cell in cells) else None


def _graded(grade_id: str, **what) -> dict:
    """The metadata by which nbgrader knows a cell."""
    plain = {"solution": False, "locked": False, "grade": False, "task": False}
    kind = {"grade_id": grade_id, "cell_type": "code", "schema_version": 3}
    return plain | kind | what


class AsShipped(Preprocessor):
    """Makes the exercise: each %%bughunt cell holds its start.py, what tells the solution is gone.

    nbgrader has the same stub for every cell that it clears; this puts the right one in its place.
    """

    enabled = Bool(True).tag(config=True)

    def preprocess(self, nb, resources):
        nb.cells = [cell for cell in nb.cells if "solution" not in cell.metadata.get("tags", [])]
        for cell in nb.cells:
            hunt = CELL.match(cell.source)
            if hunt and cell.metadata.get("nbgrader", {}).get("solution"):
                line = cell.source[: hunt.end()].rstrip()
                cell.source = f"{line}\n{hunts.load(hunt['name']).start.rstrip()}"
        return nb, resources


def configure(config) -> None:
    """Set what the course needs in nbgrader's configuration, `get_config()`."""
    from nbgrader.converters import GenerateAssignment
    from nbgrader.preprocessors import ClearSolutions

    steps = list(GenerateAssignment.class_traits()["preprocessors"].default())
    steps.insert(steps.index(ClearSolutions) + 1, AsShipped)
    config.GenerateAssignment.preprocessors = steps
    config.Execute.timeout = SECONDS  # nbgrader gives a cell 30 s, and the big hunt may need more


def main(arguments: list[str]) -> int:
    """Write the course into a folder; return 0, or 2 if the call is no good."""
    parser = argparse.ArgumentParser(
        "bughunt nbgrader", description="Write solutions/ as the source of an nbgrader course."
    )
    parser.add_argument("folder", metavar="FOLDER", type=Path, help="the course's, new or not")
    parser.add_argument("--overwrite", action="store_true", help="also what was changed in it")
    options = parser.parse_args(arguments)
    solved = sorted(SOLUTIONS.glob("*.ipynb"))
    if not solved:
        print(
            f"There are no solutions in {SOLUTIONS}: clone the course's repository and install "
            "from there, with pip install -r requirements.txt.",
            file=sys.stderr,
        )
        return 2
    written, kept = 0, []
    try:
        for path in solved:
            if (notebook := source(path)) is not None:
                target = options.folder / "source" / path.stem / path.name
                text = (nbformat.writes(notebook).rstrip("\n") + "\n").encode()
                if target.exists() and target.read_bytes() != text and not options.overwrite:
                    kept.append(str(target))
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(text)
                written += 1
        config = options.folder / CONFIG
        if not config.exists():
            config.write_text(CONFIGURE, "utf-8")
    except OSError as error:
        print(f"{options.folder} cannot be written to: {error.strerror}.", file=sys.stderr)
        return 2
    print(f"{written} assignments in {options.folder / 'source'}.")
    if kept:
        print(f"Not as written here, and left alone: {', '.join(kept)}. --overwrite renews them.")
    if b"bughunt" not in config.read_bytes():
        print(f"{config} was there before; add these lines to it:\n\n{CONFIGURE}")
    print(f"Next, in {options.folder}: nbgrader generate_assignment {solved[0].stem}")
    return 0
