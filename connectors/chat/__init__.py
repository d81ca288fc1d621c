"""Chat: messages, ratings and transcripts."""
