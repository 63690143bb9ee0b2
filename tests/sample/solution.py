import pytest
from httpx import ASGITransport, AsyncClient
from main import app


@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client


# Your tests.


@pytest.mark.anyio
async def test_unknown_crop(client):
    assert (await client.get("/crops/stone")).status_code == 404


@pytest.mark.anyio
async def test_order(client):
    before = (await client.get("/crops/leek")).json()["left"]
    response = await client.post("/orders/leek?amount=1")
    assert response.status_code == 201
    assert response.json() == {"crop": "leek", "amount": 1}
    assert (await client.get("/crops/leek")).json()["left"] == before - 1


@pytest.mark.anyio
async def test_too_many(client):
    response = await client.post("/orders/tomato", params={"amount": 4})
    assert response.status_code == 409
