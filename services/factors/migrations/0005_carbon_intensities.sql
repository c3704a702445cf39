-- The carbon intensity of a grid through the day: it shapes a yearly factor and is none itself.

CREATE TABLE carbon_intensities (
    region      text NOT NULL,
    starts_at   timestamptz NOT NULL,
    ends_at     timestamptz NOT NULL CHECK (ends_at - starts_at BETWEEN interval '15 minutes' AND interval '60 minutes'),
    value_g_kwh double precision NOT NULL CHECK (value_g_kwh >= 0 AND value_g_kwh < 'Infinity'),
    source_name text NOT NULL CHECK (source_name <> ''),
    source_link text NOT NULL CHECK (source_link <> ''),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (region, starts_at)
);
