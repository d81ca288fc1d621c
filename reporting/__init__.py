"""What analysts read: metric definitions and the report over the warehouse."""
