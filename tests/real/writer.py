"""Commits rows through `broker.store`, one a line of its input, and says so: for power cuts.

    python -m tests.real.writer FILE [SYNCHRONOUS]

A row that could not be committed is answered by `-`. SYNCHRONOUS is what `broker.store` chose
(FULL) unless given: NORMAL is the sabotaged build.
"""

import asyncio
import sqlite3
import sys
from pathlib import Path

from broker.store import StoreError, open_db, transact

MIGRATIONS = (("CREATE TABLE rows (number INTEGER PRIMARY KEY, body TEXT NOT NULL)",),)


async def write(path: Path, synchronous: str) -> None:
    """Commit a row for each line."""
    async with open_db(path, MIGRATIONS) as db:
        if synchronous:
            await db.execute(f"PRAGMA synchronous = {synchronous}")
        for line in sys.stdin:
            number = int(line)

            def insert(sql: sqlite3.Connection, number: int = number) -> None:
                sql.execute("INSERT INTO rows VALUES (?, ?)", (number, "x" * 200))

            try:
                await transact(db, insert)
            except StoreError:
                sys.stdout.write("-\n")
            else:
                sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(write(Path(sys.argv[1]), "".join(sys.argv[2:])))
