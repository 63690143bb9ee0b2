import anyio
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


async def receive(socket):
    """Return the next message, or raise TimeoutError if none comes."""
    return await socket.receive_json(timeout=2)


# Your tests. `async with client.websocket("/auction?name=Ann") as ann:` connects, `await
# receive(ann)` gets a message, `await ann.send_text("100")` bids, `await ann.close()` leaves.
