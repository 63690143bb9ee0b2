"""Deliveries: an order goes into the book, and a driver has to say yes in time."""

import asyncio
from itertools import count

import anyio
from fastapi import FastAPI, HTTPException


def make_app(book, call_driver, patience: float = 1) -> FastAPI:
    """Build the app.

    `await book.write(number, street)` adds a row, `await book.strike(number)` removes it.
    `await call_driver(street)` returns when a driver has said yes.
    """
    app = FastAPI()
    numbers, pen = count(1), anyio.Lock()

    @app.post("/deliveries", status_code=201)
    async def deliver(street: str):
        number = next(numbers)
        async with pen:
            await book.write(number, street)
        try:
            async with asyncio.timeout(patience):
                await call_driver(street)
        except TimeoutError:
            await book.strike(number)
            raise HTTPException(504, "No driver") from None
        except asyncio.CancelledError:
            with anyio.CancelScope(shield=True):
                await book.strike(number)
            raise
        return {"number": number, "street": street}

    return app


class Book(dict):
    """A book in memory."""

    async def write(self, number: int, street: str):
        self[number] = street

    async def strike(self, number: int):
        del self[number]


async def call_driver(street: str):
    await anyio.sleep(0.1)


app = make_app(Book(), call_driver)
