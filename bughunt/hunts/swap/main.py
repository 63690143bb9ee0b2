"""The swap table: a gardener lays down a crop and waits; the next one takes it for theirs."""

import time

import anyio
from fastapi import FastAPI, Response
from pydantic import BaseModel

app = FastAPI()
table = set()  # who waits for a partner: nobody or one


class Offer(BaseModel):
    crop: str


class Gardener:
    def __init__(self, crop: str):
        self.crop, self.got = crop, None
        self.swapped = anyio.Event()


@app.get("/table")
async def look():
    return [gardener.crop for gardener in table]


@app.post("/swap")
async def swap(offer: Offer, response: Response, patience: float = 1):
    me, began = Gardener(offer.crop), time.monotonic()
    if table:
        partner = table.pop()
        me.got, partner.got = partner.crop, me.crop
        partner.swapped.set()
    else:
        table.add(me)
        try:
            with anyio.move_on_after(patience):
                await me.swapped.wait()
        finally:
            if me.got is None:  # in vain, or cancelled
                table.discard(me)
                response.status_code = 408
    return {"gave": me.crop, "got": me.got, "waited": time.monotonic() - began}
