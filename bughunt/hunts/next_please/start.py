from contextlib import aclosing

import anyio
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
async def test_a_screen_begins_with_the_number_called_last(client):
    await client.post("/calls")
    await client.post("/calls")
    with anyio.move_on_after(0.02):
        async with client.sse("/calls") as events:
            async for event in events:
                assert event.json() == 2
                break


@pytest.mark.anyio
async def test_each_call_is_shown(client, board):
    async with aclosing(board.follow()) as numbers:
        assert (await client.post("/calls")).status_code == 201
        async for number in numbers:
            if number == 1:
                break


@pytest.mark.anyio
async def test_a_screen_that_is_switched_off_is_not_counted(client, board):
    screen = board.follow()
    await screen.aclose()
    response = await client.get("/screens")
    assert response.status_code == 200
    assert response.json() == {"count": 0}


@pytest.mark.anyio
async def test_wrong_pin(client):
    with pytest.raises(WebSocketDisconnect) as closed:
        async with client.websocket("/counter?pin=0000") as counter:
            await counter.receive_json(timeout=2)
    assert closed.value.code == 4003


@pytest.mark.anyio
async def test_other_texts_are_not_answered(client):
    async with client.websocket("/counter?pin=1234") as counter:
        await counter.send_text("lunch")
        with anyio.move_on_after(0):
            pytest.fail(f"answered: {await counter.receive_json()}")
