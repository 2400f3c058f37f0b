"""Run by Alembic for every command, with the connection that `orderflow.storage.records.schema` passes."""

from __future__ import annotations

from alembic import context

from orderflow.storage.records.models import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
