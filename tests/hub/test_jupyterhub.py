"""A real JupyterHub with several learners at once: a lesson, an exercise and its verdict."""

import asyncio
import contextlib
import itertools
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import time
import uuid
from pathlib import Path

import httpx
import psutil
import pytest
from conftest import within
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

import notebooks as tool
from bughunt import hunts, runner

LESSON = "02-the-first-test.ipynb"
EXERCISES = [name for name in hunts.names() if hunts.load(name).lesson == "02"]
CLONE = "await-and-assert"
START = f"lab/tree/{CLONE}/notebooks/00-start-here.ipynb"
# A hub starts servers for seconds each, and the machine may be small.
PATIENCE = 300


@pytest.fixture
def learners(thorough):
    """How many work at once."""
    return 10 if thorough else 3


@pytest.fixture
def course(tmp_path):
    """The course as a git repository that nbgitpuller can clone, as it is in the working tree."""
    folder = tmp_path / "origin" / CLONE
    for name in ("notebooks", "exercises"):
        ignored = shutil.ignore_patterns(".*")
        shutil.copytree(tool.ROOT / name, folder / name, ignore=ignored)
    shutil.copy(tool.ROOT / ".gitignore", folder)
    git = ["git", "-C", folder, "-c", "user.name=t", "-c", "user.email=t@example.org"]
    subprocess.run([*git, "init", "--quiet", "--initial-branch=main"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "--quiet", "--message=The course"], check=True)
    return folder


class Hub:
    """A running hub: its address, its process, and the token of a teacher's service."""

    def __init__(self, folder):
        self.folder, self.token = folder, secrets.token_hex()
        self.homes, self.scratch = folder / "homes", folder / "tmp"
        self.homes.mkdir(parents=True)
        self.scratch.mkdir()
        with contextlib.ExitStack() as stack:
            free = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
            self.ports = [one.getsockname()[1] for one in free]
        asked = {"ports": self.ports, "token": self.token}
        (folder / "asked.json").write_text(json.dumps(asked), "utf-8")
        self.address = f"http://127.0.0.1:{self.ports[-1]}"
        self.log = folder / "hub.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub"]
                + ["--config", str(Path(__file__).with_name("jupyterhub_config.py"))],
                cwd=folder,
                env=os.environ | {"HUB_SCRATCH": str(folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def client(self, token):
        headers = {"Authorization": f"token {token}"}
        return httpx.AsyncClient(base_url=self.address, headers=headers, timeout=PATIENCE)

    def processes(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def server_of(self, name):
        """The processes of a learner: their server, its kernels, and what those run."""
        for child in psutil.Process(self.process.pid).children():
            if child.environ().get("JUPYTERHUB_USER") == name:
                return [child, *child.children(recursive=True)]
        raise LookupError(f"{name} has no server")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            runner.kill_tree(self.process.pid)
            raise


class Learner:
    """Somebody in the browser: each call is one that JupyterLab makes, with their own token."""

    def __init__(self, hub, name, token):
        self.hub, self.name, self.token = hub, name, token
        self.client = hub.client(token)
        self.took = {}  # seconds

    async def call(self, method, path, **more):
        answer = await self.client.request(method, f"/user/{self.name}/{path}", **more)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    async def start(self):
        await self.client.post(f"/hub/api/users/{self.name}/server")
        async with asyncio.timeout(PATIENCE):
            while True:
                user = (await self.client.get(f"/hub/api/users/{self.name}")).json()
                if user["servers"].get("", {}).get("ready"):
                    return
                await asyncio.sleep(0.2)

    async def stop(self):
        await self.client.delete(f"/hub/api/users/{self.name}/server")
        async with asyncio.timeout(PATIENCE):
            while (await self.client.get(f"/hub/api/users/{self.name}")).json()["servers"]:
                await asyncio.sleep(0.2)

    async def pull(self, repository):
        """What a click on the nbgitpuller link does."""
        asked = {"repo": str(repository), "branch": "main", "urlpath": START}
        assert START in (await self.call("GET", "git-pull", params=asked)).text
        said = (await self.call("GET", "git-pull/api", params=asked)).text
        assert '"phase": "finished"' in said, said

    async def open(self, path):
        """Return the notebook, and a kernel in its folder."""
        notebook = (await self.call("GET", f"api/contents/{path}")).json()["content"]
        asked = {"path": path, "name": path, "type": "notebook", "kernel": {"name": "python3"}}
        session = (await self.call("POST", "api/sessions", json=asked)).json()
        return notebook, await Kernel.connect(self, session["kernel"]["id"])


class Kernel:
    """A kernel behind the hub's proxy, through its WebSocket."""

    @classmethod
    async def connect(cls, learner, kernel_id):
        kernel = cls()
        address = learner.hub.address.replace("http", "ws")
        url = f"{address}/user/{learner.name}/api/kernels/{kernel_id}/channels"
        headers = {"Authorization": f"token {learner.token}"}
        kernel.socket = await websocket_connect(HTTPRequest(url, headers=headers))
        return kernel

    async def run(self, code):
        """Run a cell; return its text, or fail with its error."""
        header = {"msg_id": uuid.uuid4().hex, "msg_type": "execute_request", "version": "5.3"}
        header |= {"username": "", "session": header["msg_id"]}
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        request = {"channel": "shell", "header": header, "parent_header": {}, "metadata": {}}
        await self.socket.write_message(json.dumps(request | {"content": content, "buffers": []}))
        said = []
        async with asyncio.timeout(PATIENCE):
            while True:
                message = json.loads(await self.socket.read_message())
                if message["parent_header"].get("msg_id") != header["msg_id"]:
                    continue
                content = message["content"]
                match message["msg_type"]:
                    case "stream":
                        said.append(content["text"])
                    case "display_data" | "execute_result":
                        said.append(content["data"].get("text/plain", ""))
                    case "error":
                        pytest.fail("\n".join(content["traceback"]))
                    case "status" if content["execution_state"] == "idle":
                        return "\n".join(said)


def code_cells(notebook):
    sources = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return ["".join(source) for source in sources]


def solved(exercise):
    cells = code_cells(json.loads((tool.SOLUTIONS / LESSON).read_text("utf-8")))
    return next(cell for cell in cells if cell.startswith(f"%%bughunt {exercise}\n"))


def megabytes(processes):
    """What these take of the machine's memory; what they share with others, in parts."""
    return sum(one.memory_full_info().pss for one in processes) / 2**20


async def attend(learner, exercise, course, all_together):
    """What one learner does; the verdicts are asked for by all of them at the same moment."""
    began = time.monotonic()
    await learner.start()
    learner.took["start"] = time.monotonic() - began
    await learner.pull(course)

    lesson, kernel = await learner.open(f"{CLONE}/notebooks/{LESSON}")
    began = time.monotonic()
    for cell in code_cells(lesson):
        await kernel.run(cell)
    learner.took["lesson"] = time.monotonic() - began

    path = f"{CLONE}/exercises/{LESSON}"
    notebook, kernel = await learner.open(path)
    shipped = [await kernel.run(cell) for cell in code_cells(notebook)]
    assert sum("not started" in said for said in shipped) == len(EXERCISES)
    for cell in notebook["cells"]:
        if "".join(cell["source"]).startswith(f"%%bughunt {exercise}\n"):
            cell["source"] = solved(exercise)
    saved = {"type": "notebook", "format": "json", "content": notebook}
    await learner.call("PUT", f"api/contents/{path}", json=saved)
    await learner.pull(course)  # the link once more, the next day

    for which in ("first verdict", "second verdict"):
        await all_together.wait()
        began = time.monotonic()
        verdict = await kernel.run(solved(exercise))
        learner.took[which] = time.monotonic() - began
        bugs = len(hunts.load(exercise).bugs)
        assert verdict.startswith(f"{exercise}: ") and f"{bugs} of {bugs} bugs caught" in verdict
    await all_together.wait()
    learner.memory = megabytes(learner.hub.server_of(learner.name))


async def a_class(hub, course, count):
    """Have a class of learners attend, then stop their servers; return them, and what ran."""
    learners = []
    async with contextlib.AsyncExitStack() as stack, asyncio.timeout(PATIENCE * 3):
        teacher = await stack.enter_async_context(hub.client(hub.token))
        while True:
            with contextlib.suppress(httpx.TransportError):
                if (await teacher.get("/hub/api/")).is_success:
                    break
            assert hub.process.poll() is None, "the hub has ended"
            await asyncio.sleep(0.2)
        for number in range(count):
            name = f"learner-{number}"
            (await teacher.post(f"/hub/api/users/{name}")).raise_for_status()
            answer = await teacher.post(f"/hub/api/users/{name}/tokens", json={})
            learners.append(Learner(hub, name, answer.raise_for_status().json()["token"]))
            await stack.enter_async_context(learners[-1].client)
        all_together = asyncio.Barrier(count)
        async with asyncio.TaskGroup() as group:
            for learner, exercise in zip(learners, itertools.cycle(EXERCISES), strict=False):
                group.create_task(attend(learner, exercise, course, all_together))
        other = f"/user/{learners[1].name}/api/contents/{CLONE}"
        assert (await learners[1].client.get(other)).status_code == 200
        assert (await learners[0].client.get(other)).status_code == 403
        ran = hub.processes()
        await asyncio.gather(*(learner.stop() for learner in learners))
    return learners, ran


def test_learners_on_a_hub(tmp_path, course, learners, capsys):
    """Each starts a server, pulls the course, runs a lesson, and gets a verdict of their own."""
    hub = Hub(tmp_path / "hub")
    try:
        attended, ran = asyncio.run(a_class(hub, course, learners))
        assert len(ran) > 3 * learners
    except BaseException:
        print(hub.log.read_text("utf-8", "replace")[-20_000:])
        runner.kill_tree(hub.process.pid)  # a hub that is stopped half-way leaves its proxy
        raise
    finally:
        hub.stop()
    for learner, exercise in zip(attended, itertools.cycle(EXERCISES), strict=False):
        home = hub.homes / learner.name
        kept = json.loads((home / ".local/share/await-and-assert/progress.json").read_text())
        assert list(kept) == [exercise], "another's progress"
        git = ["git", "-C", home / CLONE, "diff", "--name-only", "origin/main"]
        changed = subprocess.run(git, capture_output=True, text=True, check=True).stdout.split()
        assert changed == [f"exercises/{LESSON}"], "nbgitpuller keeps what they wrote"
    assert within(20, lambda: not any(process.is_running() for process in ran))
    assert within(20, lambda: not list(hub.scratch.iterdir())), list(hub.scratch.iterdir())
    for port in hub.ports:
        with socket.socket() as free:
            assert free.connect_ex(("127.0.0.1", port)), f"port {port} still answers"

    with capsys.disabled():
        print(f"\n{learners} learners at once, {os.cpu_count()} cores: median and worst")
        for what in attended[0].took:
            seconds = [learner.took[what] for learner in attended]
            print(f"  {what:15} {statistics.median(seconds):7.1f} s {max(seconds):7.1f} s")
        memory = [learner.memory for learner in attended]
        print(f"  {'memory':15} {statistics.median(memory):7.0f} MB {max(memory):6.0f} MB")
    # A server, and two notebooks open: a hub that counts on this many has room for all.
    assert max(memory) < 600


def test_what_a_hub_builds_its_image_from():
    """repo2docker's own reading of the root: environment.yml, then postBuild with nbgitpuller."""
    repo2docker = Path(sys.executable).with_name("repo2docker")
    command = [repo2docker, "--no-build", "--debug", "--target-repo-dir", "/srv/course"]
    command += ["--user-id", "1000", "--user-name", "jovyan", str(tool.ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    recipe = done.stdout + done.stderr
    assert done.returncode == 0, recipe
    # The whole repository is there before its own package is installed; nbgitpuller comes after.
    steps = ["COPY --chown=1000:1000 src/ ", '--file "environment.yml"', "RUN ./postBuild"]
    found = [recipe.find(step) for step in steps]
    assert -1 not in found and found == sorted(found)
    assert "nbgitpuller" in (tool.ROOT / "postBuild").read_text("utf-8")
