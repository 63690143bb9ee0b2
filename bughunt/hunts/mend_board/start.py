import asyncio

import pytest
from anyio import wait_all_tasks_blocked
from httpx import ASGITransport, AsyncClient
from main import app

heard = asyncio.Queue()


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    return request.param


@pytest.fixture
async def client():
    async with AsyncClient(transport=ASGITransport(app=app), base_url="http://test") as client:
        yield client


async def follow(client):
    response = await client.get("/changes/next")
    heard.put_nowait(response.json())


async def test_a_change_is_heard(client):
    async with asyncio.timeout(0.5), asyncio.TaskGroup() as group:
        group.create_task(follow(client))
        await wait_all_tasks_blocked()  # the follower is there now
        await client.put("/prices/tomato", params={"cents": 120})
        news = await heard.get()
    assert news == {"crop": "tomato", "cents": 120}


async def test_both_hear_it(client):
    async with asyncio.timeout(0.5), asyncio.TaskGroup() as group:
        group.create_task(follow(client))
        group.create_task(follow(client))
        await wait_all_tasks_blocked()
        await client.put("/prices/basil", params={"cents": 80})
        news = [await heard.get(), await heard.get()]
    assert news == [{"crop": "basil", "cents": 80}] * 2


async def test_the_same_price_is_no_news(client):
    await client.put("/prices/leek", params={"cents": 90})
    async with asyncio.timeout(0.5), asyncio.TaskGroup() as group:
        follower = group.create_task(follow(client))
        await wait_all_tasks_blocked()
        await client.put("/prices/leek", params={"cents": 90})
        await wait_all_tasks_blocked()
        follower.cancel()
    assert heard.empty()


async def test_the_last_price_counts(client):
    await client.put("/prices/chard", params={"cents": 100})
    await client.put("/prices/chard", params={"cents": 120})
    assert (await client.get("/prices/chard")).json()["cents"] == 120
