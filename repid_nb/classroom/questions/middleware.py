"""The guesses and the closing questions of the chapter on middleware."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="In which order does the message go in?",
        right="`watch`, `on_router`, `first`, `second`",
        wrong=("`first`, `second`, `on_router`, `watch`", "`watch`, `on_router`, `second`, `first`"),
        why="From the outside in: the app, the router, the actor, and each list from its first.",
    ),
    Question(
        asks="The third message says `no` loaves. How many runs are measured?",
        right="3",
        wrong=("0", "1", "2"),
        why="The arguments are read inside the middleware, so a failure there is measured too.",
    ),
    Question(
        asks="The middleware catches the error. What becomes of the message?",
        right="it is nacked",
        wrong=("it is acked", "it is not settled"),
        why="The message is settled right after the actor, before the middleware catches anything.",
    ),
    Question(
        asks="The actor does not run. What becomes of the message?",
        right="it is not settled",
        wrong=("it is acked", "it is nacked", "it is rejected"),
        why="Settling belongs to what `call_next` runs, and that was never called.",
    ),
    Question(
        asks="How often is `watch` called in these ten steps?",
        right="0",
        wrong=("1", "9", "10"),
        why="Middleware runs around an actor. No actor wanted this message.",
    ),
    Question(
        asks="What waits on `orders` now?",
        right="the tea, with a stamp",
        wrong=("the tea, as it was sent", "the tea and the secret, with a stamp each"),
        why="`stamp` changed the copy that was sent, and `no_secrets` sent nothing.",
    ),
    Question(
        asks="The actor sends one message and one reply. Which of them gets a stamp?",
        right="only the message",
        wrong=("both of them", "only the reply", "none of them"),
        why="A reply settles the message that is answered, and settling is not sending.",
    ),
)

AT_THE_END = (
    Question(
        asks="A middleware on the app counts the messages that fail. Which failures does it miss?",
        right="messages that no actor wants",
        wrong=("messages that cannot be read", "errors of actors on other routers"),
        why="Without an actor there is nothing to be around. All other failures pass through it.",
    ),
    Question(
        asks="Failed messages of one actor should be tried again. Where do you say so?",
        right="in the actor's `on_error`",
        wrong=("in a middleware that catches the error", "in a producer middleware"),
        why="The message is settled before a middleware sees the error.",
    ),
    Question(
        asks="Every message that an app sends should carry the app's version. What is the place for it?",
        right="a producer middleware",
        wrong=("an actor middleware on the app", "the `name` of each actor"),
        why="Producer middleware is around sending. It may send a copy with one more header.",
    ),
)
