"""Beam adapters over what is stored: where the pipeline reads from."""
