"""Failures of sources: each is put in words, and only those that may pass are tried again."""

import threading
from collections.abc import Callable

import pytest

from pipeline.sources.failures import SourceError, explained, once, retrying, web_page


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which take no time here."""
    found: list[float] = []
    monkeypatch.setattr("time.sleep", found.append)
    return found


def failing(*errors: SourceError) -> Callable[[], int]:
    """An action that raises the errors in turn, and then returns how many there were."""
    left = list(errors)

    def act() -> int:
        if left:
            raise left.pop(0)
        return len(errors)

    return act


PASSING = [SourceError(f"failure {number}", passing=True) for number in range(3)]


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_failure_that_may_pass_is_tried_again_after_growing_pauses(count: int, pauses: list[float]) -> None:
    assert retrying(failing(*PASSING[:count])) == count
    assert pauses == [0.5, 1.0][:count]


def test_the_third_failure_is_the_last_and_may_not_pass(pauses: list[float]) -> None:
    with pytest.raises(SourceError, match="failure 2") as caught:
        retrying(failing(*PASSING))
    assert not caught.value.passing
    assert len(pauses) == 2


def test_a_failure_that_stays_is_not_tried_again(pauses: list[float]) -> None:
    with pytest.raises(SourceError, match="wrong bytes"):
        retrying(failing(SourceError("wrong bytes")))
    assert pauses == []


@pytest.mark.parametrize("errors", [(), (SourceError("gone"),)], ids=["result", "error"])
def test_an_action_is_done_once_for_all_threads(errors: tuple[SourceError, ...]) -> None:
    calls: list[int] = []
    act = failing(*errors)

    def counted() -> int:
        calls.append(1)
        return act()

    kept, found = once(counted), list[object]()

    def ask() -> None:
        try:
            found.append(kept())
        except SourceError as error:
            found.append(str(error))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(calls) == 1
    assert found == ["gone" if errors else 0] * 8


@pytest.mark.parametrize(
    ("error", "words", "passing"),
    [
        (EOFError("end"), "expected whole compressed data, found a file that is cut short or damaged: end", False),
        (FileNotFoundError(2, "no", "/x"), "expected /x, found none", False),
        (TimeoutError(), "the connection broke: TimeoutError", True),
        (KeyError("x"), "KeyError: 'x'", False),
        (SourceError("as it is", passing=True), "as it is", True),
    ],
    ids=lambda value: type(value).__name__,
)
def test_any_error_becomes_one_in_words(error: Exception, words: str, passing: bool) -> None:
    with pytest.raises(SourceError) as caught, explained():
        raise error
    assert (str(caught.value), caught.value.passing) == (words, passing)


@pytest.mark.parametrize(
    ("head", "page"), [(b"\n <html>\n<p>", "'<html>'"), (b"\x1f\x8b", ""), (b"", ""), (b"<\xff" * 50, None)]
)
def test_a_web_page_is_known_by_its_beginning(head: bytes, page: str | None) -> None:
    assert web_page(head) == page or (page is None and len(web_page(head)) == 42)
