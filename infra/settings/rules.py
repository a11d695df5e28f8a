"""Which values may settings have, and which of them go together?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from infra.loopback import is_loopback, is_safe
from infra.settings.fields import Settings, WrongSetting, variable

SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "keys_url": ("postgresql", "postgres", "sqlite"),
    "elasticsearch_url": ("http", "https"),
    "redis_url": ("redis", "rediss", "unix"),
}


def checked(chosen: Mapping[str, Any], sources: Mapping[str, str]) -> Settings:
    """Return the settings with these values and the defaults of the others.

    ``sources`` says for each where it came from. Raises WrongSetting.
    """
    for name, value in chosen.items():
        try:
            # One at a time, so that the error can name the setting's source.
            msgspec.convert({name: value}, Settings, strict=False)
        except msgspec.ValidationError as error:
            rule = str(error).split(" - at ")[0]
            raise WrongSetting(f"{sources[name]}: {rule[0].lower()}{rule[1:]}") from error
    settings = msgspec.convert(dict(chosen), Settings, strict=False)
    if settings.public_url is not None and not _is_origin(settings.public_url):
        raise WrongSetting(f"{sources['public_url']}: is not like https://records.example.org")
    for name, schemes in SCHEMES.items():
        address = getattr(settings, name)
        if address is not None and urlsplit(address).scheme not in schemes:
            raise WrongSetting(f"{sources[name]}: is not a {schemes[0]}:// address")
    for origin in settings.cors_origins.split(",") if settings.cors_origins else ():
        if not _is_origin(origin.strip()):
            raise WrongSetting(f"{sources['cors_origins']}: {origin!r} is not https://host")
    _check_cluster(settings, sources)
    _check_access(settings, sources)
    return settings


def _check_cluster(settings: Settings, sources: Mapping[str, str]) -> None:
    """The engines of a cluster come together; only Redis may stay away."""
    if settings.kafka is None:
        for name in ("elasticsearch_url", "redis_url"):
            if getattr(settings, name) is not None:
                raise WrongSetting(f"{sources[name]}: is for cluster mode; kafka is not set")
        return
    for name in ("database_url", "elasticsearch_url"):
        if getattr(settings, name) is None:
            raise WrongSetting(f"{sources['kafka']}: cluster mode needs {variable(name)} too")
    for address in settings.kafka.split(","):
        if not _is_host_and_port(address):
            raise WrongSetting(f"{sources['kafka']}: {address!r} is not host:port")


def _check_access(settings: Settings, sources: Mapping[str, str]) -> None:
    """Others than this machine get at it only where somebody says who they are."""
    if settings.access == "issuer":
        if settings.issuer is None:
            raise WrongSetting(f"{sources['access']}: needs {variable('issuer')} too")
        if not is_safe(settings.issuer):
            raise WrongSetting(f"{sources['issuer']}: is not an https:// address")
        return
    if settings.issuer is not None:
        raise WrongSetting(f"{sources['issuer']}: is for access issuer, not {settings.access}")
    if settings.access == "development":
        _check_development(settings, sources)
    if not is_loopback(settings.host):
        raise WrongSetting(
            f"{sources['host']}: {settings.host} is not a loopback address, "
            f"and nothing else is allowed while access is {settings.access}"
        )


def _check_development(settings: Settings, sources: Mapping[str, str]) -> None:
    """The development issuer serves one machine: where anything is elsewhere, that is no trial."""
    for name in ("database_url", "elasticsearch_url", "redis_url", "public_url"):
        address = getattr(settings, name)
        host = None if address is None else urlsplit(address).hostname
        if host is not None and not is_loopback(host):
            raise WrongSetting(
                f"{sources[name]}: is another machine, and the development issuer is for one only; "
                f"set {variable('access')}=issuer and {variable('issuer')}"
            )
    for address in (settings.kafka or "").split(","):
        if address and not is_loopback(urlsplit(f"//{address}").hostname or ""):
            raise WrongSetting(
                f"{sources['kafka']}: {address} is another machine, and the development issuer is "
                "for one only"
            )


def _is_origin(url: str) -> bool:
    """Whether this is the address of a server, and nothing beside, that browsers may trust."""
    parts = urlsplit(url)
    return is_safe(url) and url == f"{parts.scheme}://{parts.netloc}" and "@" not in parts.netloc


def _is_host_and_port(address: str) -> bool:
    parts = urlsplit(f"//{address}")
    try:
        return bool(parts.hostname and parts.port) and parts.netloc == address
    except ValueError:
        return False
