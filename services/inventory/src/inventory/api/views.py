"""How assets, timelines and batch results look in answers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, Field

from inventory.domain.configuration import Allocation, Configuration
from inventory.domain.description import Description
from inventory.domain.quantities import Label
from inventory.domain.record import HostReference
from inventory.domain.timeline import Segment
from inventory.domain.vocabulary import Kind, Status
from inventory.store.listing import Present
from inventory.store.versions import DocumentVersion


class Identity(BaseModel):
    """A name under which a source knows an asset."""

    source: Label
    external_id: Label


class AssetView(Description):
    """An asset as it is now: its names, its undated attributes, and the state that holds since `effective_from`."""

    id: UUID
    org: str
    source: str
    external_id: str
    identities: list[Identity] = Field(default_factory=list, description="every name under which it is known")
    kind: Kind
    status: Status
    site: str | None = None
    site_id: UUID | None = None
    host: HostReference | None = None
    host_id: UUID | None = None
    plan: str | None = None
    configuration: Configuration | None = None
    allocation: Allocation | None = None
    effective_from: datetime
    effective_to: datetime | None = None
    version: int
    recorded_at: datetime

    @classmethod
    def of(cls, present: Present) -> Self:
        """The view of an asset with the names of where it is."""
        asset, segment, host = present.asset, present.segment, present.host
        described = {name: getattr(asset.description, name) for name in Description.model_fields}
        return cls(
            **described,
            id=asset.id,
            org=asset.key.org,
            source=asset.key.source,
            external_id=asset.key.external_id,
            identities=[Identity(source=source, external_id=external_id) for source, external_id in asset.names],
            kind=asset.kind,
            status=segment.state.status,
            site=present.site,
            site_id=segment.state.site_id,
            host=HostReference(source=host.source, external_id=host.external_id, org=host.org) if host else None,
            host_id=segment.state.host_id,
            plan=segment.state.plan,
            configuration=segment.state.configuration,
            allocation=segment.state.allocation,
            effective_from=segment.start,
            effective_to=segment.end,
            version=asset.version,
            recorded_at=asset.recorded_at,
        )


class SegmentView(BaseModel):
    """One state over `[from, to)`; `to` null is open."""

    start: datetime = Field(serialization_alias="from")
    end: datetime | None = Field(default=None, serialization_alias="to")
    status: Status
    site_id: UUID | None = None
    host_id: UUID | None = None
    plan: str | None = None
    configuration: Configuration | None = None
    allocation: Allocation | None = None

    @classmethod
    def of(cls, segment: Segment) -> Self:
        """The view of a segment."""
        state = segment.state
        return cls(
            start=segment.start,
            end=segment.end,
            status=state.status,
            site_id=state.site_id,
            host_id=state.host_id,
            plan=state.plan,
            configuration=state.configuration,
            allocation=state.allocation,
        )


class TimelineView(BaseModel):
    """The history of an asset; `version` is the asset's current one."""

    asset_id: UUID
    version: int
    as_known_at: datetime
    timeline: list[SegmentView]


class RowError(BaseModel):
    """A rule that a row breaks."""

    field: str
    code: str
    detail: str


class RowResult(BaseModel):
    """What became of the row at `index`."""

    index: int
    status: Literal["created", "updated", "unchanged", "error"]
    id: UUID | None = None
    version: int | None = None
    errors: list[RowError] | None = None
    warnings: list[RowError] | None = None


class BatchView(BaseModel):
    """One result per row, in the order of the rows."""

    results: list[RowResult]


class DocumentVersionView(BaseModel):
    """A document as it was from `recorded_at` until the next version; `client` is who wrote it, when that is known."""

    version: int
    recorded_at: datetime
    client: str | None = None
    import_id: UUID | None = None
    document: dict[str, Any]


class HistoryView(BaseModel):
    """Versions, the latest first."""

    versions: list[DocumentVersionView]

    @classmethod
    def of(cls, found: Sequence[DocumentVersion]) -> Self:
        """The view of versions that come first to last."""
        return cls(
            versions=[
                DocumentVersionView(
                    version=one.version,
                    recorded_at=one.recorded_at,
                    client=one.author.client,
                    import_id=one.author.import_id,
                    document=one.document,
                )
                for one in reversed(found)
            ]
        )
