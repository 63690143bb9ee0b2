import pytest
from httpx import ASGITransport, AsyncClient
from main import make_app

TOMATOES = {"crop": "tomato", "count": 20}


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=make_app(places=2))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_smoke(client):
    response = await client.post("/crates", json=TOMATOES)
    assert response.status_code == 201
    response = await client.get("/crates/next")
    assert response.status_code == 200


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    for _ in range(2):
        await client.post("/crates", json=TOMATOES)
    response = await client.post("/crates", json=TOMATOES)
    assert response.json() == {"detail": "The shelf is full"}


@pytest.mark.anyio
async def test_overfitted_says_more(client):
    await client.post("/crates", json=TOMATOES)
    response = await client.get("/crates/next")
    assert response.json() == TOMATOES


@pytest.mark.anyio
async def test_overfitted_no_crate_text(client):
    response = await client.get("/crates/next?patience=0.01")
    assert response.json() == {"detail": "No crate came"}


@pytest.mark.anyio
async def test_overfitted_other_words_in_422(client):
    response = await client.post("/crates", json={"crop": "tomato", "count": 0})
    assert response.json()["detail"][0]["type"] == "greater_than"


@pytest.mark.anyio
async def test_overfitted_quiet_post(client):
    assert (await client.post("/crates", json=TOMATOES)).json() == TOMATOES
