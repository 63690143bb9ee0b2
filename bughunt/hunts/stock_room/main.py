"""The stock room: a basket is sold as a whole or not at all, and what was short is noted."""

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Base(DeclarativeBase):
    pass


class Crop(Base):
    __tablename__ = "crops"
    name: Mapped[str] = mapped_column(primary_key=True)
    stock: Mapped[int]


class Shortage(Base):
    __tablename__ = "shortages"
    id: Mapped[int] = mapped_column(primary_key=True)
    crop: Mapped[str]


class Line(BaseModel):
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

    @app.post("/baskets", status_code=201)
    async def sell(basket: list[Line], session: Session):
        for line in basket:
            if not await session.scalar(select(Crop.name).where(Crop.name == line.crop)):
                raise HTTPException(404, f"We grow no {line.crop}")
            enough = Crop.name == line.crop, Crop.stock >= line.amount
            less = update(Crop).where(*enough).values(stock=Crop.stock - line.amount)
            if not (await session.execute(less)).rowcount:
                await session.rollback()
                session.add(Shortage(crop=line.crop))
                await session.commit()
                raise HTTPException(409, f"Not enough {line.crop}")
        await session.commit()
        return {"sold": len(basket)}

    return app


engine = create_async_engine("sqlite+aiosqlite://")
app = make_app(async_sessionmaker(engine))
