"""The shelf: the farmer puts crates on it, the shop takes them; who comes too early waits."""

import asyncio

from fastapi import FastAPI, HTTPException
from pydantic import BaseModel, Field


class Crate(BaseModel):
    crop: str
    count: int = Field(gt=0)


def make_app(places: int = 2) -> FastAPI:
    """Build the app, with a shelf of its own: a queue belongs to the loop that waits for it."""
    app = FastAPI()
    shelf = app.state.shelf = asyncio.Queue(places)

    @app.post("/crates", status_code=201)
    async def bring(crate: Crate):
        try:
            shelf.put_nowait(crate.model_dump())
        except asyncio.QueueFull:
            raise HTTPException(409, "The shelf is full") from None
        return crate

    @app.get("/crates/next")
    async def take(patience: float = 1):
        try:
            async with asyncio.timeout(patience):
                return await shelf.get()
        except TimeoutError:
            raise HTTPException(404, "No crate came") from None

    return app


app = make_app()
