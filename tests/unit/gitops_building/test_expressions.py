"""What `${...}` stands for."""

import pytest

from helmward.gitops.building.expressions import MAX_TEXT, ExpressionError, Expressions

VARIABLES = {"a": "one", "empty": "", "path": "web/shop/web", "_x1": "Two Words", "b": "${a}"}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("plain $a $(a) $", "plain $a $(a) $"),
        ("${a}", "one"),
        ("x${a}y${a}z", "xoneyonez"),
        ("${_x1}", "Two Words"),
        ("${empty}", ""),
        ("${b}", "${a}"),
        ("$${a}", "${a}"),
        ("$$${a}", "$${a}"),
        ("$${a:-${a}}", "${a:-one}"),
        ("${a:-other}", "one"),
        ("${no:-other}", "other"),
        ("${no:=other}", "other"),
        ("${empty:-other}", "other"),
        ("${empty-other}", ""),
        ("${empty=other}", ""),
        ("${no-other}", "other"),
        ("${no:-}", ""),
        ("${no:-${a}}", "one"),
        ("${no:-x${nope:=${a}y}z}", "xoneyz"),
        ("${a:+other}", "other"),
        ("${empty:+other}", ""),
        ("${empty+other}", "other"),
        ("${no:+other}", ""),
        ("${no:-a:b/c#d%e}", "a:b/c#d%e"),
        ("${a:1}", "ne"),
        ("${a:1:1}", "n"),
        ("${a:9}", ""),
        ("${#path}", "12"),
        ("${a^}", "One"),
        ("${a^^}", "ONE"),
        ("${_x1,}", "two Words"),
        ("${_x1,,}", "two words"),
        ("${path#web}", "/shop/web"),
        ("${path##web}", "/shop/web"),
        ("${path%web}", "web/shop/"),
        ("${path%%web}", "web/shop/"),
        ("${path/web/x}", "x/shop/web"),
        ("${path//web/x}", "x/shop/x"),
        ("${path//web}", "/shop/"),
        ("${path/#web/x}", "x/shop/web"),
        ("${path/%web/x}", "web/shop/x"),
        ("${path/%nope/x}", "web/shop/web"),
        ("${path//${empty}/x}", "web/shop/web"),
        ("${path//web/${a}}", "one/shop/one"),
        ("a\n${a}\nb", "a\none\nb"),
    ],
)
def test_a_text_is_filled(text: str, filled: str) -> None:
    """As by the functions that Flux 2 documents, which are those of bash."""
    assert Expressions(VARIABLES).fill(text) == filled


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("${no}", r"\$\{no\} is not set and has no default"),
        ("${no:1}", "is not set"),
        ("${#no}", "is not set"),
        ("${no:-${nope}}", r"\$\{nope\} is not set"),
        ("${a", "never closed"),
        ("${a:-${a}", "never closed"),
        ("${}", "means nothing here"),
        ("${1}", "means nothing here"),
        ("${a.b}", "means nothing here"),
        ("${a b}", "means nothing here"),
        ("${a:?x}", "means nothing here"),
        ("${a@Q}", "means nothing here"),
        ("${#a:1}", "means nothing here"),
        ("${ä}", "means nothing here"),
        ("${no:-" * 30 + "}" * 30, "nested deeper"),
    ],
)
def test_what_cannot_be_filled_is_refused(text: str, words: str) -> None:
    """Strictly: an empty text in its place would be applied."""
    with pytest.raises(ExpressionError, match=words):
        Expressions(VARIABLES).fill(text)


@pytest.mark.parametrize("text", ["${x}" * 9, "${x//a/${x}}"])
def test_a_text_does_not_grow_without_bound(text: str) -> None:
    with pytest.raises(ExpressionError, match="more than"):
        Expressions({"x": "a" * (MAX_TEXT // 8)}).fill(text)


def test_it_is_known_which_variables_were_used() -> None:
    """Also those that were asked for in vain: tomorrow they may be there."""
    expressions = Expressions(VARIABLES)
    expressions.fill("${a} ${no:-x} $${b}")

    assert expressions.used == {"a", "no"}
