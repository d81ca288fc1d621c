"""The edge: connectors turn what a provider sends into events, and the collector takes it in."""
