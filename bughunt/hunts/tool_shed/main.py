"""The tool shed: who has a key may borrow a tool, and brings it back within a week."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import Depends, FastAPI, Header, HTTPException

app = FastAPI()
keys = {"key-of-ann": "ann", "key-of-ben": "ben"}
loans: dict[str, dict] = {}


async def get_customer(x_key: Annotated[str, Header()] = "") -> str:
    if x_key not in keys:
        raise HTTPException(status_code=401, detail="Who are you?")
    return keys[x_key]


async def today() -> date:
    return date.today()


Customer = Annotated[str, Depends(get_customer)]
Today = Annotated[date, Depends(today)]


@app.post("/loans/{tool}", status_code=201)
async def borrow(tool: str, customer: Customer, day: Today):
    if tool in loans:
        raise HTTPException(status_code=409, detail="It is lent.")
    loans[tool] = {"customer": customer, "due": day + timedelta(days=7)}
    return {"tool": tool, "due": loans[tool]["due"]}


@app.delete("/loans/{tool}", status_code=204)
async def bring_back(tool: str, customer: Customer):
    if tool not in loans or loans[tool]["customer"] != customer:
        raise HTTPException(status_code=403, detail="You have not borrowed that.")
    del loans[tool]


@app.get("/overdue")
async def list_overdue(customer: Customer, day: Today):
    return [tool for tool, loan in loans.items() if loan["due"] < day]
