"""bughunt in a real kernel, and on the command line."""

import json
import os
import subprocess
import sys
import time
from queue import Empty

import psutil
import pytest
from bad_cells import BAD_CELLS
from conftest import ONCE, ten_seconds, within
from jupyter_client.manager import start_new_kernel

from bughunt import hunts

SETUP = """
import asyncio, pytest, time
import ipytest
ipytest.autoconfig(run_in_thread=True, raise_on_error=True, clean="test_*")
%load_ext bughunt
"""
GOOD = """%%ipytest
@pytest.fixture
def anyio_backend():
    return "asyncio"
@pytest.mark.anyio
async def test_good():
    await asyncio.sleep(0)
"""


class Notebook:
    """A kernel to type cells into."""

    def __init__(self, folder):
        self.manager, self.client = start_new_kernel(
            cwd=str(folder), env=os.environ | {"PY_COLORS": "0", "PYTEST_ADDOPTS": "-p no:nbval"}
        )

    def run(self, cell: str, interrupt_after: float | None = None) -> str:
        """Run a cell, press the stop button after some seconds if asked, return its output."""
        request, began, output = self.client.execute(cell), time.monotonic(), []
        while True:
            if interrupt_after and time.monotonic() - began > interrupt_after:
                self.manager.interrupt_kernel()
                interrupt_after = None
            assert time.monotonic() - began < 40, "the cell does not end"
            try:
                message = self.client.get_iopub_msg(timeout=0.2)
            except Empty:
                continue
            content = message["content"]
            if message["parent_header"].get("msg_id") != request:
                continue
            match message["msg_type"]:
                case "stream":
                    output.append(content["text"])
                case "display_data" | "execute_result":
                    output.append(content["data"]["text/plain"] + "\n")
                case "error":
                    output.append(f"{content['ename']}: {content['evalue']}")
                case "status" if content["execution_state"] == "idle":
                    return "".join(output)

    def close(self):
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    folder = tmp_path_factory.mktemp("kernel")
    os.environ["BUGHUNT_PROGRESS"] = str(folder / "progress.json")
    notebook = Notebook(folder)
    del os.environ["BUGHUNT_PROGRESS"]
    notebook.run(SETUP)
    notebook.run(GOOD)  # the first run imports every plugin of pytest, for seconds
    yield notebook
    notebook.close()


@pytest.mark.parametrize(
    "wait", ["await asyncio.sleep(3600)", "await asyncio.Event().wait()", "while True: pass"]
)
def test_stop_button_ends_a_test_that_waits(notebook, wait):
    endless = f"%%ipytest\n@pytest.mark.anyio\nasync def test_bad():\n    {wait}\n"
    notebook.run(endless, interrupt_after=1.5)
    assert notebook.run("print('it', 'prints')").strip() == "it prints"
    assert "1 passed" in notebook.run(GOOD)


@pytest.mark.parametrize("wait", ["await anyio.sleep_forever()", "while True: pass"])
def test_stop_button_ends_a_test_on_trio(notebook, wait):
    on_trio = 'import anyio\n@pytest.mark.parametrize("anyio_backend", ["trio"])\n'
    endless = f"%%ipytest\n{on_trio}@pytest.mark.anyio\nasync def test_bad():\n    {wait}\n"
    notebook.run(endless, interrupt_after=1.5)
    assert notebook.run("print('it', 'prints')").strip() == "it prints"
    assert "1 passed" in notebook.run(GOOD)


def test_stop_button_ends_a_cell_that_awaits(notebook):
    assert "Error" in notebook.run("await asyncio.sleep(3600)", interrupt_after=1)
    assert notebook.run("print('it', 'prints')").strip() == "it prints"


def test_stop_button_ends_a_hunt(notebook):
    began = time.monotonic()
    output = notebook.run(
        "%%bughunt first_hunt\nimport time\ndef test_bad():\n    time.sleep(3600)\n",
        interrupt_after=1,
    )
    assert "KeyboardInterrupt" in output and time.monotonic() - began < 4
    output = notebook.run("%%bughunt first_hunt\ndef test_one():\n    assert True\n")
    assert "1 test passes on the app; 0 of 2 bugs caught" in output


def test_caught_counts_for_nbgrader(notebook):
    """As its points cell does: the number of the last verdict in this kernel, 0 without one."""
    assert notebook.run("%caught orders").splitlines()[-1] == "0"
    smoke = (hunts.FOLDER / "orders" / "proofs.py").read_text("utf-8")
    verdict = notebook.run(f"%%bughunt orders\n{smoke}")
    caught = notebook.run("%caught orders").strip()
    assert caught > "0" and f"{caught} of 6 bugs caught" in verdict
    notebook.run("%%bughunt orders\ndef test_nothing():\n    pass\n")
    assert notebook.run("%caught orders").strip() == "0"


def test_raises_shows_the_last_line_and_insists_on_an_error(notebook):
    cell = "%%raises RuntimeError\nawait asyncio.sleep(0)\nraise RuntimeError('gone')"
    assert notebook.run(cell).strip() == "RuntimeError: gone"
    assert "nothing was raised" in notebook.run("%%raises RuntimeError\nx = 1")
    assert "ZeroDivisionError" in notebook.run("%%raises RuntimeError\n1 / 0")
    output = notebook.run("%%raises ipytest.Error\n%%ipytest\ndef test_bad():\n    assert 1 == 2")
    assert "1 failed" in output and output.strip().endswith("ipytest failed with exit_code 1")


def test_hunt_gives_a_fresh_app(notebook):
    assert "The app promises" in notebook.run("%hunt first_hunt")
    notebook.run("app.state.mine = 1")
    notebook.run("%hunt first_hunt")
    assert notebook.run("print(hasattr(app.state, 'mine'))").strip() == "False"


def test_hints_go_on_and_progress_is_kept(notebook):
    notebook.run("%%bughunt first_hunt\ndef test_one():\n    assert True\n")
    assert "2." in notebook.run("%hint first_hunt")
    assert "3." in notebook.run("%hint first_hunt P1") + notebook.run("%hint first_hunt P1")
    assert "first_hunt" in notebook.run("%progress")
    assert "No verdict on tabs yet" in notebook.run("%hint tabs")


@pytest.mark.parametrize(
    "cell, words",
    [
        ("%%bughunt nonesuch\nx", "There is no hunt called 'nonesuch'"),
        ("%%bughunt\nx", "Write it like this: %%bughunt"),
        ("%hunt", "Which hunt?"),
        ("%hint", "Which hunt?"),
    ],
)
def test_a_wrong_call_gets_one_sentence(notebook, cell, words):
    assert words in notebook.run(cell)


def test_strict_raises_where_not_all_is_caught(notebook):
    notebook.run("import os; os.environ['BUGHUNT_STRICT'] = '1'")
    try:
        assert "NotAllCaught" in notebook.run("%%bughunt first_hunt\ndef test_one():\n    pass\n")
    finally:
        notebook.run("del os.environ['BUGHUNT_STRICT']")


def test_a_killed_kernel_leaves_no_process(tmp_path):
    notebook = Notebook(tmp_path)
    notebook.run("%load_ext bughunt")
    pid = int(notebook.run("import os; print(os.getpid())"))

    def runners():
        started = psutil.Process(pid).children(recursive=True)
        return [child for child in started if "bughunt.runner" in " ".join(child.cmdline())]

    assert within(10, runners)
    children = psutil.Process(pid).children(recursive=True)
    notebook.close()
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert not alive


def bughunt(*arguments, cwd=None):
    command = [sys.executable, "-m", "bughunt", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


def test_command_line(tmp_path):
    file = tmp_path / "test_mine.py"
    file.write_text("def test_one():\n    assert True\n")
    some = bughunt("first_hunt", file)
    assert some.returncode == 1 and "0 of 2 bugs caught" in some.stdout
    data = json.loads(bughunt("first_hunt", file, "--json").stdout)
    assert (data["outcome"], data["caught"], data["of"]) == ("some caught", 0, 2)
    assert "first_hunt" in bughunt("list").stdout
    for arguments, words in [
        (("nonesuch", file), "no hunt called"),
        (("first_hunt", tmp_path / "none.py"), "cannot be read"),
    ]:
        bad = bughunt(*arguments)
        assert bad.returncode == 2 and words in bad.stderr and "Traceback" not in bad.stderr
    file.write_text("def test_one(:\n")
    assert bughunt("first_hunt", file).returncode == 2


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes that break like this")
def test_command_line_into_a_pipe_that_closes():
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "bughunt", "list"]
    ran = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert ran.stderr == ""


def test_command_line_all_caught(tmp_path):
    from test_hunts import hunts, solution

    file = tmp_path / "test_mine.py"
    file.write_text(solution(hunts.load("orders")))
    right = bughunt("orders", file)
    assert right.returncode == 0 and "Remember:" in right.stdout, right.stdout


def test_command_line_shows_hunt_hint_and_progress(tmp_path):
    assert "no verdict" in bughunt("hint", "crops").stdout.lower()
    file = tmp_path / "test_mine.py"
    file.write_text("from main import app\n\ndef test_app():\n    assert app\n")
    assert "python -m bughunt hint crops P1 says more" in bughunt("crops", file).stdout
    hint = bughunt("hint", "crops", "P1").stdout
    assert "  1. " in hint and "  2. " in hint and "  3. " not in hint
    assert "The app promises:" in bughunt("hunt", "crops").stdout
    assert "0 of 6" in bughunt("progress").stdout
    assert bughunt("hint", "corps").returncode == 2


# The cells were written for the sample; the app of the first hunt answers them alike.
BAD = pytest.mark.parametrize("name, tests, words", BAD_CELLS, ids=[cell[0] for cell in BAD_CELLS])


@BAD
def test_bad_cell_in_a_notebook(notebook, name, tests, words):
    began = time.monotonic()
    output = notebook.run("%%bughunt first_hunt\n" + tests.removeprefix("\n"))
    assert words in output and "all caught" not in output
    assert time.monotonic() - began < ten_seconds()
    (runner,) = psutil.Process(notebook.manager.provisioner.pid).children()
    assert runner.children(recursive=True) == []
    assert notebook.run("print(1 + 1)").strip() == "2"


@ONCE
@BAD
def test_bad_cell_from_the_command_line(tmp_path, name, tests, words):
    file = tmp_path / "test_bad.py"
    file.write_text(tests)
    began = time.monotonic()
    ran = bughunt("first_hunt", file)
    assert words in ran.stdout and ran.stderr == "" and ran.returncode in (1, 2)
    assert time.monotonic() - began < ten_seconds()
    assert set(os.listdir(tmp_path)) <= {"test_bad.py", "progress.json"}


def test_a_good_cell_after_the_bad_ones(notebook):
    from test_hunts import hunts, solution

    output = notebook.run("%%bughunt crops\n" + solution(hunts.load("crops")))
    assert "6 of 6 bugs caught" in output
