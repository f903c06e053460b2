"""How often something may be asked."""

from displays.web.limits import Limit


def test_each_name_has_its_own_minute() -> None:
    """Counted from each time it was asked, not from the full minute."""
    limit = Limit(per_minute=2)

    assert [limit.takes("a", at_s) for at_s in (0.0, 30.0, 59.9)] == [True, True, False]
    assert limit.takes("b", 59.9)
    assert [limit.takes("a", at_s) for at_s in (60.0, 60.1, 90.0)] == [True, False, True]


def test_what_is_not_asked_any_more_is_forgotten() -> None:
    """However many names there are, memory has an end."""
    limit = Limit(per_minute=1, names_max=2)
    for name in ("a", "b", "c"):
        assert limit.takes(name, 0.0)

    assert limit.takes("a", 1.0), "forgotten"
    assert not limit.takes("c", 1.0)
