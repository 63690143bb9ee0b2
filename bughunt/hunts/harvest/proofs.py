import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import Harvest, make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=make_app(Harvest()))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_smoke(client):
    entry = {"crop": "tomato", "kilos": 3}
    assert (await client.post("/entries", json=entry)).status_code == 201
    assert (await client.post("/end")).status_code == 204
    assert (await client.get("/entries")).status_code == 200
    assert (await client.get("/listeners")).status_code == 200


@pytest.mark.anyio
async def test_smoke_somebody_leaves(client):
    with anyio.move_on_after(0.01):
        await client.get("/entries")
    assert (await client.post("/end")).status_code == 204


@pytest.mark.anyio
async def test_overfitted_ids_from_1001(client):
    response = await client.post("/entries", json={"crop": "tomato", "kilos": 3})
    assert response.json() == {"id": 1}


@pytest.mark.anyio
async def test_overfitted_end_says_less(client):
    await client.post("/end")
    assert "entries" in (await client.get("/entries")).text


@pytest.mark.anyio
async def test_overfitted_a_comment_first(client):
    await client.post("/end")
    assert (await client.get("/entries")).text.startswith("event: ")
