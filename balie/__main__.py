"""`python -m balie` is the command `balie`."""

from balie.cli import main

main()
