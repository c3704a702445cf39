"""Broken rules as problems that the caller is told."""

from collections.abc import Sequence

from common.api.problems import FieldError, Unprocessable

from inventory.domain.defects import Defect


def unprocessable(defects: Sequence[Defect]) -> Unprocessable:
    """422 with one field error per broken rule."""
    errors = [FieldError(defect.field, defect.code, defect.detail) for defect in defects]
    return Unprocessable(f"{len(errors)} field(s) break a rule", errors)
