"""The workspace: candles and signals that people upload, and the live klines of venues, with their history kept.

`store.py` is the port behind which the records keep both. A user is an id here, a plain text that the web layer takes
from the login; "" owns what is public.
"""
