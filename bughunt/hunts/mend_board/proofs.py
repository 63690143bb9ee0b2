"""Kept proofs: a smoke test finds few bugs, and each over-fitted test fails on one variation."""

import asyncio

import pytest
from httpx import ASGITransport, AsyncClient
from main import app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client


async def test_smoke(client):
    assert (await client.put("/prices/plum", params={"cents": 50})).status_code == 200
    assert (await client.get("/prices/plum")).status_code == 200


async def test_smoke_follow(client):
    async with asyncio.timeout(0.5), asyncio.TaskGroup() as group:
        follower = group.create_task(client.get("/changes/next"))
        await asyncio.sleep(0.01)
        await client.put("/prices/pear", params={"cents": 60})
        assert (await follower).status_code == 200


async def test_overfitted_quiet_put(client):
    response = await client.put("/prices/plum", params={"cents": 70})
    assert response.json() == {"crop": "plum", "cents": 70}


async def test_overfitted_unknown_crop(client):
    assert (await client.get("/prices/moon")).status_code == 404


async def test_overfitted_price_alone(client):
    await client.put("/prices/quince", params={"cents": 90})
    assert (await client.get("/prices/quince")).json() == {"crop": "quince", "cents": 90}
