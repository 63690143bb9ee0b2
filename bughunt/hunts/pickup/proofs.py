"""Kept proofs: a smoke test finds few bugs, and each over-fitted test fails on one variation."""

import pytest
from httpx import ASGITransport, AsyncClient
from main import app

pytestmark = pytest.mark.anyio


@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client


async def test_smoke(client):
    response = await client.post("/orders")
    assert response.status_code == 201
    number = response.json()["number"]
    assert (await client.get(f"/orders/{number}")).status_code == 200
    assert (await client.post(f"/orders/{number}/ready")).status_code == 200


async def test_overfitted_first_number(client):
    assert (await client.post("/orders")).json()["number"] < 500


async def test_overfitted_more_fields(client):
    number = (await client.post("/orders")).json()["number"]
    response = await client.get(f"/orders/{number}")
    assert response.json() == {"number": number, "ready": False}


async def test_overfitted_silent_bell(client):
    number = (await client.post("/orders")).json()["number"]
    response = await client.post(f"/orders/{number}/ready")
    assert response.json() == {"number": number, "ready": True}


async def test_overfitted_order_says_more(client):
    assert len((await client.post("/orders")).json()) == 2


async def test_overfitted_unknown_order(client):
    assert (await client.get("/orders/99999")).status_code == 404
