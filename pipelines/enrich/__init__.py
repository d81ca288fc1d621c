"""What the pipeline adds to an answer: pure functions over columns, without Beam and without storage."""
