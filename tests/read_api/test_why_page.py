"""Does the console say what a value follows from?"""

from __future__ import annotations

from tests.read_api.world import World


def test_a_learners_page_leads_to_the_facts_behind_each_value(furnished: World) -> None:
    """Each value links to its facts; those say who recorded them and on what grounds."""
    furnished.get("learners/s1/enrolments")  # waits until all is read in
    page = furnished.ask("/console/learners/s1").text
    link = "/console/learners/s1/why?run=AAA-2013J&amp;value=grade"
    assert f'href="{link}"' in page
    why = furnished.ask(link.replace("&amp;", "&")).text
    assert "The grade of s1 in AAA-2013J" in why
    assert "The exam board decided: pass" in why
    assert "by tutor" not in why  # who graded is a ground; who did it is the caller
    assert "grader tutor" in why
    assert "<dt>outcome result</dt><dd>pass</dd>" in why


def test_the_page_keeps_the_moment(furnished: World) -> None:
    """What a value followed from on that day."""
    furnished.get("learners/s1/enrolments")
    then = "?occurred_by=2013-11-30"
    page = furnished.ask(f"/console/learners/s1{then}").text
    assert "value=grade&amp;occurred_by=2013-11-30T23" in page
    address = "/console/learners/s1/why?run=AAA-2013J&value=grade&occurred_by=2013-11-30"
    assert "exam board" not in furnished.ask(address).text


def test_a_value_that_is_not_there_is_said_in_words(furnished: World) -> None:
    """A wrong value, no run, and a run that the learner was never in."""
    path = "/console/learners/s1/why"
    assert furnished.ask(f"{path}?run=AAA-2013J&value=shoe").status_code == 422
    assert furnished.ask(path).status_code == 422
    assert furnished.ask(f"{path}?run=BBB&value=grade").status_code == 404
    absent = furnished.ask(f"{path}?run=AAA-2013J&value=item&item=shoe")
    assert (absent.status_code, "No such work on item" in absent.text) == (404, True)
