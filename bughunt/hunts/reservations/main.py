"""Reserve tomatoes today, fetch them tomorrow."""

from itertools import count

from fastapi import FastAPI, HTTPException, Response
from pydantic import BaseModel, Field

app = FastAPI(title="Reservations")


class Reservation(BaseModel):
    name: str
    crates: int = Field(ge=1, le=5)


reservations: dict[int, Reservation] = {}
numbers = count(1)


def find(number: int) -> Reservation:
    if number not in reservations:
        raise HTTPException(status_code=404, detail=f"no reservation {number}")
    return reservations[number]


@app.post("/reservations", status_code=201)
async def reserve(reservation: Reservation, response: Response):
    number = next(numbers)
    reservations[number] = reservation
    response.headers["Location"] = f"/reservations/{number}"
    return {"number": number, "name": reservation.name, "crates": reservation.crates}


@app.get("/reservations/{number}")
async def read(number: int):
    return {"number": number, **find(number).model_dump()}


@app.put("/reservations/{number}")
async def change(number: int, reservation: Reservation):
    find(number)
    reservations[number] = reservation
    return {"number": number, **reservation.model_dump()}


@app.delete("/reservations/{number}", status_code=204)
async def cancel(number: int):
    find(number)
    del reservations[number]
