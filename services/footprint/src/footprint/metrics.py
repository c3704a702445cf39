"""The service's own Prometheus metrics, declared and documented here and nowhere else."""

from prometheus_client import Gauge

MARKS_WAITING = Gauge("footprint_marks_waiting", "Assets that wait to be computed again", ["lane"])
MARKS_OLDEST_SECONDS = Gauge("footprint_marks_oldest_seconds", "For how long the oldest of them has waited", ["lane"])
