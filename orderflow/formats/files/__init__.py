"""Open tick files: unpack them, tell text from tables and binary records, read text as blocks of whole lines."""
