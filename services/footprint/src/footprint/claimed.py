"""What is to be said of applications that claim machines of other organisations: these weigh with their owner, not with who claims them."""

from collections.abc import Sequence
from uuid import UUID

from common.database import Database
from common.organisations import EVERY, Organisations

from footprint.domain.inventory import Organisation
from footprint.domain.months import month_start
from footprint.store import answers, strangers
from footprint.store.totals import Question
from footprint.trace_words import Language
from footprint.wording import foreign_machines


async def claimed_elsewhere(
    database: Database,
    organisations: Organisations,
    question: Question,
    applications: Sequence[UUID] | None,
    language: Language,
) -> list[dict[str, str]]:
    """The warning that these applications claim machines of other organisations in the months of a question; none where they do not, or
    where none are named."""
    if not applications:
        return []
    async with database.snapshot(organisations) as connection:
        zone = await answers.organisation_zone(connection, question.org) or Organisation("").time_zone
        start, end = month_start(zone, question.first), month_start(zone, question.last + 1)
        machines = await strangers.claimed_strangers(connection, question.org, applications, start, end)
    if not machines:
        return []
    # Whose they are is not for the caller to see: only how many are another's.
    async with database.snapshot(EVERY) as connection:
        count = await strangers.owned_by_others(connection, question.org, machines)
    return foreign_machines(count, language)
