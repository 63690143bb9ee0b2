import os

import pytest
from asgi_lifespan import LifespanManager
from httpx import ASGITransport, AsyncClient
from main import app
from pymongo import AsyncMongoClient


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def reviews():
    async with AsyncMongoClient(os.environ["MONGODB_URL"]) as mongo:
        collection = mongo.get_default_database("stand")["reviews"]
        await collection.delete_many({})
        yield collection


@pytest.fixture
async def client(reviews):
    transport = ASGITransport(app=app)
    async with LifespanManager(app):
        async with AsyncClient(transport=transport, base_url="http://test") as client:
            yield client


@pytest.mark.anyio
async def test_smoke(client, reviews):
    await reviews.insert_one({"crop": "leek", "author": "Ben", "stars": 4})
    response = await client.put("/reviews/tomato/Ann", json={"stars": 5})
    assert response.status_code == 201
    response = await client.get("/reviews/leek")
    assert response.status_code == 200
    response = await client.delete("/reviews/tomato/Ann")
    assert response.status_code == 204


@pytest.mark.anyio
async def test_overfitted_says_nothing(client):
    response = await client.put("/reviews/tomato/Ann", json={"stars": 5})
    assert response.json() == {"crop": "tomato", "author": "Ann"}


@pytest.mark.anyio
async def test_overfitted_keeps_a_date(client, reviews):
    await client.put("/reviews/tomato/Ann", json={"stars": 5})
    found = await reviews.find_one({}, {"_id": False})
    assert found == {"crop": "tomato", "author": "Ann", "stars": 5}


@pytest.mark.anyio
async def test_overfitted_nothing_is_zero(client):
    response = await client.get("/reviews/pineapple")
    assert response.status_code == 404
