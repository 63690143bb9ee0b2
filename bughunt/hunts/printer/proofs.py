import asyncio

import anyio
import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=app)
    async with LifespanManager(app):
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


@pytest.mark.anyio
async def test_smoke(client):
    response = await client.post("/labels", json={"crop": "tomato"})
    assert response.status_code == 202
    await anyio.wait_all_tasks_blocked()
    response = await client.get("/printed")
    assert response.status_code == 200


@pytest.mark.anyio
async def test_overfitted_quiet_post(client):
    response = await client.post("/labels", json={"crop": "tomato"})
    assert "waiting" in response.json()


@pytest.mark.anyio
async def test_overfitted_two_tasks():
    before = len(asyncio.all_tasks())
    async with app.router.lifespan_context(app):
        assert len(asyncio.all_tasks()) == before + 1


@pytest.mark.anyio
async def test_overfitted_last_first(client):
    for crop in ("tomato", "basil", "leek"):
        await client.post("/labels", json={"crop": crop, "copies": 9})
    await anyio.wait_all_tasks_blocked()
    response = await client.get("/printed")
    assert response.json() == ["tomato"] * 9 + ["basil"] * 9 + ["leek"] * 9
