"""What happens to an answer between the log and ClickHouse: decode, enrich, strip personal data, load."""
