"""The learner's own copy of the course, my/, and JupyterLab opened in it."""

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = ("notebooks", "exercises")
START = "notebooks/00-start-here.ipynb"
RECORD = ".originals.json"


def fill(root: Path = ROOT) -> list[str]:
    """Bring my/ up to date with the course and return what there is to say, a sentence each.

    New files are copied. Files that the learner has not touched follow their originals. Files
    that they touched are never written to.
    """
    mine = root / "my"
    mine.mkdir(exist_ok=True)
    record = _read(mine / RECORD)
    new, newer, kept = [], [], []
    for folder in FOLDERS:
        for original in sorted((root / folder).glob("*.ipynb")):
            name = f"{folder}/{original.name}"
            copy, now = mine / name, _hash(original)
            if not copy.exists():
                new.append(name)
            elif _hash(copy) == now:
                record[name] = now
                continue
            elif _hash(copy) == record.get(name):
                newer.append(name)
            else:
                if record.get(name) != now:
                    kept.append(f"my/{name}")
                continue
            _copy(original, copy)
            record[name] = now
    _write(mine / RECORD, record)
    said = []
    if newer:
        said.append(f"Brought up to date, for you had not changed them: {', '.join(newer)}.")
    if kept:
        said.append(
            f"The course has newer versions of files that you changed, and yours stay as they are: "
            f"{', '.join(kept)}; rename or delete yours to get the new one at the next start."
        )
    if new and not (newer or kept) and START in new:
        said.append("Your own copy of the course is in my/: edit whatever you like there.")
    elif new:
        said.append(f"New in my/: {', '.join(new)}.")
    return said


def main(args: list[str] | None = None) -> int:
    """Fill my/ and open JupyterLab there, at the first lesson; `args` go to JupyterLab."""
    if not (ROOT / START).is_file():
        print(
            f"The lessons are not beside the package ({ROOT}): clone the course's repository "
            "and install from there, with pip install -r requirements.txt.",
            file=sys.stderr,
        )
        return 2
    for sentence in fill():
        print(sentence, flush=True)
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={ROOT / 'my'}",
        f"--LabApp.default_url=/lab/tree/{START}",
        *(sys.argv[2:] if args is None else args),
    ]
    if os.name == "posix":
        # JupyterLab takes this process's place: signals and its exit status need no help.
        os.execv(sys.executable, command)
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 0


def _hash(path: Path) -> str:
    """Of what a learner can touch: to open a notebook is enough for JupyterLab to add metadata."""
    content = path.read_bytes()
    try:
        cells = nbformat.reads(content.decode("utf-8"), as_version=4).cells
        shown = [(cell.cell_type, cell.source, cell.get("outputs")) for cell in cells]
        content = json.dumps(shown, sort_keys=True).encode()
    except Exception:  # it is no notebook any more: nbformat has many ways to say so
        pass
    return hashlib.sha256(content).hexdigest()


def _copy(original: Path, copy: Path) -> None:
    copy.parent.mkdir(parents=True, exist_ok=True)
    part = copy.with_name(f".{copy.name}.part")
    shutil.copyfile(original, part)
    os.replace(part, copy)
    # JupyterLab strips the style from what it does not trust, a stored verdict's too.
    with contextlib.suppress(Exception):
        NotebookNotary().sign(nbformat.read(copy, as_version=4))


def _read(path: Path) -> dict[str, str]:
    try:
        record = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}


def _write(path: Path, record: dict[str, str]) -> None:
    part = path.with_name(f"{path.name}.part")
    part.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n", "utf-8")
    os.replace(part, path)
