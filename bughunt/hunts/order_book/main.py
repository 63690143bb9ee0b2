"""The order book: who has ordered how much of which crop, in a database."""

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    crop: Mapped[str]
    amount: Mapped[int]


class NewOrder(BaseModel):
    crop: str
    amount: int


async def get_session(request: Request):
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


def make_app(sessions) -> FastAPI:
    """Build the app on the database of `sessions`, whose tables are there already."""
    app = FastAPI()
    app.state.sessions = sessions

    @app.post("/customers/{customer}/orders", status_code=201)
    async def order(customer: str, new: NewOrder, session: Session):
        known = select(Order).where(Order.customer == customer, Order.crop == new.crop)
        order = await session.scalar(known)
        if order is None:
            order = Order(customer=customer, crop=new.crop, amount=0)
            session.add(order)
        order.amount += new.amount
        await session.flush()
        id = order.id
        await session.commit()
        return {"id": id}

    @app.put("/orders/{id}")
    async def change(id: int, amount: int, session: Session):
        changed = await session.execute(update(Order).where(Order.id == id).values(amount=amount))
        if not changed.rowcount:
            raise HTTPException(404, "There is no such order")
        await session.commit()
        return {"amount": amount}

    @app.get("/totals")
    async def totals(session: Session):
        sums = select(Order.customer, func.sum(Order.amount)).group_by(Order.customer)
        return {customer: total for customer, total in await session.execute(sums)}

    return app


engine = create_async_engine("sqlite+aiosqlite://")
app = make_app(async_sessionmaker(engine))
