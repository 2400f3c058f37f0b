"""Loads the plugins of Apprise that this server uses, each with a transport of this server in place of its own.

Apprise is asked for nothing but the form of a message: its URLs, with their options for hosts, proxies, redirects and
certificates, are never read. A plugin's module is loaded once more under the same name, beside the one that Apprise
itself may have loaded, and what it sends with is replaced in that copy alone. A plugin without such a name is refused.
"""

from __future__ import annotations

import contextlib
import importlib.util
import logging
import sys
from collections.abc import Iterator
from typing import Any

from orderflow.errors import BadInput

MISSING = "needs Apprise, which is not installed: `pip install orderflow[messages]`"
PACKAGE = "apprise"
TURN_SECONDS = 0.001


def installed() -> bool:
    """Whether Apprise is there."""
    return importlib.util.find_spec(PACKAGE) is not None


def load_plugin(module: str, name: str, **replaced: object) -> Any:
    """The class `name` of a plugin's module, in which the given names are replaced.

    Raises BadInput if Apprise is not installed, RuntimeError if it is another version than this program knows.
    """
    if not installed():
        raise BadInput(f"this kind of target {MISSING}")
    logging.getLogger(PACKAGE).disabled = True  # it logs tokens and messages
    if PACKAGE not in sys.modules:
        with short_turns():
            importlib.import_module(PACKAGE)
    spec = importlib.util.find_spec(f"{PACKAGE}.plugins.{module}")
    if spec is None or spec.loader is None:
        raise RuntimeError(f"Apprise has no plugin {module}")
    copy = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(copy)
    for attribute, value in replaced.items():
        if not hasattr(copy, attribute):
            raise RuntimeError(f"Apprise's plugin {module} does not use {attribute} any more")
        setattr(copy, attribute, value)
    return getattr(copy, name)


@contextlib.contextmanager
def short_turns() -> Iterator[None]:
    """Let threads give up the interpreter after a fifth of the usual time. Importing Apprise takes 0.2 s of a thread,
    which held the hub up for 25 to 42 ms on two busy cores; so it is 15 to 36."""
    usual = sys.getswitchinterval()
    if usual <= TURN_SECONDS:  # another thread does it, and puts it back
        yield
        return
    sys.setswitchinterval(TURN_SECONDS)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


def make_asset() -> Any:
    """Apprise's options: no files, no threads, no redirects."""
    from apprise import AppriseAsset  # an extra: not everybody has it

    return AppriseAsset(app_id="Orderflow", app_desc="Orderflow", app_url="", async_mode=False, http_redirects=False)
