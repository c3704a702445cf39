"""A receiver of OpenTelemetry spans, for tests that follow one change through the platform."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True, slots=True)
class Span:
    """What a test asks of a span: which service made it, its name, its trace and the traces that it links to."""

    service: str
    name: str
    trace_id: str
    linked_trace_ids: frozenset[str]

    def belongs_to(self, trace_id: str) -> bool:
        """Whether the span is part of the trace or, being of a batch of several, linked to it."""
        return trace_id == self.trace_id or trace_id in self.linked_trace_ids


@dataclass
class TraceReceiver:
    """Collects every span that is exported to `endpoint` (OTLP over HTTP)."""

    endpoint: str
    spans: list[Span] = field(default_factory=list)

    def of_trace(self, trace_id: str) -> list[Span]:
        """The spans received so far that belong to the trace."""
        return [span for span in list(self.spans) if span.belongs_to(trace_id)]


@contextmanager
def receive_traces() -> Iterator[TraceReceiver]:
    """Listen on a free port of the loopback interface for as long as the block runs."""
    receiver = TraceReceiver("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.spans.extend(_spans(ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver.endpoint = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _spans(request: ExportTraceServiceRequest) -> Iterator[Span]:
    for resource in request.resource_spans:
        names = {attribute.key: attribute.value.string_value for attribute in resource.resource.attributes}
        for scope in resource.scope_spans:
            for span in scope.spans:
                linked = frozenset(link.trace_id.hex() for link in span.links)
                yield Span(names.get("service.name", ""), span.name, span.trace_id.hex(), linked)
