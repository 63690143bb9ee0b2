"""Slips: every answer carries a number, under which the log has what went wrong."""

import logging
from contextvars import ContextVar
from typing import Annotated
from uuid import uuid4

import anyio
from fastapi import FastAPI, Query
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

log = logging.getLogger("stand")
slip = ContextVar("slip", default="-")


class SoldOut(Exception):
    pass


class Card(BaseModel):
    number: str
    cents: int


class Slips:
    """Give each request a slip, and put it into the header of its answer."""

    def __init__(self, app):
        self.app = app

    async def __call__(self, scope, receive, send):
        number = uuid4().hex

        async def say(message):
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-slip", number.encode())]
            await send(message)

        slip.set(number)
        await self.app(scope, receive, say)


async def sold_out(request, error):
    return JSONResponse({"detail": "Sold out."}, 409)


async def invalid(request, error):
    return JSONResponse({"detail": [one["loc"] for one in error.errors()]}, 422)


async def broken(request, error):
    log.error("slip %s: %r", slip.get(), error)
    return JSONResponse({"detail": "That was us. Tell us your slip."}, 500)


def make_app(ask):
    """Build the app. `await ask(crop)` returns a price, or raises SoldOut, or breaks."""
    handlers = {SoldOut: sold_out, RequestValidationError: invalid, Exception: broken}
    stand = FastAPI(exception_handlers=handlers)

    @stand.get("/prices")
    async def read_prices(crop: Annotated[list[str], Query()]):
        prices = {}

        async def find(name: str):
            prices[name] = await ask(name)

        try:
            async with anyio.create_task_group() as group:
                for name in crop:
                    group.start_soon(find, name)
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return prices

    @stand.post("/cards", status_code=201)
    async def charge(card: Card):
        return {"cents": card.cents}

    return Slips(stand)


async def ask(crop: str) -> int:
    if crop == "basil":
        raise SoldOut(crop)
    return {"tomato": 40, "pumpkin": 350}[crop]


app = make_app(ask)
