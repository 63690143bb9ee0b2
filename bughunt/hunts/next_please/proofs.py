import httpx2
import pytest
from httpx2.websockets import ASGIWebSocketTransport, WebSocketDisconnect
from main import Board, make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def board():
    return Board()


@pytest.fixture
async def client(board):
    transport = ASGIWebSocketTransport(app=make_app(board))
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_smoke(client):
    assert (await client.post("/calls")).status_code == 201
    assert (await client.get("/screens")).status_code == 200
    async with client.websocket("/counter?pin=1234") as counter:
        await counter.send_text("next")
        await counter.receive_json(timeout=2)


@pytest.mark.anyio
async def test_overfitted_close_reason(client):
    async with client.websocket("/counter?pin=0000") as counter:
        with pytest.raises(WebSocketDisconnect) as closed:
            await counter.receive_json(timeout=2)
    assert closed.value.reason == "This is not the PIN."


@pytest.mark.anyio
async def test_overfitted_post_says_less(client):
    assert (await client.post("/calls")).json() == {"number": 1}
