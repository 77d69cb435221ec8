"""The AsyncAPI document, held against repid's own and against AsyncAPI's JSON schema."""

import copy
import json
import math
import re
import types
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import pydantic
import pytest
import repid
from jsonschema import Draft7Validator
from referencing import Registry
from referencing.jsonschema import DRAFT7
from repid import message_registry, server_registry
from support.generated import given, settings, st

from repid_nb.app import Repid
from repid_nb.asyncapi.components import Components
from repid_nb.asyncapi.document import AsyncAPIGenerator
from repid_nb.core import description
from repid_nb.core.arguments.converter import BasicConverter
from repid_nb.core.arguments.dependencies import FullPayload, Header
from repid_nb.core.errors import NotDescribableError, SerializationError
from repid_nb.core.memory.server import InMemoryServer
from repid_nb.core.registry import MessageRegistry, ServerRegistry
from repid_nb.core.routing.router import Router

SCHEMA_FILE = Path(__file__).parents[1] / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
INSTALL = "npm install --prefix tests --no-package-lock --no-audit --no-fund"


REPID = types.SimpleNamespace(
    **vars(repid),
    MessageRegistry=message_registry.MessageRegistry,
    ServerRegistry=server_registry.ServerRegistry,
)
OURS = types.SimpleNamespace(
    **vars(description),
    FullPayload=FullPayload,
    Header=Header,
    InMemoryServer=InMemoryServer,
    MessageRegistry=MessageRegistry,
    Router=Router,
    ServerRegistry=ServerRegistry,
)


class App:
    """What the generators are given, built from the names of one library."""

    def __init__(self, kit):
        self.kit = kit
        self.router = kit.Router()
        self.routers = [self.router]
        self.servers = kit.ServerRegistry()
        self.messages = kit.MessageRegistry()
        self.info = {}

    def parts(self):
        return {"servers": self.servers, "messages": self.messages, **self.info}


def build_app(build, kit):
    app = App(kit)
    build(app)
    return app


def repid_document(build):
    app = build_app(build, REPID)
    document = repid.AsyncAPIGenerator(routers=[one._materialize() for one in app.routers], **app.parts())
    return document.generate_schema()


def our_document(build):
    app = build_app(build, OURS)
    return AsyncAPIGenerator(routers=app.routers, **app.parts()).generate_schema()


def as_json(document):
    return json.loads(json.dumps(document))


@pytest.fixture(scope="session")
def violations():
    """A function from a document to the list of places where it breaks AsyncAPI's JSON schema."""
    if not SCHEMA_FILE.exists():
        pytest.fail(f"The AsyncAPI JSON schema is not installed. Install it with: {INSTALL}", pytrace=False)
    schema = json.loads(SCHEMA_FILE.read_text(encoding="utf-8"))
    # Crawled once; otherwise each reference into the schema would walk all of it again.
    registry = Registry().with_resource("", DRAFT7.create_resource(schema)).crawl()
    validator = Draft7Validator(schema, registry=registry, format_checker=Draft7Validator.FORMAT_CHECKER)

    def check(document):
        document = as_json(document)
        found = ["/".join(map(str, error.absolute_path)) for error in validator.iter_errors(document)]
        # The schema writes the rule for keys as patternProperties, which lets other keys pass unseen.
        for section, components in document["components"].items():
            found += [f"components/{section}/{key}" for key in components if not re.fullmatch(r"[A-Za-z0-9._-]+", key)]
        return sorted(found)

    return check


class Item(pydantic.BaseModel):
    sku: str
    count: int = pydantic.Field(1, ge=1)


class Order(pydantic.BaseModel):
    items: list[Item]
    note: str | None = None
    parent: "Order | None" = None


class Email(pydantic.BaseModel):
    kind: Literal["email"]


class Letter(pydantic.BaseModel):
    kind: Literal["letter"]


Post = Annotated[Email | Letter, pydantic.Field(discriminator="kind")]


def server(**fields):
    names = ("pathname", "title", "summary", "description", "protocol_version", "variables", "security", "tags")
    empty = dict.fromkeys((*names, "external_docs", "bindings"))
    return types.SimpleNamespace(**{"host": "localhost:5672", "protocol": "amqp"} | empty | fields)


def noted(app, name):
    """Tags and a link whose names depend on `name`."""
    docs = app.kit.ExternalDocs(url=f"https://docs.test/{name}", description=f"About {name}")
    return {"tags": [app.kit.Tag(name=name, description="a tag", external_docs=docs)], "external_docs": docs}


def everything_empty(_):
    pass


def info_in_full(app):
    app.info = {
        "title": "Shop",
        "version": "2.0.0",
        "description": "Sells things.",
        "terms_of_service": "https://shop.test/terms",
        "contact": app.kit.Contact(name="Ada", url="https://shop.test", email="ada@shop.test"),
        "license": app.kit.License(name="MIT", url="https://mit.test"),
        **noted(app, "shop"),
    }


def info_with_an_empty_contact(app):
    app.info = {"contact": app.kit.Contact(), "license": app.kit.License(name="MIT"), "tags": []}


def an_in_memory_server(app):
    app.servers.register_server("default", app.kit.InMemoryServer())


def several_servers(app):
    app.servers.register_server("plain", server())
    app.servers.register_server("zwei drei/~", server(protocol="kafka", bindings={"kafka": {}}))
    scheme, reference = {"type": "userPassword"}, {"$ref": "#/components/securitySchemes/elsewhere"}
    full = server(
        pathname="/vhost",
        title="Main",
        summary="The broker",
        description="At home",
        protocol_version="0.9.1",
        variables={"port": {"enum": ("1", "2"), "default": "1"}},
        security=[scheme, reference, {"type": "plain"}],
        bindings={"$ref": "#/components/serverBindings/zwei_drei__bindings"},
    )
    app.servers.register_server("full", server(**vars(full) | noted(app, "broker")))


def an_actor_without_arguments(app):
    @app.router.actor
    async def ping():
        """Answer."""


def channels_with_metadata(app):
    docs = app.kit.ExternalDocs(url="https://docs.test/tasks")
    tasks = app.kit.Channel(
        address="tasks",
        title="Tasks",
        summary="s",
        description="d",
        bindings={"amqp": {"is": "queue", "queue": {}}},
        external_docs=docs,
    )

    @app.router.actor(channel="tasks")
    async def first(a: int):
        pass

    @app.router.actor(channel=tasks)
    async def second(b: str = "x"):
        pass

    @app.router.actor(channel="other")
    async def third():
        pass

    titled = app.kit.Channel(address="tasks", title="Sent to", bindings={"kafka": {}})
    app.messages.register_operation(operation_id="send_task", channel=titled)
    app.messages.register_operation(operation_id="send_again", channel=tasks)
    app.messages.register_operation(operation_id="send_plainly", channel="tasks")
    app.messages.register_operation(operation_id="send_elsewhere", channel="only_sent")


def an_actor_with_every_option(app):
    example = app.kit.MessageExample
    described = app.kit.ActorMessageMetadata(
        title="T",
        summary="S",
        description="D",
        examples=(
            example(name="one", summary="An example", payload={"a": 1}, headers={"h": "x"}),
            example(headers={"h": "y"}),
            example(payload=0),
        ),
        bindings={"amqp": {"contentEncoding": "gzip"}},
        **{name: tuple(value) if name == "tags" else value for name, value in noted(app, "message").items()},
    )

    @app.router.actor(
        channel="jobs",
        name="do/it ~now",
        title="Do it",
        summary="Does it",
        description="Now",
        security=[{"type": "X509"}, {"$ref": "#/components/securitySchemes/mine"}],
        bindings={"amqp": {"ack": True}},
        deprecated=True,
        correlation_id=app.kit.CorrelationId(location="$message.header#/id", description="the id"),
        message_schema=described,
        **noted(app, "actor"),
    )
    async def whatever(
        a: int, by: Annotated[str, app.kit.Header()] = "me", trace: Annotated[int, app.kit.Header(name="x-trace")] = 0
    ):
        pass


def nested_models(app):
    @app.router.actor
    async def whole(order: Annotated[Order, app.kit.FullPayload()]):
        pass

    @app.router.actor
    async def parts(order: Order, items: dict[str, Item], pair: tuple[int, str]):
        pass


def sent_messages_in_full(app):
    message = app.kit.MessageSchema(
        name="placed",
        title="Placed",
        payload=Order.model_json_schema(ref_template="#/components/schemas/{model}"),
        headers={"type": "object", "$defs": {"H": {"type": "string"}}},
        correlation_id=app.kit.CorrelationId(location="$message.payload#/id"),
        content_type="application/json",
        deprecated=True,
        examples=(app.kit.MessageExample(payload={"items": []}),),
        bindings={"kafka": {}},
        **noted(app, "placed"),
    )
    empty = app.kit.MessageSchema(name="empty", payload={"$defs": {}, "type": "object"}, bindings={}, examples=())
    app.messages.register_operation(
        operation_id="place/order é",
        channel="shop/orders ~eu/é",
        title="Place",
        summary="s",
        description="d",
        messages=[message, empty],
        security=[{"type": "gssapi"}],
        bindings={"kafka": {}},
        **noted(app, "send"),
    )
    app.messages.register_operation(operation_id="shares_a_message", channel="other", messages=[message])


def two_actors_with_one_name(app):
    for channel in ("x", "x", "y"):

        @app.router.actor(channel=channel, name="same", bindings={"amqp": {}}, security=[{"type": "plain"}])
        async def same(a: int):
            pass

    message = app.kit.MessageSchema(name="same")
    app.messages.register_operation(operation_id="same", channel="x", messages=[message])
    app.messages.register_operation(operation_id="receive_same_9", channel="x", messages=[message])


def names_that_need_escaping(app):
    for name in ("a/b ~c", "größe 日本", "///", "..", "a_b_c", "a b c", "%41", "<script>"):

        @app.router.actor(channel=name, name=name, bindings={"amqp": {}}, security=[{"type": "plain"}])
        async def work(a: int):
            pass

        message = app.kit.MessageSchema(name=name, bindings={"amqp": {}})
        app.messages.register_operation(operation_id=name, channel=name, messages=[message])
        app.servers.register_server(name, server(bindings={"amqp": {}}, security=[{"type": "plain"}]))


def links_and_tags_that_clash(app):
    tag, docs = app.kit.Tag, app.kit.ExternalDocs
    urls = ("https://a.test/x", "https://a.test/x/", "https://a.test/X", "external-docs:1", "https://a.test/x", "")
    for number, url in enumerate(urls):
        tags = [tag(name="one", description=url), tag(name="-.x-", external_docs=docs(url=url)), tag(name="")]
        app.messages.register_operation(
            operation_id=str(number),
            channel="c",
            tags=tags,
            external_docs=docs(url=url, description=str(number) if number > 2 else None),
        )


def included_routers(app):
    inner = app.kit.Router(channel=app.kit.Channel(address="inner", title="Inner"))

    @app.router.actor(channel="outer")
    async def before():
        pass

    @inner.actor
    async def inside(a: int):
        pass

    app.router.include_router(inner)

    @app.router.actor(channel="outer")
    async def after():
        pass


def two_routers_on_one_channel(app):
    app.routers.append(app.kit.Router())
    for router in app.routers:

        @router.actor(channel="shared")
        async def work(a: int):
            pass


APPS = [
    everything_empty,
    info_in_full,
    info_with_an_empty_contact,
    an_in_memory_server,
    several_servers,
    an_actor_without_arguments,
    channels_with_metadata,
    an_actor_with_every_option,
    nested_models,
    sent_messages_in_full,
    two_actors_with_one_name,
    names_that_need_escaping,
    links_and_tags_that_clash,
    included_routers,
    two_routers_on_one_channel,
]
every_app = pytest.mark.parametrize("build", APPS, ids=lambda build: build.__name__)


@every_app
def test_the_document_equals_the_one_repid_writes(build):
    assert our_document(build) == as_json(repid_document(build))


@every_app
def test_the_document_is_valid_asyncapi(build, violations):
    assert violations(our_document(build)) == []


def test_the_check_for_validity_sees_what_it_should(violations):
    def tagged(**tag):
        return {"asyncapi": "3.0.0", "info": {"title": "", "version": "", "tags": [tag]}, "components": {}}

    assert violations(tagged(name="fine")) == []
    assert violations(tagged(name=1)) == ["info/tags/0"]
    assert violations({"$ref": "#/a b", **tagged(**{"$ref": "#/a b"})}) == ["", "info/tags/0"]
    assert violations(tagged(name="fine") | {"components": {"tags": {"a b": {}}}}) == ["components/tags/a b"]


def pointers(node):
    if isinstance(node, dict):
        yield from ([node["$ref"]] if isinstance(node.get("$ref"), str) else [])
        node = list(node.values())
    if isinstance(node, list):
        for one in node:
            yield from pointers(one)


def leads_somewhere(pointer, document):
    for step in pointer.removeprefix("#/").split("/"):
        key = unquote(step).replace("~1", "/").replace("~0", "~")
        if key not in document:
            return False
        document = document[key]
    return True


GIVEN_BY_THE_APP = {"#/components/securitySchemes/elsewhere", "#/components/securitySchemes/mine"}


@pytest.mark.parametrize("build", [app for app in APPS if app is not two_routers_on_one_channel])
def test_every_pointer_that_is_not_the_apps_own_leads_somewhere(build):
    document = our_document(build)
    lost = {pointer for pointer in pointers(document) if not leads_somewhere(pointer, document)}
    assert lost <= GIVEN_BY_THE_APP


def test_difference_a_tag_is_kept_under_a_key_that_a_pointer_can_hold(violations):
    def build(app):
        app.info = {"tags": [app.kit.Tag(name=name) for name in ("a/b ~c", "größe", "a b ~c", "a_b_c", "日本")]}

    theirs, ours = repid_document(build), our_document(build)
    assert theirs["info"]["tags"][1] == {"$ref": "#/components/tags/größe"}
    assert {"info/tags/1", "components/tags/größe"} <= set(violations(theirs))
    assert ours["info"]["tags"] == [
        {"$ref": f"#/components/tags/{key}"} for key in ("a_b_c", "gr_e", "a_b_c_1", "a_b_c_2", "tag")
    ]
    assert [tag["name"] for tag in ours["components"]["tags"].values()] == [
        "a/b ~c",
        "größe",
        "a b ~c",
        "a_b_c",
        "日本",
    ]
    assert violations(ours) == []


def test_difference_a_tag_given_twice_is_listed_once(violations):
    def build(app):
        app.info = {"tags": [app.kit.Tag(name="x"), app.kit.Tag(name="y"), app.kit.Tag(name="x")]}

    theirs, ours = repid_document(build), our_document(build)
    assert len(theirs["info"]["tags"]) == 3
    assert violations(theirs) == ["info/tags"]
    assert ours["info"]["tags"] == [{"$ref": "#/components/tags/x"}, {"$ref": "#/components/tags/y"}]
    assert violations(ours) == []


def test_difference_a_discriminator_is_the_name_of_the_property(violations):
    data = {"discriminator": {"propertyName": "data"}}

    def build(app):
        @app.router.actor
        async def deliver(post: Post, discriminator: int, extra: list[Post], plain: dict[str, Any] = data):
            pass

        payload = pydantic.TypeAdapter(Post).json_schema(ref_template="#/components/schemas/{model}")
        app.messages.register_operation(
            operation_id="send", channel="c", messages=[app.kit.MessageSchema(name="sent", payload=payload)]
        )

    theirs, ours = repid_document(build), our_document(build)
    their_properties = theirs["components"]["messages"]["deliver"]["payload"]["properties"]
    our_properties = ours["components"]["messages"]["deliver"]["payload"]["properties"]
    assert their_properties["post"]["discriminator"]["propertyName"] == "kind"
    assert violations(theirs) == ["components/messages/deliver", "components/messages/sent"]
    assert our_properties["post"]["discriminator"] == "kind"
    assert our_properties["extra"]["items"]["discriminator"] == "kind"
    assert our_properties["discriminator"] == {"title": "Discriminator", "type": "integer"}
    assert our_properties["plain"]["default"] == data
    assert ours["components"]["messages"]["sent"]["payload"]["discriminator"] == "kind"
    assert violations(ours) == []


def test_difference_external_docs_without_an_address_are_left_out(violations):
    def build(app):
        app.info = {"external_docs": app.kit.ExternalDocs(url="", description="nowhere")}

    theirs, ours = repid_document(build), our_document(build)
    assert theirs["info"]["externalDocs"] == {"url": "", "description": "nowhere"}
    assert violations(theirs) == ["info/externalDocs"]
    assert "externalDocs" not in ours["info"]
    assert violations(ours) == []


def test_difference_values_that_json_does_not_have_are_written_as_json(violations):
    moment = datetime(2026, 1, 2, tzinfo=UTC)

    def build(app):
        payload = {"model": Item(sku="x"), "at": moment, "pair": (1, 2)}
        described = app.kit.ActorMessageMetadata(examples=(app.kit.MessageExample(payload=payload),))

        @app.router.actor(message_schema=described)
        async def work(limit: float = math.inf):
            pass

    theirs, ours = repid_document(build), our_document(build)
    with pytest.raises(TypeError, match="not JSON serializable"):
        json.dumps(theirs)
    message = ours["components"]["messages"]["work"]
    assert message["examples"] == [
        {"payload": {"model": {"sku": "x", "count": 1}, "at": "2026-01-02T00:00:00Z", "pair": [1, 2]}}
    ]
    assert message["payload"]["properties"]["limit"]["default"] == "Infinity"
    assert json.dumps(ours, allow_nan=False)
    assert violations(ours) == []


def test_a_value_without_any_json_form_is_refused_with_the_fix():
    def build(app):
        examples = (app.kit.MessageExample(payload=object()),)
        app.messages.register_operation(
            operation_id="o", channel="c", messages=[app.kit.MessageSchema(name="m", examples=examples)]
        )

    with pytest.raises(SerializationError, match="Give examples, bindings, schemas and security schemes as JSON"):
        our_document(build)


def test_the_document_shares_nothing_with_what_it_was_made_from():
    payload = {"$defs": {"X": {"type": "string"}}, "properties": {"x": {"$ref": "#/components/schemas/X"}}}
    bindings, scheme, headers = {"amqp": {"ack": True}}, {"type": "plain"}, {"type": "object", "properties": {}}
    before = copy.deepcopy([payload, bindings, scheme, headers])

    class Fixed:
        def __init__(self, fn, *, fn_locals=None, correlation_id):
            pass

        async def convert_inputs(self, **_):
            return [], {}

        def get_input_schema(self):
            return description.ConverterInputSchema(payload_schema=payload, content_type="", headers_schema=headers)

    def build(app):
        @app.router.actor(converter=Fixed, bindings=bindings, security=[scheme])
        async def work():
            pass

    app = build_app(build, OURS)
    generator = AsyncAPIGenerator(routers=app.routers, **app.parts())
    first = generator.generate_schema()
    expected = copy.deepcopy(first)
    for component in first["components"].values():
        for fields in component.values():
            fields.clear()
    first["components"].clear()
    assert generator.generate_schema() == expected
    assert [payload, bindings, scheme, headers] == before


NAMES = st.text(alphabet="aB/ ~_.-%é", max_size=4)
KEYS = st.text(alphabet="aB_.-", max_size=3)
PATHS = st.sampled_from(["", "https://d.test", "https://d.test/", "https://d.test/x"])
BINDINGS = st.sampled_from([None, {}, {"kafka": {}}, {"$ref": "#/components/operationBindings/mine"}])
SECURITY = st.lists(st.sampled_from([{"type": "plain"}, {"$ref": "#/components/securitySchemes/mine"}]), max_size=2)
NOTES = st.fixed_dictionaries({"tags": st.lists(KEYS | NAMES, max_size=2), "url": PATHS, "bindings": BINDINGS})
ACTORS = st.lists(st.tuples(NAMES, NAMES.filter(bool), NOTES, SECURITY, st.booleans()), max_size=4)
SENT = st.lists(st.tuples(NAMES, NAMES, NOTES, SECURITY, st.lists(NAMES, max_size=2)), max_size=3)


@settings(max_examples=60)
@given(actors=ACTORS, sent=SENT, info=NOTES)
def test_wherever_repids_document_is_valid_ours_is_equal_and_otherwise_ours_is_valid(violations, actors, sent, info):
    def build(app):
        def notes(fields):
            docs = app.kit.ExternalDocs(url=fields["url"])
            return {
                "tags": [app.kit.Tag(name=tag, external_docs=docs) for tag in fields["tags"]],
                "external_docs": docs,
            }

        app.info = notes(info)
        for channel, name, fields, security, deprecated in actors:

            @app.router.actor(
                channel=channel,
                name=name,
                bindings=fields["bindings"],
                security=security,
                deprecated=deprecated,
                **notes(fields),
            )
            async def work(a: int):
                pass

        for operation_id, address, fields, security, names in sent:
            bindings = fields["bindings"]
            messages = [app.kit.MessageSchema(name=name, bindings=bindings, deprecated=True) for name in names]
            channel = app.kit.Channel(address=address, bindings=bindings, title=operation_id)
            app.messages.register_operation(
                operation_id=operation_id,
                channel=channel,
                messages=messages,
                security=security,
                bindings=bindings,
                **notes(fields),
            )

    theirs, ours = as_json(repid_document(build)), our_document(build)
    assert violations(ours) == []
    if violations(theirs) == []:
        assert ours == theirs


def at(document, pointer):
    node = document
    for step in pointer.split("/")[1:]:
        node = node[unquote(step)]
    return node


class Kept(pydantic.BaseModel):
    n: int


def two_models_of_one_name():
    class Line(pydantic.BaseModel):
        sku: str

    class Order(pydantic.BaseModel):
        lines: list[Line]
        kept: Kept

    first = Order

    class Line(pydantic.BaseModel):
        amount: float

    class Order(pydantic.BaseModel):
        lines: list[Line]
        kept: Kept

    return first, Order


def properties_of(document, message):
    """What a message's one argument has, and what the lines in it have, wherever the pointers lead."""
    (argument,) = document["components"]["messages"][message]["payload"]["properties"].values()
    order = at(document, argument["$ref"])
    line = at(document, order["properties"]["lines"]["items"]["$ref"])
    return sorted(order["properties"]), sorted(line["properties"]), order["properties"]["kept"]["$ref"]


def test_two_models_of_one_name_are_two_schemas_and_the_same_model_is_one(violations):
    first, second = two_models_of_one_name()
    app = Repid()
    router = Router()
    for name, model in (("a", first), ("b", second), ("c", second), ("d", first)):

        async def take(order): ...

        take.__annotations__["order"] = model
        router.actor(name=name)(take)
    app.include_router(router)
    document = app.generate_asyncapi_schema()
    kept = "#/components/schemas/Kept"
    told = {name: properties_of(document, name) for name in "abcd"}
    assert told["a"] == told["d"] == (["kept", "lines"], ["sku"], kept)
    assert told["b"] == told["c"] == (["kept", "lines"], ["amount"], kept)
    assert sorted(document["components"]["schemas"]) == ["Kept", "Line", "Line_1", "Order", "Order_1"]
    assert violations(document) == []


def test_a_model_that_holds_itself_is_moved_with_all_pointers_to_it():
    def tree(kind):
        properties = {"value": {"type": kind}, "next": {"$ref": "#/components/schemas/Tree"}}
        return {"$defs": {"Tree": {"properties": properties}}, "$ref": "#/components/schemas/Tree"}

    components = Components()
    assert components.schema(tree("string")) == {"$ref": "#/components/schemas/Tree"}
    assert components.schema(tree("integer")) == {"$ref": "#/components/schemas/Tree_1"}
    assert components.schema(tree("string")) == {"$ref": "#/components/schemas/Tree"}
    assert components.sections["schemas"]["Tree_1"]["properties"]["next"] == {"$ref": "#/components/schemas/Tree_1"}


def test_a_pointer_to_local_definitions_follows_one_that_has_moved():
    components = Components()
    components.schema({"$defs": {"A": {"type": "null"}}})
    moved = components.schema({"$defs": {"A": {"type": "string"}}, "properties": {"a": {"$ref": "#/$defs/A"}}})
    assert moved == {"properties": {"a": {"$ref": "#/components/schemas/A_1"}}}


def test_a_send_operation_with_the_id_of_an_actors_operation_leaves_that_in_the_document(violations):
    app = Repid()
    router = Router(channel="c")

    @router.actor
    async def job(n: int): ...

    app.include_router(router)
    app.messages.register_operation(operation_id="receive_job", channel="other")
    document = app.generate_asyncapi_schema()
    assert {key: one["action"] for key, one in document["operations"].items()} == {
        "receive_job_1": "receive",
        "receive_job": "send",
    }
    assert violations(document) == []


async def takes_a_function(fn: Callable[[], int]): ...


@pytest.mark.parametrize("actor", [{"converter": BasicConverter}, {"fn": takes_a_function}])
def test_an_actor_that_cannot_be_described_is_named(actor):
    app, router = Repid(), Router(channel="c")

    async def first(n: int): ...

    router.actor(name="innocent")(first)
    fn = actor.pop("fn", first)
    router.actor(name="guilty", **actor)(fn)
    app.include_router(router)
    with pytest.raises(NotDescribableError, match=r"cannot describe what actor 'guilty' takes: .*PydanticConverter"):
        app.generate_asyncapi_schema()


@pytest.mark.parametrize(
    ("options", "where"),
    [
        ({"bindings": {"amqp": {"ack": object()}}}, "components/operationBindings/guilty_bindings/amqp/ack"),
        ({"security": [{"type": object()}]}, "components/securitySchemes/receive_guilty_operation-security-schema-0"),
    ],
)
def test_what_cannot_be_written_as_json_is_named_with_its_actor(options, where):
    app, router = Repid(), Router(channel="c")

    async def first(n: int): ...

    router.actor(name="innocent")(first)
    router.actor(name="guilty", **options)(first)
    app.include_router(router)
    with pytest.raises(SerializationError, match=f"written as JSON, because of {where}"):
        app.generate_asyncapi_schema()
