import pytest
from httpx import ASGITransport, AsyncClient
from main import app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_smoke_table(client):
    response = await client.get("/table")
    assert response.status_code == 200


@pytest.mark.anyio
async def test_smoke_nobody_comes(client):
    response = await client.post("/swap?patience=0.01", json={"crop": "tomato"})
    assert response.status_code == 408


@pytest.mark.anyio
async def test_overfitted_gives_no_echo(client):
    response = await client.post("/swap?patience=0.01", json={"crop": "tomato"})
    assert response.json()["gave"] == "tomato"


@pytest.mark.anyio
async def test_overfitted_waited_in_milliseconds(client):
    response = await client.post("/swap?patience=0.02", json={"crop": "tomato"})
    assert response.json()["waited"] < 2


@pytest.mark.anyio
async def test_overfitted_other_words_in_422(client):
    response = await client.post("/swap?patience=0.01", json={"crop": ""})
    assert response.json()["detail"][0]["type"] == "string_too_short"
