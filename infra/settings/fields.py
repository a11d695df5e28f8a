"""Which settings are there, and what does each mean?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta
from platformdirs import user_data_dir

from domain.access.deciding import STRONG_ACR

PREFIX = "REGISTRAR_"
PARTITIONS_MIN, PARTITIONS_MAX = 2, 256
"""Not 1: that is how the embedded mode keeps its readings, and by the number each mode knows which
are its own."""


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


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return PREFIX + name.upper()
