"""The public names of repid 2.1.4, and the signatures behind them, compared with those of repid_nb."""

import asyncio
import dataclasses
import importlib
import inspect
import types

import pytest
import repid

import repid_nb

REPIDS_OWN = "repid's own: its clients of brokers are registered here as they are"
NOT_HERE = {
    "AmqpServer": REPIDS_OWN,
    "RedisServer": REPIDS_OWN,
    "KafkaServer": REPIDS_OWN,
    "PubsubServer": REPIDS_OWN,
    "NatsServer": REPIDS_OWN,
    "SqsServer": REPIDS_OWN,
    "HealthCheckServer": "repid's own: an HTTP server beside the worker",
    "HealthCheckServerSettings": "repid's own: an HTTP server beside the worker",
    "HealthCheckStatus": "repid's own: an HTTP server beside the worker",
    "AsyncAPIServer": "repid's own: an HTTP server; asyncapi_html() gives the page",
    "AsyncAPIServerSettings": "repid's own: an HTTP server; asyncapi_html() gives the page",
}
MEMBERS_NOT_HERE = {
    "Repid.asyncapi_server": "repid's own: an HTTP server; asyncapi_html() gives the page",
}
SIGNATURES_THAT_DIFFER = {
    "InMemoryServer": "dead_letter_limit: how many dead letters are kept",
}
# What repid 2.2 adds to callables of 2.1.4; `test_limits.py` compares it with repid 2.2 itself.
OF_2_2 = {
    "ActorData": {"limits", "limit_policies"},
    "Channel": {"limits", "limit_policies"},
    "Router": {"limits", "limit_policies"},
    "Router.actor": {"limits", "limit_policies"},
    "Repid.run_worker": {"limits", "limit_policies", "actor_limits_propagation"},
}


def type_of_a_received_message(lib):
    context = types.SimpleNamespace(
        message=None, actor_context=types.SimpleNamespace(server=None, publish=None, default_serializer=None)
    )
    return type(asyncio.run(lib.MessageDependency().resolve(context=context)))


# These are reached through an app and a dependency, not imported by name.
REACHED = {
    "app.servers": lambda lib: type(lib.Repid().servers),
    "app.messages": lambda lib: type(lib.Repid().messages),
    "Message": type_of_a_received_message,
}
HAVE_ATTRIBUTES_OF_THEIR_OWN = {"Repid", "Router", "InMemoryServer", *REACHED} - {"Message"}


def public(module):
    return {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }


SHARED = sorted(public(repid) - set(NOT_HERE))


def test_every_public_name_of_repid_is_here_or_named_with_its_reason():
    missing = sorted(name for name in SHARED if not hasattr(repid_nb, name))
    assert missing == [], "Export them from repid_nb, or name them in NOT_HERE with the reason."


@pytest.mark.parametrize("module", ["data", "serializer", "connections", "connections.abc"])
def test_a_name_can_be_imported_from_where_repids_documentation_imports_it(module):
    theirs, ours = (importlib.import_module(f"{lib}.{module}") for lib in ("repid", "repid_nb"))
    assert sorted(ours.__all__) == [name for name in SHARED if hasattr(theirs, name)]
    assert all(getattr(ours, name) is getattr(repid_nb, name) for name in ours.__all__)


def test_what_is_named_as_not_here_is_not():
    assert [name for name in NOT_HERE if hasattr(repid_nb, name)] == []


def test_a_star_import_brings_the_shared_names():
    assert [name for name in SHARED if name not in repid_nb.__all__] == []


@pytest.mark.parametrize("name", SHARED)
def test_a_shared_name_is_the_same_kind_of_thing(name):
    theirs, ours = getattr(repid, name), getattr(repid_nb, name)
    assert inspect.isclass(theirs) == inspect.isclass(ours)
    assert callable(theirs) == callable(ours)
    assert dataclasses.is_dataclass(theirs) == dataclasses.is_dataclass(ours)


def shape(fn, without=frozenset()):
    """What a caller sees of a signature: places, names, and defaults; that of named-only ones is nobody's."""
    positional, named = [], {}
    for parameter in inspect.signature(fn).parameters.values():
        if parameter.name in without:
            continue
        default = "required" if parameter.default is parameter.empty else repr(parameter.default).split(" at 0x")[0]
        if parameter.kind is parameter.KEYWORD_ONLY:
            named[parameter.name] = default
        else:
            positional.append((parameter.name if parameter.kind is not parameter.VAR_KEYWORD else "**", default))
    return positional, named


def is_type_only(thing):
    return getattr(thing, "_is_protocol", False) or getattr(thing, "__total__", None) is not None


CALLABLES = {
    **{
        name: (getattr(repid, name), getattr(repid_nb, name, None))
        for name in SHARED
        if callable(getattr(repid, name)) and not is_type_only(getattr(repid, name))
    },
    **{name: (reach(repid), reach(repid_nb)) for name, reach in REACHED.items()},
}
CLASSES = {name: pair for name, pair in CALLABLES.items() if inspect.isclass(pair[0])}
METHODS = {
    f"{name}.{method}": (value, getattr(ours, method, None))
    for name, (theirs, ours) in CLASSES.items()
    for method, value in inspect.getmembers(theirs)
    if not method.startswith("_") and inspect.isfunction(value)
}


@pytest.mark.parametrize("name", sorted(CALLABLES))
def test_a_shared_callable_is_called_in_the_same_way(name):
    theirs, ours = CALLABLES[name]
    try:
        expected = shape(theirs)
    except ValueError:
        # A type alias or an enumeration: nobody calls it.
        return
    if name in SIGNATURES_THAT_DIFFER:
        positional, named = shape(ours)
        assert (positional, {key: value for key, value in named.items() if key in expected[1]}) == expected
        assert set(named) - set(expected[1]) == {SIGNATURES_THAT_DIFFER[name].split(":")[0]}
    else:
        assert shape(ours, OF_2_2.get(name, ())) == expected


@pytest.mark.parametrize("name", sorted(METHODS))
def test_a_method_of_a_shared_class_is_called_in_the_same_way(name):
    theirs, ours = METHODS[name]
    if name in MEMBERS_NOT_HERE:
        assert ours is None
        return
    assert shape(ours, OF_2_2.get(name, ())) == shape(theirs)
    assert inspect.iscoroutinefunction(ours) == inspect.iscoroutinefunction(theirs)


@pytest.mark.parametrize("name", sorted(CLASSES))
def test_every_public_attribute_of_a_shared_class_is_here(name):
    theirs, ours = CLASSES[name]
    if name in HAVE_ATTRIBUTES_OF_THEIR_OWN:
        theirs, ours = theirs(), ours()
    missing = {one for one in dir(theirs) if not one.startswith("_")} - set(dir(ours))
    assert [one for one in sorted(missing) if f"{name}.{one}" not in MEMBERS_NOT_HERE] == []


@pytest.mark.parametrize("name", sorted(name for name, (kind, _) in CLASSES.items() if dataclasses.is_dataclass(kind)))
def test_a_shared_dataclass_has_the_same_fields(name):
    theirs, ours = CLASSES[name]
    fields = [(one.name, one.default) for one in dataclasses.fields(ours) if one.name not in OF_2_2.get(name, ())]
    assert fields == [(one.name, one.default) for one in dataclasses.fields(theirs)]
    assert ours.__dataclass_params__.frozen == theirs.__dataclass_params__.frozen


@pytest.mark.parametrize("name", ["BaseMessageT", "SentMessageT", "ReceivedMessageT", "ServerT", "SubscriberT"])
def test_a_shared_protocol_asks_for_the_same(name):
    def members(kind):
        return {one for base in kind.__mro__ for one in vars(base) if not one.startswith("_")}

    assert members(getattr(repid_nb, name)) == members(getattr(repid, name))


def test_message_actions_are_the_same_words():
    assert [(one.name, one.value) for one in repid_nb.MessageAction] == [
        (one.name, one.value) for one in repid.MessageAction
    ]


def test_the_capabilities_are_the_same():
    assert set(repid_nb.CapabilitiesT.__annotations__) == set(repid.CapabilitiesT.__annotations__)


@pytest.mark.parametrize("name", ["AutoActionT", "ManualActionT"])
def test_the_words_of_on_error_are_the_same(name):
    assert getattr(repid_nb, name) == getattr(repid, name)
