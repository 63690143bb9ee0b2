"""Installs the course without a network: python3 install.py [--to FOLDER] [--start]

On Windows: py install.py. What is beside this file is only read, so that it can be on a stick that
goes from hand to hand. The course is copied into FOLDER, on your own disk, and its packages are
installed there, in .venv.
"""
# An older Python must get as far as the sentence that says which one the course needs.

import argparse
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

HERE = Path(__file__).resolve().parent
WHEELS = HERE / "wheels"
WINDOWS = sys.platform == "win32"
VERSION = ".".join(map(str, sys.version_info[:2]))
# README.txt first: by its first line a folder is known to be the course's.
COURSE = ("README.txt", "LICENSE", "pyproject.toml", "bughunt", "notebooks", "exercises")
ROOM = 700  # megabytes
LONGEST = 165  # characters from FOLDER to the deepest file of a package
START = {"win32": "start.cmd", "darwin": "start.command"}.get(sys.platform, "start.sh")
# From its own folder: whoever starts it from the stick would get the stick's bughunt.
START_TEXT = '#!/bin/sh\ncd "$(dirname "$0")" && exec .venv/bin/python -m bughunt lab "$@"\n'
if WINDOWS:  # %~dp0 is the file's folder; unlike cd, pushd goes to a share, too
    START_TEXT = '@pushd "%~dp0"\r\n@.venv\\Scripts\\python -m bughunt lab %*\r\n'
    START_TEXT += "@if errorlevel 1 pause\r\n"


class Refused(Exception):
    """Something to say to the learner in one sentence."""


def laptop():
    """Return this system and machine, and this Python, as the files in wheels/ name them."""
    system = {"win32": "windows", "darwin": "macos"}.get(sys.platform, sys.platform)
    # On Windows it is Python's own machine that counts: ARM runs a Python for x86_64 as well.
    machine = sysconfig.get_platform().split("-")[-1] if WINDOWS else platform.machine()
    machine = {"amd64": "x86_64", "win32": "32bit", "aarch64": "arm64"}.get(machine, machine)
    python = VERSION + ("t" if sysconfig.get_config_var("Py_GIL_DISABLED") else "")
    if platform.python_implementation() != "CPython":
        python = f"{VERSION} ({platform.python_implementation()})"
    return f"{system}-{machine}", python


def requirements():
    """Return the file in wheels/ that is for this laptop.

    Raises:
        Refused: if there is none.
    """
    system, python = laptop()
    there = {}
    for path in WHEELS.glob("*-*-3.*.txt"):
        name, _, version = path.stem.rpartition("-")
        there.setdefault(name, []).append(version)
    if not there:
        raise Refused(
            f"There are no packages in {WHEELS}: copy the whole folder again from where you have "
            "it, and run the install.py in it."
        )
    if system not in there:
        raise Refused(
            f"There are no packages here for {system}, only for {listed(sorted(there))}: ask for "
            "a pack for your system, or install the course over a network."
        )
    pythons = sorted(there[system], key=lambda version: int(version.partition(".")[2]))
    if python not in pythons:
        command = f"py -{pythons[-1]}" if WINDOWS else f"python{pythons[-1]}"
        raise Refused(
            f"The packages here are for Python {listed(pythons)}, and this is Python {python}: "
            f"run it with one that fits, as in: {command} install.py"
        )
    return WHEELS / f"{system}-{python}.txt"


def listed(words):
    """Return the words as a sentence has them: a, b and c."""
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def copy_course(folder):
    """Copy the course into `folder`, over an older edition of it, and let all else there be.

    Raises:
        Refused: if the folder holds something else, or has no room.
        OSError: if it cannot be written.
    """
    if folder == HERE:
        return
    title = (HERE / "README.txt").read_text("utf-8").splitlines()[0]
    readme = folder / "README.txt"
    if folder.is_dir() and any(folder.iterdir()):
        if not readme.is_file() or title not in readme.read_text("utf-8", "replace"):
            raise Refused(
                f"{folder} has other files in it: name an empty folder, or a new one, with --to."
            )
    folder.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(folder).free // 1_000_000
    if free < ROOM and not (folder / START).exists():
        raise Refused(
            f"The course needs {ROOM} MB, and there are {free} MB for {folder}: make room, or "
            "name a folder on another disk with --to."
        )
    for name in COURSE:
        source = HERE / name
        for path in [source] if source.is_file() else sorted(source.rglob("*")):
            copy = folder / path.relative_to(HERE)
            if path.is_file() and "__pycache__" not in path.parts:
                copy.parent.mkdir(parents=True, exist_ok=True)
                # Without its mode, which a read-only stick would hand on.
                shutil.copyfile(path, copy)


def install(folder, needed):
    """Make .venv in `folder`, install the packages of the file `needed`, and write START.

    Return the Python of .venv.

    Raises:
        Refused: if that fails.
    """
    python = folder / ".venv" / ("Scripts/python.exe" if WINDOWS else "bin/python")
    tell = "import sys; print('.'.join(map(str, sys.version_info[:2])))"
    try:
        said = subprocess.check_output([python, "-c", tell], stderr=subprocess.DEVNULL)
    except (OSError, subprocess.CalledProcessError):
        said = b""
    if said.decode().strip() != VERSION:
        # Without pip: its copy in Python is a part that Debian and Ubuntu leave out.
        run([sys.executable, "-m", "venv", "--clear", "--without-pip", folder / ".venv"], folder)
    # A wheel is a zip file, and Python runs what is in one.
    (pip,) = WHEELS.glob("pip-*.whl")
    options = ["install", "--quiet", "--disable-pip-version-check", "--no-cache-dir"]
    options += ["--no-index", "--find-links", WHEELS, "--no-deps"]
    run([python, pip / "pip", *options, "pip"], folder)
    run([python, "-m", "pip", *options, "-r", needed, "-e", "."], folder)
    start = folder / START
    start.write_bytes(START_TEXT.encode())
    start.chmod(0o755)
    return python


def run(command, folder):
    # Nothing of the learner's own settings: they may name an index, or other packages.
    env = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
    env["PIP_CONFIG_FILE"] = os.devnull
    how = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = subprocess.run([str(part) for part in command], cwd=folder, env=env, **how)
    if done.returncode:
        sys.stderr.write(done.stdout.decode("utf-8", "replace"))
        raise Refused(
            "The installation failed, and the lines above say why. If they name a file of the "
            "pack, copy the pack once more; its README.txt says which systems it is for."
        )


def how_to_start(folder):
    """Return the end of a sentence on how to start the course that is in `folder`."""
    if WINDOWS:
        return f"double-click {folder / START}"
    also = "double-click that file, or " if sys.platform == "darwin" else ""
    return f"{also}run: {shlex.quote(str(folder / START))}"


def main(arguments=None):
    """Install, and start if asked; return 0 if that went well, 1 if not."""
    home = Path.home() / "await-and-assert"
    parser = argparse.ArgumentParser("install.py", description=__doc__.splitlines()[0])
    parser.add_argument("--to", metavar="FOLDER", default=home, help=f"instead of {home}")
    parser.add_argument("--start", action="store_true", help="start JupyterLab afterwards")
    options = parser.parse_args(arguments)
    try:
        needed = requirements()
        folder = Path(options.to).expanduser().resolve()
        if WINDOWS and len(str(folder)) + LONGEST > 259:
            raise Refused(f"{folder} is too long a path: name a shorter one with --to.")
        print(f"Installing into {folder}: a minute or two, longer from a slow stick.", flush=True)
        copy_course(folder)
        python = install(folder, needed)
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except OSError as error:
        print(
            f"{error.filename}: {error.strerror}. If that is where the course is to go, name "
            "another folder with --to; if it is a file of the pack, copy the pack once more.",
            file=sys.stderr,
        )
        return 1
    except KeyboardInterrupt:
        print("Stopped: run it again to go on.", file=sys.stderr)
        return 1
    for line in needed.read_text("utf-8").splitlines():
        if line.startswith("# "):  # what has no package for this system
            print(line[2:])
    print(f"It is installed. To start the course, {how_to_start(folder)}", flush=True)
    if options.start:
        return subprocess.call([str(python), "-m", "bughunt", "lab"], cwd=folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
