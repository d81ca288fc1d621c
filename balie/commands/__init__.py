"""The commands, a file a group. Each has `add_to(app)`, and imports the rooms it needs inside its commands."""
