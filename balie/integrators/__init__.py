"""What helps an integrator: a scaffold for a connector, recorded payloads, and sending them again."""
