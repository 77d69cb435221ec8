"""The AsyncAPI document of an app, whole: `tests/core/test_asyncapi.py` goes into its parts."""

import json
from typing import Annotated

import pytest
import repid
from differential.harness import same
from pydantic import BaseModel


class Address(BaseModel):
    street: str


class Person(BaseModel):
    name: str
    home: Address | None = None


def nothing(lib, app):
    pass


def a_server(lib, app):
    app.servers.register_server("default", lib.InMemoryServer(), is_default=True)
    described = lib.InMemoryServer(title="T", description="D", tags=[lib.Tag(name="t", description="d")])
    app.servers.register_server("other", described)


def plain_actors(lib, app):
    router = lib.Router(channel="tasks")

    @router.actor
    async def send_email(to: str, subject: str = "Hello"):
        """Send it."""

    @router.actor(name="no_arguments")
    async def other():
        pass

    app.include_router(router)


def typed_actors(lib, app):
    router = lib.Router(channel=lib.Channel(address="people", title="People", description="All of them"))

    @router.actor(deprecated=True, title="Greet", summary="S", description="D")
    async def greet(person: Person, times: Annotated[int, lib.Header(name="x-times")] = 1):
        pass

    @router.actor
    async def whole(person: Annotated[Person, lib.FullPayload()]):
        pass

    app.include_router(router)


def dependencies_in_the_payload(lib, app):
    def depended(user_id: int, tenant: Annotated[str, lib.Header()] = "all"):
        return user_id

    router = lib.Router(channel="tasks")

    @router.actor
    async def job(user: Annotated[int, lib.Depends(depended)], message: lib.Message, name: str = "x"):
        pass

    app.include_router(router)


def inherited_options(lib, app):
    outer, inner = lib.Router(channel="outer"), lib.Router()
    inner.actor(name="inherits")(job)
    inner.actor(name="own", channel="own")(job)
    outer.include_router(inner)
    outer.actor(name="own")(job)
    app.include_router(outer)


async def job(n: int = 1):
    """Do it."""


def operations(lib, app):
    example = lib.MessageExample(name="one", payload={"a": 1})
    message = lib.MessageSchema(
        name="Placed",
        title="T",
        payload={"type": "object", "properties": {"a": {"type": "integer"}}},
        headers={"type": "object"},
        correlation_id=lib.CorrelationId(location="$message.header#/id"),
        content_type="application/json",
        tags=(lib.Tag(name="t"),),
        examples=(example,),
        bindings={"amqp": {"contentEncoding": "gzip"}},
    )
    app.messages.register_operation(
        operation_id="place_order",
        channel=lib.Channel(address="orders", title="Orders"),
        title="Place",
        summary="S",
        description="D",
        messages=[message],
        security=[{"type": "userPassword"}],
        tags=[lib.Tag(name="t"), lib.Tag(name="u", external_docs=lib.ExternalDocs(url="https://u.test"))],
        external_docs=lib.ExternalDocs(url="https://docs.test", description="more"),
        bindings={"amqp": {"ack": False}},
    )
    app.messages.register_operation(operation_id="plain", channel="orders")


def names_that_clash(lib, app):
    router = lib.Router()
    for channel in ("a", "b"):
        router.actor(name="same", channel=channel)(job)
    app.include_router(router)
    app.messages.register_operation(operation_id="send_same", channel="a", messages=[lib.MessageSchema(name="same")])


def names_that_need_escaping(lib, app):
    router = lib.Router(channel="a/b~c {d}")
    router.actor(name="ä ö/ü~")(job)
    app.include_router(router)
    app.messages.register_operation(operation_id="send it/now", channel="a/b~c {d}")


def bindings_and_security(lib, app):
    channel = lib.Channel(address="tasks", bindings={"kafka": {"partitions": 3}})
    router = lib.Router(channel=channel)
    options = {"bindings": {"kafka": {"groupId": {"type": "string"}}}, "security": [{"type": "plain"}]}
    metadata = lib.ActorMessageMetadata(
        title="M", examples=(lib.MessageExample(payload={"n": 1}, headers={"h": "x"}),), tags=(lib.Tag(name="m"),)
    )
    router.actor(**options, message_schema=metadata, correlation_id=lib.CorrelationId(location="$message.payload#/n"))(
        job
    )
    app.include_router(router)


BUILDERS = [
    nothing,
    a_server,
    plain_actors,
    typed_actors,
    dependencies_in_the_payload,
    inherited_options,
    operations,
    names_that_clash,
    names_that_need_escaping,
    bindings_and_security,
]


def described(lib):
    return {
        "title": "Shop",
        "version": "2.0",
        "description": "Sells.",
        "terms_of_service": "https://shop.test/terms",
        "contact": lib.Contact(name="Ada", email="ada@shop.test"),
        "license": lib.License(name="MIT", url="https://mit.test"),
        "tags": (lib.Tag(name="shop"),),
        "external_docs": lib.ExternalDocs(url="https://shop.test/docs"),
    }


@same
@pytest.mark.parametrize("build", [*BUILDERS, "all of it"], ids=lambda build: getattr(build, "__name__", build))
@pytest.mark.parametrize("with_info", [False, True], ids=["", "described"])
async def test_the_document_is_the_same(lib, log, build, with_info):
    app = lib.Repid(**(described(lib) if with_info else {}))
    for one in BUILDERS if build == "all of it" else [build]:
        one(lib, app)
    document = app.generate_asyncapi_schema()
    for part, content in document.items():
        log(part, json.dumps(content, sort_keys=True))
    # The order of the fields of one object means nothing; that of the actors and operations does to a reader.
    log("order", list(document), *(list(document[part]) for part in ("servers", "channels", "operations")))


@same
async def test_an_actor_of_the_basic_converter_has_no_schema(lib, log):
    router = lib.Router(converter=lib.BasicConverter)
    router.actor(job)
    app = lib.Repid()
    app.include_router(router)
    try:
        log("document", json.dumps(app.generate_asyncapi_schema()))
    except NotImplementedError as error:
        log("refused", error)


def test_a_builder_is_written_for_what_repid_can_describe():
    app = repid.Repid(**described(repid))
    for build in BUILDERS:
        build(repid, app)
    document = app.generate_asyncapi_schema()
    assert all(document[part] for part in ("info", "servers", "channels", "operations", "components"))
