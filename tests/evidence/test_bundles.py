"""Does a bundle prove what is in it, and is every other file rejected?"""

from __future__ import annotations

import io
import json
import zipfile
from base64 import b64decode
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import example, given, settings
from hypothesis import strategies as st

from domain.evidence.archive import File, WrongArchive, packed, unpacked
from domain.evidence.bundles import NAMES, Telling, Told, WrongBundle, bundle, verify
from domain.evidence.exports import Entry
from domain.evidence.notes import PublicKey, parse_key
from infra.evidence.exporting import export
from infra.evidence.keys import check, new_key
from tests.evidence.conftest import FACTS
from tests.evidence.logs import KEY, ORIGIN

KNOWN = [KEY.public]
LOCAL_HEADER_BYTES = 30
OLD_KEY = "registrar+561045f3+AZLZSdi0cmI3M0CK5i7F9LwTwT3RfaC48NJFJyUjBIZt"
SCRIPTED = '<script>alert("1")</script>&'


class Bundled(msgspec.Struct, frozen=True):
    """A bundle that is too long to be shown, the export in it, and what is told beside it."""

    archive: bytes
    facts: bytes
    telling: Telling

    def __repr__(self) -> str:
        return "Bundled"


@pytest.fixture(scope="module")
def bundled(sealed_dsn: str) -> Bundled:
    """What the log holds of one learner."""
    out = io.BytesIO()
    export(sealed_dsn, out, "main", "s1", lambda *_: None)
    facts = out.getvalue()
    told = [
        Told(entry.position, f"{SCRIPTED} {entry.position}", {"reason": SCRIPTED})
        for entry in msgspec.json.Decoder(Entry).decode_lines(facts.split(b"\n", 1)[1])
    ]
    telling = Telling("2014-05-03T12:00:00Z", told)
    return Bundled(bundle(facts, telling), facts, telling)


def test_a_bundle_shows_the_facts_of_one_learner(bundled: Bundled) -> None:
    """Against the checkpoint of the whole log, with the published key or the bundle's own."""
    for known in (KNOWN, []):
        found = verify(bundled.archive, known, check)
        assert (found.facts, found.subject, found.checkpoint.size) == (43, "s1", FACTS)
        assert [signed.key for signed in found.signed] == KNOWN
    with pytest.raises(WrongBundle, match="no known key"):
        verify(bundled.archive, [new_key(ORIGIN).public], check)


def test_a_bundle_that_was_handed_out_is_accepted_for_ever() -> None:
    """One made when the format was new: what a format writes never changes."""
    found = verify(
        (Path(__file__).parent / "bundle-1.zip").read_bytes(), [parse_key(OLD_KEY)], check
    )
    assert (found.facts, found.subject, found.checkpoint.size) == (2, "ben-03c", 12)


def test_any_tool_reads_the_bundle(bundled: Bundled) -> None:
    """It is a zip file like others, and says what is in it."""
    with zipfile.ZipFile(io.BytesIO(bundled.archive)) as opened:
        assert opened.testzip() is None
        assert tuple(opened.namelist()) == NAMES
        assert opened.read("facts.jsonl") == bundled.facts
        assert "What the log holds of s1" in opened.read("README.txt").decode()
        assert opened.read("keys.txt").decode() == f"{KEY.public}\n"
        manifest = msgspec.json.decode(opened.read("manifest.json"))
    assert [file["name"] for file in manifest["files"]] == list(NAMES[:-1])


def test_the_facts_are_proven_by_hand_as_the_readme_says(bundled: Bundled) -> None:
    """With nothing of ours: SHA-256, Ed25519, base64 and JSON."""
    files = dict(unpacked(bundled.archive))
    text, _, signature = files["checkpoint.txt"].decode().rpartition("\n\n")
    key = b64decode(files["keys.txt"].decode().strip().split("+", 2)[2])
    signed = b64decode(signature.split(" ")[2])[4:]
    Ed25519PublicKey.from_public_bytes(key[1:]).verify(signed, f"{text}\n".encode())
    size, root = int(text.split("\n")[1]), b64decode(text.split("\n")[2])
    for line in files["facts.jsonl"].splitlines()[1:]:
        fact = json.loads(line)
        numbers = (fact["position"], fact["recorded_us"], fact["version"])
        head = b"\0" + b"".join(number.to_bytes(8, "big") for number in numbers)
        found = sha256(head + fact["body"].encode()).digest()
        at, last = fact["position"] - 1, size - 1
        for part in map(b64decode, fact["hashes"]):
            if at % 2 or at == last:
                found = sha256(b"\1" + part + found).digest()
                while at and not at % 2:
                    at, last = at // 2, last // 2
            else:
                found = sha256(b"\1" + found + part).digest()
            at, last = at // 2, last // 2
        assert (last, found) == (0, root)


@given(st.integers(0, 10_000_000), st.integers(1, 255))
@settings(max_examples=300, deadline=None)
def test_any_byte_changed_is_rejected(bundled: Bundled, at: int, by: int) -> None:
    """Wherever it is: in a fact, a proof, the page, the texts, or the form of the zip file."""
    assert_rejected(bundled, at % len(bundled.archive), by)


@pytest.mark.parametrize("name", NAMES)
@given(part=st.floats(0, 1, exclude_max=True), by=st.integers(1, 255))
@example(part=0, by=1)
@settings(max_examples=30, deadline=None)
def test_any_byte_of_any_file_changed_is_rejected(
    bundled: Bundled, name: str, part: float, by: int
) -> None:
    """Of short files too, and of what the zip file says about each."""
    files = unpacked(bundled.archive)
    sizes = [LOCAL_HEADER_BYTES + len(file.name) + len(file.content) for file in files]
    number = NAMES.index(name)
    begin, size = sum(sizes[:number]), sizes[number]
    assert_rejected(bundled, begin + int(part * size), by)


@given(st.floats(0, 1, exclude_max=True), st.integers(1, 255))
@settings(max_examples=100, deadline=None)
def test_any_byte_of_the_directory_changed_is_rejected(
    bundled: Bundled, part: float, by: int
) -> None:
    """Where other programs look for names, times and rights."""
    begin = bundled.archive.index(b"PK\x01\x02")
    assert_rejected(bundled, begin + int(part * (len(bundled.archive) - begin)), by)


@given(st.integers(0, 10_000_000), st.binary(min_size=1, max_size=8))
@settings(max_examples=50, deadline=None)
def test_what_is_added_or_cut_is_rejected(bundled: Bundled, at: int, more: bytes) -> None:
    """In front, in the middle, or behind."""
    at %= len(bundled.archive) + 1
    for changed in (
        bundled.archive[:at] + more + bundled.archive[at:],
        bundled.archive[:at] + bundled.archive[at + len(more) :],
    ):
        if changed != bundled.archive:
            with pytest.raises(WrongBundle):
                verify(changed, KNOWN, check)


def assert_rejected(bundled: Bundled, at: int, by: int) -> None:
    """Change a byte, and verify with the published key and with the bundle's own."""
    changed = bytearray(bundled.archive)
    changed[at] ^= by
    known: list[PublicKey]
    for known in (KNOWN, []):
        with pytest.raises(WrongBundle):
            verify(bytes(changed), known, check)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "facts.jsonl"])
def test_a_file_that_says_something_else_is_rejected(bundled: Bundled, name: str) -> None:
    """Though the zip file is packed anew, as somebody would who knows how."""
    files = [
        File(file.name, file.content.replace(b"s1", b"s2").replace(b"2014", b"2015") + b" ")
        if file.name == name
        else file
        for file in unpacked(bundled.archive)
    ]
    with pytest.raises(WrongBundle):
        verify(packed(files), KNOWN, check)


def test_the_page_says_no_more_than_the_facts(bundled: Bundled) -> None:
    """Whoever changes the page, and the manifest with it, is found out."""
    other = bundle(bundled.facts, msgspec.structs.replace(bundled.telling, made_at="2015"))
    theirs = dict(unpacked(other))
    forged = [
        File(name, theirs[name] if name in ("history.html", "manifest.json") else content)
        for name, content in unpacked(bundled.archive)
    ]
    with pytest.raises(WrongBundle, match=r"history\.html is not what follows"):
        verify(packed(forged), KNOWN, check)


def test_files_left_out_or_put_in_are_rejected(bundled: Bundled) -> None:
    """And files in another order."""
    files = unpacked(bundled.archive)
    for some in (files[1:], files[::-1], [*files, File("more.txt", b"")], []):
        with pytest.raises(WrongBundle, match="its files are not"):
            verify(packed(some), KNOWN, check)


def test_what_is_told_of_other_facts_is_not_bundled(bundled: Bundled) -> None:
    """Each fact has what is told of it, in order."""
    fewer = msgspec.structs.replace(bundled.telling, facts=bundled.telling.facts[1:])
    with pytest.raises(ValueError, match="not about the facts"):
        bundle(bundled.facts, fewer)


def test_the_page_is_plain(bundled: Bundled) -> None:
    """It runs nothing, loads nothing, and takes nothing that is told for markup."""
    page = dict(unpacked(bundled.archive))["history.html"].decode()
    tags: list[tuple[str, list[str]]] = []

    class Tags(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            tags.append((tag, [name for name, _ in attrs]))

    Tags().feed(page)
    names = {name for name, _ in tags}
    assert not names & {"script", "img", "link", "iframe", "form", "object", "a"}
    assert {name for _, names in tags for name in names} <= {
        "lang", "charset", "http-equiv", "content", "name", "class", "id",
    }  # fmt: skip
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp; 15" in page
    assert page.count("<li ") == 43


@given(st.lists(st.tuples(st.text("ab.", min_size=1), st.binary())))
def test_an_archive_gives_what_was_packed(files: list[tuple[str, bytes]]) -> None:
    """Whatever the files are."""
    given_ = [File(*file) for file in files]
    assert unpacked(packed(given_)) == given_


@pytest.mark.parametrize("archive", [b"", b"PK\x03\x04", b"PK\x03\x04" + bytes(26), bytes(100)])
def test_what_is_no_archive_is_told(archive: bytes) -> None:
    """Cut headers and other files."""
    with pytest.raises(WrongArchive, match="not a zip file as registrar writes it"):
        unpacked(archive)
