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
@pytest.mark.parametrize("path", ["/crops", "/crops?max_price=200", "/crops/tomato"])
async def test_smoke(client, path):
    response = await client.get(path)
    assert response.status_code == 200


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    response = await client.get("/crops/pineapple")
    assert response.json() == {"detail": "No such crop."}


@pytest.mark.anyio
async def test_overfitted_list_order(client):
    response = await client.get("/crops")
    assert [crop["name"] for crop in response.json()] == ["tomato", "basil", "pumpkin"]


@pytest.mark.anyio
async def test_overfitted_other_words_in_422(client):
    response = await client.get("/crops?max_price=-1")
    assert response.json()["detail"][0]["type"] == "greater_than_equal"
