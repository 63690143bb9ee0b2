import anyio
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


@pytest.fixture
async def answers(client):
    """Give the answers of two who swap."""
    answers = []

    async def gardener(crop):
        response = await client.post("/swap?patience=0.3", json={"crop": crop})
        answers.append(response.json())

    async with anyio.create_task_group() as group:
        group.start_soon(gardener, "tomato")
        await anyio.wait_all_tasks_blocked()  # the first has begun to wait
        await anyio.sleep(0.02)
        await gardener("basil")
    return answers


@pytest.mark.anyio
async def test_smoke_table(client):
    response = await client.get("/table")
    assert response.status_code == 200


@pytest.mark.anyio
async def test_smoke_nobody_comes(client):
    response = await client.post("/swap?patience=0.01", json={"crop": "tomato"})
    assert response.status_code == 408


@pytest.mark.anyio
async def test_overfitted_gives_no_echo(answers):
    assert [answer["gave"] for answer in answers] == ["basil", "tomato"]


@pytest.mark.anyio
async def test_overfitted_waited_in_milliseconds(answers):
    assert answers[1]["waited"] < 2


@pytest.mark.anyio
async def test_overfitted_in_vain_says_less(client):
    response = await client.post("/swap?patience=0.01", json={"crop": "tomato"})
    assert response.json()["got"] is None
