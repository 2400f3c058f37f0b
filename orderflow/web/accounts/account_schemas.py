"""JSON schemas of accounts, for the OpenAPI document."""

from __future__ import annotations

from orderflow.web.kit.schemas import COUNT, FLAG, TIME, WORD, Schema, array, maybe, record

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
    "properties": {"email": EMAIL, "password": PASSWORD, "code": WORD, "passkey": {"type": "object"}},
    "required": ["email", "password"],
    "examples": [{"email": "ann@example.org", "password": "correct horse battery staple"}],
}
USER = record(
    {
        "id": WORD,
        "nickname": WORD,
        "email": WORD,
        "created": TIME,
        "password_changed": TIME,
        "authenticator": FLAG,
        "recovery_codes": COUNT,
        "passkeys": COUNT,
    },
    doc="authenticator: whether the app is in use. recovery_codes, passkeys: how many there are.",
)
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


def _fields(doc: str = "", **fields: Schema) -> Schema:
    """A body with these fields, all of them needed."""
    return {"type": "object", "properties": fields, "required": list(fields), "description": doc}


CONFIRMED = _fields("The password confirms it.", password=PASSWORD)
NEW_PASSWORD = _fields(password=PASSWORD, new_password=PASSWORD)
NEW_EMAIL = _fields(password=PASSWORD, email=EMAIL)
DELETED = record({"deleted": WORD})
RESET = _fields(email=EMAIL)
RESET_CODE = _fields(code=WORD, new_password=PASSWORD)
MESSAGE = record({"detail": WORD})
SECRET = record({"secret": WORD, "uri": WORD}, doc="For an authenticator app; uri is for a QR code.")
CODE = _fields(code=WORD)
CODES = record({"recovery_codes": array(WORD)}, doc="Each of them is valid once, in place of a code of the app.")
CHALLENGE = record({"id": WORD, "options": {"type": "object"}})
ANSWER: Schema = {
    "type": "object",
    "properties": {"id": WORD, "name": WORD, "credential": {"type": "object"}},
    "required": ["id", "credential"],
    "description": "id: of the challenge; credential: what the browser has answered, as JSON.",
}
PASSKEY = {"id": WORD, "name": WORD, "created": TIME, "last_used": maybe(TIME)}
PASSKEYS = array(record(PASSKEY))
EXPORT: Schema = {
    "type": "object",
    "properties": {"user": USER, "sessions": SESSIONS, "passkeys": PASSKEYS},
    "required": ["user", "sessions", "passkeys"],
    "description": "Besides these, what each product keeps of the user.",
}
ADDED_PASSKEY = record({**PASSKEY, "recovery_codes": array(WORD)})
PASSKEY_REMOVAL = _fields(passkey=WORD, password=PASSWORD)
