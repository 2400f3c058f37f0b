"""Accounts: users, their passwords, tokens and sessions. Who makes a request is decided in `orderflow.web.kit`."""
