"""The code blocks of the two pages that the project was born from, as printed there.

Only `repid` is replaced by `repid_nb`.
"""

__all__ = ["MESSAGES", "ROUTING"]

MESSAGES = {
    "sending raw data": """
import asyncio
from repid_nb import Repid, InMemoryServer

app = Repid()
app.servers.register_server("default", InMemoryServer(), is_default=True)

async def main():
    # A connection must be active to publish!
    async with app.servers.default.connection():

        await app.send_message(
            channel="my_channel",
            payload=b"Hello, world!",
            content_type="text/plain",
            headers={"topic": "my_actor"}  # Routing topic
        )

if __name__ == "__main__":
    asyncio.run(main())
""",
    "sending JSON": """
await app.send_message_json(
    channel="email_queue",
    payload={
        "to": "user@example.com",
        "subject": "Welcome!",
    },
    headers={"topic": "send_welcome_email"}
)
""",
    "channels": """
await app.send_message_json(
    channel="email_queue",
    payload={"msg": "hi"},
    headers={"topic": "send_welcome_email"}
)
""",
    "operation ids": """
# During setup, tell Repid that the "send_welcome_email" operation
# happens on "email_queue"
app.messages.register_operation(
    operation_id="send_welcome_email",
    channel="email_queue"
)

# Later, send by operation_id instead of channel!
await app.send_message_json(
    operation_id="send_welcome_email",
    payload={"user_id": 123},
    headers={"topic": "send_welcome_email"}
)
""",
}

ROUTING = {
    "modifying the topic name": """
@router.actor(channel="user_tasks", name="email_worker")
async def send_welcome_email() -> None:
    pass
""",
    "catch-all": """
from repid_nb import catch_all_routing_strategy

@router.actor(
    channel="user_tasks",
    routing_strategy=catch_all_routing_strategy,
)
async def process_everything_on_channel() -> None:
    # This will process any message arriving on the "user_tasks" channel
    pass
""",
    "custom": """
from repid_nb import BaseMessageT

def my_custom_routing_strategy(*, actor_name: str, **kwargs) -> callable:
    def strategy(message: BaseMessageT) -> bool:
        # Example: route based on a custom "action" header
        if message.headers is None:
            return False
        return message.headers.get("action") == actor_name

    return strategy

@router.actor(
    channel="user_tasks",
    name="send_email_action",
    routing_strategy=my_custom_routing_strategy
)
async def process_something() -> None:
    pass
""",
}
