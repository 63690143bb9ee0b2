import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    async with LifespanManager(app) as manager:
        transport = ASGITransport(app=manager.app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


@pytest.mark.anyio
async def test_smoke(client):
    assert (await client.get("/scales")).status_code == 200
    assert (await client.post("/weigh/tomato?grams=250")).status_code == 200


@pytest.mark.anyio
async def test_overfitted_other_words(client):
    response = await client.post("/weigh/pineapple?grams=250")
    assert response.json() == {"detail": "No such crop."}


@pytest.mark.anyio
async def test_overfitted_says_less(client):
    assert (await client.post("/weigh/tomato?grams=250")).json()["crop"] == "tomato"


@pytest.mark.anyio
async def test_overfitted_says_more(client):
    assert (await client.get("/scales")).json() == {"free": 2}
