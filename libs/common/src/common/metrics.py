"""Every Prometheus metric of the platform's plumbing, declared and documented here and nowhere else.

A service's own metrics live in its own `metrics.py` and are named `<service>_…`.
"""

from prometheus_client import Counter, Gauge, Histogram

HTTP_SECONDS = Histogram(
    "http_request_seconds",
    "Time to answer an HTTP request, by route template (without /v1), method and status",
    ["method", "route", "status"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
RATE_LIMITED = Counter("http_rate_limited_total", "Requests answered 429")

OUTBOX_DEPTH = Gauge(
    "outbox_depth", "Rows of events that wait for the broker's acknowledgement (span of ids: an upper bound)"
)
OUTBOX_OLDEST_SECONDS = Gauge("outbox_oldest_seconds", "Age of the oldest event that waits in the outbox")
RELAY_LEADER = Gauge("relay_leader", "1 while this process holds the relay's lock")
RELAY_SENT = Counter("relay_sent_total", "Events acknowledged by the broker and deleted from the outbox", ["topic"])
RELAY_FAILURES = Counter("relay_failures_total", "Deliveries that failed and are retried, by error", ["error"])

CONSUMER_EVENTS = Counter("consumer_events_total", "Events whose effects are committed", ["topic", "type"])
CONSUMER_IGNORED = Counter(
    "consumer_ignored_total", "Events of a type that nobody here handles, and tombstones", ["topic"]
)
CONSUMER_BATCH_SECONDS = Histogram(
    "consumer_batch_seconds", "Time of one batch: handlers, commit in Postgres, commit of offsets"
)
CONSUMER_RETRIES = Counter(
    "consumer_retries_total", "Batches that met a transient failure and are read again, by error", ["error"]
)
CONSUMER_LAG = Gauge(
    "consumer_lag", "Events between the committed effects and the end of the partition", ["topic", "partition"]
)
DEAD_LETTERS = Counter(
    "consumer_dead_letters_total", "Events set aside because they can never be handled", ["topic", "type"]
)
PARKED = Counter("consumer_parked_total", "Events parked behind a dead letter of the same key", ["topic"])

WORKER_CRASHES = Counter(
    "worker_failures_total", "Rounds of a background worker that failed and are tried again", ["worker"]
)
