"""Logs as events with fields, and traces that follow a change from the HTTP call through outbox and Kafka into the consumer."""

import logging
import os
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import structlog
from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from opentelemetry.trace import Link, Span, SpanKind
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.settings import ServiceSettings

SPAN = "constellation.span"
"""Where the scope of an HTTP call has the context of its span."""

_propagator = TraceContextTextMapPropagator()
_tracer = trace.get_tracer("constellation")
_ids = RandomIdGenerator()
_NO_CONTEXT = Context()
_only_ids = False


def configure(settings: ServiceSettings, service: str) -> None:
    """Set up logging and tracing of the process, once, at its start.

    Spans are exported over OTLP when `OTEL_EXPORTER_OTLP_ENDPOINT` is set; otherwise they only carry their ids into logs and events.
    """
    global _only_ids
    configure_logging(service, settings.log_level, settings.log_format)
    exported = "OTEL_EXPORTER_OTLP_ENDPOINT" in os.environ
    _only_ids = not exported
    sampler = ParentBased(TraceIdRatioBased(settings.trace_ratio if exported else 0.0))
    provider = TracerProvider(sampler=sampler, resource=Resource.create({"service.name": service}))
    if exported:
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)


def configure_logging(service: str, level: str, style: str) -> None:
    """Log events of at least `level` to standard error, as JSON lines or (style `console`) for a person's eyes."""
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = plain if style == "console" else structlog.processors.JSONRenderer()
    render = [renderer] if style == "console" else [structlog.processors.format_exc_info, renderer]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _add_trace_id,
            *render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _add_trace_id(_logger: Any, _method: str, event: Any) -> Any:
    context = trace.get_current_span().get_span_context()
    if context.is_valid:
        event["trace_id"] = format(context.trace_id, "032x")
    return event


def current_traceparent() -> str | None:
    """The W3C `traceparent` of the span that is under way, or None."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def _context(traceparent: str | None) -> Context:
    return _propagator.extract({"traceparent": traceparent} if traceparent else {}, context=Context())


def server_span(name: str, traceparent: str | None) -> AbstractContextManager[Span]:
    """The span of an HTTP call, child of the caller's `traceparent` when it sent one."""
    if _only_ids:
        return _Identified(traceparent)
    return _tracer.start_as_current_span(
        name, context=_context(traceparent), kind=SpanKind.SERVER, record_exception=False
    )


class _Identified(AbstractContextManager[Span]):
    """A current span that nobody will export: it has ids, for logs and events, and costs a tenth of one that is recorded."""

    def __init__(self, traceparent: str | None) -> None:
        around = _context(traceparent) if traceparent else _NO_CONTEXT
        parent = trace.get_current_span(around).get_span_context()
        trace_id = parent.trace_id if parent.is_valid else _ids.generate_trace_id()
        own = trace.SpanContext(trace_id, _ids.generate_span_id(), False, parent.trace_flags, parent.trace_state)
        self._span = trace.NonRecordingSpan(own)
        self._around = around

    def __enter__(self) -> Span:
        self._token = context.attach(trace.set_span_in_context(self._span, self._around))
        return self._span

    def __exit__(self, *_: object) -> None:
        context.detach(self._token)


@contextmanager
def consumer_span(name: str, traceparents: list[str], count: int) -> Iterator[Span]:
    """The span of a batch of events: child of the first event's trace, linked to those of the others (at most 64)."""
    links = [Link(_span_context(parent)) for parent in traceparents[1:65]]
    parent = _context(traceparents[0] if traceparents else None)
    with _tracer.start_as_current_span(name, context=parent, kind=SpanKind.CONSUMER, links=links) as span:
        span.set_attribute("messaging.batch.message_count", count)
        yield span


@contextmanager
def worker_span(name: str) -> Iterator[str]:
    """The span of one unit of a worker's work, a trace of its own. Gives the id that its log lines carry, 32 hexadecimal digits."""
    with _tracer.start_as_current_span(name, context=Context(), record_exception=False) as span:
        yield format(span.get_span_context().trace_id, "032x")


def _span_context(traceparent: str) -> trace.SpanContext:
    return trace.get_current_span(_context(traceparent)).get_span_context()
