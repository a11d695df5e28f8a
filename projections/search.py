"""What can be searched for, and in which words?"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue.facts import ContentVersionPublished, CourseCreated, RunScheduled
from domain.credentials.facts import CertificateIssued, CertificateReissued, CertificateRevoked
from domain.enrolment.facts import LearnerEnrolled
from domain.kernel import Envelope
from domain.learners.facts import LearnerRegistered
from domain.privacy.facts import ErasureBegun
from projections.reading import Documents, Key, Reading, View, columns, names

BODY_CHARACTERS_MAX = 20_000
"""What is indexed of a text; PostgreSQL takes no more than 1 MB of words a row."""


class Entry(Struct, frozen=True, gc=False):
    """Something that can be found. Personal fields are never in it, but pseudonyms are.

    ``entry`` is unique over all kinds; ``retired`` is an item that is no longer in its run's
    content. ``position`` is that of the latest fact taken in, and never falls.
    """

    entry: str
    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    body: str
    retired: bool
    position: int


def fold_entry(document: Entry | None, envelope: Envelope, key: Key) -> Entry | None:
    """Take one fact in, as far as this entry goes.

    A fact that was taken in before changes nothing, so that documents may be ahead of the position
    that is noted for them: that is so in a store that cannot write both in one transaction.
    """
    at, ids = envelope.position, envelope.stream.split("/")[2:]
    if isinstance(envelope.fact, LearnerEnrolled | LearnerRegistered):
        return _learner(document, key, ids[:-1], ids[-1], at)
    if document is not None and at <= document.position:
        return document
    match envelope.fact:
        case CourseCreated(course=course, title=title, description=description):
            return _entry(key, "course", course, None, course, title, description, at)
        case RunScheduled(run=run, course=course, title=title):
            return _entry(key, "run", run, run, course, title, course, at)
        case ContentVersionPublished(run=run, items=items):
            for item in items:
                if key[0] == _item(run, item.item):
                    words = (item.kind, item.label, item.module, item.category)
                    body = " ".join(word for word in words if word)
                    return _entry(key, "item", item.item, run, None, item.title, body, at)
            return document and replace(document, retired=True, position=at)
        case CertificateReissued(supersedes=old) if key[0] == f"certificate/{old}":
            return document and replace(document, body=f"{document.body} superseded", position=at)
        case CertificateIssued() | CertificateReissued() as fact:
            run, subject = ids
            body = f"{fact.result} {run} {subject}"
            title = f"{fact.course} {fact.certificate}"
            return _entry(key, "certificate", fact.certificate, run, fact.course, title, body, at)
        case ErasureBegun():
            return document and replace(document, title="", body="", retired=True, position=at)
        case CertificateRevoked() if document is not None:
            return replace(document, body=f"{document.body} revoked", position=at)
        case _:
            return document


def published(envelope: Envelope, entry: str) -> Entry:
    """Return what there was to find of a course, run or item from a fact of the catalogue on. Of an
    item that was taken out that is nothing."""
    found = fold_entry(None, envelope, (entry,))
    at = envelope.position
    return found or Entry(entry, "item", "", None, None, "", "", retired=True, position=at)


def _learner(document: Entry | None, key: Key, runs: Sequence[str], subject: str, at: int) -> Entry:
    """The runs that a learner was ever in, in whatever order they are told: a fact that was put
    aside comes later than others of the same learner."""
    known = set(document.body.split()) if document is not None else set()
    if document is not None:
        erased_later = document.retired and at <= document.position
        if erased_later or (known.issuperset(runs) and not document.retired):
            return document
    at = at if document is None else max(at, document.position)
    words = " ".join(sorted({*known, *runs}))
    return _entry(key, "learner", subject, None, None, subject, words, at)


def _entry(
    key: Key,
    kind: str,
    id_: str,
    run: str | None,
    course: str | None,
    title: str,
    body: str,
    position: int,
) -> Entry:
    return Entry(key[0], kind, id_, run, course, title, body[:BODY_CHARACTERS_MAX], False, position)


def entry_keys(envelope: Envelope) -> Iterable[Key]:
    """The entries that a fact concerns: one, or one an item."""
    match envelope.fact:
        case CourseCreated(course=course):
            return ((f"course/{course}",),)
        case RunScheduled(run=run):
            return ((f"run/{run}",),)
        case ContentVersionPublished(run=run, items=items, removed=removed):
            ids = (*(item.item for item in items), *removed)
            return tuple((_item(run, id_),) for id_ in ids)
        case LearnerEnrolled() | LearnerRegistered():
            return ((f"learner/{envelope.stream.split('/')[-1]}",),)
        case ErasureBegun():
            return ((f"learner/{envelope.subject}",),)
        case CertificateReissued(certificate=certificate, supersedes=old):
            return ((f"certificate/{certificate}",), (f"certificate/{old}",))
        case (
            CertificateIssued(certificate=certificate) | CertificateRevoked(certificate=certificate)
        ):
            return ((f"certificate/{certificate}",),)
        case _:
            return ()


def _item(run: str, item: str) -> str:
    return f"item/{run}/{item}"


_ID, _TITLE, _BODY = (f"readings.folded({field})" for field in ("id", "title", "body"))
TSV = (
    "tsvector generated always as ("
    f"setweight(to_tsvector('simple', {_ID}), 'A') || "
    f"setweight(to_tsvector('simple', {_TITLE}), 'A') || "
    f"setweight(to_tsvector('english', {_TITLE}), 'B') || "
    f"to_tsvector('simple', {_BODY}) || "
    f"setweight(to_tsvector('english', {_BODY}), 'D')) stored"
)
"""Words as they are, so that pseudonyms and ids are found, and stemmed English beside them."""

SEARCH = Reading(
    name="search",
    version=4,
    documents=(
        Documents(
            name="entry",
            row=Entry,
            key=("entry",),
            facts=names(CourseCreated, RunScheduled, ContentVersionPublished)
            | names(LearnerEnrolled, LearnerRegistered)
            | names(CertificateIssued, CertificateReissued, CertificateRevoked, ErasureBegun),
            keys=entry_keys,
            fold=fold_entry,
            indexes=("(lower(id))",),
            across=("using gin (tsv)",),
            generated={"tsv": TSV},
            searched=("id", "title", "body"),
        ),
    ),
    views=(View("search", (*columns(Entry), "tsv"), "{entry} where not retired", keeps=True),),
)
