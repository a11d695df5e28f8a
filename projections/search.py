"""What can be searched for, and in which words?"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from domain.catalogue.facts import ContentVersionPublished, CourseCreated, RunScheduled
from domain.credentials.facts import CertificateIssued, CertificateRevoked
from domain.enrolment.facts import LearnerEnrolled
from domain.kernel import Envelope
from projections.reading import Documents, Key, Reading, View, columns, names

BODY_CHARACTERS_MAX = 20_000
"""What is indexed of a text; PostgreSQL takes no more than 1 MB of words a row."""


class Entry(Struct, frozen=True, gc=False):
    """Something that can be found. Personal fields are never in it, but pseudonyms are.

    ``entry`` is unique over all kinds; ``content_number`` is the content version that an item was
    last in.
    """

    entry: str
    kind: str
    id: str
    run: str | None
    course: str | None
    title: str
    body: str
    content_number: int | None
    position: int


class Content(Struct, frozen=True, gc=False):
    """Which content version is in force in a run."""

    run: str
    number: int


def fold_entry(document: Entry | None, envelope: Envelope, key: Key) -> Entry | None:
    """Take one fact in, as far as this entry goes."""
    at, ids = envelope.position, envelope.stream.split("/")[2:]
    match envelope.fact:
        case CourseCreated(course=course, title=title, description=description):
            return _entry(key, "course", course, None, course, title, description, at)
        case RunScheduled(run=run, course=course, title=title):
            return _entry(key, "run", run, run, course, title, course, at)
        case ContentVersionPublished(run=run, number=number, items=items):
            for item in items:
                if key[0] == _item(run, item.item):
                    words = (item.kind, item.label, item.module, item.category)
                    body = " ".join(word for word in words if word)
                    made = _entry(key, "item", item.item, run, None, item.title, body, at)
                    return replace(made, content_number=number)
            return document
        case LearnerEnrolled():
            run, subject = ids
            runs = sorted({*(document.body.split() if document else ()), run})
            return _entry(key, "learner", subject, None, None, subject, " ".join(runs), at)
        case CertificateIssued() as fact:
            run, subject = ids
            body = f"{fact.result} {run} {subject}"
            title = f"{fact.course} {fact.certificate}"
            return _entry(key, "certificate", fact.certificate, run, fact.course, title, body, at)
        case CertificateRevoked() if document is not None and "revoked" not in document.body:
            return replace(document, body=f"{document.body} revoked", position=at)
        case _:
            return document


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
    return Entry(key[0], kind, id_, run, course, title, body[:BODY_CHARACTERS_MAX], None, position)


def entry_keys(envelope: Envelope) -> Iterable[Key]:
    """The entries that a fact concerns: one, or one an item."""
    match envelope.fact:
        case CourseCreated(course=course):
            return ((f"course/{course}",),)
        case RunScheduled(run=run):
            return ((f"run/{run}",),)
        case ContentVersionPublished(run=run, items=items):
            return tuple((_item(run, item.item),) for item in items)
        case LearnerEnrolled():
            return ((f"learner/{envelope.stream.split('/')[3]}",),)
        case (
            CertificateIssued(certificate=certificate) | CertificateRevoked(certificate=certificate)
        ):
            return ((f"certificate/{certificate}",),)
        case _:
            return ()


def fold_content(document: Content | None, envelope: Envelope, key: Key) -> Content | None:
    """Note the content version in force."""
    fact = envelope.fact
    return Content(key[0], fact.number) if isinstance(fact, ContentVersionPublished) else document


def content_keys(envelope: Envelope) -> Iterable[Key]:
    """The run whose content it is."""
    return ((envelope.stream.split("/")[2],),)


def _item(run: str, item: str) -> str:
    return f"item/{run}/{item}"


TSV = (
    "tsvector generated always as ("
    "setweight(to_tsvector('simple', id || ' ' || replace(id, '-', ' ')), 'A') || "
    "setweight(to_tsvector('simple', title), 'A') || setweight(to_tsvector('english', title), 'B')"
    " || to_tsvector('simple', body) || setweight(to_tsvector('english', body), 'D')) stored"
)
"""Words as they are, so that pseudonyms and ids are found, and stemmed English beside them."""

SEARCH = Reading(
    name="search",
    version=1,
    documents=(
        Documents(
            name="entry",
            row=Entry,
            key=("entry",),
            facts=names(CourseCreated, RunScheduled, ContentVersionPublished, LearnerEnrolled)
            | names(CertificateIssued, CertificateRevoked),
            keys=entry_keys,
            fold=fold_entry,
            indexes=("using gin (tsv)", "(id text_pattern_ops)"),
            generated={"tsv": TSV},
        ),
        Documents(
            name="content",
            row=Content,
            key=("run",),
            facts=names(ContentVersionPublished),
            keys=content_keys,
            fold=fold_content,
        ),
    ),
    views=(
        View(
            "search",
            (*columns(Entry, "e"), "e.tsv"),
            "{entry} e where e.kind <> 'item' or e.content_number ="
            " (select c.number from {content} c where c.run = e.run)",
        ),
    ),
)
