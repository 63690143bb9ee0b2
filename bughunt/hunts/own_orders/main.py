"""Orders that belong to somebody: who sends a key sees and cancels their own."""

from collections import Counter
from itertools import count
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException
from pydantic import BaseModel

app = FastAPI()
keys = {"key-of-ann": "ann", "key-of-ben": "ben"}
orders: dict[int, dict] = {}
numbers = count(1)


class NewOrder(BaseModel, extra="allow"):  # extra: whatever else the customer wants to say
    crop: str


async def get_customer(x_key: Annotated[str, Header()] = "") -> str:
    if x_key not in keys:
        raise HTTPException(status_code=401, detail="Who are you?")
    return keys[x_key]


Customer = Annotated[str, Depends(get_customer)]


async def get_own_order(number: int, customer: Customer) -> dict:
    if number not in orders:
        raise HTTPException(status_code=404, detail="No such order.")
    if orders[number]["customer"] != customer:
        raise HTTPException(status_code=403, detail="That is not yours.")
    return orders[number]


OwnOrder = Annotated[dict, Depends(get_own_order)]


@app.post("/orders", status_code=201)
async def create_order(new: NewOrder, customer: Customer):
    number = next(numbers)
    orders[number] = {**new.model_dump(), "number": number, "customer": customer}
    return orders[number]


@app.get("/orders")
async def list_orders(customer: Customer):
    return [order for order in orders.values() if order["customer"] == customer]


@app.get("/orders/{number}")
async def read_order(order: OwnOrder):
    return order


@app.delete("/orders/{number}", status_code=204)
async def cancel_order(order: OwnOrder):
    del orders[order["number"]]


@app.get("/harvest")
async def what_to_pick(customer: Customer):
    return Counter(order["crop"] for order in orders.values())
