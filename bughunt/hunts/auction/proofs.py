import httpx2
import pytest
from httpx2.websockets import ASGIWebSocketTransport, WebSocketDisconnect
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
async def client():
    transport = ASGIWebSocketTransport(app=make_app())
    async with httpx2.AsyncClient(transport=transport, base_url="http://test") as client:
        yield client


@pytest.mark.anyio
async def test_smoke(client):
    async with client.websocket("/auction?name=Ann") as ann:
        assert "best" in await ann.receive_json(timeout=2)
        await ann.send_text("100")
        assert "bid" in await ann.receive_json(timeout=2)
        await ann.send_text("90")
        assert "error" in await ann.receive_json(timeout=2)


@pytest.mark.anyio
async def test_overfitted_error_texts(client):
    async with client.websocket("/auction?name=Ann") as ann:
        await ann.receive_json(timeout=2)
        await ann.send_text("much")
        message = await ann.receive_json(timeout=2)
    assert "cents" in message["error"]


@pytest.mark.anyio
async def test_overfitted_close_reason(client):
    async with client.websocket("/auction?name=Ann") as ann:
        await ann.receive_json(timeout=2)
        async with client.websocket("/auction?name=Ann") as second:
            with pytest.raises(WebSocketDisconnect) as closed:
                await second.receive_json(timeout=2)
    assert closed.value.reason == "This name is taken."


@pytest.mark.anyio
async def test_overfitted_no_bid_yet(client):
    async with client.websocket("/auction?name=Ann") as ann:
        message = await ann.receive_json(timeout=2)
    assert message == {"best": {"name": None, "cents": 0}}


@pytest.mark.anyio
async def test_overfitted_latest_first(client):
    async with client.websocket("/auction?name=Ann") as ann:
        await ann.receive_json(timeout=2)
        async with client.websocket("/auction?name=Ben") as ben:
            await ben.receive_json(timeout=2)
            response = await client.get("/bidders")
    assert response.json() == ["Ann", "Ben"]
