from contextlib import asynccontextmanager

import httpx
import pytest
from main import app, get_bank, get_sleep


@pytest.fixture
def anyio_backend():
    return "asyncio"


class Bank:
    """A bank with a story: for each request a status or a class of error, as in [503, 201]."""

    def __init__(self, story):
        self.story, self.sent, self.slept = list(story), [], []

    def answer(self, request):
        self.sent.append(request)
        assert self.story, "The story is over, and the stand asks once more."
        step = self.story.pop(0)
        if isinstance(step, int):
            return httpx.Response(step, json={"receipt": len(self.sent)})
        raise step("no answer")

    async def sleep(self, seconds):
        self.slept.append(seconds)


@asynccontextmanager
async def stand_beside(bank):
    """Yield a client of the stand, which asks `bank`, and takes its `sleep`."""
    transport = httpx.MockTransport(bank.answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://bank.test") as asks:
        app.dependency_overrides[get_bank] = lambda: asks
        app.dependency_overrides[get_sleep] = lambda: bank.sleep
        try:
            stand = httpx.ASGITransport(app=app)
            async with httpx.AsyncClient(transport=stand, base_url="http://test") as client:
                yield client
        finally:
            app.dependency_overrides.clear()


async def pay(client):
    return await client.post("/payments", json={"card": "4242", "cents": 250})


@pytest.mark.anyio
async def test_smoke():
    async with stand_beside(Bank([201])) as client:
        assert (await pay(client)).status_code == 201


@pytest.mark.anyio
async def test_overfitted_error_text():
    async with stand_beside(Bank([402] * 3)) as client:
        assert (await pay(client)).json() == {"detail": "The bank refuses this card."}


@pytest.mark.anyio
async def test_overfitted_text_of_no_answer():
    async with stand_beside(Bank([503] * 4)) as client:
        answer = (await pay(client)).json()
    assert answer == {"detail": "The bank does not answer. Nothing was charged twice."}


@pytest.mark.anyio
async def test_overfitted_keys_with_dashes():
    bank = Bank([201])
    async with stand_beside(bank) as client:
        await pay(client)
    assert len(bank.sent[0].headers["Idempotency-Key"]) == 32


@pytest.mark.anyio
async def test_overfitted_only_the_receipt():
    async with stand_beside(Bank([201])) as client:
        assert (await pay(client)).json() == {"card": "4242", "receipt": 1}
