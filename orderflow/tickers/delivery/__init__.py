"""Delivery of alert events to the targets that users set."""
