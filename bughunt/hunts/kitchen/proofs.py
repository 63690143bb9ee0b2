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
@pytest.mark.parametrize("path", ["/menu", "/menu?vegan=true", "/menu/soup", "/menu/toast"])
async def test_smoke(client, path):
    response = await client.get(path)
    assert response.status_code == 200


@pytest.mark.anyio
async def test_smoke_redirect(client):
    response = await client.get("/card", follow_redirects=True)
    assert response.status_code == 200


@pytest.mark.anyio
async def test_overfitted_error_text(client):
    response = await client.get("/menu/pizza")
    assert response.json() == {"detail": "not on the menu"}


@pytest.mark.anyio
async def test_overfitted_menu_order(client):
    response = await client.get("/menu")
    assert response.json() == ["soup", "toast", "salad"]
