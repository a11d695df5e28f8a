"""What are the settings now, and where did each come from?"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast
from urllib.parse import urlsplit

from infra.settings.described import described
from infra.settings.fields import PREFIX, Settings, WrongSetting, variable
from infra.settings.rules import checked

FILE_NAME = "registrar.toml"
MASK = "********"


class Loaded(NamedTuple):
    """The settings, and for each by name where it came from."""

    settings: Settings
    sources: Mapping[str, str]


def load(
    flags: Mapping[str, Any], environment: Mapping[str, str], config: Path | None = None
) -> Loaded:
    """Read the settings: flags win over variables, variables over the file, the file over defaults.

    ``flags`` that are None were not given. The file is ``config``, or ``registrar.toml`` in the
    data folder if it is there. Raises WrongSetting.
    """
    given = {name: value for name, value in flags.items() if value is not None}
    _refuse_passwords(given)
    from_environment, variables = _environment(environment)
    if config is None:
        start = {**from_environment, **given}
        folder = Path(str(start["data"])) if "data" in start else Settings().folder
        file = folder.expanduser() / FILE_NAME
        from_file = _file(file) if file.is_file() else {}
        if "data" in from_file:
            raise WrongSetting(f"{file}: data cannot be set in the file that lies in that folder")
    else:
        file = config
        from_file = _file(config)
    sources: dict[str, str] = dict.fromkeys(Settings.__struct_fields__, "default")
    sources |= dict.fromkeys(from_file, str(file))
    sources |= variables
    sources |= {name: "--" + name.replace("_", "-") for name in given}
    chosen = {**from_file, **from_environment, **given}
    return Loaded(checked(chosen, sources), sources)


def shown(loaded: Loaded) -> list[dict[str, Any]]:
    """Return every setting with its value, secrets masked, and its source."""
    return [
        {
            "name": entry.name,
            "value": _masked(getattr(loaded.settings, entry.name), secret=entry.secret),
            "source": loaded.sources[entry.name],
            "variable": entry.variable,
            "description": entry.description,
        }
        for entry in described()
    ]


def _environment(environment: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return what variables say, and which one said it. A secret may stand in a file that
    ``REGISTRAR_…_FILE`` names, as orchestrators hand secrets over."""
    known = {variable(name): name for name in Settings.__struct_fields__}
    files = {f"{one.variable}_FILE": one.name for one in described() if one.secret}
    found: dict[str, str] = {}
    said: dict[str, str] = {}
    for key, value in environment.items():
        if not key.startswith(PREFIX):
            continue
        name = known.get(key) or files.get(key)
        if name is None:
            raise WrongSetting(f"{key} is not a setting{_nearest(key, known | files)}")
        if name in said:
            raise WrongSetting(f"{said[name]} and {key} are both set; one of them is enough")
        found[name] = value if key in known else _secret(key, Path(value))
        said[name] = key
    return found, said


def _secret(key: str, path: Path) -> str:
    """Read a file that holds one secret and nothing else."""
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise WrongSetting(f"{key}: {path} cannot be read") from error


def _refuse_passwords(given: Mapping[str, Any]) -> None:
    """Whoever lists processes reads their command lines."""
    for one in described():
        if one.secret and one.name in given and _password(str(given[one.name])):
            raise WrongSetting(
                f"--{one.name.replace('_', '-')}: holds a password, which anybody on this machine "
                f"can see; set {one.variable}, or {one.variable}_FILE"
            )


def _password(address: str) -> bool:
    try:
        return urlsplit(address).password is not None
    except ValueError:
        return False


def _file(path: Path) -> dict[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise WrongSetting(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongSetting(f"{path}: is not TOML ({error})") from error
    for key in content:
        if key not in Settings.__struct_fields__:
            nearest = _nearest(key, Settings.__struct_fields__)
            raise WrongSetting(f"{path}: {key} is not a setting{nearest}")
    return content


def _nearest(name: str, known: Mapping[str, str] | tuple[str, ...]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.0)
    return f"; the nearest is {close[0]}" if close else ""


def _masked(value: object, *, secret: bool) -> Any:
    if not secret or value is None:
        return value
    parts = urlsplit(cast("str", value))
    return f"{parts.scheme}://{MASK}" if parts.scheme else MASK
