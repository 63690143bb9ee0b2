from contextlib import asynccontextmanager

import httpx
import pytest
from main import app, get_carrier


@pytest.fixture
def anyio_backend():
    return "asyncio"


@asynccontextmanager
async def stand_beside(handler):
    carrier = httpx.MockTransport(handler)
    async with httpx.AsyncClient(transport=carrier, base_url="http://carrier.test") as asks:
        app.dependency_overrides[get_carrier] = lambda: asks
        stand = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=stand, base_url="http://test") as client:
            yield client
    app.dependency_overrides.clear()


PARCEL = {"street": "Mill Lane 4", "kilos": 2}


@pytest.mark.anyio
async def test_smoke():
    price = httpx.Response(200, json={"euros": "4.50"})
    async with stand_beside(lambda request: price) as client:
        assert (await client.post("/quotes", json=PARCEL)).status_code == 200


@pytest.mark.anyio
async def test_overfitted_error_text():
    async with stand_beside(lambda request: httpx.Response(500)) as client:
        response = await client.post("/quotes", json=PARCEL)
    assert response.json() == {"detail": "The carrier has trouble."}


@pytest.mark.anyio
async def test_overfitted_text_of_no_answer():
    def handler(request):
        raise httpx.ConnectError("refused")

    async with stand_beside(handler) as client:
        response = await client.post("/quotes", json=PARCEL)
    assert response.json() == {"detail": "The carrier does not answer."}


@pytest.mark.anyio
async def test_overfitted_text_of_the_limit():
    async with stand_beside(lambda request: httpx.Response(500)) as client:
        response = await client.post("/quotes", json={**PARCEL, "kilos": 31})
    assert response.json() == {"detail": "We send up to 30 kilos."}


@pytest.mark.anyio
async def test_overfitted_no_street_in_the_answer():
    price = httpx.Response(200, json={"euros": "4.50"})
    async with stand_beside(lambda request: price) as client:
        response = await client.post("/quotes", json=PARCEL)
    assert response.json() == {"street": "Mill Lane 4", "cents": 450}


@pytest.mark.anyio
async def test_overfitted_grams_first():
    sent = []

    def handler(request):
        sent.append(request.content)
        return httpx.Response(200, json={"euros": "4.50"})

    async with stand_beside(handler) as client:
        await client.post("/quotes", json=PARCEL)
    assert sent == [b'{"street":"Mill Lane 4","grams":2000}']
