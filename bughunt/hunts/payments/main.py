"""Cards: a bank charges them for the stand. When no answer comes, the stand tries again."""

from collections.abc import Awaitable, Callable
from typing import Annotated
from uuid import uuid4

import anyio
import httpx
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel


class Payment(BaseModel):
    card: str
    cents: int


async def get_bank():
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", timeout=2) as client:
        yield client


def get_sleep() -> Callable[[float], Awaitable]:
    return anyio.sleep


Bank = Annotated[httpx.AsyncClient, Depends(get_bank)]
Sleep = Annotated[Callable, Depends(get_sleep)]
app = FastAPI()


async def charge(bank, sleep, payment: Payment):
    """Try until the bank has decided. Return its answer, or None."""
    waits = [0.5, 1]
    headers = {"Idempotency-Key": uuid4().hex}
    while True:
        try:
            response = await bank.post("/charges", json=payment.model_dump(), headers=headers)
            if response.status_code < 500:
                return response
        except httpx.TransportError:
            pass
        if not waits:
            return None
        await sleep(waits.pop(0))


@app.post("/payments", status_code=201)
async def pay(payment: Payment, bank: Bank, sleep: Sleep):
    response = await charge(bank, sleep, payment)
    if response is None:
        raise HTTPException(503, "The bank does not answer. Nothing was charged twice.")
    if response.status_code >= 400:
        raise HTTPException(402, "The bank refuses this card.")
    return {"card": payment.card, "receipt": response.json()["receipt"]}
