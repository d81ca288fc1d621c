-- Rows of merged parts come in turns, since they sort by a hash, and each then costs a list of LowCardinality half a
-- microsecond: all seven of them half of the merge. What reports look for, the metric, stays one; the others are mostly
-- empty, or short, and reports are as fast without.
ALTER TABLE feedback
    MODIFY COLUMN flags Array(String),
    MODIFY COLUMN `answers.question` Array(String),
    MODIFY COLUMN `answers.wording` Array(String),
    MODIFY COLUMN `answers.reason` Array(String),
    MODIFY COLUMN `notes.field` Array(String),
    MODIFY COLUMN `notes.problem` Array(String);

-- What a first merge makes of the pipeline's parts, some 200,000 rows, is still one file; larger ones, which are most of
-- what reports read, have a file a column. Merging into one file costs two thirds.
ALTER TABLE feedback MODIFY SETTING min_bytes_for_wide_part = 300000000;
