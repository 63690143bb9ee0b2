"""A learner in the real JupyterLab: the lessons run, hunts are judged, the stop button stops.

A browser drives `make lab`'s JupyterLab in a temporary copy of the course. What it saw is kept in
screenshots/. Not part of `pytest tests`, for it needs a chromium: run `make test-browser`.
"""

import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = ROOT / "screenshots"
# All cells are in the page, so that a cell's number is its place.
SETTINGS = {"notebook-extension/tracker": {"windowingMode": "none"}}
LESSON_TIME = 60_000  # ms, for a whole lesson on a slow machine
CELL_TIME = 20_000


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """Start what `make lab` starts, in a copy of the course, and return its address and token."""
    home = tmp_path_factory.mktemp("learner")
    course = home / "course"
    for folder in ("bughunt", "notebooks", "exercises"):
        shutil.copytree(ROOT / folder, course / folder, ignore=shutil.ignore_patterns("__pyc*"))
    for name, values in SETTINGS.items():
        file = home / f"settings/@jupyterlab/{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), "utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    own = {
        "BUGHUNT_PROGRESS": home / "progress.json",
        "IPYTHONDIR": home / "ipython",
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(16)
    options = [
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        f"--IdentityProvider.token={token}",
    ]
    log = home / "jupyterlab.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "bughunt", "lab", *options],
            cwd=course,
            env=kept | {name: str(value) for name, value in own.items()},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        wait_for_server(f"{address}/api/status?token={token}", server, log)
        yield address, token
    finally:
        server.send_signal(signal.SIGTERM)  # JupyterLab ends its kernels, then itself
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)


def wait_for_server(url: str, server: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=5).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not start:\n{log.read_text('utf-8', 'replace')}")


@pytest.fixture
def page(browser, request):
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(CELL_TIME)
    yield page
    shot(page, f"{request.node.name}-end")
    context.close()


def shot(where: Page | Locator, name: str) -> None:
    SCREENSHOTS.mkdir(exist_ok=True)
    where.screenshot(path=SCREENSHOTS / f"{name}.png")


class Notebook:
    """The notebook that is open in `page`."""

    def __init__(self, page: Page, lab, path: str):
        address, token = lab
        self.page = page
        page.goto(f"{address}{path}?reset&token={token}")
        # The first start of JupyterLab reads many files.
        expect(self.cells.first).to_be_visible(timeout=LESSON_TIME)
        self.wait_until_idle(LESSON_TIME)

    @property
    def cells(self) -> Locator:
        return self.page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-Notebook .jp-Cell")

    def wait_until_idle(self, timeout: float = CELL_TIME) -> None:
        indicator = self.page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']")
        expect(indicator).to_be_visible(timeout=timeout)

    def menu(self, menu: str, *commands: str) -> None:
        self.page.locator("#jp-MainMenu .lm-MenuBar-item", has_text=re.compile(f"^{menu}$")).click()
        for command in commands:
            self.page.locator(f".lm-Menu-item{command}").first.click()

    def run_all(self) -> None:
        self.menu("Edit", "[data-command='editmenu:clear-all']")
        for _ in range(3):  # a kernel that is still starting lets the command pass by
            self.menu("Run", "[data-command='runmenu:run-all']")
            begun = self.page.locator(".jp-InputPrompt", has_text=re.compile(r"^\[[\d*]")).first
            with contextlib.suppress(AssertionError):
                expect(begun).to_be_visible(timeout=5_000)
                break
        # Each code cell has its number; or one has an error, and the rest will not run.
        self.page.wait_for_function(
            """() => {
                const inside = '.jp-NotebookPanel:not(.lm-mod-hidden) ';
                const prompts = document.querySelectorAll(inside + '.jp-CodeCell .jp-InputPrompt');
                return document.querySelector(inside + "[data-mime-type$='jupyter.error']")
                    || [...prompts].every(prompt => /^\\[\\d+\\]/.test(prompt.textContent));
            }""",
            timeout=LESSON_TIME,
        )
        self.wait_until_idle()

    def find(self, text: str) -> Locator:
        """The code cell in which `text` is written."""
        source = self.page.locator(".cm-content", has_text=text)
        return self.cells.and_(self.page.locator(".jp-CodeCell")).filter(has=source).first

    def write(self, cell: Locator, source: str) -> None:
        """Put `source` in the place of what is in `cell`, as a paste would."""
        cell.locator(".cm-content").click()
        self.page.keyboard.press("ControlOrMeta+A")
        self.page.keyboard.insert_text(source)

    def add_at_the_end(self, source: str) -> Locator:
        """Add a cell below the last one."""
        count = self.cells.count()
        last = self.cells.last
        last.scroll_into_view_if_needed()
        last.locator(".jp-Cell-inputWrapper").click()
        self.page.keyboard.press("Escape")
        self.page.keyboard.press("b")
        expect(self.cells).to_have_count(count + 1)
        self.write(self.cells.last, source)
        return self.cells.last

    def start(self, cell: Locator) -> None:
        prompt = cell.locator(".jp-InputPrompt")
        before = prompt.inner_text()
        for _ in range(4):  # a notebook that is still opening loses the keys
            cell.locator(".cm-content").click()
            self.page.keyboard.press("Control+Enter")
            with contextlib.suppress(AssertionError):
                expect(prompt).not_to_have_text(before, timeout=4000)
                return
        expect(prompt).not_to_have_text(before)

    def wait_for(self, cell: Locator, timeout: float = CELL_TIME) -> Locator:
        """Wait until `cell` has run, and return its output."""
        expect(cell.locator(".jp-InputPrompt")).to_have_text(
            re.compile(r"^\[\d+\]"), timeout=timeout
        )
        self.wait_until_idle()
        return cell.locator(".jp-Cell-outputArea")

    def run(self, cell: Locator) -> Locator:
        self.start(cell)
        return self.wait_for(cell)

    def errors(self) -> list[str]:
        errors = self.page.locator("[data-mime-type$='jupyter.error']")
        return errors.all_inner_texts()

    def set_theme(self, name: str) -> None:
        self.menu("Settings")
        self.page.locator(".lm-Menu-item", has_text=re.compile("^Theme$")).hover()
        item = self.page.locator("[data-command='apputils:change-theme']", has_text=name)
        item.filter(has_text=re.compile(f"^{name}$")).first.click()
        expect(self.page.locator("body")).to_have_attribute("data-jp-theme-name", name)
        expect(self.page.locator("#jupyterlab-splash")).to_have_count(0)


def solution(notebook: str, hunt: str) -> str:
    cells = json.loads((ROOT / "solutions" / notebook).read_text("utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    return next(source for source in sources if source.startswith(f"%%bughunt {hunt}\n"))


# Draws every text of an element against what is behind it, as WCAG 2 computes contrast.
LEAST_CONTRAST = """section => {
    const rgb = text => {
        const numbers = text.match(/[\\d.]+/g).map(Number);
        return text.startsWith("color(") ? numbers.map((v, i) => i < 3 ? v * 255 : v) : numbers;
    };
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map(v => v / 255)
            .map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = element => {
        for (let at = element; at; at = at.parentElement) {
            const colour = rgb(getComputedStyle(at).backgroundColor);
            if (colour.length < 4 || colour[3] > 0.5) return colour;
        }
        return [255, 255, 255];
    };
    const found = [...section.querySelectorAll('*')]
        .filter(one => [...one.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
        .map(one => {
            const pair = [rgb(getComputedStyle(one).color), behind(one)].map(light);
            const ratio = (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
            return [ratio, one.textContent.trim().slice(0, 40)];
        });
    return found.sort((a, b) => a[0] - b[0])[0];
}"""


def assert_legible(section: Locator) -> None:
    ratio, text = section.evaluate(LEAST_CONTRAST)
    assert ratio >= 4.5, f"{text!r} has a contrast of {ratio:.1f}"


def test_the_start_notebook_opens_and_runs(page, lab):
    notebook = Notebook(page, lab, "/")
    expect(page).to_have_title(re.compile("00-start"))
    expect(notebook.cells.first).to_contain_text("Start here")
    shot(page, "start")
    notebook.run_all()
    assert notebook.errors() == []
    verdicts = page.locator("section[aria-label='Verdict on first_hunt'] .headline")
    assert [text.split("; ")[-1] for text in verdicts.all_inner_texts()] == [
        "first_hunt: not started",
        "1 of 2 bugs caught",
        "1 of 2 bugs caught",  # and one test set aside
        "2 of 2 bugs caught",
    ]
    expect(page.get_by_text("official Jupyter news")).to_have_count(0)
    names = ("start-hunt", "start-verdict", "start-set-aside", "start-caught")
    for at, name in enumerate(names):
        verdicts.nth(at).scroll_into_view_if_needed()
        shot(page, name)


WRONG = """


@pytest.mark.anyio
async def test_nearly_a_crop(client):
response = await client.get("/crops/tom")
assert response.status_code == 404
"""

TOO_STRICT = """


@pytest.mark.anyio
async def test_unknown_crop(client):
    response = await client.get("/crops/pineapple")
    assert response.status_code == 404
    assert response.json() == {"detail": "There is no pineapple."}
"""


def test_an_exercise_from_not_started_to_all_caught(page, lab):
    notebook = Notebook(page, lab, "/lab/tree/exercises/02-the-first-test.ipynb")
    notebook.run_all()
    assert notebook.errors() == []
    shot(page, "exercise-hunt")
    cell = notebook.find("%%bughunt crops")
    expect(cell.locator(".jp-Cell-outputArea")).to_contain_text("crops: not started")

    # Key by key, as a learner does; JupyterLab indents.
    cell.locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+End")
    for line in WRONG.rstrip().split("\n")[1:]:
        page.keyboard.press("Enter")
        page.keyboard.type(line)
    output = notebook.run(cell)
    expect(output).to_contain_text("crops: 1 test passes on the app; 1 of 6 bugs caught")
    expect(output).to_contain_text("free")
    expect(output).to_contain_text("hint:")
    page.keyboard.press("ControlOrMeta+End")
    shot(output, "verdict-light")
    section = output.locator("section[aria-label='Verdict on crops']")
    assert_legible(section)
    output.locator("summary").first.click()
    shot(output, "verdict-the-bug")
    notebook.set_theme("JupyterLab Dark")
    shot(output, "verdict-dark")
    assert_legible(section)
    notebook.set_theme("JupyterLab Light")

    source = "".join(f"{line}\n" for line in cell.locator(".cm-content").inner_text().splitlines())
    page.keyboard.press("Escape")
    notebook.write(cell, source + TOO_STRICT)
    output = notebook.run(cell)
    expect(output).to_contain_text("set aside")
    expect(output).to_contain_text("test_unknown_crop")
    shot(output, "verdict-set-aside")

    notebook.write(cell, solution("02-the-first-test.ipynb", "crops"))
    output = notebook.run(cell)
    expect(output).to_contain_text("6 of 6 bugs caught")
    expect(output).to_contain_text("Remember:")
    shot(output, "verdict-all-caught-light")
    notebook.set_theme("JupyterLab Dark")
    shot(output, "verdict-all-caught-dark")
    assert_legible(section)

    output = notebook.run(notebook.add_at_the_end("%progress"))
    bar = output.locator("progress[aria-label='crops']")
    expect(bar).to_have_attribute("value", "6")
    expect(output).to_contain_text("Next:")
    assert_legible(output.locator("section"))
    shot(output, "progress-dark")
    notebook.set_theme("JupyterLab Light")
    shot(output, "progress-light")
    assert_legible(output.locator("section"))


ENDLESS = """\
%%ipytest
import asyncio

@pytest.mark.anyio
async def test_endless():
    await asyncio.Event().wait()
"""

AS_BEFORE = """\
%%ipytest
@pytest.mark.anyio
async def test_as_before():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        response = await client.get("/")
    assert response.status_code == 200
"""


def test_the_stop_button_ends_an_endless_await(page, lab):
    notebook = Notebook(page, lab, "/lab/tree/notebooks/02-the-first-test.ipynb")
    notebook.run_all()
    assert notebook.errors() == []
    endless = notebook.add_at_the_end(ENDLESS)
    notebook.start(endless)
    expect(endless.locator(".jp-InputPrompt")).to_have_text("[*]:")
    time.sleep(1)  # until it is the test that runs, and not pytest's start
    page.locator("[data-command='notebook:interrupt-kernel']").first.click()
    stopped = notebook.wait_for(endless)
    shot(stopped, "stopped")
    printed = notebook.run(notebook.add_at_the_end("print('The stand', 'is open.')"))
    expect(printed).to_have_text(re.compile(r"^\s*The stand is open\.\s*$"))
    tested = notebook.run(notebook.add_at_the_end(AS_BEFORE))
    expect(tested).to_contain_text("1 passed")
    expect(tested.locator("[data-mime-type$='jupyter.error']")).to_have_count(0)


def test_the_stop_button_ends_a_hunt(page, lab):
    notebook = Notebook(page, lab, "/lab/tree/exercises/01-the-first-request.ipynb")
    notebook.run(notebook.find("%load_ext bughunt"))
    shipped = (ROOT / "exercises/01-the-first-request.ipynb").read_text("utf-8")
    name = re.search(r"%%bughunt (\w+)", shipped)
    blocked = f"%%bughunt {name[1]}\n" + textwrap.dedent(
        """\
        import time

        def test_blocked():
            time.sleep(3600)
        """
    )
    cell = notebook.add_at_the_end(blocked)
    notebook.start(cell)
    time.sleep(1)
    page.locator("[data-command='notebook:interrupt-kernel']").first.click()
    shot(notebook.wait_for(cell, 5_000), "stopped-hunt")
    again = notebook.run(notebook.add_at_the_end("print('The stand', 'is open.')"))
    expect(again).to_have_text(re.compile(r"^\s*The stand is open\.\s*$"))
