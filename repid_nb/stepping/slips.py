"""Naming the fix of calls that Python refuses: an argument of another name, or one that has to be given by name."""

from __future__ import annotations

import asyncio
import inspect
import re
import sys
from collections.abc import Callable
from typing import Any

from repid_nb.core.naming import did_you_mean
from repid_nb.notebook.cells import ipython_shell

__all__ = ["add_fix", "fix_of"]

UNEXPECTED = re.compile(r"(\w+)\.(\w+)\(\) got an unexpected keyword argument '(\w+)'")
TOO_MANY = re.compile(r"(\w+)\.(\w+)\(\) takes .*positional arguments? but \d+ (?:was|were) given")
MISSING = re.compile(r"(?:(\w+)\.)?(\w+)\(\) missing \d+ required (?:positional|keyword-only) arguments?: (.*)")
REFUSED = {
    re.compile(r"'(\w+)' object is not callable"): "It is not a function: leave the parentheses out.",
    re.compile(r"object (\w+) can't be used in 'await' expression"): "It is there at once: leave `await` out.",
}
NOT_THERE = re.compile(r"cannot import name '(\w+)' from 'repid_nb'")
# repid's documentation imports these: its servers of brokers, and its HTTP servers.
OF_REPID = re.compile(r"cannot import name '((?:Amqp|Kafka|Nats|Pubsub|Redis|Sqs)Server)' from 'repid_nb[.\w]*'")
HTTP_SERVER = re.compile(r"cannot import name '(?:AsyncAPI|HealthCheck)(?:Server|Status)\w*' from 'repid_nb'")
# repid has the server object of a broker only where the client library is installed that it needs.
NO_CLIENT = re.compile(r"cannot import name '(Kafka|Nats|Pubsub|Redis|Sqs)Server' from 'repid'")
NO_REPID = re.compile(r"No module named '(?:repid|typing_extensions)'")
NO_WIDGETS = re.compile(r"No module named '(?:anywidget|ipywidgets|traitlets)'")

# An interrupted kernel cancels what its cell awaits, and asyncio's error has no words.
CANCELLED = "Stopped: by the interrupt button, or because what was awaited was cancelled."

# The file names that %time and %timeit give to what they run.
OF_MAGICS = ("<timed ", "<magic-timeit")

# What is meant by a name that another function of ours takes.
MEANT = {
    ("send_message", "priority"): "server_specific_parameters={'priority': 9}",
    ("send_message_json", "priority"): "server_specific_parameters={'priority': 9}",
    ("send_message", "topic"): "headers={'topic': 'my_actor'}",
    ("send_message_json", "topic"): "headers={'topic': 'my_actor'}",
    ("send_message_json", "content_type"): "send_message, which takes bytes and their content_type",
    ("explain", "priority"): "explain without a priority: it asks who would get the message, not when",
    ("actor", "topic"): "name='...': an actor takes the topic that is its name",
    ("run", "steps"): "max_steps=...",
}

# What is meant by an attribute that another object has.
ELSEWHERE = {
    ("Repid", "actor"): "router.actor, and app.include_router(router)",
    ("Repid", "register_server"): "app.servers.register_server",
    ("Repid", "register_operation"): "app.messages.register_operation",
    ("Stepper", "dead_letters"): "stepper.queues['my_channel'].dead_letters",
    ("Stepper", "steps"): "stepper.history",
}


def add_fix(error: BaseException) -> None:
    """Add the fix to an error as a note, where it is known and not there yet."""
    fix = CANCELLED if type(error) is asyncio.CancelledError and not error.args else fix_of(error)
    if fix and fix not in getattr(error, "__notes__", ()):
        error.add_note(fix)


def fix_of(error: BaseException) -> str:
    """Return how to write a call, a name or an attribute of ours that Python refused with this error; else nothing."""
    if type(error) is AttributeError:
        return _missing_attribute(error.obj, error.name or "")
    if isinstance(error, SyntaxError):
        return _outside(error)
    text = str(error) if isinstance(error, ImportError) or type(error) is TypeError else ""
    if fix := _plain(text):
        return fix
    for said, written in ((UNEXPECTED, _unexpected), (MISSING, _missing)):
        if found := said.fullmatch(text):
            return written(*found.groups())
    for refused, fix in REFUSED.items():
        if (found := refused.match(text)) and _is_ours(found[1]):
            return fix
    found = TOO_MANY.fullmatch(text)
    method = None if found is None else _method(found[1], found[2])
    return "" if found is None or method is None else _by_name(found[2], method)


def _outside(error: SyntaxError) -> str:
    """Return what to write in a cell whose `await` IPython refuses; Python speaks of another function inside `def`."""
    if error.msg != "'await' outside function":
        return ""
    file = error.filename or ""
    if file.startswith(OF_MAGICS) or (file == "<string>" and _is_profiled(error)):
        return "A magic such as %time cannot await: write run(stepper.step()) there, instead of await stepper.step()."
    if getattr(ipython_shell(), "autoawait", True):
        return ""
    return "This notebook has switched await off: write %autoawait asyncio in a cell, or run(...) instead of await ..."


def _is_profiled(error: SyntaxError) -> bool:
    """Say whether the profile module ran the text: its file name is the one that a call of `exec` gives too."""
    place = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    return place is not None and place.tb_frame.f_globals.get("__name__") in ("cProfile", "profile")


def _plain(text: str) -> str:
    """Return the fix that the words of an error alone tell."""
    if found := OF_REPID.match(text):
        return f"It is repid's own, and is registered here as it is: from repid import {found[1]}."
    if HTTP_SERVER.match(text):
        return "repid has this HTTP server; repid_nb runs without it."
    if found := NOT_THERE.match(text):
        return did_you_mean(found[1], dir(sys.modules["repid_nb"])).strip()
    if (found := NO_CLIENT.match(text)) or NO_REPID.fullmatch(text):
        extra = f"[{found[1].lower()}]" if found else ""
        return f"Install it with: pip install 'repid{extra}==2.1.4' typing_extensions, and restart the kernel."
    if NO_WIDGETS.fullmatch(text):
        return "Install what widgets need with: pip install anywidget ipywidgets, and restart the kernel."
    return ""


def _unexpected(owner: str, name: str, argument: str) -> str:
    method = _method(owner, name)
    if method is None:
        return ""
    if meant := MEANT.get((name, argument)):
        return f"Write {meant}."
    names = [one for one in inspect.signature(method).parameters if one != "self"]
    return did_you_mean(argument, names).strip() or f"It takes: {', '.join(names)}."


def _missing(owner: str | None, name: str, named: str) -> str:
    called = _method(owner, name) if owner else _function(name)
    if called is None:
        return ""
    given = [one for one in inspect.signature(called).parameters.values() if one.name != "self"]
    # A learner's function may have the name of one of ours.
    if not set(re.findall(r"'(\w+)'", named)) <= {one.name for one in given}:
        return ""
    needed = [
        one for one in given if one.default is one.empty and one.kind not in (one.VAR_POSITIONAL, one.VAR_KEYWORD)
    ]
    written = ", ".join(f"{one.name}=..." if one.kind is one.KEYWORD_ONLY else one.name for one in needed)
    return f"Write {owner if name == '__init__' else name}({written})."


def _missing_attribute(thing: object, name: str) -> str:
    owner = thing if isinstance(thing, type) else type(thing)
    if owner.__module__.partition(".")[0] != "repid_nb":
        return ""
    meant = ELSEWHERE.get((owner.__name__, name))
    public = [one for one in dir(owner) if not one.startswith("_")]
    return f"Write {meant}." if meant else did_you_mean(name, public).strip()


def _by_name(name: str, method: Callable[..., Any]) -> str:
    parameters = [one for one in inspect.signature(method).parameters.values() if one.name != "self"]
    by_name = [one for one in parameters if one.kind is one.KEYWORD_ONLY]
    if not by_name:
        return ""
    wanted = [one for one in by_name if one.default is one.empty] or by_name[:2]
    return f"Give its arguments by name: {name}({', '.join(f'{one.name}=...' for one in wanted)})."


def _method(owner: str, name: str) -> Callable[..., Any] | None:
    """Return a method of one of our classes, by the names of both."""
    return getattr(_class(owner), name, None)


def _function(name: str) -> Callable[..., Any] | None:
    """Return one of our functions that are loaded, by its name."""
    for module_name, module in list(sys.modules.items()):
        found = getattr(module, name, None) if module_name.partition(".")[0] == "repid_nb" else None
        if inspect.isfunction(found) and found.__module__ == module_name and found.__qualname__ == name:
            return found
    return None


def _is_ours(name: str) -> bool:
    return _class(name) is not None


def _class(name: str) -> type | None:
    """Return one of our classes that are loaded, by its name."""
    for module_name, module in list(sys.modules.items()):
        kind = getattr(module, name, None) if module_name.partition(".")[0] == "repid_nb" else None
        if isinstance(kind, type) and kind.__module__ == module_name:
            return kind
    return None
