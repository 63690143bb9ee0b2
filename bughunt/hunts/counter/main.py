"""The counter: a customer waits there until the kitchen says that the order is ready."""

import time
from itertools import count

import anyio
from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel

app = FastAPI()
orders = {}
bells = {}  # a bell for each order that someone waits for
numbers = count(1)


class NewOrder(BaseModel):
    dish: str


def find(order_id: int) -> dict:
    if order_id not in orders:
        raise HTTPException(404, "No such order")
    return orders[order_id]


@app.post("/orders", status_code=201)
async def create(order: NewOrder):
    order_id = next(numbers)
    orders[order_id] = {"id": order_id, "dish": order.dish, "state": "cooking"}
    return orders[order_id]


@app.get("/orders/{order_id}/wait")
async def wait(order_id: int, response: Response, patience: float = 30):
    order, began = find(order_id), time.monotonic()
    if order["state"] == "cooking":
        bell = bells.setdefault(order_id, anyio.Event())
        with anyio.move_on_after(patience):
            await bell.wait()
        if not bell.is_set():
            response.status_code = 202
    return {**order, "waited": time.monotonic() - began}


@app.post("/orders/{order_id}/ready")
async def ready(order_id: int):
    order = find(order_id)
    order["state"] = "ready"
    if order_id in bells:
        bells.pop(order_id).set()
    return order
