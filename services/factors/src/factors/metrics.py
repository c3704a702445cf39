"""The metrics of the factors service."""

from prometheus_client import Counter, Gauge

QUESTIONS = Counter(
    "factors_questions_total",
    "Questions, one asked twice in a batch once, by what came of them: public, own (an organisation's value), or the code of the refusal",
    ["outcome"],
)

PUBLISHED = Gauge("factors_published", "Published factors in this process's memory")

REVISION = Gauge(
    "factors_revision",
    "Last revision of the catalogue that this process has taken up; equal in every process but for moments",
)
