"""The honesty box: nobody sells. Who takes a jar pays into a box, and types it in."""

from contextlib import asynccontextmanager
from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

PRICES = {"jam": 350, "honey": 600, "pickles": 280}


class Base(DeclarativeBase):
    pass


class Sale(Base):
    __tablename__ = "sales"
    id: Mapped[int] = mapped_column(primary_key=True)
    jar: Mapped[str]
    cents: Mapped[int]


async def get_session(request: Request):
    async with request.app.state.sessions() as session:
        yield session


Session = Annotated[AsyncSession, Depends(get_session)]


def create_app(database: str = "sqlite+aiosqlite:///box.db") -> FastAPI:
    """Build a box that writes into `database`; the start-up makes its table."""

    @asynccontextmanager
    async def lifespan(app):
        engine = create_async_engine(database)
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        app.state.sessions = async_sessionmaker(engine)
        yield
        await engine.dispose()

    app = FastAPI(lifespan=lifespan)

    @app.post("/sales", status_code=201)
    async def sell(jar: str, paid: int, session: Session):
        if paid < PRICES[jar]:
            raise HTTPException(402, "That is not enough.")
        session.add(Sale(jar=jar, cents=PRICES[jar]))
        await session.commit()
        return {"change": paid - PRICES[jar]}

    @app.get("/sales")
    async def list_sales(session: Session, jar: str | None = None):
        sales = select(Sale)
        if jar:
            sales = sales.where(Sale.jar == jar)
        return [{"jar": sale.jar, "cents": sale.cents} for sale in await session.scalars(sales)]

    @app.get("/total")
    async def add_up(session: Session):
        return {"cents": await session.scalar(select(func.sum(Sale.cents))) or 0}

    return app


app = create_app()
