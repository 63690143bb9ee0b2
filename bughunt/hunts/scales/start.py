import pytest
from httpx import ASGITransport, AsyncClient
from main import app, running


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_at_night_all_are_off():
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test"):
        pass  # the day
    assert not running


@pytest.mark.anyio
async def test_every_morning_two_are_free():
    for _ in ("Friday", "Saturday"):
        transport = ASGITransport(app=app)
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            assert (await client.get("/scales")).json()["free"] == 2


@pytest.mark.anyio
async def test_a_price(client):
    response = await client.post("/weigh/tomato?grams=250")
    assert response.status_code == 200
    assert response.json()["cents"] == 100


@pytest.mark.anyio
async def test_a_refused_crop_gives_the_scale_back(client):
    before = (await client.get("/scales")).json()["free"]
    response = await client.post("/weigh/pineapple?grams=250")
    assert response.status_code == 404
    assert (await client.get("/scales")).json()["free"] == before
