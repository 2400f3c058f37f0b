"""Records: what is kept as rows of tables. The only module that knows SQLAlchemy."""
