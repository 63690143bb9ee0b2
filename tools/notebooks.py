"""Keeps the notebooks: runs and saves them, and makes exercises/ from solutions/.

python tools/notebooks.py save [FILES...]     run in a fresh kernel, clean, write what changed
python tools/notebooks.py check [FILES...]    say what nbval passes over; runs nothing
python tools/notebooks.py exercises           write exercises/ from solutions/
"""

import argparse
import configparser
import copy
import os
import re
import subprocess
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# jsonschema, which nbformat needs, would build this package's grammar at import: a second.
sys.modules.setdefault("rfc3987_syntax", None)

import nbformat  # noqa: E402
import nbformat.validator  # noqa: E402
from nbformat.warnings import DuplicateCellId, MissingIDFieldWarning  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
SOLUTIONS = ROOT / "solutions"
EXERCISES = ROOT / "exercises"
HUNTS = ROOT / "bughunt" / "hunts"
SANITIZERS = ROOT / "tests" / "sanitize.cfg"

# The one Python whose outputs are kept in the notebooks.
PYTHON = "3.11"
CELL_TIMEOUT = 120
METADATA = {
    "kernelspec": {
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
        "name": "python3",
    },
    "language_info": {
        "file_extension": ".py",
        "mimetype": "text/x-python",
        "name": "python",
        "version": PYTHON,
    },
}
KEPT_CELL_METADATA = ("tags", "jupyter", "slideshow")

BUGHUNT = re.compile(r"%%bughunt[ \t]+([A-Za-z0-9_]+)[^\n]*")


class Refused(Exception):
    """Something to say to the maintainer in one sentence."""


def environment(notebook: Path, scratch: Path) -> dict[str, str]:
    """The environment of a notebook's kernel: nothing of the maintainer's own leaks in."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "BUGHUNT_", "PYTHON"))
        # With CI or BUILD_NUMBER set, pytest no longer shortens its reports.
        and name not in ("CI", "BUILD_NUMBER", "FORCE_COLOR", "NO_COLOR", "PY_COLORS", "LINES")
    }
    env["COLUMNS"] = "80"
    # A learner has no nbval, whose imports would cost each first %%ipytest seconds.
    env["PYTEST_ADDOPTS"] = "-p no:nbval"
    env["BUGHUNT_NEEDS_SERVERS"] = "1"
    env["IPYTHONDIR"] = str(scratch / "ipython")
    env["JUPYTER_PREFER_ENV_PATH"] = "1"
    env["TOMATO_STAND"] = str(scratch / "tomato-stand")  # the project that lesson 13 writes
    env["BUGHUNT_PROGRESS"] = str(scratch / "progress.json")
    if notebook.parent.name == SOLUTIONS.name:
        env["BUGHUNT_STRICT"] = "1"
    return env


def read(path: Path):
    """The notebook. Cells without an id, as older ones have them, are given one."""
    try:
        notebook = nbformat.read(path, as_version=4)
        notebook.nbformat_minor = 5
        _, notebook = nbformat.validator.normalize(notebook)
        nbformat.validate(notebook)
    # Whatever nbformat stumbles over in a file that is JSON, and no notebook.
    except (ValueError, nbformat.ValidationError, AttributeError, TypeError) as error:
        raise Refused(
            f"{shown(path)} is not a notebook that can be read: {one_line(str(error))}"
        ) from None
    return notebook


def as_text(notebook) -> str:
    """The notebook's file, the same text for the same notebook."""
    notebook["nbformat"], notebook["nbformat_minor"] = 4, 5
    nbformat.validate(notebook)
    return nbformat.writes(notebook).rstrip("\n") + "\n"


def write(path: Path, text: str) -> bool:
    if path.exists() and path.read_bytes() == text.encode():
        return False
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(text.encode())
    return True


def code_cells(notebook) -> list:
    return [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]


# --- save ---------------------------------------------------------------------------------------


def merged(outputs):
    """Consecutive pieces of one stream become one output: where they break is chance."""
    result = []
    for output in outputs:
        last = result[-1] if result else None
        if (
            last is not None
            and output.output_type == last.output_type == "stream"
            and output.name == last.name
        ):
            last.text += output.text
        else:
            result.append(output)
    return result


def clean(notebook) -> None:
    """Leaves what a reader sees, and nothing of when and where it ran."""
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        kept = {key: cell.metadata[key] for key in KEPT_CELL_METADATA if key in cell.metadata}
        cell.metadata = nbformat.from_dict(kept)
        cell.source = cell.source.rstrip()
        if cell.cell_type == "code":
            cell.outputs = merged(cell.outputs)


def clean_text(path: Path) -> str:
    """The text that the file should have, if its cells and outputs are right."""
    notebook = read(path)
    clean(notebook)
    return as_text(notebook)


def sanitizers() -> list[tuple[str, str]]:
    """The pairs of tests/sanitize.cfg, which nbval reads too."""
    config = configparser.RawConfigParser()
    config.read(SANITIZERS, encoding="utf-8")
    return [(config[name]["regex"], config[name]["replace"]) for name in config.sections()]


def strings(value):
    """Every key and value in outputs, in an order that does not depend on how they were made."""
    if isinstance(value, dict):
        for key in sorted(value):
            yield key
            yield from strings(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)
    else:
        yield str(value)


def keep_old_outputs(old, new, patterns) -> None:
    """Where a cell's output differs in nothing but times and the like, the old one stays."""

    def plain(cell):
        text = "\n".join(strings(cell.outputs))
        for regex, replace in patterns:
            text = re.sub(regex, replace, text)
        if "NBVAL_IGNORE_OUTPUT" in cell.source:
            text = re.sub(r"[0-9a-f]*\d[0-9a-f.]*", "N", text)
        return text

    before = {cell.id: cell for cell in old.cells if cell.cell_type == "code"}
    for cell in new.cells:
        was = before.get(cell.id)
        if cell.cell_type != "code" or was is None or was.source != cell.source:
            continue
        was.outputs = merged(was.outputs)
        for output, fresh in zip(was.outputs, cell.outputs, strict=False):
            if "execution_count" in fresh:
                output["execution_count"] = fresh["execution_count"]
        if plain(was) == plain(cell):
            cell.outputs = was.outputs


def run(path: Path, notebook) -> None:
    """Runs every cell of `notebook` in a fresh kernel, in the folder of `path`."""
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    notebook.metadata = nbformat.from_dict(METADATA)
    client = NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(path.parent)}},
    )
    name = shown(path)
    with tempfile.TemporaryDirectory() as scratch:
        try:
            # The kernel's own standard error holds nothing that a notebook shows.
            client.execute(env=environment(path, Path(scratch)), stderr=subprocess.DEVNULL)
        except CellExecutionError as error:
            number, first = failed_cell(notebook)
            raise Refused(
                f"{name} is not saved: code cell {number} ({first}) fails with "
                f"{error.ename}: {one_line(error.evalue)}"
            ) from None
        except CellTimeoutError:
            number, first = failed_cell(notebook)
            raise Refused(
                f"{name} is not saved: code cell {number} ({first}) still ran "
                f"after {CELL_TIMEOUT} s."
            ) from None
        except DeadKernelError:
            raise Refused(f"{name} is not saved: its kernel died.") from None


def failed_cell(notebook) -> tuple[int, str]:
    """The last cell that was begun, and its first line."""
    cells = code_cells(notebook)
    begun = [
        number
        for number, cell in enumerate(cells, 1)
        if cell.execution_count is not None or cell.outputs
    ]
    number = begun[-1] if begun else 1
    return number, cells[number - 1].source.splitlines()[0]


def one_line(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*m", "", text).strip()
    return text.splitlines()[0] if text else ""


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


def saved(path: Path) -> str:
    """The text that the file should have after a run."""
    old = read(path)
    new = copy.deepcopy(old)
    run(path, new)
    clean(new)
    keep_old_outputs(old, new, sanitizers())
    return as_text(new)


def chosen(files: list[Path]) -> list[Path]:
    """The files that were named, or else all that keep outputs."""
    files = files or sorted([*NOTEBOOKS.glob("*.ipynb"), *SOLUTIONS.glob("*.ipynb")])
    if not files:
        raise Refused(f"There is no notebook in {shown(NOTEBOOKS)}/.")
    for path in files:
        if not path.is_file():
            raise Refused(f"There is no notebook {path}.")
    return [path.resolve() for path in files]


def save(files: list[Path]) -> int:
    if sys.version_info[:2] != tuple(map(int, PYTHON.split("."))):
        raise Refused(
            f"The notebooks keep the outputs of Python {PYTHON}, and this is Python "
            f"{sys.version_info[0]}.{sys.version_info[1]}: nothing is saved."
        )
    files = chosen(files)
    for path in files:
        if path.parent == EXERCISES:
            raise Refused(f"{path} is made from solutions/: save that one, then make exercises.")

    def one(path: Path) -> str | Refused:
        try:
            changed = write(path, saved(path))
        except Refused as refusal:
            return refusal
        return f"{shown(path)}: {'saved' if changed else 'as it was'}"

    failures = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for said in pool.map(one, files):
            failures += isinstance(said, Refused)
            print(said, file=sys.stderr if isinstance(said, Refused) else sys.stdout, flush=True)
    return 1 if failures else 0


# --- check --------------------------------------------------------------------------------------

# What tells Jupyter and nbval that a cell may fail.
MAY_FAIL = {"raises-exception", "nbval-raises-exception"}
MAY_FAIL_COMMENT = re.compile(r"^[ \t]*#+[ \t]*NBVAL_RAISES_EXCEPTION[ \t]*$", re.MULTILINE)


def faults(path: Path) -> list[str]:
    """What nbval would pass over in a notebook, a sentence each."""
    notebook = read(path)
    found, were_run, in_order = [], 0, True
    for number, cell in enumerate(code_cells(notebook), 1):
        which = f"({cell.source.splitlines()[0]})"
        if cell.execution_count is None:
            found.append(f"code cell {number} was not run, so nothing is compared {which}")
        else:
            were_run += 1
            if in_order and cell.execution_count != were_run:
                in_order = False  # and so all that follow
                found.append(
                    f"code cell {number} has the count {cell.execution_count}, not {were_run}: "
                    f"it was not run from top to bottom in a fresh kernel {which}"
                )
        fails = any(output.output_type == "error" for output in cell.outputs)
        may_fail = MAY_FAIL & set(cell.metadata.get("tags", []))
        may_fail = may_fail or MAY_FAIL_COMMENT.search(cell.source)
        if fails and not may_fail:
            found.append(f"code cell {number} keeps an error that no tag expects {which}")
        if may_fail and not fails:
            found.append(f"code cell {number} is tagged to raise, and keeps no error {which}")
    if path.read_text("utf-8") != clean_text(path):
        found.append("it is not saved clean: tools/notebooks.py save does that")
    return found


def check(files: list[Path]) -> int:
    files = chosen(files)
    found = [f"{shown(path)}: {fault}" for path in files for fault in faults(path)]
    for fault in found:
        print(fault, file=sys.stderr)
    if not found:
        print(f"notebooks: {len(files)}. Every cell was run, in order, and saved clean.")
    return 1 if found else 0


# --- exercises ----------------------------------------------------------------------------------


def exercise(solution: Path) -> str:
    """The text of the exercise that belongs to a solution."""
    notebook = read(solution)
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.cells = [
        cell for cell in notebook.cells if "solution" not in cell.metadata.get("tags", [])
    ]
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        hunt = BUGHUNT.match(cell.source)
        if hunt:
            start = HUNTS / hunt[1] / "start.py"
            if not start.is_file():
                raise Refused(
                    f"{shown(solution)} names the hunt {hunt[1]}, but there is no {shown(start)}."
                )
            cell.source = f"{hunt[0].rstrip()}\n{start.read_text(encoding='utf-8').rstrip()}"
    return as_text(notebook)


def exercises() -> dict[Path, str]:
    """What exercises/ should hold."""
    return {EXERCISES / path.name: exercise(path) for path in sorted(SOLUTIONS.glob("*.ipynb"))}


def make_exercises() -> int:
    wanted = exercises()
    for path, text in wanted.items():
        print(f"{shown(path)}: {'written' if write(path, text) else 'as it was'}")
    for path in sorted(EXERCISES.glob("*.ipynb")):
        if path not in wanted:
            path.unlink()
            print(f"{shown(path)}: removed, for it has no solution")
    return 0


def main(args: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="tools/notebooks.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    saving = commands.add_parser("save", help="run in a fresh kernel, clean, write what changed")
    checking = commands.add_parser("check", help="say what nbval passes over; runs nothing")
    for command in (saving, checking):
        command.add_argument("files", nargs="*", type=Path)
    commands.add_parser("exercises", help="write exercises/ from solutions/")
    options = parser.parse_args(args)
    for said_by_check in (DuplicateCellId, MissingIDFieldWarning):
        warnings.simplefilter("ignore", said_by_check)
    try:
        if options.command == "exercises":
            return make_exercises()
        return {"save": save, "check": check}[options.command](options.files)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
