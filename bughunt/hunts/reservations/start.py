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
async def test_reserve(client):
    # POST a reservation for Ann, 2 crates
    response = ...
    assert response.status_code == 201, response.text
    assert response.json()["name"] == "Ann"
    assert response.json()["crates"] == 2


@pytest.mark.anyio
async def test_location(client):
    # POST a reservation, then GET the address that the answer's Location header names
    created = ...
    response = ...
    assert response.status_code == 200
    assert response.json() == created.json()


@pytest.mark.anyio
async def test_too_few(client):
    # POST a reservation for no crates
    response = ...
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "crates"]


@pytest.mark.anyio
async def test_too_many(client):
    # POST a reservation for more crates than the stand allows
    response = ...
    assert response.status_code == 422
    assert response.json()["detail"][0]["loc"] == ["body", "crates"]


@pytest.mark.anyio
async def test_change(client):
    # POST a reservation for Ann; PUT 3 crates for Ben to its address; GET it
    created = ...
    address = f"/reservations/{created.json()['number']}"
    changed = ...
    response = ...
    assert changed.status_code == 200
    assert response.json() == changed.json()
    assert (response.json()["name"], response.json()["crates"]) == ("Ben", 3)


@pytest.mark.anyio
async def test_cancel(client):
    # POST a reservation; DELETE its address; GET it
    created = ...
    address = f"/reservations/{created.json()['number']}"
    cancelled = ...
    response = ...
    assert cancelled.status_code == 204
    assert response.status_code == 404


@pytest.mark.anyio
async def test_own_number(client):
    # POST two reservations; DELETE the first; POST a third
    first = ...
    second = ...
    gone = ...
    third = ...
    assert gone.status_code == 204
    taken = [first.json()["number"], second.json()["number"]]
    assert third.json()["number"] not in taken
