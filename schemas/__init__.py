"""The contract: what an event, a failure and a topic are. Imports nothing of ours."""
