"""Comments and mentions on social media."""
