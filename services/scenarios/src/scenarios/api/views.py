"""How studies, alternatives and runs are shown."""

from collections import Counter
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from common.api.auth import Caller, requires
from fastapi import Depends
from pydantic import BaseModel, Field

from scenarios.domain.applying import OfferUse
from scenarios.domain.description import ActionSpec
from scenarios.domain.snapshot import FactorUsed, LeftOut, Snapshot, SnapshotAsset
from scenarios.domain.study import StudyDefinition
from scenarios.store.runs import Run
from scenarios.store.studies import Alternative, Study

Reader = Annotated[Caller, Depends(requires("scenarios:read"))]
Writer = Annotated[Caller, Depends(requires("scenarios:write"))]


class AlternativeView(BaseModel):
    """An alternative of a study."""

    id: UUID
    name: str
    offers: list[OfferUse]
    actions: list[ActionSpec]
    version: int


class StudyView(BaseModel):
    """A study with its alternatives."""

    id: UUID
    version: int
    created_at: datetime
    updated_at: datetime
    snapshot: int = Field(description="the number of the snapshot that counts")
    definition: StudyDefinition
    alternatives: list[AlternativeView]


class SnapshotView(BaseModel):
    """The assets of a study as they were frozen."""

    number: int
    taken_at: datetime
    assets: list[SnapshotAsset]
    left_out: list[LeftOut]
    left_out_by_reason: dict[str, int]
    factors: list[FactorUsed]


class DifferenceView(BaseModel):
    """How a refreshed snapshot differs from the one before."""

    snapshot: int
    added: list[str]
    removed: list[str]
    changed: dict[str, list[str]] = Field(description="by ref, the values that changed")


class RunView(BaseModel):
    """A run: its progress, and when it is done its result."""

    id: UUID
    study_id: UUID
    kind: str
    status: Literal["queued", "running", "done", "failed"]
    progress: float = Field(ge=0, le=1)
    study_version: int
    snapshot: int
    requested_at: datetime
    finished_at: datetime | None
    problem: str | None
    result: dict[str, Any] | None


def as_written(view: BaseModel) -> dict[str, Any]:
    """The view as JSON under the names that are used to write it, so that what was read can be sent again."""
    return view.model_dump(mode="json", by_alias=True)


def show_alternative(alternative: Alternative) -> AlternativeView:
    """The view of an alternative."""
    spec = alternative.spec
    return AlternativeView(
        id=alternative.id, name=spec.name, offers=spec.offers, actions=spec.actions, version=alternative.version
    )


def show_study(study: Study, alternatives: list[Alternative]) -> StudyView:
    """The view of a study."""
    return StudyView(
        id=study.id,
        version=study.version,
        created_at=study.created_at,
        updated_at=study.updated_at,
        snapshot=study.snapshot,
        definition=study.definition,
        alternatives=[show_alternative(alternative) for alternative in alternatives],
    )


def show_snapshot(number: int, snapshot: Snapshot, taken_at: datetime) -> SnapshotView:
    """The view of a snapshot."""
    return SnapshotView(
        number=number,
        taken_at=taken_at,
        assets=snapshot.assets,
        left_out=snapshot.left_out,
        left_out_by_reason=dict(Counter(each.reason for each in snapshot.left_out)),
        factors=snapshot.factors,
    )


def show_run(run: Run) -> RunView:
    """The view of a run."""
    return RunView.model_validate(
        {
            "id": run.id,
            "study_id": run.study_id,
            "kind": run.kind,
            "status": run.status,
            "progress": 1.0 if run.status == "done" else run.done / run.total,
            "study_version": run.request["study_version"],
            "snapshot": run.request["snapshot"],
            "requested_at": run.requested_at,
            "finished_at": run.finished_at,
            "problem": run.problem,
            "result": run.result,
        }
    )
