"""The tables of all records. A change here needs a migration: see `orderflow.storage.records`.

Times are integers: nanoseconds since 1970, UTC. Prices are decimal text, so that they stay exact on every database.
A column with `info={"secret": VALUE}` holds VALUE instead in a backup without keys and secrets.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

TICKERS = Table(
    "tickers",
    METADATA,
    Column("name", String(64), primary_key=True),
    Column("series", String(200), nullable=False),
    Column("feed", String(64), nullable=False),
    Column("position", Integer, nullable=False),
    Column("added", BigInteger, nullable=False),
)
"""Tickers added on the page: an alias for one series of one feed. position: their order, from 0."""

ALERTS = Table(
    "alerts",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("spec", Text, nullable=False),
)
"""Alerts. spec: a JSON object with everything else."""

ALERT_WATCHES = Table(
    "alert_watches",
    METADATA,
    Column("alert", String(32), ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("symbol", String(200), primary_key=True),
    Column("since", BigInteger, nullable=False),
    Column("floor", BigInteger),
    Column("reference", Text),
    Column("last", BigInteger),
    Column("done", Boolean, nullable=False),
)
"""What is kept of an alert for each of its symbols; see `orderflow.tickers.alerts.alert.Watch`."""

ALERT_POSITIONS = Table(
    "alert_positions",
    METADATA,
    Column("symbol", String(200), primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("ordinal", BigInteger, nullable=False),
    Column("state", Text, nullable=False),
)
"""How far each symbol's ticks are evaluated. state: a JSON object with the samples that the next are compared with."""

ALERT_EVENTS = Table(
    "alert_events",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("id", String(32), nullable=False),
    Column("alert", String(32), nullable=False),
    Column("symbol", String(200), nullable=False),
    Column("generation", Integer, nullable=False),
    Column("ticker", String(200), nullable=False),
    Column("value", String(64), nullable=False),
    Column("time", BigInteger, nullable=False),
    Column("found", BigInteger, nullable=False),
    Column("late", BigInteger, nullable=False),
    Column("bar", BigInteger),
    Column("ordinal", BigInteger, nullable=False),
    Column("title", String(300), nullable=False),
    Column("message", Text, nullable=False),
    Column("may_differ", Boolean, nullable=False),
    Column("owner", String(64), nullable=False, server_default=""),
    UniqueConstraint("id"),
    Index(None, "alert", "number"),
    Index(None, "owner", "number"),
    sqlite_autoincrement=True,
)
"""Alerts that have fired; never changed, and kept when their alert is deleted, not when the account of their owner is.
late: ns. owner: a user's id, "" for the operator."""

DELIVERY_TARGETS = Table(
    "delivery_targets",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("name", String(100), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("config", Text, nullable=False),
    Column("secrets", Text, nullable=False, info={"secret": "{}"}),
    Column("active", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("failing_since", BigInteger),
    Column("resume", BigInteger, nullable=False),
    Column("error", String(300), nullable=False),
    Column("dropped", BigInteger, nullable=False, server_default="0"),
    UniqueConstraint("owner", "name"),
)
"""Where alerts are sent. config, secrets: JSON objects. failures: failed attempts in a row; the next is at `resume`.
dropped: deliveries that were not made because too many were waiting."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("event", String(128), nullable=False),
    Column("target", Integer, ForeignKey("delivery_targets.id", ondelete="SET NULL")),
    Column("target_name", String(100), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("owner", String(64), nullable=False),
    Column("title", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("due", BigInteger, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", String(300), nullable=False),
    Column("finished", BigInteger),
    Index(None, "state", "target", "attempts", "created", "due"),
    Index(None, "target", "created"),
    Index(None, "owner", "created"),
    Index(None, "created"),
)
"""The outbox: one row for each event and target. state: pending, delivered, failed or cancelled."""

DELIVERY_ATTEMPTS = Table(
    "delivery_attempts",
    METADATA,
    Column("delivery", String(32), ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("begun", BigInteger, nullable=False),
    Column("took_ms", Integer, nullable=False),
    Column("delivered", Boolean, nullable=False),
    Column("status", Integer),
    Column("error", String(300), nullable=False),
)
"""Every attempt to send a delivery. status: of HTTP, if the target answered."""

ACKNOWLEDGEMENTS = Table(
    "alert_acknowledgements",
    METADATA,
    Column("event", String(128), primary_key=True),
    Column("time", BigInteger, nullable=False),
)
"""Events of alerts that were acknowledged, by their ids."""

SERIES_GENERATIONS = Table(
    "series_generations",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("price_decimals", Integer, nullable=False),
    Column("size_decimals", Integer, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("first", BigInteger),
    Column("last", BigInteger),
    Column("created", BigInteger, nullable=False),
    sqlite_autoincrement=True,
)
"""The klines of a series, as they were written at a time. first, last: open times (ms); None without klines. One that
no series refers to is being written, or left over."""

SERIES = Table(
    "series",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("name", String(200), nullable=False),
    Column("timeframe", String(16), nullable=False),
    Column("source", String(200), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("generation", Integer, ForeignKey("series_generations.id"), nullable=False),
    Column("previous", Integer, ForeignKey("series_generations.id")),
    UniqueConstraint("owner", "kind", "name", "timeframe"),
    sqlite_autoincrement=True,
)
"""Series of klines. owner: a user's id, "" for a venue's public data. kind: klines (of a venue) or ohlcv (uploaded).
previous: the klines before the last replacement, kept so that it can be undone."""

KLINES = Table(
    "klines",
    METADATA,
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("time", BigInteger, primary_key=True, autoincrement=False),
    Column("open", BigInteger, nullable=False),
    Column("high", BigInteger, nullable=False),
    Column("low", BigInteger, nullable=False),
    Column("close", BigInteger, nullable=False),
    Column("volume", BigInteger, nullable=False),
    Column("trades", BigInteger),
    Column("taker_buy_volume", BigInteger),
    Column("closed", Boolean, nullable=False),
    sqlite_with_rowid=False,
)
"""Klines by open time (ms). Prices and volumes are integers with the decimals of their generation, to which no
foreign key refers: checking one for each row takes longer than the insert. `kline_partitions` has the parts."""

KLINE_HOLES = Table(
    "kline_holes",
    METADATA,
    Column("series", Integer, ForeignKey("series.id", ondelete="CASCADE"), primary_key=True),
    Column("start", BigInteger, primary_key=True, autoincrement=False),
    Column("end", BigInteger, nullable=False),
)
"""Open times (ms, `end` exclusive) for which the venue has no klines, so that they are not asked for again."""

USERS = Table(
    "users",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("nickname", String(64), nullable=False),
    Column("nickname_key", String(200), nullable=False),
    Column("email", String(254), nullable=False),
    Column("email_key", String(254), nullable=False),
    Column("password", String(300), nullable=False, info={"secret": ""}),
    Column("disabled", Boolean, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("password_changed", BigInteger, nullable=False),
    Column("totp", String(64), nullable=False, info={"secret": ""}),
    Column("totp_step", BigInteger, nullable=False),
    Column("recovery", Text, nullable=False, info={"secret": "[]"}),
    UniqueConstraint("nickname_key"),
    UniqueConstraint("email_key"),
)
"""Accounts. *_key: as compared, without case. password: an Argon2id hash. totp: secret of the authenticator app, "" for
none, and the last step whose code was used. recovery: hashes of unused recovery codes, a JSON array."""

SESSIONS = Table(
    "sessions",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("user", String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Column("expires", BigInteger, nullable=False),
    Column("ends", BigInteger, nullable=False),
    Column("device", String(200), nullable=False),
    Column("address", String(64), nullable=False),
    Column("csrf", String(64), nullable=False, info={"secret": ""}),
    Column("refresh", String(32), nullable=False),
    Column("previous", String(32), nullable=False),
    Column("rotated", BigInteger, nullable=False),
    Index(None, "user"),
)
"""Logins that are not over. refresh, previous: ids of the refresh token that is valid and of the one before it, which
was replaced at `rotated`. expires: without a refresh until then it is over; ends: it is over then anyway."""

SIGNAL_SETS = Table(
    "signal_sets",
    METADATA,
    Column("id", Integer, primary_key=True),
    Column("owner", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("source", String(200), nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("updated", BigInteger, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("previous", Integer),
    UniqueConstraint("owner", "name"),
    sqlite_autoincrement=True,
)
"""Sets of signals that users uploaded. previous: the generation before the last change, kept for one undo."""

SIGNALS = Table(
    "signals",
    METADATA,
    Column("signal_set", Integer, ForeignKey("signal_sets.id", ondelete="CASCADE"), primary_key=True),
    Column("generation", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("time", BigInteger, nullable=False),
    Column("side", Integer, nullable=False),
    Column("type", String(40), nullable=False),
    Column("price", String(64), nullable=False),
    Column("label", String(100), nullable=False),
    Column("color", String(32), nullable=False),
    Column("icon", String(16), nullable=False),
    Column("stop", String(64), nullable=False),
    Column("target", String(64), nullable=False),
    sqlite_with_rowid=False,
)
"""Signals by number from 0, oldest first; see `orderflow.market.signal.Signal`."""

UPLOAD_MAPPINGS = Table(
    "upload_mappings",
    METADATA,
    Column("owner", String(64), primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("header", String(64), primary_key=True),
    Column("options", Text, nullable=False),
    Column("used", BigInteger, nullable=False),
)
"""How a user has files with a header read. header: its digest. options: a JSON object, as of a request."""

PASSKEYS = Table(
    "passkeys",
    METADATA,
    Column("id", String(1400), primary_key=True),
    Column("user", String(32), ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("name", String(64), nullable=False),
    Column("key", Text, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("created", BigInteger, nullable=False),
    Column("used", BigInteger, nullable=False),
    Index(None, "user"),
)
"""Passkeys. id: of the credential; key: its public key; both base64url. count: of uses, as the device counts."""

PASSWORD_RESETS = Table(
    "password_resets",
    METADATA,
    Column("code", String(64), primary_key=True),
    Column("user", String(32), nullable=False),
    Column("expires", BigInteger, nullable=False),
)
"""Codes that reset a password: their SHA-256, and whose they are; "" for a code that was made for nobody."""

FEED_HOLES = Table(
    "feed_holes",
    METADATA,
    Column("series", String(200), primary_key=True),
    Column("begun", BigInteger, primary_key=True, autoincrement=False),
    Column("ended", BigInteger, primary_key=True, autoincrement=False),
    Column("missing", BigInteger),
    Column("reason", String(300), nullable=False),
    Index(None, "ended"),
)
"""Gaps in the trades of live feeds that their venues could not fill. missing: fills in it, if their number is known."""

CHART_VIEWS = Table(
    "chart_views",
    METADATA,
    Column("owner", String(64), primary_key=True),
    Column("series", String(300), primary_key=True),
    Column("drawings", Text, nullable=False),
    Column("view", Text, nullable=False),
    Column("used", BigInteger, nullable=False),
)
"""What a user left on a chart of a series: drawings and visible range as JSON."""
