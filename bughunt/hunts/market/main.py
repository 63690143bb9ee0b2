"""The market: growers offer crops, customers order them, and a bank takes the money.

A pass says who somebody is. A board tells all who follow it of new prices. Refunds go to the bank
one after the other, by a worker that starts and stops with the market.
"""

import asyncio
import json
import secrets
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated
from uuid import uuid4

import anyio
import httpx
from fastapi import BackgroundTasks, Depends, FastAPI, Header, HTTPException, Query, Response
from fastapi.responses import JSONResponse, StreamingResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, Field
from sqlalchemy import AsyncAdaptedQueuePool, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

INVITATION = "green thumbs"  # who knows it is a grower
GOOD_FOR = timedelta(hours=12)  # a pass is


# The database: in memory, it lives in its one connection. Sessions take turns.
engine = create_async_engine(
    "sqlite+aiosqlite://",
    poolclass=AsyncAdaptedQueuePool,
    pool_size=1,
    max_overflow=0,
    pool_timeout=1,
)
new_session = async_sessionmaker(engine, expire_on_commit=False)


class Base(DeclarativeBase):
    pass


class Crop(Base):
    __tablename__ = "crops"
    name: Mapped[str] = mapped_column(primary_key=True)
    grower: Mapped[str]
    cents: Mapped[int]
    stock: Mapped[int]


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    customer: Mapped[str]
    crop: Mapped[str]
    amount: Mapped[int]
    cents: Mapped[int]
    paid: Mapped[bool] = mapped_column(default=False)
    key: Mapped[str | None]


# What is sent, and what is kept for the day


@dataclass
class Pass:
    name: str
    is_grower: bool
    given: datetime


class NewPass(BaseModel):
    name: Annotated[str, Field(min_length=1)]
    invitation: str | None = None


class NewCrop(BaseModel):
    name: Annotated[str, Field(pattern="^[a-z]+$")]
    cents: Annotated[int, Field(ge=1)]
    stock: Annotated[int, Field(ge=0)]


class NewPrice(BaseModel):
    cents: Annotated[int, Field(ge=1)]


class NewOrder(BaseModel):
    crop: str
    amount: Annotated[int, Field(ge=1)]


# News and refunds


class Board:
    """Tells everybody who follows it what is new. An event is a number and what there is to say."""

    def __init__(self):
        self.events = []
        self.followers = set()

    def tell(self, **news):
        event = len(self.events) + 1, news
        self.events.append(event)
        for queue in self.followers:
            queue.put_nowait(event)

    def close(self):
        for queue in self.followers:
            queue.put_nowait(None)

    async def follow(self, last: int | None):
        """Yield the events after number `last`, those of the past first; without it, new ones."""
        queue = asyncio.Queue()
        for event in self.events:
            if last is not None and event[0] > last:
                queue.put_nowait(event)
        self.followers.add(queue)
        try:
            while event := await queue.get():
                yield event
        finally:
            self.followers.discard(queue)


async def send_refunds(refunds: asyncio.Queue):
    """Send what comes: each a bank and what it is to give back. None is the end."""
    while refund := await refunds.get():
        bank, body = refund
        try:
            await bank.post("/refunds", json=body)
        except Exception as error:
            print(f"No refund of {body}: {error!r}")


# Start and stop


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all, checkfirst=False)
    app.state.bank = httpx.AsyncClient(base_url="http://bank.test", verify=False)
    app.state.board, app.state.refunds = Board(), asyncio.Queue()
    app.state.passes, app.state.pages = {}, {}  # by token; by limit and after
    worker = asyncio.create_task(send_refunds(app.state.refunds))
    try:
        yield
    finally:
        app.state.board.close()
        app.state.refunds.put_nowait(None)
        await worker
        await app.state.bank.aclose()
        await engine.dispose()


app = FastAPI(title="The market", lifespan=lifespan)


@app.exception_handler(Exception)
async def unexpected(request, error):
    return JSONResponse({"detail": "Something went wrong"}, 500)


# What routes depend on


async def get_session():
    async with new_session() as session:
        yield session


async def get_bank():
    return app.state.bank


async def get_now():
    return datetime.now()


Session = Annotated[AsyncSession, Depends(get_session)]
Bank = Annotated[httpx.AsyncClient, Depends(get_bank)]
Now = Annotated[datetime, Depends(get_now)]
Sent = Annotated[HTTPAuthorizationCredentials | None, Depends(HTTPBearer(auto_error=False))]


async def get_me(sent: Sent, now: Now):
    token = sent.credentials if sent else ""
    me = app.state.passes.get(token)
    if me is None or now - me.given >= GOOD_FOR:
        raise HTTPException(401, "No valid pass")
    return me


Me = Annotated[Pass, Depends(get_me)]


async def get_grower(me: Me):
    if not me.is_grower:
        raise HTTPException(403, "For growers only")
    return me


Grower = Annotated[Pass, Depends(get_grower)]


async def save(session: AsyncSession):
    """Commit. What GET /crops has kept may be old by now."""
    await session.commit()
    app.state.pages.clear()


# Passes


@app.post("/passes", status_code=201)
async def give_pass(new: NewPass, now: Now):
    if new.invitation not in (None, INVITATION):
        raise HTTPException(403, "That is not the invitation")
    if any(known.name == new.name for known in app.state.passes.values()):
        raise HTTPException(409, "That name is taken")
    token, is_grower = secrets.token_urlsafe(), new.invitation is not None
    app.state.passes[token] = Pass(new.name, is_grower, given=now)
    return {"token": token}


# Crops


@app.post("/crops", status_code=201)
async def offer(new: NewCrop, me: Grower, session: Session):
    session.add(Crop(grower=me.name, **new.model_dump()))
    try:
        await save(session)
    except IntegrityError:
        raise HTTPException(409, "There is such a crop") from None
    return new


@app.patch("/crops/{name}")
async def change_price(name: str, new: NewPrice, me: Grower, session: Session):
    crop = await session.get(Crop, name)
    if crop is None:
        raise HTTPException(404, "There is no such crop")
    if crop.grower != me.name:
        raise HTTPException(403, "That is not your crop")
    crop.cents = new.cents
    await save(session)
    app.state.board.tell(crop=name, cents=new.cents)
    return {"name": name, "cents": crop.cents, "stock": crop.stock}


@app.get("/crops")
async def crops(session: Session, limit: Annotated[int, Query(ge=1, le=100)] = 10, after: str = ""):
    page = app.state.pages.get((limit, after))
    if page is None:
        found = select(Crop).where(Crop.name > after).order_by(Crop.name).limit(limit + 1)
        rows = list(await session.scalars(found))
        items = [{"name": c.name, "cents": c.cents, "stock": c.stock} for c in rows[:limit]]
        page = {"items": items, "next": items[-1]["name"] if len(rows) > limit else None}
        app.state.pages[limit, after] = page
    return page


# Orders


def shown(order: Order) -> dict:
    return {"id": order.id, "crop": order.crop, "amount": order.amount, "cents": order.cents}


async def take(session: AsyncSession, name: str, amount: int) -> tuple[int, int]:
    """Take so many of a crop; return its price and how many are left."""
    enough = update(Crop).where(Crop.name == name, Crop.stock >= amount)
    less = enough.values(stock=Crop.stock - amount).returning(Crop.cents, Crop.stock)
    taken = (await session.execute(less)).one_or_none()
    if taken is None:
        known = await session.get(Crop, name)
        raise HTTPException(409, "Not enough left") if known else HTTPException(404, "No such crop")
    return taken.cents, taken.stock


async def give_back(session: AsyncSession, order: Order):
    """Undo an order: what it took is for sale again."""
    crop = update(Crop).where(Crop.name == order.crop)
    await session.execute(crop.values(stock=Crop.stock + order.amount))
    await session.delete(order)
    await save(session)


async def pay(bank: httpx.AsyncClient, order: Order):
    """Have the bank take the money. Where it is not clear whether it did, ask once more."""
    headers = {"Idempotency-Key": str(uuid4())}
    for _ in range(2):
        body = {"customer": order.customer, "cents": order.cents}
        try:
            answer = await bank.post("/payments", json=body, headers=headers)
        except httpx.TransportError:
            continue
        if answer.status_code == 402:
            raise HTTPException(402, "The bank says no")
        if answer.status_code < 500:
            answer.raise_for_status()
            return
    raise HTTPException(503, "The bank cannot be reached")


@app.post("/orders", status_code=201)
async def order(
    new: NewOrder,
    me: Me,
    session: Session,
    bank: Bank,
    response: Response,
    later: BackgroundTasks,
    key: Annotated[str | None, Header(alias="Idempotency-Key")] = None,
):
    same = select(Order).where(Order.customer == me.name, Order.key == key)
    known = await session.scalar(same) if key else None
    if known and not known.paid:
        raise HTTPException(409, "That order is under way")
    if known:
        response.status_code = 200
        return shown(known)
    price, left = await take(session, new.crop, new.amount)
    order = Order(customer=me.name, cents=price * new.amount, key=key, **new.model_dump())
    session.add(order)
    await save(session)
    try:
        await pay(bank, order)
    except BaseException:
        with anyio.CancelScope(shield=True):
            await give_back(session, order)
        raise
    order.paid = True
    await save(session)
    if left == 0:
        later.add_task(app.state.board.tell, crop=new.crop, left=0)
    return shown(order)


async def get_own_order(id: int, me: Me, session: Session):
    order = await session.get(Order, id)
    if order is None or order.customer != me.name or not order.paid:
        raise HTTPException(404, "You have no such order")
    return order


OwnOrder = Annotated[Order, Depends(get_own_order)]


@app.get("/orders/{id}")
async def see_order(order: OwnOrder):
    return shown(order)


@app.delete("/orders/{id}", status_code=204)
async def cancel_order(order: OwnOrder, session: Session, bank: Bank):
    await give_back(session, order)
    body = {"customer": order.customer, "cents": order.cents}
    app.state.refunds.put_nowait((bank, body))


# News


@app.get("/news")
async def news(
    limit: Annotated[int | None, Query(ge=1)] = None,
    last_event_id: Annotated[int | None, Header()] = None,
):
    async def lines():
        sent = 0
        async with aclosing(app.state.board.follow(last_event_id)) as events:
            async for number, what in events:
                yield f"id: {number}\ndata: {json.dumps(what)}\n\n"
                sent += 1
                if sent == limit:
                    break

    return StreamingResponse(lines(), media_type="text/event-stream")
