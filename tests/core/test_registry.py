"""The registries: servers and operations by name, and a hint when a name is nearly right."""

import pytest

from repid_nb.core.description import Channel, MessageSchema, Tag
from repid_nb.core.errors import DeclarationError, UnknownNameError
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.naming import nearest_name
from repid_nb.core.registry import MessageRegistry, ServerRegistry


@pytest.fixture
def servers():
    return ServerRegistry()


@pytest.fixture
def messages():
    return MessageRegistry()


def test_the_first_server_is_the_default(servers):
    first = InMemoryServer()
    servers.register_server("first", first)
    servers.register_server("second", InMemoryServer())
    assert servers.default is servers.get_default_server() is servers.get_server() is servers.find() is first


def test_a_later_server_becomes_the_default_when_asked_to(servers):
    second = InMemoryServer()
    servers.register_server("first", InMemoryServer())
    servers.register_server("second", second, is_default=True)
    assert servers.default is second


def test_an_operation_on_what_is_no_channel_is_refused(messages):
    with pytest.raises(DeclarationError, match="Operation 'o': the channel must be a str or a Channel, not 5"):
        messages.register_operation(operation_id="o", channel=5)
    assert messages.list_operations() == {}


def test_a_servers_class_is_refused_with_the_fix(servers):
    with pytest.raises(DeclarationError, match=r"not the class InMemoryServer: write InMemoryServer\(\)\."):
        servers.register_server("one", InMemoryServer)
    assert servers.list_servers() == {}


def test_a_name_that_is_no_text_is_unknown_like_any_other(servers, messages):
    servers.register_server("one", InMemoryServer())
    with pytest.raises(UnknownNameError, match="Server 5 not found"):
        servers.find(5)
    messages.register_operation(operation_id="o", channel="tasks")
    with pytest.raises(UnknownNameError, match="Operation 5 not found"):
        messages.find(5)


def test_the_default_can_be_changed(servers):
    second = InMemoryServer()
    servers.register_server("first", InMemoryServer())
    servers.register_server("second", second)
    servers.set_default_server("second")
    assert servers.default is second


def test_a_default_that_nobody_registered_is_refused_and_nothing_changes(servers):
    first = InMemoryServer()
    servers.register_server("first", first)
    with pytest.raises(UnknownNameError, match="Did you mean 'first'"):
        servers.set_default_server("frist")
    assert servers.default is first


def test_a_name_that_is_taken_is_given_to_the_new_server(servers):
    new = InMemoryServer()
    servers.register_server("one", InMemoryServer())
    servers.register_server("one", new)
    assert servers["one"] is new


def test_without_any_server_the_error_says_how_to_register_one(servers):
    with pytest.raises(UnknownNameError, match="register_server"):
        _ = servers.default
    assert servers.get_default_server() is None


@pytest.mark.parametrize("builtin", [ValueError, KeyError])
def test_an_unknown_server_is_an_error_of_repids_kinds(servers, builtin):
    with pytest.raises(builtin):
        servers["nobody"]


def test_an_unknown_server_is_answered_with_the_nearest_name(servers):
    servers.register_server("production", InMemoryServer())
    servers.register_server("staging", InMemoryServer())
    with pytest.raises(UnknownNameError) as caught:
        servers.find("prodution")
    assert str(caught.value) == "Server 'prodution' not found. Did you mean 'production'?"
    assert servers.get_server("prodution") is None


def test_the_list_of_servers_is_a_copy(servers):
    servers.register_server("one", InMemoryServer())
    servers.list_servers().clear()
    assert list(servers.list_servers()) == ["one"]


def test_an_operation_keeps_what_it_was_registered_with(messages):
    schema = MessageSchema(name="hello")
    messages.register_operation(
        operation_id="greet",
        channel="greetings",
        title="Greet",
        summary="Says hello.",
        description="At length.",
        messages=[schema],
        security=["key"],
        tags=[Tag(name="nice")],
        bindings={"a": 1},
    )
    operation = messages.find("greet")
    assert operation is messages.get_operation("greet")
    assert operation.channel.address == "greetings"
    assert (operation.title, operation.summary, operation.description) == ("Greet", "Says hello.", "At length.")
    assert (operation.messages, operation.security) == ((schema,), ("key",))
    assert (operation.tags, operation.bindings) == ((Tag(name="nice"),), {"a": 1})


def test_an_operation_may_be_given_a_channel_object(messages):
    channel = Channel(address="greetings", title="Greetings")
    messages.register_operation(operation_id="greet", channel=channel)
    assert messages.find("greet").channel is channel


def test_an_operation_id_that_is_taken_is_given_to_the_new_operation(messages):
    messages.register_operation(operation_id="greet", channel="old")
    messages.register_operation(operation_id="greet", channel="new")
    assert messages.find("greet").channel.address == "new"


def test_an_unknown_operation_is_answered_with_the_nearest_name(messages):
    messages.register_operation(operation_id="send_welcome_email", channel="emails")
    with pytest.raises(UnknownNameError, match="Did you mean 'send_welcome_email'"):
        messages.find("send_welcome_mail")
    assert messages.get_operation("send_welcome_mail") is None


def test_the_list_of_operations_is_a_copy_in_order_of_registration(messages):
    messages.register_operation(operation_id="b", channel="c")
    messages.register_operation(operation_id="a", channel="c")
    messages.list_operations().clear()
    assert list(messages.list_operations()) == ["b", "a"]


@pytest.mark.parametrize(
    ("name", "known", "hint"),
    [
        ("x", [], " None is registered yet."),
        ("emial", ["email", "sms"], " Did you mean 'email'?"),
        ("zzz", ["b", "a"], " Known: 'a', 'b'."),
        ("zzz", list("abcdef"), " Known: 'a', 'b', 'c', 'd', 'e', ..."),
    ],
)
def test_a_hint_names_the_nearest_or_the_known_names(name, known, hint):
    assert nearest_name(name, known).startswith(hint)
