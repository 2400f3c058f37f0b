"""What a start prints: the addresses of the server, as text and as a QR code, and what it holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

from orderflow import __version__
from orderflow.settings.settings import Settings, is_loopback


def address(settings: Settings, port: int, key: str | None, host: str | None = None, path: str = "/chart/") -> str:
    """The URL of a page for a browser on this machine or, with `host`, on another one."""
    if host is None:
        host = (
            settings.bind if not is_loopback(settings.bind) and settings.bind not in ("0.0.0.0", "::") else "localhost"
        )
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}{path}" + (f"?key={key}" if key else "")


def announce(settings: Settings, port: int, key: str | None, loaded: int, out: Callable[[str], object] = print) -> None:
    """Print the addresses of the server and what it holds."""
    url = address(settings, port, key)
    lines = [
        f"Orderflow {__version__} is ready",
        f"  chart      {url}",
        f"  herd       {address(settings, port, key, path='/herd/')}",
        f"  API        {url.split('/chart/')[0]}/docs",
    ]
    if settings.beyond_loopback or settings.public_url:
        lines += shared_addresses(settings, port, key)
    if key and settings.exposed:
        lines.append("  Whoever has the key in these addresses can change everything: never show it on the big screen.")
    kept = "kept in memory only (--ephemeral)" if settings.ephemeral else f"kept in {settings.data_dir}"
    lines += [f"  ticks      {kept}" + (f", {loaded:,} reloaded" if loaded else ""), "Ctrl+C stops it."]
    for line in lines:
        out(line)
    sys.stdout.flush()


def shared_addresses(settings: Settings, port: int, key: str | None) -> list[str]:
    """The addresses for other machines. Only the audience's is also a QR code, and it has no key."""
    from orderflow.web.herd.join_link import network_name, printed_base_url, qr_lines  # see `orderflow.cli.run_server`

    lines = []
    lan = network_name(settings)
    if lan is not None:
        lines.append(f"  network    {address(settings, port, key, lan)}")
    if settings.public_url:
        lines.append(f"  public     {settings.public_url}/chart/" + (f"?key={key}" if key else ""))
    base = printed_base_url(settings, port)
    if base is None:
        return [*lines, "  audience   phones cannot join: this machine has no address in a network"]
    lines.append(f"  presenter  {base}/herd/" + (f"?key={key}" if key else ""))
    lines.append(f"  audience   {base}/j" + (", or scan:" if settings.lan and _prints_blocks() else ""))
    if settings.lan and _prints_blocks():
        lines += [f"  {line}" for line in qr_lines(f"{base}/j", colours=_prints_colours())]
    return lines


def can_browse() -> bool:
    """Whether there is a display for a browser; without one a text browser would take over the terminal."""
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _prints_blocks() -> bool:
    """Whether the terminal can print the block characters of a QR code."""
    return "utf" in (getattr(sys.stdout, "encoding", None) or "").lower()


def _prints_colours() -> bool:
    """Whether the output is a terminal that understands escape sequences."""
    return sys.stdout.isatty() and sys.platform != "win32" and os.environ.get("TERM") not in (None, "dumb")
