"""The settings of the inventory service, beside those that every service has."""

from typing import Annotated

from common.settings import ServiceSettings
from pydantic import Field

from inventory.imports.tabs import WorkbookLimits


class InventorySettings(ServiceSettings):
    """Read from the environment under the prefix `CONSTELLATION_`."""

    batch_limit_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=10_000, description="rows of one POST /assets/batch; more: 413"
    )
    import_limit_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=48 * 1024 * 1024, description="size of all files of one import together; more: 413"
    )
    import_limit_files: Annotated[int, Field(ge=1, le=100)] = Field(
        default=20, description="files of one import; more: 413"
    )
    import_limit_rows: Annotated[int, Field(ge=1)] = Field(
        default=1_000_000, description="rows of one import; a file with more fails as a whole"
    )
    import_chunk_rows: Annotated[int, Field(ge=1)] = Field(
        default=1000, description="rows that an import applies in one transaction"
    )
    import_lease_s: Annotated[float, Field(gt=0)] = Field(
        default=30.0, description="after which silence a running import is taken over by another worker"
    )
    import_attempts: Annotated[int, Field(ge=1)] = Field(
        default=5, description="workers that may die over one import before it is given up"
    )
    workbook_limit_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=1024 * 1024 * 1024, description="size of a workbook when unpacked; more: the import fails"
    )
    workbook_memory_bytes: Annotated[int, Field(ge=64 * 1024 * 1024)] = Field(
        default=1536 * 1024 * 1024,
        description="memory of the process that reads a workbook; what needs more: the import fails",
    )
    measurement_limit_rows: Annotated[int, Field(ge=1, le=100_000)] = Field(
        default=10_000, description="rows of one POST /measurements/batch or /activities/batch; more: 413"
    )
    measurement_pause_s: Annotated[float, Field(ge=0)] = Field(
        default=1.0, description="for how long nothing must have come of an asset before its measurements are rolled up"
    )
    measurement_longest_pause_s: Annotated[float, Field(ge=0)] = Field(
        default=15.0, description="after which its measurements are rolled up though more keep coming"
    )

    @property
    def workbook_limits(self) -> WorkbookLimits:
        """What reading a workbook may take."""
        return WorkbookLimits(self.workbook_limit_bytes, self.workbook_memory_bytes)
