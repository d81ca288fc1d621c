"""Systems that keep the cases of a town: reports of public space, and cases of the Dutch standard ZGW."""
