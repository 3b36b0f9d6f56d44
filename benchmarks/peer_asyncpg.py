"""Peer B: the fastest FastAPI: asyncpg's pool, one prepared statement a play, orjson.

uvicorn runs it with uvloop and httptools. It leaves out what this project promises: it has no
idempotency key, no lease, and no play that is committed before the ESP is asked.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import asyncpg
import orjson
from fastapi import FastAPI, Response
from pydantic import BaseModel, EmailStr

from benchmarks.statements import NEW, RETURNING


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with asyncpg.create_pool(os.environ["ASYNCPG_URL"], min_size=10, max_size=10) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


class PlayIn(BaseModel):
    email: EmailStr


@app.post("/api/verification_mail/")
async def verification_mail(body: PlayIn) -> Response:
    email, now = body.email.lower(), datetime.now(UTC)
    async with app.state.pool.acquire() as connection:
        count = await connection.fetchval(RETURNING, email, now)
        if count is None:
            count = await connection.fetchval(NEW, email, now)
    again = count > 1
    answer = {"esp_status": again, "games_status": again, "games_count": count}
    return Response(orjson.dumps(answer), media_type="application/json")
