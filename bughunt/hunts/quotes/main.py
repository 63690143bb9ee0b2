"""Delivery quotes: what it costs to have an order brought. A carrier next door says so."""

from decimal import Decimal
from typing import Annotated

import httpx
from fastapi import Depends, FastAPI, HTTPException
from pydantic import BaseModel

MAX_KILOS = 30


class Parcel(BaseModel):
    street: str
    kilos: float


async def get_carrier():
    async with httpx.AsyncClient(base_url="http://127.0.0.1:9", timeout=2) as client:
        yield client


def get_token() -> str:
    return "token-of-the-stand"


Carrier = Annotated[httpx.AsyncClient, Depends(get_carrier)]
Token = Annotated[str, Depends(get_token)]
app = FastAPI()


@app.post("/quotes")
async def quote(parcel: Parcel, carrier: Carrier, token: Token):
    if not 0 < parcel.kilos <= MAX_KILOS:
        raise HTTPException(422, "We send up to 30 kilos.")
    body = {"street": parcel.street, "grams": round(parcel.kilos * 1000)}
    headers = {"Authorization": f"Bearer {token}"}
    try:
        response = await carrier.post("/prices", json=body, headers=headers)
    except httpx.TransportError:
        raise HTTPException(503, "The carrier does not answer.") from None
    if response.status_code >= 500:
        raise HTTPException(502, "The carrier has trouble.")
    euros = Decimal(response.json()["euros"])
    return {"street": parcel.street, "cents": int(euros * 100)}
