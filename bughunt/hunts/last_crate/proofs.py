import pytest
from httpx import ASGITransport, AsyncClient
from main import CardRefused, make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def paid(card):
    pass


async def refused(card):
    raise CardRefused


async def buy(app):
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        return await client.post("/orders", params={"card": "gold"})


@pytest.mark.anyio
async def test_smoke():
    app = make_app(paid, crates=1)
    assert (await buy(app)).status_code == 201
    assert (await buy(app)).status_code == 409


@pytest.mark.anyio
async def test_smoke_refused():
    assert (await buy(make_app(refused))).status_code == 402


@pytest.mark.anyio
async def test_overfitted_sold_out_text():
    app = make_app(paid, crates=0)
    assert (await buy(app)).json() == {"detail": "Sold out"}


@pytest.mark.anyio
async def test_overfitted_refused_text():
    assert (await buy(make_app(refused))).json() == {"detail": "Card refused"}


@pytest.mark.anyio
async def test_overfitted_first_number():
    assert (await buy(make_app(paid))).json()["number"] == 1


@pytest.mark.anyio
async def test_overfitted_no_echo():
    assert (await buy(make_app(paid))).json()["card"] == "gold"
