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
async def test_menu(client):
    # GET /menu
    response = ...
    assert response.status_code == 200
    assert sorted(response.json()) == ["salad", "soup", "toast"]


@pytest.mark.anyio
async def test_vegan(client):
    # GET /menu with vegan=true in the query
    response = ...
    assert sorted(response.json()) == ["salad", "soup"]


@pytest.mark.anyio
async def test_vegan_false(client):
    # GET /menu with vegan=false in the query
    response = ...
    assert response.url.query == b"vegan=false"
    assert sorted(response.json()) == ["salad", "soup", "toast"]


@pytest.mark.anyio
async def test_english(client):
    # GET /menu/soup
    response = ...
    assert response.json() == {"key": "soup", "name": "tomato soup"}


@pytest.mark.anyio
async def test_german(client):
    # GET /menu/soup with the header Accept-Language: de
    response = ...
    assert response.json() == {"key": "soup", "name": "Tomatensuppe"}


@pytest.mark.anyio
async def test_unknown_dish(client):
    # GET a dish that is not on the menu
    response = ...
    assert response.status_code == 404


@pytest.mark.anyio
async def test_old_address(client):
    # GET /card, and do not follow where it leads
    response = ...
    assert response.status_code == 308
    assert response.headers["location"] == "/menu"


@pytest.mark.anyio
async def test_menu_may_be_kept(client):
    # GET /menu, then GET /menu with vegan=true in the query
    whole = ...
    vegan = ...
    assert whole.headers["cache-control"] == "max-age=60"
    assert vegan.headers["cache-control"] == "max-age=60"
