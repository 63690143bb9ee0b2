"""The last crate: crates that can run out, and one terminal for everybody's cards."""

from itertools import count

import anyio
from fastapi import FastAPI, HTTPException


class CardRefused(Exception):
    pass


def make_app(pay, crates: int = 1) -> FastAPI:
    """Build a stand with so many crates. `await pay(card)` charges a card or raises CardRefused."""
    app = FastAPI()
    terminal = anyio.Lock()
    numbers, taken = count(1), set()

    @app.post("/orders", status_code=201)
    async def order(card: str):
        if len(taken) == crates:
            raise HTTPException(409, "Sold out")
        number = next(numbers)
        taken.add(number)
        try:
            async with terminal:
                await pay(card)
        except CardRefused:
            taken.discard(number)
            raise HTTPException(402, "Card refused") from None
        except anyio.get_cancelled_exc_class():
            taken.discard(number)
            raise
        return {"number": number, "card": card}

    return app


async def ask_the_bank(card: str):
    """Charge a card: a bank takes its time."""
    await anyio.sleep(0.1)


app = make_app(pay=ask_the_bank, crates=3)
