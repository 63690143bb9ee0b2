"""The shift: a context variable has who is at the till."""

from contextvars import ContextVar
from typing import Annotated

from fastapi import BackgroundTasks, Depends, FastAPI, Header, HTTPException
from fastapi.responses import JSONResponse

cashier = ContextVar("cashier", default="")


async def sit_down(x_cashier: Annotated[str, Header()] = ""):
    if x_cashier:
        cashier.set(x_cashier)


async def call_the_manager(request, error):
    return JSONResponse({"detail": "Call the manager."}, 500)


def make_app(print_line) -> FastAPI:
    """Build the app. `await print_line(text)` prints a line on the tape, or raises an error."""
    app = FastAPI(
        dependencies=[Depends(sit_down)], exception_handlers={Exception: call_the_manager}
    )
    sales = []

    @app.post("/sales", status_code=201)
    async def sell(cents: int, background: BackgroundTasks):
        if not cashier.get():
            raise HTTPException(401, "Who is at the till?")
        sale = {"cashier": cashier.get(), "cents": cents}
        sales.append(sale)
        background.add_task(print_line, f"{cashier.get()}: {cents}")
        return sale

    @app.get("/sales")
    async def read_sales():
        return sales

    @app.get("/average")
    async def read_average():
        return {"cents": sum(sale["cents"] for sale in sales) // len(sales)}

    return app


async def print_line(text: str):
    print(text)


app = make_app(print_line)
