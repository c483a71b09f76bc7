"""The serial side: lines, drivers, readers, and the loops that poll them."""
