"""The pick-up counter: you order, you get a number, you wait for the bell."""

from itertools import count

import anyio
from anyio import Event
from fastapi import FastAPI, HTTPException

app = FastAPI()

numbers = count(1)
bells: dict[int, Event] = {}  # one bell an order; made in a request, so in the loop that runs it


async def write_down(number: int):
    """Put the order on the board. One day, this will be a database."""
    await anyio.sleep(0)


def find(number: int) -> Event:
    if number not in bells:
        raise HTTPException(status_code=404, detail="No such order.")
    return bells[number]


@app.post("/orders", status_code=201)
async def order():
    number = next(numbers)
    await write_down(number)
    bells[number] = Event()
    return {"number": number, "ready": False}


@app.get("/orders/{number}")
async def look(number: int, wait: float = 0):
    """Tell how the order stands; wait for the bell, up to `wait` seconds."""
    bell = find(number)
    if not bell.is_set():
        with anyio.move_on_after(wait):
            await bell.wait()
    return {"number": number, "ready": bell.is_set()}


@app.post("/orders/{number}/ready")
async def ring(number: int):
    find(number).set()
    return {"number": number, "ready": True}
