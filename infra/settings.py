"""Which settings are there, what are they now, and where did each come from?"""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, cast, get_args, get_type_hints
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta
from platformdirs import user_data_dir

from domain.access.deciding import STRONG_ACR
from infra.loopback import is_loopback, is_safe

PREFIX = "REGISTRAR_"
FILE_NAME = "registrar.toml"
MASK = "********"
PARTITIONS_MIN, PARTITIONS_MAX = 2, 256
"""Not 1: that is how the embedded mode keeps its readings, and by the number each mode knows which
are its own."""
SCHEMES = {
    "database_url": ("postgresql", "postgres"),
    "keys_url": ("postgresql", "postgres", "sqlite"),
    "elasticsearch_url": ("http", "https"),
    "redis_url": ("redis", "rediss", "unix"),
}


class WrongSetting(Exception):
    """A setting has a value that it may not have, or a name that is not known. One sentence."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """All settings, read once. A field's description is its entry in the reference."""

    host: Annotated[
        str,
        Meta(
            description="The address that the server listens on. Loopback only, "
            "unless access is issuer."
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=0, le=65_535, description="The port that the server listens on; 0: a free one."),
    ] = 8000
    data: Annotated[
        str,
        Meta(
            min_length=1,
            description="The folder of the embedded PostgreSQL and, apart from it, of the keys "
            "of learners. By default in the user's data folder.",
        ),
    ] = msgspec.field(default_factory=lambda: user_data_dir("registrar"))
    database_url: Annotated[
        str | None,
        Meta(
            description="A PostgreSQL server to use (postgresql://user:password@host:port/name). "
            "Not set: the embedded one, kept in the data folder.",
            extra={"secret": True},
        ),
    ] = None
    access: Annotated[
        Literal["development", "issuer", "off"],
        Meta(
            description="Who is let in. development: those who sign in with the issuer inside, "
            "which is for one machine: registrar users adds people. issuer: those with a token of "
            "the OpenID Connect issuer that is set. off: everybody is the developer and may do "
            "everything. But for issuer the server listens on loopback only."
        ),
    ] = "development"
    public_url: Annotated[
        str | None,
        Meta(
            description="How browsers call this server (https://records.example.org). "
            "Not set: by its host and port."
        ),
    ] = None
    console_client: Annotated[
        str,
        Meta(min_length=1, description="What the issuer knows the console as (client_id)."),
    ] = "console"
    console_secret: Annotated[
        str | None,
        Meta(
            description="What the console proves itself to the issuer with (client_secret). "
            "Not set: by PKCE alone.",
            extra={"secret": True},
        ),
    ] = None
    issuer: Annotated[
        str | None,
        Meta(
            description="The OpenID Connect issuer whose tokens are believed, just as it calls "
            "itself (https://id.example.org/realms/college)."
        ),
    ] = None
    issuer_authorities: Annotated[
        str | None,
        Meta(
            description="A file of certificates (PEM) to hold the issuer's against. "
            "Not set: those of the system."
        ),
    ] = None
    audience: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=255,
            description="What tokens for this server name as their audience.",
        ),
    ] = "registrar"
    clock_skew_seconds: Annotated[
        int,
        Meta(
            ge=0,
            le=300,
            description="By how much the issuer's clock and this one may differ: "
            "so much longer, and earlier, tokens are good.",
        ),
    ] = 30
    plain_tokens: Annotated[
        bool,
        Meta(
            description="Whether access tokens may be of the type JWT, or of none, as issuers "
            "before RFC 9068 give them. Otherwise at+jwt only."
        ),
    ] = False
    roles_claim: Annotated[
        str | None,
        Meta(
            description="The claim whose roles are believed (roles, or realm_access.roles: dots go "
            "into objects). Not set: only roles that are granted here hold.",
        ),
    ] = None
    tenant_claim: Annotated[
        str | None,
        Meta(
            description="The claim that names the tenant. Not set: all are of the tenant main.",
        ),
    ] = None
    subject_claim: Annotated[
        str | None,
        Meta(
            description="The claim that names the person's own record here, where the issuer "
            "knows it. Not set: each person gets a random pseudonym with the first token.",
        ),
    ] = None
    strong_acr: Annotated[
        str,
        Meta(
            description="The values of acr, with commas between, that stand for a second factor; "
            "mfa among amr always does."
        ),
    ] = STRONG_ACR
    keys_url: Annotated[
        str | None,
        Meta(
            description="The database of the keys that personal fields are sealed with: a "
            "PostgreSQL of its own (postgresql://user:password@host:port/name), outside of the "
            "backups of the log, or a file (sqlite:///path). Not set: a file in the data folder; "
            "in cluster mode it must be set.",
            extra={"secret": True},
        ),
    ] = None
    epoch_keys: Annotated[
        str | None,
        Meta(
            description="The folder of the keys that those keys are wrapped with, which are "
            "destroyed for good at erasures and every 30 days. Not set: in the data folder; in "
            "cluster mode it must be set, and be one folder for all processes that use keys."
        ),
    ] = None
    example: Annotated[
        bool,
        Meta(description="Whether an empty log is given a real OULAD run to look at."),
    ] = True
    kafka: Annotated[
        str | None,
        Meta(
            description="Kafka's addresses (host:port, more after commas). Set: cluster mode, "
            "which also needs a database_url and an elasticsearch_url."
        ),
    ] = None
    elasticsearch_url: Annotated[
        str | None,
        Meta(
            description="The Elasticsearch that searches, in cluster mode (http://host:port). "
            "Otherwise PostgreSQL does.",
            extra={"secret": True},
        ),
    ] = None
    redis_url: Annotated[
        str | None,
        Meta(
            description="The Redis that processes share answers, limits and notices through, in "
            "cluster mode (redis://host:port/0). Not set: each keeps its own.",
            extra={"secret": True},
        ),
    ] = None
    cluster: Annotated[
        str,
        Meta(
            pattern=r"^[a-z][a-z0-9-]{0,39}$",
            description="What the names of this cluster's topics, indexes, consumer groups and "
            "cache keys begin with: up to 40 small letters, digits and hyphens.",
        ),
    ] = "registrar"
    partitions: Annotated[
        int,
        Meta(
            ge=PARTITIONS_MIN,
            le=PARTITIONS_MAX,
            description="Partitions of the topics: so many workers can share one reading. It stays "
            "as it was when the topics were made; for another number, name another cluster.",
        ),
    ] = 4
    token: Annotated[
        str | None,
        Meta(
            description="The access token that the command line shows a server.",
            extra={"secret": True},
        ),
    ] = None
    token_file: Annotated[
        str | None,
        Meta(description="A file that holds that token, read whenever it is needed."),
    ] = None
    client_id: Annotated[
        str | None,
        Meta(
            description="As which program the command line gets tokens of the issuer, where it is "
            "given none. On the machine of a development issuer it needs neither."
        ),
    ] = None
    client_secret: Annotated[
        str | None,
        Meta(description="What that program proves itself by.", extra={"secret": True}),
    ] = None
    rate_limit_per_second: Annotated[
        int,
        Meta(
            ge=0,
            description="Requests a second that one client may send in the long run; "
            "0: any number.",
        ),
    ] = 0
    rate_limit_burst: Annotated[
        int,
        Meta(ge=1, description="Requests that one client may send at once before that counts."),
    ] = 100
    actor_rate_limit_per_second: Annotated[
        int,
        Meta(
            ge=0,
            description="Requests a second that one person or service may send in the long run, "
            "with whatever clients; 0: any number.",
        ),
    ] = 0
    actor_rate_limit_burst: Annotated[
        int,
        Meta(ge=1, description="Requests that they may send at once before that counts."),
    ] = 50

    cors_origins: Annotated[
        str | None,
        Meta(
            description="Origins whose pages may use the API from browsers, with commas between "
            "(https://app.example.org). They send tokens, never cookies. Not set: its own only.",
        ),
    ] = None

    log_origin: Annotated[
        str,
        Meta(
            pattern=r"^[^\s+]{1,200}$",
            description="What the log calls itself where it signs: a name that no other log has, "
            "such as records.example.org/log.",
        ),
    ] = "registrar"
    log_key: Annotated[
        str | None,
        Meta(
            description="The file of the keys that the log signs with. Not set: log.key in the "
            "data folder, made at the first start; in cluster mode: the log is not sealed."
        ),
    ] = None
    anchors: Annotated[
        str | None,
        Meta(
            description="A directory where signed checkpoints are put, out of the reach of whoever "
            "can change the database. registrar log audit holds the log against them."
        ),
    ] = None

    @property
    def folder(self) -> Path:
        """The data folder as a path, with ~ taken for the home folder."""
        return Path(self.data).expanduser()

    @property
    def is_cluster(self) -> bool:
        """Whether readings come through Kafka, from processes of their own."""
        return self.kafka is not None


class Loaded(NamedTuple):
    """The settings, and for each by name where it came from."""

    settings: Settings
    sources: Mapping[str, str]


class Described(NamedTuple):
    """One setting as the reference and ``registrar settings`` show it."""

    name: str
    variable: str
    description: str
    secret: bool
    default: str


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()


def described() -> tuple[Described, ...]:
    """Return every setting with its description, in the order of the class."""
    hints = get_type_hints(Settings, include_extras=True)
    entries = []
    for field in msgspec.structs.fields(Settings):
        meta = next(part for part in get_args(hints[field.name]) if isinstance(part, Meta))
        default = (
            "the user's data folder"
            if field.default is msgspec.NODEFAULT
            else ""
            if field.default is None
            else str(field.default)
        )
        entries.append(
            Described(
                field.name,
                variable(field.name),
                meta.description or "",
                bool((meta.extra or {}).get("secret")),
                default,
            )
        )
    return tuple(entries)


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
    return Loaded(_checked(chosen, sources), sources)


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


def _checked(chosen: Mapping[str, Any], sources: Mapping[str, str]) -> Settings:
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


def _masked(value: object, *, secret: bool) -> Any:
    if not secret or value is None:
        return value
    parts = urlsplit(cast("str", value))
    return f"{parts.scheme}://{MASK}" if parts.scheme else MASK
