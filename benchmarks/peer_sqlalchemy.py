"""Peer A: FastAPI, SQLAlchemy 2's ORM and psycopg2, as most tutorials teach it.

It does the same work on the same tables: validate the address, lock and count the row, append the
play, commit once; for a new address also the two statements of the mock ESP. It leaves out what
this project promises: it commits the play after the ESP answered, and two first plays at once are
an error.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends, FastAPI
from pydantic import BaseModel, EmailStr
from sqlalchemy import ForeignKey, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, sessionmaker

# As many connections as this project has threads a process. More would only wait for the two cores.
engine = create_engine(os.environ["SQLALCHEMY_URL"], pool_size=16, max_overflow=0)
make_session = sessionmaker(engine)
app = FastAPI()


class Base(DeclarativeBase):
    pass


class Game(Base):
    __tablename__ = "games_game"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    play_count: Mapped[int]
    first_played_at: Mapped[datetime]
    last_played_at: Mapped[datetime]
    contact_state: Mapped[str] = mapped_column(default="added")
    contact_attempts: Mapped[int] = mapped_column(default=1)
    contact_due_at: Mapped[datetime]
    contact_error: Mapped[str] = mapped_column(default="")


class Play(Base):
    __tablename__ = "games_play"
    id: Mapped[int] = mapped_column(primary_key=True)
    game_id: Mapped[int] = mapped_column(ForeignKey("games_game.id"))
    number: Mapped[int]
    played_at: Mapped[datetime]
    esp_status: Mapped[bool]


class MockContact(Base):
    __tablename__ = "esp_mockcontact"
    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str]
    added_at: Mapped[datetime]
    times_added: Mapped[int] = mapped_column(default=1)


class PlayIn(BaseModel):
    email: EmailStr


class PlayOut(BaseModel):
    esp_status: bool
    games_status: bool
    games_count: int


def get_session() -> Iterator[Session]:
    with make_session() as session:
        yield session


@app.post("/api/verification_mail/")
def verification_mail(body: PlayIn, session: Annotated[Session, Depends(get_session)]) -> PlayOut:
    email, now = body.email.lower(), datetime.now(UTC)
    game = session.scalar(select(Game).where(Game.email == email).with_for_update())
    if game:
        game.play_count += 1
        game.last_played_at = now
        esp_status = True
    else:
        esp_status = ask_esp(session, email, now)
        game = Game(email=email, play_count=1, first_played_at=now, last_played_at=now)
        game.contact_due_at = now
        session.add(game)
        session.flush()
    count = game.play_count
    session.add(Play(game_id=game.id, number=count, played_at=now, esp_status=esp_status))
    session.commit()
    return PlayOut(esp_status=esp_status, games_status=count > 1, games_count=count)


def ask_esp(session: Session, email: str, now: datetime) -> bool:
    known = session.scalar(select(MockContact).where(MockContact.email == email)) is not None
    if not known:
        session.add(MockContact(email=email, added_at=now))
        session.flush()
    return known
