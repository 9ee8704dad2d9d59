-- The store, version 1. {serial} is the driver's word for a number that grows by itself. Times are
-- nanoseconds since 1970, digests hexadecimal SHA-256.

CREATE TABLE about (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
);

-- What a verdict depends on besides the package: digest is that of all the others.
CREATE TABLE conditions (
    digest TEXT PRIMARY KEY,
    mode TEXT NOT NULL, -- vet or scan
    engine TEXT NOT NULL,
    rules TEXT NOT NULL,
    policy TEXT NOT NULL,
    trust TEXT NOT NULL,
    rootfs TEXT NOT NULL,
    network TEXT NOT NULL
);

-- What a reference was when it was fetched.
CREATE TABLE sighting (
    number {serial},
    reference TEXT NOT NULL,
    version TEXT NOT NULL,
    content TEXT NOT NULL,
    seen_ns BIGINT NOT NULL
);
CREATE INDEX sighting_reference ON sighting (reference, seen_ns);
CREATE INDEX sighting_content ON sighting (content);

-- Exactly one for each content and conditions: a verdict, or why there is none.
CREATE TABLE outcome (
    number {serial},
    content TEXT NOT NULL,
    conditions TEXT NOT NULL REFERENCES conditions (digest),
    kind TEXT NOT NULL CHECK (kind IN ('allow', 'review', 'block', 'error', 'not-vetted')),
    reason TEXT NOT NULL, -- of what is no verdict
    package TEXT NOT NULL,
    publisher TEXT NOT NULL,
    tries BIGINT NOT NULL,
    begun_ns BIGINT NOT NULL,
    ended_ns BIGINT NOT NULL,
    report TEXT NOT NULL, -- pieces, "" where there are none
    log TEXT NOT NULL,
    UNIQUE (content, conditions)
);
CREATE INDEX outcome_kind ON outcome (kind, ended_ns);

CREATE TABLE finding (
    outcome BIGINT NOT NULL REFERENCES outcome (number) ON DELETE CASCADE,
    id TEXT NOT NULL,
    severity TEXT NOT NULL,
    confidence TEXT NOT NULL,
    decision TEXT NOT NULL,
    place TEXT NOT NULL
);
CREATE INDEX finding_id ON finding (id, outcome);
CREATE INDEX finding_outcome ON finding (outcome);

CREATE TABLE contact (
    outcome BIGINT NOT NULL REFERENCES outcome (number) ON DELETE CASCADE,
    host TEXT NOT NULL,
    disclosed BIGINT NOT NULL,
    PRIMARY KEY (outcome, host)
);
CREATE INDEX contact_host ON contact (host);

-- Where pieces of evidence lie in the segment files.
CREATE TABLE piece (
    digest TEXT PRIMARY KEY,
    segment TEXT NOT NULL,
    place BIGINT NOT NULL,
    stored BIGINT NOT NULL,
    size BIGINT NOT NULL
);

-- What is to be vetted. A lease that is over is anybody's.
CREATE TABLE job (
    number {serial},
    batch TEXT NOT NULL,
    reference TEXT NOT NULL,
    conditions TEXT NOT NULL REFERENCES conditions (digest),
    state TEXT NOT NULL CHECK (state IN ('waiting', 'taken', 'done', 'aside')),
    tries BIGINT NOT NULL,
    worker TEXT NOT NULL,
    lease_ns BIGINT NOT NULL,
    content TEXT NOT NULL, -- of the outcome, once it is done
    UNIQUE (batch, reference, conditions)
);
CREATE INDEX job_open ON job (state, number);

-- What people decided. Each row holds the digest of the one before it.
CREATE TABLE decision (
    number BIGINT PRIMARY KEY,
    time_ns BIGINT NOT NULL,
    reviewer TEXT NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('approve', 'reject', 'revoke')),
    content TEXT NOT NULL,
    package TEXT NOT NULL,
    reason TEXT NOT NULL,
    expires_ns BIGINT NOT NULL,
    before TEXT NOT NULL,
    digest TEXT NOT NULL
);
