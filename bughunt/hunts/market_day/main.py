"""Market day: what you pay depends on the day and on your card, on which each order is a stamp."""

from datetime import date
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException

app = FastAPI()
prices = {"tomato": 40, "basil": 120, "pumpkin": 350}  # in cents
stamps: dict[str, int] = {}


async def today() -> date:
    return date.today()


Today = Annotated[date, Depends(today)]


async def get_price(crop: str, day: Today) -> int:
    if crop not in prices:
        raise HTTPException(status_code=404, detail="No such crop.")
    return prices[crop] // 2 if day.isoweekday() == 7 else prices[crop]


async def must_be_open(day: Today):
    if day.isoweekday() == 1:
        raise HTTPException(status_code=409, detail="Closed on Mondays.")


async def add_stamp(card: str) -> int:
    stamps[card] = stamps.get(card, 0) + 1
    return stamps[card]


async def has_earned_one(stamps_so_far: Annotated[int, Depends(add_stamp)]) -> bool:
    return stamps_so_far % 3 == 0


@app.get("/open")
async def is_open(day: Today):
    return {"open": day.isoweekday() != 1}


@app.get("/prices/{crop}")
async def read_price(crop: str, price: Annotated[int, Depends(get_price)]):
    return {"crop": crop, "cents": price}


@app.post("/orders", status_code=201, dependencies=[Depends(must_be_open)])
async def create_order(
    crop: str,
    price: Annotated[int, Depends(get_price)],
    stamps_so_far: Annotated[int, Depends(add_stamp)],
    free: Annotated[bool, Depends(has_earned_one)],
):
    return {"crop": crop, "stamps": stamps_so_far, "cents": 0 if free else price}
