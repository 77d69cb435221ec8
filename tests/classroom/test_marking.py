"""check: cases on fresh stages, the smallest first, and what it hands back."""

from dataclasses import dataclass, replace

import pytest
from classroom.samples import right, strategy_of

from repid_nb import InMemoryServer, Repid, Router, Stepper
from repid_nb.classroom import Case, NobodyWins, Send, Settles, Wins, check, course, exercises, guess, hint, questions
from repid_nb.classroom.answers import Function
from repid_nb.classroom.catalogue import find
from repid_nb.classroom.exercise import Exercise, Trial
from repid_nb.classroom.grading import grade
from repid_nb.classroom.marking import mark
from repid_nb.core.errors import DeclarationError, UnknownNameError
from repid_nb.core.routing.reruns import as_run_of


async def include_built(trial):
    trial.include(await trial.call(*trial.given))


BUILDING = Exercise(
    name="toy-1",
    level=1,
    title="A toy",
    asks="Pass a function.",
    answer=Function("def build()"),
    channel="toys",
    arrange=include_built,
    cases=(Case(Send(topic="play"), Wins("play")),),
    hints=("Play.", "Go on playing."),
)


def build():
    router = Router(channel="toys")

    @router.actor
    async def play(): ...

    return router


def toy(*cases, **changes):
    return replace(BUILDING, cases=cases, **changes)


def test_a_right_answer_counts_as_true_and_says_how_many_messages_were_tried():
    marking = check("routing-1", right)
    assert marking
    assert (marking.exercise, marking.tried, marking.finding, marking.trouble) == ("routing-1", 13, None, None)


def test_a_wrong_answer_counts_as_false_and_shows_the_step_and_two_sentences():
    marking = check("routing-1", strategy_of(lambda message: False))
    assert not marking
    assert marking.finding.happened == "Nobody got it."
    assert marking.finding.wanted == "follow_orders should get it. Its event happened to an order."
    assert marking.finding.shown.message.headers == {"event": "order.paid"}


def test_the_reason_of_a_case_follows_what_was_wanted():
    marking = check("routing-1", strategy_of(lambda message: True))
    assert marking.finding.wanted == "No actor should take it. A message may come without any headers."


def test_the_smallest_message_is_shown_whatever_the_order_of_the_cases():
    lost = Wins("nobody of that name")
    cases = [
        Case(Send(), Send(), lost),
        Case(Send(b"0123456789", topic="play"), lost),
        Case(Send(b"01234", topic="play", headers={"a": "b"}), lost),
        Case(Send(b"01234", topic="play"), lost),
    ]
    for order in (cases, cases[::-1]):
        message = mark(toy(*order), build).finding.shown.message
        assert (message.headers, message.payload) == ({"topic": "play"}, b"01234")


def test_fewer_headers_count_before_a_shorter_payload():
    lost = Wins("nobody of that name")
    cases = [
        Case(Send(b"x", topic="play", headers={"a": "b"}), lost),
        Case(Send(b"a long payload", topic="play"), lost),
    ]
    assert mark(toy(*cases), build).finding.shown.message.payload == b"a long payload"


def test_among_cases_of_one_size_the_order_of_writing_counts():
    cases = [Case(Send(topic="b"), Wins("play")), Case(Send(topic="a"), Wins("play"))]
    assert mark(toy(*cases), build).finding.shown.message.headers == {"topic": "b"}


def test_of_the_wants_of_a_case_the_first_that_fails_is_shown():
    case = Case(Send(topic="play"), Wins("play"), Settles("nacked"), Wins("other"))
    assert mark(toy(case), build).finding.wanted == "It should be nacked: a dead letter."


def test_nothing_is_tried_after_the_first_finding():
    tried = []

    def takes(message):
        tried.append(message.headers)
        return True

    check("routing-1", strategy_of(takes))
    assert tried == [None]


def test_each_case_has_an_app_of_its_own():
    seen = []

    async def arrange(trial):
        seen.append(trial.app)
        trial.include(build())

    exercise = toy(*(Case(Send(topic=topic), NobodyWins()) for topic in "abc"), arrange=arrange)
    assert mark(exercise, build)
    assert len(set(map(id, seen))) == 3


def test_each_call_gets_a_copy_of_what_is_given():
    given = [{"mails": ["a"]}]

    def build_with(mails):
        mails["mails"].clear()
        return build()

    exercise = toy(Case(Send(topic="play"), Wins("play"), given=given), answer=Function("def build(mails)"))
    assert mark(exercise, build_with)
    assert given == [{"mails": ["a"]}]


def test_a_message_that_nobody_wants_is_pulled_once():
    marking = mark(toy(Case(Send(topic="a"), Send(topic="b"), Wins("play", message=2))), build)
    assert marking.tried == 2
    assert marking.finding.shown.sightings == 1


def test_a_message_that_is_sent_back_again_and_again_is_pulled_so_often_and_no_more():
    def sent_back():
        router = Router(channel="toys")

        @router.actor(on_error="reject")
        async def play():
            raise ValueError

        return router

    case = Case(Send(topic="play"), Settles("rejected", step=7), Settles("rejected", step=8))
    marking = mark(toy(case, max_steps=7), sent_back)
    assert marking.finding.happened == "It was not pulled again."
    assert marking.finding.shown.number == 7
    assert marking.tried == 1


def test_a_message_where_nobody_listens_was_never_pulled():
    marking = mark(toy(Case(Send(topic="play", channel="elsewhere"), Wins("play"))), build)
    assert marking.finding.happened == "It was never pulled."
    assert marking.finding.shown.unheard == (("elsewhere", 1),)


def test_a_message_can_be_sent_by_an_operation():
    async def arrange(trial):
        trial.app.messages.register_operation(operation_id="start_playing", channel="toys")
        trial.include(build())

    assert mark(toy(Case(Send(topic="play", operation_id="start_playing"), Wins("play")), arrange=arrange), build)


def test_raw_bytes_go_with_their_content_type_and_priority():
    seen = []

    @dataclass(frozen=True)
    class Look:
        def judge(self, trial):
            seen.append(trial.steps[0].message)

    mark(toy(Case(Send(b"x", topic="play", content_type="text/plain", priority=7), Look())), build)
    assert [(one.payload, one.content_type, one.priority) for one in seen] == [(b"x", "text/plain", 7)]


def test_further_cases_are_tried_like_the_exercises_own():
    also = [Case(Send(headers={"event": "order.refused"}), Wins("somebody else"))]
    marking = check("routing-1", right, also=also)
    assert not marking
    assert marking.finding.shown.message.headers == {"event": "order.refused"}
    assert check("routing-1", right, also=[Case(Send(headers={"event": "order.refused"}), Wins("follow_orders"))])


@pytest.mark.parametrize("also", [[Send()], 3, Case(Send(), NobodyWins()), None])
def test_further_cases_that_are_none_are_the_teachers_mistake(also):
    with pytest.raises(DeclarationError, match="`also` takes Cases"):
        check("routing-1", right, also=also)


def test_a_further_case_that_nothing_can_fail_is_the_teachers_mistake():
    with pytest.raises(DeclarationError, match="Nothing is wanted in this Case"):
        check("routing-1", right, also=[Case(Send())])


@pytest.mark.parametrize("part", [NobodyWins, Send, "Wins('a')", None, [Send()]])
def test_a_case_of_something_else_is_the_teachers_mistake(part):
    with pytest.raises(DeclarationError, match="A Case is made of Sends and of what is wanted"):
        Case(Send(), part)


def test_an_assertion_error_of_a_marking_tells_the_whole_story():
    wrong = strategy_of(lambda message: (message.headers or {}).get("event") == "order.created")
    text = str(AssertionError(check("routing-1", wrong)))
    assert "What was wanted: follow_orders should get it." in text
    assert "read headers['event'] = 'order.paid' → False" in text


def test_an_unknown_exercise_is_named_with_the_nearest():
    with pytest.raises(UnknownNameError, match=r"^There is no exercise 'rooting-1'\. Did you mean 'routing-1'\?$"):
        check("rooting-1", right)


def test_the_name_comes_first():
    with pytest.raises(UnknownNameError, match="The name of the exercise comes first"):
        check(right, "routing-1")


def test_a_mistake_in_a_want_is_not_taken_for_a_right_answer():
    @dataclass(frozen=True)
    class Broken:
        def judge(self, trial):
            return 1 / 0

    assert not mark(toy(Case(Send(topic="play"), Broken())), build)


def test_what_is_no_router_is_named():
    assert (
        mark(BUILDING, lambda: "router").trouble.sentence == "Your function returned the text 'router', not a Router."
    )
    assert mark(BUILDING, lambda: None).trouble.sentence == (
        "Your function returned None, not a Router. Is its `return` missing?"
    )


def test_an_app_that_the_answer_built_is_played_on():
    async def arrange(trial):
        trial.use_app(await trial.call())

    def build_app():
        app = Repid()
        app.servers.register_server("mine", InMemoryServer(), is_default=True)
        app.include_router(build())
        return app

    exercise = toy(*BUILDING.cases, arrange=arrange)
    assert mark(exercise, build_app)
    assert mark(exercise, build).trouble.sentence == "Your function returned a Router, not a Repid app."
    assert "No default server configured." in mark(exercise, lambda: Repid()).trouble.sentence  # noqa: PLW0108  (a class is no function)


OUTSIDE = Router(channel="toys")


async def play(): ...


async def play_again(): ...


# As when the cell with the actor ran twice.
for version in (play, play_again):
    with as_run_of("a cell"):
        OUTSIDE.actor(name="play")(version)

TWICE = "The actor 'play' is registered twice on channel 'toys', as when its cell ran twice."


def test_an_actor_that_is_registered_twice_outside_the_function_is_named():
    assert mark(BUILDING, lambda: OUTSIDE).trouble.sentence.startswith(TWICE)


def test_an_actor_that_is_left_over_from_an_earlier_run_of_its_cell_is_named():
    router = Router(channel="toys")
    for name in ("old", "play"):
        with as_run_of("a cell"):
            router.actor(name=name)(play)
    assert mark(BUILDING, lambda: router).trouble.sentence.startswith(
        "The actor 'old' is still on channel 'toys', but its cell ran again without it."
    )


def test_an_actor_that_each_call_registers_again_on_a_router_from_outside_is_named():
    router = Router(channel="toys")

    def build_on_it():
        @router.actor
        async def play(): ...

        return router

    exercise = toy(*BUILDING.cases, *BUILDING.cases)
    assert mark(exercise, build_on_it).trouble.sentence.startswith(TWICE)
    assert mark(BUILDING, build_on_it).trouble.sentence.startswith(TWICE)


def test_two_actors_of_one_name_that_a_call_makes_are_marked_like_any_others():
    def build_two():
        router = build()
        router.include_router(build())
        return router

    marking = mark(BUILDING, build_two)
    assert marking
    assert marking.warned == ()


async def test_a_stage_leaves_out_the_steps_of_its_setting():
    trial = Trial(None, (), "toys")
    trial.include(build())
    await trial.send(Send(topic="play"), Send(topic="play"))
    await trial.stepper.step()
    trial.forget_steps()
    await trial.run(10)
    assert [step.message.id for step in trial.steps] == ["m2"]
    assert isinstance(trial.stepper, Stepper)


def test_every_case_of_an_exercise_wants_something():
    assert all(case.wants for case in find("routing-1").cases)


def test_a_strategy_that_writes_into_the_message_does_not_pass():
    def writes(message):
        takes = (message.headers or {}).get("event", "").startswith("order.")
        if message.headers:
            message.headers.clear()
        return takes

    marking = check("routing-1", strategy_of(writes))
    assert marking.finding is not None
    assert marking.finding.happened == "Your code changed the headers of the message to {}."
    assert marking.finding.wanted.startswith("A strategy only reads.")


def test_a_long_text_of_an_exception_is_cut_in_the_sentence():
    def shouts(**_):
        raise RuntimeError("oh dear " * 100_000)

    marking = check("routing-1", shouts)
    assert marking.trouble is not None
    assert len(marking.trouble.sentence) < 1_200


@pytest.mark.parametrize("marker", [check, grade])
def test_a_check_without_an_answer_says_what_to_write(marker):
    with pytest.raises(
        DeclarationError, match=rf'^Write it as `{marker.__name__}\("routing-1", answer\)`: .*\'answer\''
    ) as told:
        marker("routing-1")
    assert str(told.value).endswith(find("routing-1").asks)
    with pytest.raises(DeclarationError, match="Write it as"):
        marker()
    with pytest.raises(DeclarationError, match="Write it as"):
        marker(right)
    with pytest.raises(UnknownNameError, match=r"comes first, in quotation marks, .* not a function"):
        marker(right, "routing-1")


@pytest.mark.parametrize("call", [hint, guess, questions])
def test_a_function_of_the_course_without_its_argument_says_what_to_write(call):
    with pytest.raises(DeclarationError, match=rf"^Write it as `{call.__name__}\(\"[a-z]+(-1)?\"\)`: missing"):
        call()


@pytest.mark.parametrize("call", [exercises, course])
def test_a_list_of_the_course_with_an_argument_says_what_to_write(call):
    with pytest.raises(DeclarationError, match=rf"^Write it as `{call.__name__}\(\)`: too many"):
        call("routing")


@pytest.mark.parametrize("wrong", [None, print, Router, Router(), 3, ["routing-1"]], ids=repr)
@pytest.mark.parametrize("call", [hint, questions, lambda name: check(name, right)], ids=["hint", "questions", "check"])
def test_what_is_no_name_is_named_by_its_kind(call, wrong):
    with pytest.raises(UnknownNameError, match=r"in quotation marks.*not (None|a |the )"):
        call(wrong)
