"""How was this grade worked out?"""

from __future__ import annotations

from typing import Any

from fastapi import Request

from read_api.console import grade_words
from read_api.console.asked import Asked, read_asked
from read_api.console.difference import grade_words as in_short
from read_api.console.render import Page
from read_api.dependencies import ReadDependencies
from read_api.errors import BadParameter, NotFound
from read_api.queries import grade
from read_api.queries.explanation import Explanation


async def load(deps: ReadDependencies, request: Request) -> Page:
    """Answer ``/console/learners/{subject}/grade?run=…``, as of the page's moment."""
    asked = read_asked(request)
    run = request.query_params.get("run")
    if not run:
        raise BadParameter("run", "says in which run")
    found = await grade.grade(
        deps,
        deps.principal(request),
        run,
        asked.subject,
        explain=True,
        moment=asked.instant.moment,
    )
    if not isinstance(found.explanation, Explanation):
        raise NotFound("grading policy", run)
    tree = found.explanation
    title = f"How the grade of {found.subject} in {found.run} is made"
    return Page("grade.html", title, found, lambda: _draw(asked, found, tree, title))


def _draw(asked: Asked, found: grade.Grade, tree: Explanation, heading: str) -> dict[str, Any]:
    return {
        "heading": heading,
        "found": found,
        "tree": tree,
        "answer": found,
        "as_of": found.as_of,
        "back": asked._replace(run=None).link(),
        "back_in_run": asked.link(),
        "facts": asked.why(found.run, "grade"),
        "in_short": in_short(found),
        "parts": grade_words.parts(tree.categories),
        "steps": grade_words.summary(tree),
    }
