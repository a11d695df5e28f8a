"""Do the three readers of the console find what they came for?"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.console.conftest import Open
from tests.console.record import ANNA, DORA, PEERS, RUN, Site

pytestmark = pytest.mark.xdist_group("console")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_a_newcomer_looks_around(visit: Open, script: bool) -> None:
    """From the bare address over the overview, a run and a learner down to a recorded fact, by
    following links only; with script or without."""
    page = visit("/", java_script_enabled=script)
    expect(page).to_have_title("Overview · registrar")
    expect(page.locator("#stats")).to_contain_text("Log position")
    for reading in page.locator("#readings li").all():
        expect(reading).to_contain_text("live")
    page.get_by_role("link", name="Runs", exact=True).click()
    row = page.get_by_role("row", name=RUN)
    expect(row).to_contain_text("100.0%")
    row.get_by_role("link", name=RUN).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("A history of records, spring 2014")
    expect(page.locator("#stats")).to_contain_text("Enrolled2")
    page.locator("#learners").get_by_role("link", name=ANNA).click()
    page.locator("#history").get_by_role("link", name="Submitted TMA 1, 13 hours late").click()
    expect(page.locator("#body")).to_contain_text('"attempt": "1"')
    expect(page.get_by_role("heading", level=1)).to_have_text("Submitted TMA 1, 13 hours late")


def test_why_has_this_learner_this_grade(visit: Open, site: Site) -> None:
    """An instructor sees what counts, what it rests on, who graded it, and the certificate."""
    page = visit(f"/console/search?q={ANNA}")
    page.get_by_role("link", name=re.compile(ANNA)).first.click()
    run = page.locator("#standings section").filter(has_text=RUN)
    expect(run).to_contain_text("Gradepass")
    expect(run).to_contain_text("decided by the exam board")
    item = run.get_by_role("row", name=re.compile("TMA 1"))
    expect(item).to_contain_text("13 hours late")
    expect(item).to_contain_text("72.5 of 100")
    page.locator("#history").get_by_role("link", name=re.compile("TMA 1 was graded")).click()
    expect(page.locator("#body")).to_contain_text('"grader": "tutor-9"')
    page.get_by_role("link", name=ANNA).first.click()
    run.get_by_role("link", name="issued").click()
    expect(page.get_by_role("article")).to_contain_text("Valid")
    expect(page.get_by_role("article")).to_contain_text(site.certificate)


def test_what_did_we_know_on_3_may(visit: Open) -> None:
    """An auditor asks by both kinds of time. On 3 May the work had been handed in and not graded;
    but nothing of it was known, for all of it was recorded later."""
    page = visit(f"/console/learners/{ANNA}")
    page.get_by_label("Occurred by", exact=True).fill("2014-05-03")
    page.get_by_role("button", name="Show").click()
    expect(page).to_have_url(re.compile(r"occurred_by=2014-05-03"))
    item = page.locator("#standings").get_by_role("row", name=re.compile("TMA 1"))
    expect(item).to_contain_text("not graded")
    expect(page.locator("#standings")).not_to_contain_text("pass so far")
    graded = page.locator("#history li").filter(has_text="was graded")
    expect(graded).to_contain_text("had not occurred by then")
    page.get_by_role("link", name="Known by").click()
    page.get_by_label("Known by", exact=True).fill("2014-05-03")
    page.get_by_role("button", name="Show").click()
    expect(page.locator("#standings")).to_contain_text("Nothing was known yet")
    expect(page.locator("#lead")).to_contain_text("0 of")


def test_two_moments_are_compared(visit: Open) -> None:
    """From before the grading to now, the difference names the score and the outcome."""
    page = visit(f"/console/learners/{ANNA}?occurred_by=2014-05-03&compare=now")
    score = page.locator("#difference").get_by_role("row", name=re.compile("TMA 1"))
    expect(score).to_contain_text("72.5 of 100")
    grade = page.locator("#difference").get_by_role("row", name=re.compile("Grade "))
    expect(grade.get_by_role("cell").last).to_have_text("pass")
    page.get_by_role("link", name="Stop comparing").click()
    expect(page.locator("#difference")).to_have_count(0)


def test_the_slider_follows_the_arrow_keys(visit: Open) -> None:
    """A step to the left moves the page to the day before, and the address with it."""
    page = visit(f"/console/learners/{ANNA}")
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page).to_have_url(re.compile("occurred_by=2014-07-01T23%3A59%3A59.999Z"))
    expect(page.locator("#history li").filter(has_text="exam board")).to_contain_text(
        "had not occurred by then"
    )
    expect(slider).to_be_focused()
    page.reload()
    expect(slider).to_have_value(str(int(slider.get_attribute("max") or 0) - 1))


def test_the_slider_is_a_form_without_script(visit: Open) -> None:
    """Without script the slider is sent, and the page moves to an address that says the moment."""
    page = visit(f"/console/learners/{ANNA}?slide=0", java_script_enabled=False)
    expect(page).to_have_url(re.compile("occurred_by=2014-01-09T23%3A59%3A59.999"))
    expect(page.locator("#standings")).to_contain_text("Nothing was so yet")
    expect(page.get_by_role("button", name="Go to the slider’s moment")).to_be_visible()


def test_the_keyboard_reaches_search_and_lists(visit: Open) -> None:
    """``/`` is the search box, ``j`` and ``k`` go through a list, Enter opens."""
    page = visit(f"/console/learners/{ANNA}")
    facts = page.locator("#history li[data-item]")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(facts.nth(1).locator("a").first).to_be_focused()
    page.keyboard.press("k")
    expect(facts.nth(0).locator("a").first).to_be_focused()
    page.keyboard.press("/")
    expect(page.get_by_role("searchbox")).to_be_focused()
    page.keyboard.type("TMA")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Search")
    expect(page.locator("mark").first).to_have_text("TMA")


def test_times_are_in_the_readers_zone_with_utc_on_hover(visit: Open) -> None:
    """The script rewrites times for the reader; what it replaced stays there to be hovered."""
    page = visit(f"/console/learners/{ANNA}", timezone_id="Asia/Tokyo")
    when = page.locator("#history li").filter(has_text="Submitted TMA 1").locator("time")
    expect(when).to_have_text("2 May 2014, 21:00")
    expect(when).to_have_attribute("title", "2 May 2014 12:00:00 UTC")


@pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])
def test_another_policy_is_tried_and_applied(visit: Open, script: bool) -> None:
    """From the gradebook over a form with the policy in force to what would change, nothing under
    the same one; then as a batch of regrades to its end, and to the list of those."""
    page = visit(f"/console/runs/{RUN}/gradebook", java_script_enabled=script)
    page.get_by_role("link", name="What if?").click()
    expect(page.get_by_label("Policy, as JSON")).to_have_value(re.compile('"policy"'))
    page.get_by_role("button", name="Try it").click()
    expect(page.get_by_text("Nobody’s record would change")).to_be_visible()
    expect(page.locator(".lead")).to_contain_text("Nothing was written.")
    page.get_by_label("What for?").fill("Nobody was to lose by it")
    page.get_by_label("Only if higher").check()
    page.get_by_role("button", name="Apply as a regrade").click()
    expect(page.get_by_text("Completed")).to_be_visible()
    expect(page.locator(".lead")).to_contain_text("No grade falls by it.")
    page.get_by_role("link", name="Regrades").click()
    row = page.get_by_role("row", name=re.compile("Nobody was to lose by it"))
    expect(row.first).to_contain_text("completed")


def test_the_scores_of_a_large_class_are_changed(visit: Open) -> None:
    """A gradebook of 5,000 lines is chosen, seen as what it changes, and applied."""
    page = visit(f"/console/runs/{PEERS}/gradebook")
    lines = [f"learner-of-a-large-class-{number:05}," for number in range(5_000)]
    table = "\n".join(("subject,essay", *lines, f"{DORA},4")).encode()
    file = {"name": "changed.csv", "mimeType": "text/csv", "buffer": table}
    page.get_by_label("A file").set_input_files(file)  # type: ignore[arg-type]
    expect(page.get_by_label("The changed gradebook")).to_have_value(re.compile(DORA))
    page.get_by_role("button", name="Preview").click()
    expect(page.locator(".lead")).to_contain_text("1 changes")
    row = page.get_by_role("row", name=re.compile(DORA))
    expect(row).to_contain_text("set")
    page.get_by_label("Why?").fill("Second marking")
    page.get_by_role("button", name="Apply").click()
    expect(page.get_by_role("status")).to_contain_text("Applied.")
    expect(page.get_by_role("row", name=re.compile(DORA))).to_contain_text("set by a person")


@pytest.mark.parametrize(
    ("page", "field"), [("gradebook", "The changed gradebook"), ("what-if", "Policy, as JSON")]
)
def test_what_is_pasted_has_its_field_on_a_phone(visit: Open, page: str, field: str) -> None:
    """What tables leave out on a phone is no field of a form."""
    phone = visit(f"/console/runs/{PEERS}/{page}", viewport={"width": 390, "height": 844})
    expect(phone.get_by_label(field)).to_be_visible()


def test_the_api_documentation_is_read_under_its_own_policy(visit: Open) -> None:
    """Nothing of it is refused by the content security policy, which allows own files only."""
    page = visit("/docs")
    expect(page.get_by_role("heading", name="registrar")).to_be_visible()
    expect(page.get_by_text("/v1/commands/enrol-learner").first).to_be_visible()
