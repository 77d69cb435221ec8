"""What errors call things, and objects of the library repid where ours are meant."""

import uuid

import pytest
import repid

from repid_nb import InMemoryServer, Router, Stepper, TestClient, Workbench
from repid_nb.classroom import check
from repid_nb.core.errors import DeclarationError
from repid_nb.core.naming import a_kind, is_of_repid


class HTTPProblem: ...


class User: ...


class Order: ...


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        (None, "None"),
        (Order(), "an Order"),
        (User(), "a User"),
        (HTTPProblem(), "an HTTPProblem"),
        (uuid.UUID(int=1), "a UUID"),
        (7, "an int"),
        (Order, "the class Order"),
        (repid.Router(), "a Router of the library repid"),
        (repid.Router, "the class Router of the library repid"),
    ],
)
def test_an_object_is_called_by_its_class_with_the_right_article(thing, words):
    assert a_kind(thing) == words


def test_what_inherits_from_a_class_of_repid_is_of_repid_and_ours_is_not():
    class Own(repid.InMemoryServer): ...

    assert is_of_repid(Own())
    assert is_of_repid(Own)
    assert not is_of_repid(InMemoryServer())


def app_of(lib):
    app = lib.Repid()
    app.servers.register_server("default", repid.InMemoryServer(), is_default=True)
    return app


@pytest.mark.parametrize("user", [Stepper, TestClient, Workbench])
def test_an_app_of_repid_is_refused_by_name(user):
    with pytest.raises(DeclarationError, match=r"takes a Repid app of repid_nb, not a Repid of the library repid"):
        user(app_of(repid))


def test_check_says_that_a_router_is_repids():
    def build():
        return repid.Router(channel="c")

    assert "returned a Router of the library repid, not a Router" in str(check("routing-2", build))


def test_a_channel_and_a_converter_of_repid_say_so():
    with pytest.raises(DeclarationError, match="That one is repid's; import Channel from repid_nb"):
        Router(channel=repid.Channel(address="c"))
    with pytest.raises(DeclarationError, match=r"the class PydanticConverter of the library repid\. Import it"):
        Router(converter=repid.PydanticConverter)
