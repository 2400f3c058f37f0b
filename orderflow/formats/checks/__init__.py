"""Whether a reading of a file can be true: what its values show about its columns, and what they contradict."""
