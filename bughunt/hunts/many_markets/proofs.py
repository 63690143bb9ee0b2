import pytest
from httpx import ASGITransport, AsyncClient
from main import Settings, create_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


def client_for(app):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


@pytest.mark.anyio
async def test_smoke(monkeypatch):
    monkeypatch.setenv("STAND_KEY", "hush")
    async with client_for(create_app()) as client:
        assert (await client.get("/")).status_code == 200
        assert (await client.get("/settings", headers={"X-Key": "hush"})).status_code == 200
        assert (await client.get("/settings")).status_code == 401
        assert (await client.post("/orders?crop=tomato")).status_code == 201
        assert (await client.post("/orders?crop=diamond")).status_code == 404


@pytest.mark.anyio
async def test_overfitted_says_more():
    async with client_for(create_app()) as client:
        assert (await client.get("/")).json() == {"name": "The tomato stand"}


@pytest.mark.anyio
async def test_overfitted_says_thanks():
    async with client_for(create_app()) as client:
        response = await client.post("/orders?crop=tomato")
    assert response.json() == {"crop": "tomato", "amount": 1}


@pytest.mark.anyio
async def test_overfitted_too_much_is_409():
    async with client_for(create_app()) as client:
        assert (await client.post("/orders?crop=tomato&amount=11")).status_code == 422


@pytest.mark.anyio
async def test_overfitted_other_words():
    async with client_for(create_app()) as client:
        response = await client.get("/settings")
    assert response.json() == {"detail": "That is not the key."}


@pytest.mark.anyio
async def test_overfitted_closed_words():
    async with client_for(create_app(Settings(selling=False))) as client:
        response = await client.post("/orders?crop=tomato")
    assert response.json() == {"detail": "No sales today."}


def test_overfitted_error_words(monkeypatch):
    monkeypatch.setenv("STAND_MOST", "0")
    with pytest.raises(ValueError, match="less than 1"):
        create_app()
