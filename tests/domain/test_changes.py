"""Does what differs between two contents lead from one to the other?"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from domain.catalogue.changes import Change, Version, changes
from domain.catalogue.facts import Item, Module, Objective

A, B, C = (Item(name, "page", name.upper()) for name in "abc")


def test_what_differs_is_told_part_by_part() -> None:
    """Added, removed, moved, changed: in items, modules, objectives, and the whole."""
    before = Version((A, B, C), (Module("one"),), (Objective("o", "Old"),))
    other = Item("b", "page", "B", possible="50", module="one")
    after = Version((C, A, other, Item("d", "quiz", "D")), (), (Objective("o", "New"),), True)
    assert changes(before, after) == [
        Change("item", "d", "added"),
        Change("item", "c", "moved"),
        Change("item", "b", "changed", "module", "", "one"),
        Change("item", "b", "changed", "possible", "100", "50"),
        Change("module", "one", "removed"),
        Change("objective", "o", "changed", "text", "Old", "New"),
        Change("content", "", "changed", "relocks", False, True),
    ]


def test_taking_an_item_out_moves_no_other() -> None:
    """Only what stands elsewhere among those that stayed has moved."""
    assert changes(Version((A, B, C)), Version((B, C))) == [Change("item", "a", "removed")]


_items = st.lists(
    st.builds(
        Item,
        st.sampled_from("abcdef"),
        st.just("page"),
        st.sampled_from(("x", "y")),
        possible=st.sampled_from(("1", "2")),
    ),
    unique_by=lambda item: item.item,
    max_size=6,
).map(tuple)


@given(_items, _items)
def test_the_changes_lead_from_one_to_the_other(
    before: tuple[Item, ...], after: tuple[Item, ...]
) -> None:
    """Applied by a plain model they give the other; the same gives none."""
    found = changes(Version(before), Version(after))
    assert changes(Version(after), Version(after)) == []
    fields = {item.item: {"title": item.title, "possible": item.possible} for item in before}
    order = [item.item for item in before]
    final = [item.item for item in after]
    for change in found:
        if change.what == "removed":
            order.remove(change.id)
            del fields[change.id]
        elif change.what == "changed":
            assert fields[change.id][str(change.field)] == change.before
            fields[change.id][str(change.field)] = change.after
    loose = {change.id for change in found if change.what in ("moved", "added")}
    assert [name for name in order if name not in loose] == [n for n in final if n not in loose]
    assert {*order} | {c.id for c in found if c.what == "added"} == {*final}
    for item in after:
        if item.item in fields:
            assert fields[item.item] == {"title": item.title, "possible": item.possible}
