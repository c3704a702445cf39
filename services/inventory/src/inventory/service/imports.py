"""Taking an import in: once this has committed, the files are ours and the work will be done."""

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID, uuid4

from common.api.problems import Conflict, NotFound, Problem
from common.database import Transaction

from inventory.domain.defects import Defect
from inventory.service.import_mappings import chosen_mapping
from inventory.service.problems import unprocessable
from inventory.store import import_rows, imports, places
from inventory.store.imports import Import, StoredFile

CHANNEL = "imports"
"""The notification that wakes the workers."""

CHUNK_BYTES = 1024 * 1024


class Upload(Protocol):
    """A file that is being sent; FastAPI's `UploadFile` is one."""

    filename: str | None

    async def read(self, size: int = -1) -> bytes:
        """The next bytes, none at the end."""
        ...

    async def seek(self, offset: int) -> None:
        """Go to a position in the content."""
        ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked: the organisation whose import it is ("*" for all), the format, what rows do not say themselves."""

    org: str
    format: str
    dry_run: bool
    site: str | None = None
    source: str | None = None
    effective_from: str | None = None
    kind: str | None = None
    mapping: str | None = None
    missing_hosts: str = "reject"
    client: str | None = None

    @property
    def options(self) -> dict[str, Any]:
        """The defaults for rows, those that were said, and what is to be done with rows whose host is not known."""
        said = {
            "site": self.site,
            "source": self.source,
            "effective_from": self.effective_from,
            "kind": self.kind,
            "missing_hosts": self.missing_hosts,
            "client": self.client,
        }
        return {name: value for name, value in said.items() if value is not None}


async def describe(uploads: Sequence[Upload], limit_bytes: int) -> list[StoredFile]:
    """Name, size and hash of the files. Raises Problem 413 when they are larger than `limit_bytes` together."""
    files = []
    total = 0
    for number, upload in enumerate(uploads, start=1):
        digest = hashlib.sha256()
        size = 0
        async for data in _content(upload):
            digest.update(data)
            size += len(data)
            if total + size > limit_bytes:
                raise Problem(413, "too-large", f"the files of an import have at most {limit_bytes} bytes together")
        total += size
        files.append(StoredFile(_file_name(upload, number), size, digest.hexdigest()))
    return files


async def submit(
    unit: Transaction, request: Request, uploads: Sequence[Upload], files: Sequence[StoredFile], now: datetime
) -> Import:
    """Store the files and queue the import. Raises Unprocessable when the organisation or the site is not known."""
    await _check_defaults(unit, request)
    options = request.options
    if request.mapping is not None:
        mapping = await chosen_mapping(unit, request.org, request.mapping)
        options["mapping"] = mapping.model_dump(mode="json")
    job = Import(
        id=uuid4(),
        org=request.org,
        organisations=unit.organisations,
        format=request.format,
        options=options,
        dry_run=request.dry_run,
        files=files,
        received_at=now,
    )
    await imports.insert(unit.connection, job)
    for file, upload in enumerate(uploads):
        position = 0
        async for data in _content(upload):
            await import_rows.insert_chunk(unit.connection, job, file, position, data)
            position += 1
    unit.wake(CHANNEL)
    return job


async def cancel(unit: Transaction, import_id: UUID, now: datetime) -> Import:
    """End an import before its end. What was applied stays; the rest of its rows and its files are let go of.

    Whoever works on it holds its row while a chunk is written; after that they have lost their lease and write nothing
    more. Raises NotFound, and Conflict when it has ended.
    """
    job = await imports.cancel(unit.connection, import_id, now)
    if job is None:
        ended = await imports.find(unit.connection, import_id)
        if ended is None:
            raise NotFound("import", import_id)
        raise Conflict(f"the import has ended: it is {ended.status}", "ended")
    await import_rows.let_go(unit.connection, job)
    unit.wake(CHANNEL)
    return job


async def _check_defaults(unit: Transaction, request: Request) -> None:
    if request.org == "*":
        return
    if await places.find_organisation(unit.connection, request.org) is None:
        raise unprocessable([Defect("org", "unknown_organisation", f"no organisation {request.org!r} is known")])
    if request.site is not None:
        known = await places.site_ids(unit.connection, [(request.org, request.site)])
        if not known:
            raise unprocessable([Defect("site", "unknown_site", f"{request.org!r} has no site {request.site!r}")])


async def _content(upload: Upload) -> AsyncIterator[bytes]:
    await upload.seek(0)
    while data := await upload.read(CHUNK_BYTES):
        yield data


def _file_name(upload: Upload, number: int) -> str:
    """What the sender calls the file, without its folders and without what a text cannot hold."""
    bare = (upload.filename or "").replace("\\", "/").rpartition("/")[2]
    printable = "".join(character for character in bare if character.isprintable())
    return printable[:200] or f"file-{number}"
