"""JSON schemas of accounts, for the OpenAPI document."""

from __future__ import annotations

from orderflow.web.kit.schemas import COUNT, FLAG, TIME, WORD, Schema, array, record

EMAIL: Schema = {"type": "string", "maxLength": 254, "examples": ["ann@example.org"]}
PASSWORD: Schema = {"type": "string", "maxLength": 256, "examples": ["correct horse battery staple"]}
REGISTRATION: Schema = {
    "type": "object",
    "properties": {"nickname": WORD, "email": EMAIL, "password": PASSWORD},
    "required": ["nickname", "email", "password"],
    "examples": [{"nickname": "Ann", "email": "ann@example.org", "password": "correct horse battery staple"}],
}
LOGIN: Schema = {
    "type": "object",
    "properties": {"email": EMAIL, "password": PASSWORD},
    "required": ["email", "password"],
    "examples": [{"email": "ann@example.org", "password": "correct horse battery staple"}],
}
USER = record({"id": WORD, "nickname": WORD, "email": WORD, "created": TIME, "password_changed": TIME})
TOKENS = record(
    {
        "access_token": WORD,
        "refresh_token": WORD,
        "token_type": {"type": "string", "const": "bearer"},
        "expires_in": COUNT,
    },
    doc="The access token is sent as a Bearer; the refresh token gives new ones, once.",
)
SESSION = record(
    {"id": WORD, "device": WORD, "address": WORD, "created": TIME, "last_used": TIME, "ends": TIME, "current": FLAG}
)
SESSIONS = array(SESSION)
ENDED = record({"ended": COUNT})
