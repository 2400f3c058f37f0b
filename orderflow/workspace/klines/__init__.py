"""Live klines: those of a venue, with their history filled and kept, and those made of the ticks that are held."""
