import anyio
import pytest
from httpx import ASGITransport, AsyncClient
from main import make_app


@pytest.fixture
def anyio_backend():
    return "asyncio"


def client_for(app):
    return AsyncClient(transport=ASGITransport(app=app), base_url="http://test")


def listening_to(app, heard):
    """An app that notes in `heard` the type of each message that `app` sends."""

    async def listener(scope, receive, send):
        async def say(message):
            heard.append(message["type"])
            await send(message)

        await app(scope, receive, say)

    return listener


def an_order(mail="ann@example.org", amount=2):
    return {"crop": "tomato", "amount": amount, "mail": mail}


class Office:
    """Notes what is sent and packed: hand its methods to make_app."""

    def __init__(self):
        self.mails, self.packed = [], []

    async def send(self, mail, text):
        self.mails.append((mail, text))
        await anyio.sleep(0)

    async def pack(self, number):
        self.packed.append(number)


# Your tests. Each makes the app that it needs: make_app({"tomato": 5}, office.send, office.pack).
