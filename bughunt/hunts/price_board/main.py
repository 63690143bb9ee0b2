"""The price board: it asks the market for a price once, and then remembers it."""

from collections import defaultdict

import anyio
from fastapi import FastAPI, HTTPException


class MarketClosed(Exception):
    pass


def make_app(ask) -> FastAPI:
    """Build a board. `await ask(crop)` returns a crop's price or raises MarketClosed."""
    app = FastAPI()
    prices, locks = {}, defaultdict(anyio.Lock)

    @app.get("/prices/{crop}")
    async def read_price(crop: str):
        async with locks[crop]:
            if crop not in prices:
                try:
                    prices[crop] = await ask(crop)
                except MarketClosed:
                    raise HTTPException(503, "The market is closed") from None
        return {"crop": crop, "price": prices[crop]}

    return app


async def ask_the_market(crop: str) -> int:
    """Every crop costs 40 cents, and the market takes its time to say so."""
    await anyio.sleep(0.1)
    return 40


app = make_app(ask=ask_the_market)
