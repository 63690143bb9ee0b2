"""The price board: who follows it hears of the next change. Runs on asyncio, as uvicorn does."""

import asyncio

from fastapi import FastAPI, HTTPException

app = FastAPI()

prices: dict[str, int] = {}
followers: set[asyncio.Queue] = set()  # one queue for each request that waits


def tell(change: dict):
    for queue in followers:
        queue.put_nowait(change)


@app.get("/prices/{crop}")
async def read_price(crop: str):
    if crop not in prices:
        raise HTTPException(status_code=404, detail="No price yet.")
    return {"crop": crop, "cents": prices[crop]}


@app.put("/prices/{crop}")
async def set_price(crop: str, cents: int):
    if prices.get(crop) != cents:
        prices[crop] = cents
        tell({"crop": crop, "cents": cents})
    return {"crop": crop, "cents": cents}


@app.get("/changes/next")
async def next_change():
    """Wait for the next change of any price."""
    queue = asyncio.Queue()
    followers.add(queue)
    try:
        return await queue.get()
    finally:
        followers.discard(queue)
