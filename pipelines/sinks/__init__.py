"""Beam adapters over the warehouse: where the pipeline ends."""
