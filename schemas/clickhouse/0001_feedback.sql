-- One row a citizen's response, the newest telling of it. What each column may hold is ruled in pipelines/columns.py
-- and listed in docs/privacy.md; a string that is absent is ''.
--
-- The sorting key is the identity and nothing else, and there is no partitioning by time: a retry or an edit arrives
-- with other times, and rows with different keys (or in different partitions) are never merged.
-- `version` holds the total order of tellings (pipelines/version.py). A withdrawn or erased response is a row with
-- is_deleted = 1 and no content; it outlives every replay, so CLEANUP, DELETE and TTL never touch this table.
CREATE TABLE IF NOT EXISTS feedback
(
    tenant LowCardinality(String),
    feedback_id UUID,
    version UInt256,
    is_deleted UInt8,
    schema_version UInt16,
    enrichment_version UInt16,
    source LowCardinality(String),
    connector LowCardinality(String),
    channel LowCardinality(String),
    authority LowCardinality(String),
    flags Array(LowCardinality(String)),
    received_at DateTime64(3, 'UTC'),
    occurred_at DateTime64(3, 'UTC'),
    occurred_at_from LowCardinality(String),
    time_zone LowCardinality(String),
    source_order Int64,
    outcome LowCardinality(String),
    survey_id LowCardinality(String),
    survey_version LowCardinality(String),
    survey_wave LowCardinality(String),
    language LowCardinality(String),
    answers Nested
    (
        question LowCardinality(String),
        wording LowCardinality(String),
        metric LowCardinality(String),
        scale_min Nullable(Float64),
        scale_max Nullable(Float64),
        scale_best Nullable(Float64),
        score Nullable(Float64),
        reason LowCardinality(String),
        text String
    ),
    case_number String,
    case_number_from LowCardinality(String),
    service LowCardinality(String),
    product LowCardinality(String),
    location LowCardinality(String),
    department LowCardinality(String),
    form LowCardinality(String),
    form_outcome LowCardinality(String),
    page_url LowCardinality(String),
    search_term String,
    organisation LowCardinality(String),
    country LowCardinality(String),
    price_list LowCardinality(String),
    audience LowCardinality(String),
    platform LowCardinality(String),
    os_name LowCardinality(String),
    os_version LowCardinality(String),
    browser_name LowCardinality(String),
    browser_version LowCardinality(String),
    device LowCardinality(String),
    is_bot UInt8,
    app LowCardinality(String),
    app_version LowCardinality(String),
    town LowCardinality(String),
    photo_given UInt8,
    contact_given_at Nullable(DateTime64(3, 'UTC')),
    contact_wording LowCardinality(String),
    publish_given_at Nullable(DateTime64(3, 'UTC')),
    publish_wording LowCardinality(String),
    notes Nested
    (
        field LowCardinality(String),
        problem LowCardinality(String)
    ),
    -- Shown by no view, report or export: they tell repeated answers apart and find a person's rows, nothing else.
    ip_hash Nullable(FixedString(16)),
    ip_key LowCardinality(String),
    person_keys Array(FixedString(16)),
    loaded_at DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(version, is_deleted)
ORDER BY (tenant, feedback_id)
-- An insert is answered when it is on the disk, so that an offset is committed only after its rows are.
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1;

-- What analysts read: one row a response. No keyed hash, no technical columns.
CREATE VIEW IF NOT EXISTS responses AS
SELECT
    tenant, feedback_id, source, connector, channel, authority, flags,
    received_at, occurred_at, occurred_at_from, time_zone, outcome,
    survey_id, survey_version, survey_wave, language,
    `answers.question`, `answers.wording`, `answers.metric`, `answers.scale_min`, `answers.scale_max`,
    `answers.scale_best`, `answers.score`, `answers.reason`, `answers.text`,
    case_number, case_number_from, service, product, location, department, form, form_outcome, page_url, search_term,
    organisation, country, price_list, audience,
    platform, os_name, os_version, browser_name, browser_version, device, is_bot, app, app_version,
    town, photo_given, contact_given_at, contact_wording, publish_given_at, publish_wording,
    `notes.field`, `notes.problem`
FROM feedback FINAL;

-- One row an answer: what metrics are counted over.
CREATE VIEW IF NOT EXISTS answers AS
SELECT
    tenant, feedback_id, source, connector, channel, flags, occurred_at, outcome,
    survey_id, survey_version, survey_wave, language,
    question, wording, metric, scale_min, scale_max, scale_best, score, reason, text,
    case_number, service, product, location, department, form, form_outcome, page_url, search_term,
    organisation, country, price_list, audience,
    platform, os_name, os_version, browser_name, browser_version, device, is_bot, app, app_version
FROM feedback FINAL
ARRAY JOIN
    `answers.question` AS question, `answers.wording` AS wording, `answers.metric` AS metric,
    `answers.scale_min` AS scale_min, `answers.scale_max` AS scale_max, `answers.scale_best` AS scale_best,
    `answers.score` AS score, `answers.reason` AS reason, `answers.text` AS text;
