import asyncio

import pytest
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


class OwnTask(ASGITransport):
    async def handle_async_request(self, request):
        return await asyncio.create_task(super().handle_async_request(request))


@pytest.fixture
def tape():
    return []


@pytest.fixture
async def client(tape):
    async def print_line(text):
        tape.append(text)

    transport = OwnTask(app=make_app(print_line))
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


async def sell(client):
    return await client.post("/sales?cents=40", headers={"X-Cashier": "Ann"})


@pytest.mark.anyio
async def test_smoke(client):
    assert (await sell(client)).status_code == 201
    assert (await client.get("/sales")).status_code == 200
    assert (await client.get("/average")).status_code == 200


@pytest.mark.anyio
async def test_overfitted_line_the_other_way_round(client, tape):
    await sell(client)
    assert tape == ["Ann: 40"]


@pytest.mark.anyio
async def test_overfitted_words_of_the_refusal(client):
    response = await client.post("/sales?cents=40")
    assert response.json() == {"detail": "Who is at the till?"}


@pytest.mark.anyio
async def test_overfitted_post_says_less(client):
    assert (await sell(client)).json()["cents"] == 40


@pytest.mark.anyio
async def test_overfitted_more_in_a_sale(client):
    await sell(client)
    assert (await client.get("/sales")).json() == [{"cashier": "Ann", "cents": 40}]
