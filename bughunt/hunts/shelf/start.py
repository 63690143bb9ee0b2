import anyio
import pytest
from fastapi.testclient import TestClient
from main import make_app

TOMATOES = {"crop": "tomato", "count": 20}
BASIL = {"crop": "basil", "count": 5}


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def app():
    return make_app(places=2)


@pytest.fixture
def client(app):
    return TestClient(app)


@pytest.mark.anyio
async def test_first_come_first_taken(client):
    assert client.post("/crates", json=TOMATOES).status_code == 201
    assert client.post("/crates", json=BASIL).status_code == 201
    response = client.get("/crates/next")
    assert response.status_code == 200
    assert response.json()["crop"] == "tomato"


@pytest.mark.anyio
async def test_empty_crate_is_refused(client):
    empty = {"crop": "tomato", "count": 0}
    assert client.post("/crates", json=empty).status_code == 422


@pytest.mark.anyio
async def test_full_shelf_refuses(client):
    assert client.post("/crates", json=TOMATOES).status_code == 201
    assert client.post("/crates", json=TOMATOES).status_code == 201
    assert client.post("/crates", json=BASIL).status_code == 409


@pytest.mark.anyio
async def test_shop_waits_for_the_farmer(client):
    answers = []

    async def shop():
        answers.append(client.get("/crates/next?patience=0.3"))

    async with anyio.create_task_group() as group:
        group.start_soon(shop)
        await anyio.wait_all_tasks_blocked()
        client.post("/crates", json=TOMATOES)
    assert answers[0].status_code == 200
    assert answers[0].json()["crop"] == "tomato"


@pytest.mark.anyio
async def test_shop_gives_up(app, client):
    with anyio.move_on_after(0.01):
        await app.state.shelf.get()  # the test looks for itself: there is nothing to take
    response = client.get("/crates/next?patience=0.01")
    assert response.status_code == 404
    client.post("/crates", json=BASIL)
    await anyio.wait_all_tasks_blocked()  # a wait that was not given up would take it now
    response = client.get("/crates/next?patience=0.3")
    assert response.status_code == 200
    assert response.json()["crop"] == "basil"
