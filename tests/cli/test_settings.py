"""Are settings read from where they should be, and refused in one sentence?"""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.settings.described import described
from infra.settings.fields import Settings, WrongSetting
from infra.settings.loading import FILE_NAME, load, shown

CLUSTER = {
    "REGISTRAR_KAFKA": "k1:9092,[::1]:9093",
    "REGISTRAR_DATABASE_URL": "postgresql://db/records",
    "REGISTRAR_ELASTICSEARCH_URL": "https://e:9200",
    "REGISTRAR_ACCESS": "off",
}
OFF = {"REGISTRAR_ACCESS": "off"}
NOT_GIVEN = set(Settings.__struct_fields__) - {"port", "host", "data", "example"}


def test_flags_win_over_variables_over_the_file_over_defaults(tmp_path: Path) -> None:
    """And each setting's source is known."""
    (tmp_path / FILE_NAME).write_text("port = 1\nhost = 'localhost'\nexample = false\n")
    variables = {"REGISTRAR_DATA": str(tmp_path), "REGISTRAR_PORT": "2", "REGISTRAR_HOST": "::1"}
    settings, sources = load({"port": 3, "host": None}, variables)
    assert (settings.port, settings.host, settings.example) == (3, "::1", False)
    assert settings.database_url is None
    assert sources == {
        "port": "--port",
        "host": "REGISTRAR_HOST",
        "data": "REGISTRAR_DATA",
        "example": str(tmp_path / FILE_NAME),
    } | dict.fromkeys(NOT_GIVEN, "default")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HOST", "192.0.2.1"),
        ("PUBLIC_URL", "https://records.example.org"),
        ("DATABASE_URL", "postgresql://db.example.org/records"),
        ("ISSUER", "https://id.example.org"),
    ],
)
def test_the_development_issuer_is_for_one_machine(name: str, value: str) -> None:
    """With anything that lies elsewhere the server does not start: that is no trial."""
    with pytest.raises(WrongSetting, match=f"REGISTRAR_{name}: "):
        load({}, {"REGISTRAR_ACCESS": "development", f"REGISTRAR_{name}": value})


def test_a_cluster_elsewhere_takes_an_issuer_of_its_own() -> None:
    """One on this machine may have that inside."""
    with pytest.raises(WrongSetting, match="another machine"):
        load({}, CLUSTER | {"REGISTRAR_ACCESS": "development"})
    here = {name: value.replace("k1:", "127.0.0.1:") for name, value in CLUSTER.items()}
    here |= {"REGISTRAR_DATABASE_URL": "postgresql:///records?host=/tmp/x"}
    here |= {"REGISTRAR_ELASTICSEARCH_URL": "http://127.0.0.1:9200"}
    assert load({}, here | {"REGISTRAR_ACCESS": "development"}).settings.is_cluster


@pytest.mark.parametrize(
    "url", ["http://records.example.org", "https://a@b", "https://x/console", "https://x/", "x"]
)
def test_a_public_address_is_one_that_browsers_trust(url: str) -> None:
    """TLS, or this machine, and no path."""
    with pytest.raises(WrongSetting, match="PUBLIC_URL"):
        load({}, {"REGISTRAR_PUBLIC_URL": url})


def test_a_file_can_be_named(tmp_path: Path) -> None:
    """It may then hold the data folder too."""
    file = tmp_path / "mine.toml"
    file.write_text(f"data = '{tmp_path}/here'\n")
    assert load({}, {}, file).settings.folder == tmp_path / "here"


def test_settings_cannot_be_changed() -> None:
    """They are read once."""
    with pytest.raises(AttributeError):
        Settings().port = 1  # type: ignore[misc]


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"REGISTRAR_PROT": "1"}, "REGISTRAR_PROT is not a setting; the nearest is REGISTRAR_PORT"),
        ({"REGISTRAR_PORT": "many"}, "REGISTRAR_PORT: expected `int`"),
        ({"REGISTRAR_PORT": "70000"}, "REGISTRAR_PORT: expected `int` <= 65535"),
        ({"REGISTRAR_PORT": "-1"}, "REGISTRAR_PORT: expected `int` >= 0"),
        ({"REGISTRAR_EXAMPLE": "perhaps"}, "REGISTRAR_EXAMPLE: expected `bool`"),
        ({"REGISTRAR_HOST": "0.0.0.0"}, "REGISTRAR_HOST: 0.0.0.0 is not a loopback address"),  # noqa: S104 - is refused
        ({"REGISTRAR_HOST": "example.org"}, "REGISTRAR_HOST: example.org is not a loopback"),
        ({"REGISTRAR_ACCESS": "everybody"}, "REGISTRAR_ACCESS: invalid enum value 'everybody'"),
        ({"REGISTRAR_ACCESS": "issuer"}, "REGISTRAR_ACCESS: needs REGISTRAR_ISSUER too"),
        (
            {"REGISTRAR_ACCESS": "issuer", "REGISTRAR_ISSUER": "http://id.example.org"},
            "REGISTRAR_ISSUER: is not an https:// address",
        ),
        (
            {"REGISTRAR_ACCESS": "off", "REGISTRAR_ISSUER": "https://id.example.org"},
            "REGISTRAR_ISSUER: is for access issuer, not off",
        ),
        ({"REGISTRAR_CLOCK_SKEW_SECONDS": "301"}, "CLOCK_SKEW_SECONDS: expected `int` <= 300"),
        ({"REGISTRAR_CORS_ORIGINS": "*"}, "REGISTRAR_CORS_ORIGINS: '\\*' is not https://host"),
        ({"REGISTRAR_CORS_ORIGINS": "https://a,https://b/c"}, "'https://b/c' is not https://host"),
        ({"REGISTRAR_DATABASE_URL": "mysql://x"}, "REGISTRAR_DATABASE_URL: is not a postgresql://"),
        ({"REGISTRAR_DATA": ""}, "REGISTRAR_DATA: expected `str` of length >= 1"),
        ({"REGISTRAR_KAFKA": "k:9092"}, "KAFKA: cluster mode needs REGISTRAR_DATABASE_URL too"),
        (CLUSTER | {"REGISTRAR_KAFKA": "k"}, "REGISTRAR_KAFKA: 'k' is not host:port"),
        (CLUSTER | {"REGISTRAR_KAFKA": "k:1,"}, "REGISTRAR_KAFKA: '' is not host:port"),
        (CLUSTER | {"REGISTRAR_KAFKA": "k:99999"}, "REGISTRAR_KAFKA: 'k:99999' is not host:port"),
        (CLUSTER | {"REGISTRAR_KAFKA": "k:1/x"}, "REGISTRAR_KAFKA: 'k:1/x' is not host:port"),
        (CLUSTER | {"REGISTRAR_ELASTICSEARCH_URL": "e:9200"}, "_URL: is not a http:// address"),
        (CLUSTER | {"REGISTRAR_REDIS_URL": "http://r"}, "_URL: is not a redis:// address"),
        ({"REGISTRAR_REDIS_URL": "redis://r"}, "_URL: is for cluster mode; kafka is not set"),
        ({"REGISTRAR_PARTITIONS": "257"}, "REGISTRAR_PARTITIONS: expected `int` <= 256"),
        ({"REGISTRAR_CLUSTER": "My.Cluster"}, "REGISTRAR_CLUSTER: expected `str` matching regex"),
        ({"REGISTRAR_RATE_LIMIT_PER_SECOND": "-1"}, "PER_SECOND: expected `int` >= 0"),
    ],
)
def test_a_wrong_variable_is_named_with_the_rule(
    variables: dict[str, str], message: str, tmp_path: Path
) -> None:
    """One sentence: which one, and what is wrong with it."""
    with pytest.raises(WrongSetting, match=message):
        load({} if "REGISTRAR_DATA" in variables else {"data": str(tmp_path)}, variables)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("prot = 1", "prot is not a setting; the nearest is port"),
        ("port = ", "is not TOML"),
        ("port = 'x'", "expected `int`"),
        ("data = '/elsewhere'", "data cannot be set in the file that lies in that folder"),
    ],
)
def test_a_wrong_file_is_named_with_the_rule(content: str, message: str, tmp_path: Path) -> None:
    """The path of the file leads the sentence."""
    (tmp_path / FILE_NAME).write_text(content)
    with pytest.raises(WrongSetting, match=message) as caught:
        load({"data": str(tmp_path)}, {})
    assert str(caught.value).startswith(str(tmp_path / FILE_NAME))


def test_with_an_issuer_any_address_may_be_listened_on(tmp_path: Path) -> None:
    """Since everybody says who they are; an issuer on this machine needs no TLS."""
    for issuer in ("https://id.example.org/realms/college", "http://127.0.0.1:8080/realms/x"):
        flags = {"data": str(tmp_path), "host": "0.0.0.0", "access": "issuer", "issuer": issuer}  # noqa: S104 - what is tested
        assert load(flags, {}).settings.host == flags["host"]


def test_kafka_makes_it_a_cluster(tmp_path: Path) -> None:
    """With PostgreSQL and Elasticsearch; Redis may be left out."""
    settings = load({"data": str(tmp_path)}, CLUSTER).settings
    assert settings.is_cluster
    assert (settings.cluster, settings.partitions) == ("registrar", 4)
    assert not Settings().is_cluster


def test_a_missing_named_file_is_an_error(tmp_path: Path) -> None:
    """Whoever names a file wants it read."""
    with pytest.raises(WrongSetting, match="cannot be read"):
        load({}, {}, tmp_path / "none.toml")


def test_secrets_are_masked(tmp_path: Path) -> None:
    """No part of user, password or host is shown."""
    url = "postgresql://me:secret@db.example/records"
    (entry,) = [
        entry
        for entry in shown(
            load(
                {"data": str(tmp_path)}, {"REGISTRAR_ACCESS": "off", "REGISTRAR_DATABASE_URL": url}
            )
        )
        if entry["name"] == "database_url"
    ]
    assert entry["value"] == "postgresql://********"


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    """As orchestrators hand secrets over; not in two places, and only what is one."""
    file, data = tmp_path / "url", {"data": str(tmp_path)}
    file.write_text("postgresql://me:secret@db.example/records\n")
    named = {"REGISTRAR_ACCESS": "off", "REGISTRAR_DATABASE_URL_FILE": str(file)}
    loaded = load(data, named)
    assert loaded.settings.database_url == file.read_text().strip()
    assert loaded.sources["database_url"] == "REGISTRAR_DATABASE_URL_FILE"
    for wrong, message in (
        (named | {"REGISTRAR_DATABASE_URL": "postgresql://x"}, "are both set"),
        ({"REGISTRAR_DATABASE_URL_FILE": str(tmp_path / "none")}, "_FILE: .* cannot be read"),
        ({"REGISTRAR_HOST_FILE": str(file)}, "REGISTRAR_HOST_FILE is not a setting"),
    ):
        with pytest.raises(WrongSetting, match=message):
            load(data, wrong)


def test_no_password_stands_on_the_command_line(tmp_path: Path) -> None:
    """Everybody on the machine can read it there. The message does not say it again."""
    flags = {"database_url": "postgresql://me:secret@localhost/r", "data": str(tmp_path)}
    with pytest.raises(WrongSetting, match="REGISTRAR_DATABASE_URL_FILE") as refused:
        load(flags, {})
    assert "secret@" not in str(refused.value)
    assert load(flags | {"database_url": "postgresql://me@localhost/r"}, {}).settings.database_url


def test_every_setting_is_described() -> None:
    """The reference is made from these."""
    assert all(entry.description.endswith(".") for entry in described())
    assert described()[0].variable == "REGISTRAR_HOST"
