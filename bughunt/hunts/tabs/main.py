"""The tabs: regulars pay at the end of the week; until then a database keeps what they owe."""

from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel
from sqlalchemy import delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Entry(Base):
    __tablename__ = "entries"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    cents: Mapped[int]


class Purchase(BaseModel):
    cents: int


engine = create_async_engine("sqlite+aiosqlite://")
sessions = async_sessionmaker(engine)


async def get_session():
    async with sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]
app = FastAPI()


@app.post("/tabs/{customer}", status_code=201)
async def add(customer: str, purchase: Purchase, session: Session):
    session.add(Entry(customer=customer, cents=purchase.cents))
    await session.commit()
    return {"added": purchase.cents}


@app.get("/tabs/{customer}")
async def owes(customer: str, session: Session):
    own = select(func.sum(Entry.cents)).where(Entry.customer == customer)
    return {"customer": customer, "cents": await session.scalar(own) or 0}


@app.delete("/tabs/{customer}", status_code=204)
async def settle(customer: str, session: Session):
    await session.execute(delete(Entry).where(Entry.customer == customer))
    await session.commit()
