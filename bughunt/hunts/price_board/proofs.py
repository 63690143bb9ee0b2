import pytest
from httpx import ASGITransport, AsyncClient
from main import MarketClosed, make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


async def forty(crop):
    return 40


async def closed(crop):
    raise MarketClosed


async def read(ask, crop="tomato"):
    transport = ASGITransport(app=make_app(ask))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(f"/prices/{crop}")


@pytest.mark.anyio
async def test_smoke():
    assert (await read(forty)).status_code == 200
    assert (await read(forty, "basil")).status_code == 200


@pytest.mark.anyio
async def test_smoke_closed():
    assert (await read(closed)).status_code == 503


@pytest.mark.anyio
async def test_overfitted_closed_text():
    assert (await read(closed)).json() == {"detail": "The market is closed"}


@pytest.mark.anyio
async def test_overfitted_no_echo():
    assert (await read(forty)).json()["crop"] == "tomato"
