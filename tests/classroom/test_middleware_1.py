"""middleware-1: a middleware that keeps a book and changes nothing."""

import pytest
from classroom.marks import payload_that_breaks, trouble_with
from support.exercises import cells, solution, start

from repid_nb.classroom import check

NAME = "middleware-1"
HIDDEN = cells(NAME)["marked-hidden"]


def made_of(keep_book):
    """Return an answer whose middleware is `keep_book(book, call_next, message, actor)`."""

    def make_middleware(book):
        async def middleware(call_next, message, actor):
            return await keep_book(book, call_next, message, actor)

        return middleware

    return make_middleware


async def without_return(book, call_next, message, actor):
    try:
        await call_next(message, actor)
    except Exception:
        book.append(f"{actor.name}: failed")
        raise
    book.append(f"{actor.name}: done")


async def without_await(book, call_next, message, actor):
    call_next(message, actor).close()
    book.append(f"{actor.name}: done")


async def by_settlement(book, call_next, message, actor):
    try:
        return await call_next(message, actor)
    finally:
        done = message.action is not None and message.action.value == "acked"
        book.append(f"{actor.name}: {'done' if done else 'failed'}")


async def a_coroutine_given_on(book, call_next, message, actor):
    result = call_next(message, actor)
    book.append(f"{actor.name}: done")
    return result


async def never_on(book, call_next, message, actor):
    book.append(f"{actor.name}: done")


async def swallowing(book, call_next, message, actor):
    try:
        result = await call_next(message, actor)
    except Exception:
        book.append(f"{actor.name}: failed")
        return None
    book.append(f"{actor.name}: done")
    return result


async def another_exception(book, call_next, message, actor):
    try:
        result = await call_next(message, actor)
    except Exception as error:
        book.append(f"{actor.name}: failed")
        raise RuntimeError(f"{actor.name} failed") from error
    book.append(f"{actor.name}: done")
    return result


async def values_only(book, call_next, message, actor):
    try:
        result = await call_next(message, actor)
    except ValueError:
        book.append(f"{actor.name}: failed")
        raise
    book.append(f"{actor.name}: done")
    return result


async def done_in_any_case(book, call_next, message, actor):
    try:
        return await call_next(message, actor)
    finally:
        book.append(f"{actor.name}: done")


async def good_runs_only(book, call_next, message, actor):
    result = await call_next(message, actor)
    book.append(f"{actor.name}: done")
    return result


async def once_more(book, call_next, message, actor):
    try:
        result = await call_next(message, actor)
    except Exception:
        book.append(f"{actor.name}: failed")
        return await call_next(message, actor)
    book.append(f"{actor.name}: done")
    return result


async def nothing_is_a_failure(book, call_next, message, actor):
    try:
        result = await call_next(message, actor)
    except Exception:
        book.append(f"{actor.name}: failed")
        raise
    book.append(f"{actor.name}: {'failed' if result is None else 'done'}")
    return result


async def by_topic(book, call_next, message, actor):
    try:
        result = await call_next(message, actor)
    except Exception:
        book.append(f"{message.headers['topic']}: failed")
        raise
    book.append(f"{message.headers['topic']}: done")
    return result


def test_the_solution_passes():
    assert check(NAME, solution(NAME)["make_middleware"])


def test_the_solution_passes_the_hidden_checks():
    exec(HIDDEN, {"check": check, **solution(NAME)})  # noqa: S102  (this repository's own cell)


def test_a_middleware_with_a_flag_and_finally_passes():
    async def keep_book(book, call_next, message, actor):
        outcome = "failed"
        try:
            result = await call_next(message, actor)
            outcome = "done"
            return result
        finally:
            book.append(f"{actor.name}: {outcome}")

    assert check(NAME, made_of(keep_book))


def test_the_start_is_told_of_the_lost_result():
    marking = check(NAME, start(NAME)["make_middleware"])
    assert marking.finding.happened == "What came out was None."
    assert "'3 loaves'" in marking.finding.wanted


@pytest.mark.parametrize(
    ("keep_book", "payload"),
    [
        pytest.param(without_return, {"loaves": 3}, id="no return"),
        pytest.param(without_await, {"loaves": 3}, id="no await"),
        pytest.param(by_settlement, {"to": "everybody in the street"}, id="how it was settled"),
        pytest.param(a_coroutine_given_on, {"loaves": 3}, id="no await, and the coroutine is returned"),
        pytest.param(never_on, {"loaves": 3}, id="never calls on"),
        pytest.param(swallowing, {"loaves": 0}, id="the exception is swallowed"),
        pytest.param(another_exception, {"loaves": 0}, id="another exception"),
        pytest.param(done_in_any_case, {"loaves": 0}, id="done in any case"),
        pytest.param(good_runs_only, {"loaves": 0}, id="good runs only"),
        pytest.param(once_more, {"loaves": 0}, id="calls on once more"),
        pytest.param(values_only, {"loaves": 500}, id="ValueError only"),
        pytest.param(nothing_is_a_failure, {"room": "shop"}, id="nothing returned is a failure"),
        pytest.param(by_topic, {"room": "shop"}, id="the topic is the name"),
    ],
)
def test_a_wrong_answer_is_caught_by(keep_book, payload):
    assert payload_that_breaks(NAME, made_of(keep_book)) == payload


def test_an_actor_that_runs_twice_is_counted():
    assert check(NAME, made_of(once_more)).finding.happened == "bake ran 2 times."


def test_a_coroutine_that_comes_out_is_asked_about_its_await():
    def make_middleware(book):
        async def keep_book(call_next, message, actor):
            return call_next(message, actor)

        return keep_book

    marking = check(NAME, make_middleware)
    assert marking.finding.happened == (
        "bake never ran. What came out is a coroutine: is `await` missing before `call_next`?"
    )
    assert marking.warned == ()


def test_a_book_of_its_own_is_caught():
    def make_middleware(book):
        book = []
        return solution(NAME)["make_middleware"](book)

    assert check(NAME, make_middleware).finding.happened == "Afterwards the book was empty."


def test_a_forgotten_return_is_named():
    def make_middleware(book):
        async def keep_book(call_next, message, actor):
            return await call_next(message, actor)

    assert trouble_with(NAME, make_middleware) == (
        "Your function returned None, not a middleware. Is its `return` missing?"
    )


def test_the_middleware_itself_is_not_what_is_asked_for():
    async def keep_book(call_next, message, actor):
        return await call_next(message, actor)

    assert "cannot be called as `make_middleware(book)`" in trouble_with(NAME, keep_book)
