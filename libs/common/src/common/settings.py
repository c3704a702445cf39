"""The settings every service has, read from the environment under the prefix `CONSTELLATION_`."""

from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class ServiceSettings(BaseSettings):
    """Base of each service's settings; a service adds its own fields in its `settings.py`.

    Raises `pydantic.ValidationError` at start when a required variable is missing or malformed.
    """

    model_config = SettingsConfigDict(env_prefix="CONSTELLATION_", frozen=True)

    database_url: str = Field(description="Postgres, as the service's own role: neither owner nor superuser")
    migration_database_url: str | None = Field(
        default=None, description="Postgres, as the owner of the schema; `migrate` only"
    )
    database_pool_size: Annotated[int, Field(ge=2, le=100)] = 8

    kafka_bootstrap: str = Field(description="host:port of one or several brokers, comma-separated")
    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_SSL", "SASL_PLAINTEXT"] = "PLAINTEXT"
    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    kafka_username: str | None = None
    kafka_password: str | None = None
    kafka_ca_file: str | None = Field(default=None, description="certificate authority of the brokers, PEM")
    kafka_compression: Literal["none", "lz4", "zstd"] = Field(
        default="zstd", description="of what is sent; whatever a topic holds is read"
    )
    topic_prefix: str = Field(
        default="", description="put before every topic and consumer group: several platforms on one broker"
    )
    topic_partitions: Annotated[int, Field(ge=1, le=1000)] = 6
    topic_replication: Annotated[int, Field(ge=1, le=7)] = 1
    create_topics: bool = Field(default=True, description="false where an operator owns the topics")

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    jwks: str | None = Field(
        default=None, description="file or URL of the signing keys; default: discovered from the issuer"
    )
    issuer: str = Field(description="`iss` that tokens must carry")
    audience: str = Field(default="constellation", description="`aud` that tokens must carry")

    body_limit_bytes: Annotated[int, Field(ge=1024)] = Field(default=64 * 1024 * 1024, description="larger bodies: 413")
    rate_limit: str = Field(
        default="10000/second",
        description="calls per client and process, in the notation of the `limits` library; a batch is one call",
    )
    outbox_limit: Annotated[int, Field(ge=1)] = Field(
        default=5_000_000, description="rows of waiting events at which writes get 503"
    )
    event_limit_bytes: Annotated[int, Field(ge=1024)] = Field(
        default=7 * 1024 * 1024, description="largest event payload"
    )

    relay_batch: Annotated[int, Field(ge=1)] = 2000
    delivery_timeout_s: Annotated[float, Field(gt=0)] = 30.0
    consumer_batch: Annotated[int, Field(ge=1)] = 2000
    consumer_linger_ms: Annotated[int, Field(ge=0, le=30_000)] = Field(
        default=0, description="how long the broker gathers events for the consumer while they are less than 64 KiB"
    )
    session_timeout_s: Annotated[float, Field(ge=1)] = Field(
        default=15.0, description="silence of a consumer after which its partitions go to another"
    )
    drain_timeout_s: Annotated[float, Field(gt=0)] = Field(
        default=20.0, description="to finish a batch when partitions are revoked"
    )
    stuck_after_s: Annotated[float, Field(gt=0)] = Field(
        default=120.0, description="lag without progress after which liveness fails"
    )
    dead_letter_streak: Annotated[int, Field(ge=1)] = Field(
        default=20, description="dead letters in a row that stop the consumer"
    )
    retention_days: Annotated[int, Field(ge=8)] = Field(
        default=30, description="processed event ids; longer than the topics keep events"
    )
    idempotency_hours: Annotated[int, Field(ge=1)] = 72

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_format: Literal["json", "console"] = "json"
    trace_ratio: Annotated[float, Field(ge=0, le=1)] = Field(
        default=1.0, description="share of traces sampled when OTEL_EXPORTER_OTLP_ENDPOINT is set"
    )
