"""Routing strategies: who takes a message, and what a factory has to be."""

import pytest

from repid_nb.core.errors import DeclarationError
from repid_nb.core.message import MessageData
from repid_nb.core.routing.declaration import make_strategy
from repid_nb.core.routing.router import Router
from repid_nb.core.routing.strategies import catch_all_routing_strategy, topic_based_routing_strategy


def message(headers: dict[str, str] | None) -> MessageData:
    return MessageData(payload=b"", headers=headers)


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({"topic": "work"}, True),
        ({"topic": "work", "more": "x"}, True),
        ({"topic": "Work"}, False),
        ({"topic": ""}, False),
        ({"Topic": "work"}, False),
        ({}, False),
        (None, False),
    ],
)
def test_the_topic_strategy_takes_exactly_the_messages_whose_topic_is_the_actors_name(headers, taken):
    assert topic_based_routing_strategy(actor_name="work")(message(headers)) is taken


@pytest.mark.parametrize("headers", [None, {}, {"topic": "somebody else"}])
def test_the_catch_all_strategy_takes_everything(headers):
    assert catch_all_routing_strategy(actor_name="work")(message(headers)) is True


@pytest.mark.parametrize("factory", [topic_based_routing_strategy, catch_all_routing_strategy])
def test_the_built_in_factories_let_further_arguments_pass(factory):
    assert callable(factory(actor_name="work", something="else"))


def test_a_custom_factory_is_given_the_actors_name_and_its_function_decides():
    def by_action(*, actor_name, **kwargs):
        return lambda message: (message.headers or {}).get("action") == actor_name

    strategy = make_strategy(by_action, "work")
    assert strategy(message({"action": "work"}))
    assert not strategy(message({"topic": "work"}))


def test_a_class_can_be_the_factory_and_its_object_the_strategy():
    class Longer:
        def __init__(self, *, actor_name):
            self.limit = len(actor_name)

        def __call__(self, message):
            return len(message.payload) > self.limit

    strategy = make_strategy(Longer, "work")
    assert strategy(MessageData(payload=b"12345"))
    assert not strategy(MessageData(payload=b"1234"))


def not_named(message):
    return True


def positional(actor_name, /):
    return lambda message: True


def too_many(*, actor_name, colour):
    return lambda message: True


def no_function(*, actor_name, **kwargs):
    return True


def forgets_to_return(*, actor_name, **kwargs):
    pass


@pytest.mark.parametrize("factory", [not_named, positional, too_many])
def test_a_factory_that_cannot_be_called_with_the_actors_name_alone_is_refused_at_declaration(factory):
    router = Router()
    with pytest.raises(DeclarationError, match=rf"{factory.__name__}.*'work'.*actor_name"):

        @router.actor(routing_strategy=factory)
        async def work():
            pass

    assert router.actors == []


@pytest.mark.parametrize("factory", [None, "topic", 5])
def test_a_factory_that_cannot_be_called_is_refused_at_declaration(factory):
    router = Router()
    with pytest.raises(DeclarationError, match="cannot be called"):

        @router.actor(routing_strategy=factory)
        async def work():
            pass


@pytest.mark.parametrize("factory", [no_function, forgets_to_return])
def test_a_factory_that_returns_no_function_is_refused_at_declaration(factory):
    router = Router()
    with pytest.raises(DeclarationError, match=r"returned (True|None), which cannot be called"):

        @router.actor(routing_strategy=factory)
        async def work():
            pass


def test_what_a_factory_itself_raises_comes_out_unchanged():
    def broken(*, actor_name):
        raise TypeError("my own mistake")

    with pytest.raises(TypeError, match="my own mistake") as caught:
        make_strategy(broken, "work")
    assert not isinstance(caught.value, DeclarationError)


def test_the_factory_is_called_once_for_an_actor_and_its_state_is_kept():
    made = []

    def counting(*, actor_name, **kwargs):
        made.append(actor_name)
        return lambda message: True

    router = Router()

    @router.actor(name="work", routing_strategy=counting)
    async def function():
        pass

    assert router.actors[0].routing_strategy is router.actors[0].routing_strategy
    assert made == ["work"]
