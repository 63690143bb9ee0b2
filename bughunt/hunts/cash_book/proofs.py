import sqlite3
from contextlib import closing

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def book(tmp_path):
    return tmp_path / "book.db"


@pytest.fixture
async def client(book):
    app = make_app(book)
    transport = ASGITransport(app=app)
    async with (
        LifespanManager(app),
        AsyncClient(transport=transport, base_url="http://t") as client,
    ):
        yield client


@pytest.mark.anyio
async def test_smoke(client):
    assert (await client.get("/hours")).status_code == 200
    assert (await client.post("/sales?cents=40")).status_code == 201
    assert (await client.get("/till")).status_code == 200


@pytest.mark.anyio
async def test_overfitted_says_more(client):
    assert (await client.post("/sales?cents=40")).json() == {"sold": 40}


@pytest.mark.anyio
async def test_overfitted_other_words(book, monkeypatch):
    monkeypatch.setenv("STAND_OPENS", "19")
    with pytest.raises(ValueError, match="A stand opens before it closes"):
        async with LifespanManager(make_app(book)):
            pass


@pytest.mark.anyio
async def test_overfitted_one_more_column(book):
    async with LifespanManager(make_app(book)):
        pass
    with closing(sqlite3.connect(book)) as connection:
        assert connection.execute("SELECT * FROM days").fetchall() == [(0,)]


@pytest.mark.anyio
async def test_overfitted_counts_sales(client):
    assert (await client.get("/till")).json() == {"cents": 0}


@pytest.mark.anyio
async def test_overfitted_hours_say_more(client):
    assert (await client.get("/hours")).json() == {"opens": 8, "closes": 18}
