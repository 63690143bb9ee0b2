from datetime import date

import pytest
from httpx import ASGITransport, AsyncClient
from main import app, today

MONDAY, TUESDAY = date(2026, 11, 23), date(2026, 11, 24)


class OnATuesday(date):
    """For the tests that put up no stand-in: it is a Tuesday outside, whenever they run."""

    @classmethod
    def today(cls):
        return TUESDAY


@pytest.fixture
def outside(client, monkeypatch):
    monkeypatch.delitem(app.dependency_overrides, today)
    monkeypatch.setattr("main.date", OnATuesday)


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client(monkeypatch):
    monkeypatch.setitem(app.dependency_overrides, today, lambda: TUESDAY)
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_smoke(client):
    assert (await client.get("/open")).status_code == 200
    assert (await client.get("/prices/tomato")).status_code == 200
    response = await client.post("/orders", params={"crop": "tomato", "card": "smoke"})
    assert response.status_code == 201


@pytest.mark.anyio
async def test_overfitted_a_sunday(client, outside):
    assert (await client.get("/prices/tomato")).json()["cents"] == 40


@pytest.mark.anyio
async def test_overfitted_a_monday(client, outside):
    assert (await client.get("/open")).json()["open"]


@pytest.mark.anyio
async def test_overfitted_text_of_409(client, monkeypatch):
    monkeypatch.setitem(app.dependency_overrides, today, lambda: MONDAY)
    response = await client.post("/orders", params={"crop": "tomato", "card": "text"})
    assert response.json() == {"detail": "Closed on Mondays."}


@pytest.mark.anyio
async def test_overfitted_unknown_crop(client):
    assert (await client.get("/prices/pineapple")).status_code == 404


@pytest.mark.anyio
async def test_overfitted_price_alone(client):
    assert (await client.get("/prices/tomato")).json() == {"crop": "tomato", "cents": 40}


@pytest.mark.anyio
async def test_overfitted_order_says_more(client):
    response = await client.post("/orders", params={"crop": "tomato", "card": "more"})
    assert response.json() == {"crop": "tomato", "stamps": 1, "cents": 40}


@pytest.mark.anyio
async def test_overfitted_open_says_more(client):
    assert (await client.get("/open")).json() == {"open": True}
