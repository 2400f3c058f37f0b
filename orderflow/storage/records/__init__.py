"""Records: what is kept as rows of tables, in SQLite or PostgreSQL. The only package that knows SQLAlchemy.

To add a store:

1. Its tables go into `models.py`, as `Table` objects in `METADATA`.
2. A migration goes into `migrations/versions/`: `NNNN_word.py` with the next number, `revision` equal to the file's
   name without its end and `down_revision` equal to the one before. `upgrade` and `downgrade` change the schema alone:
   a new database is made from `models.py`, and a test compares both. On SQLite a column is changed with
   `op.batch_alter_table`.
3. `word_store.py` holds a class made with `Records`. Its methods call `records.read` and `records.write` with a
   function of one connection, and return plain frozen dataclasses. Statements are SQLAlchemy Core, which runs on both
   databases.
"""
