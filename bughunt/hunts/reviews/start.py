import os

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import app
from pymongo import AsyncMongoClient

mongo = AsyncMongoClient(os.environ["MONGODB_URL"])
reviews = mongo.get_default_database("stand")["reviews"]


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=app)
    async with LifespanManager(app):
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


async def stars_of(crop, author):
    """Ask the database itself."""
    found = await reviews.find_one({"crop": crop, "author": author})
    return found and found["stars"]


@pytest.mark.anyio
async def test_review_is_stored(client):
    response = await client.put("/reviews/tomato/Ann", json={"stars": 5})
    assert response.status_code == 201
    assert await stars_of("tomato", "Ann") == 5


@pytest.mark.anyio
async def test_second_thoughts(client):
    await reviews.delete_many({})
    await client.put("/reviews/tomato/Ann", json={"stars": 5})
    await client.put("/reviews/tomato/Ben", json={"stars": 4})
    await client.put("/reviews/tomato/Ben", json={"stars": 2})
    assert await stars_of("tomato", "Ann") == 5
    assert await stars_of("tomato", "Ben") == 2


@pytest.mark.anyio
@pytest.mark.parametrize("stars", [0, 6])
async def test_too_few_too_many(client, stars):
    response = await client.put("/reviews/tomato/Ann", json={"stars": stars})
    assert response.status_code == 422


@pytest.mark.anyio
async def test_average(client):
    await reviews.delete_many({})
    await client.put("/reviews/tomato/Ann", json={"stars": 5})
    await client.put("/reviews/tomato/Ben", json={"stars": 4})
    await client.put("/reviews/basil/Ann", json={"stars": 1})
    response = await client.get("/reviews/tomato")
    assert response.json() == {"reviews": 2, "average": 4.5}


@pytest.mark.anyio
async def test_taken_back(client):
    await reviews.delete_many({})
    await client.put("/reviews/tomato/Ann", json={"stars": 5})
    await client.put("/reviews/basil/Ann", json={"stars": 3})
    response = await client.delete("/reviews/tomato/Ann")
    assert response.status_code == 204
    assert await stars_of("tomato", "Ann") is None
    assert await stars_of("basil", "Ann") == 3
