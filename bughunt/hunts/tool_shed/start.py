from datetime import date

import pytest
from httpx import ASGITransport, AsyncClient
from main import app, get_customer, today


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGITransport(app=app)
    async with AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


def log_in(name):
    app.dependency_overrides[get_customer] = lambda: name


def it_is(day):
    app.dependency_overrides[today] = lambda: date.fromisoformat(day)


@pytest.mark.anyio
async def test_due_in_a_week(client):
    log_in("ann")
    it_is("2020-05-01")
    response = await client.post("/loans/spade")
    assert response.status_code == 201
    assert response.json()["due"] == "2020-05-08"


@pytest.mark.parametrize(
    "method, path", [("POST", "/loans/fork"), ("DELETE", "/loans/fork"), ("GET", "/overdue")]
)
@pytest.mark.anyio
async def test_a_key_is_needed(client, method, path):
    response = await client.request(method, path)
    assert response.status_code == 401


@pytest.mark.anyio
async def test_lent_until_brought_back(client):
    assert (await client.post("/loans/rake")).status_code == 201
    log_in("ben")
    assert (await client.post("/loans/rake")).status_code == 409
    log_in("ann")
    assert (await client.delete("/loans/rake")).status_code == 204
    assert (await client.post("/loans/rake")).status_code == 201


@pytest.mark.anyio
async def test_not_yours_to_bring_back(client):
    assert (await client.post("/loans/hoe")).status_code == 201
    log_in("ben")
    assert (await client.delete("/loans/hoe")).status_code == 403
    assert (await client.post("/loans/hoe")).status_code == 409
    app.dependency_overrides.clear()


@pytest.mark.anyio
async def test_overdue_from_the_next_day_on(client):
    log_in("ann")
    it_is("2020-05-01")
    assert (await client.post("/loans/saw")).status_code == 201
    it_is("2020-05-08")
    assert "saw" not in (await client.get("/overdue")).json()
    it_is("2020-05-09")
    assert "saw" in (await client.get("/overdue")).json()
