"""The guesses and the closing questions of the chapter on the first match."""

from __future__ import annotations

from repid_nb.classroom.question import Question

__all__ = ["AT_THE_END", "GUESSES"]

GUESSES = (
    Question(
        asks="The router `by_topic` was included first, and gets a new actor now. When is that one asked?",
        right="after `by_topic`'s others, before `courier`",
        wrong=("last of all, because it is the newest", "first of all, because its router is the first"),
        why="A router keeps its place in the app, and its actors are asked in their own order there.",
    ),
    Question(
        asks="The new router with `sell_stamps` is included after the old one. Who sells stamps now?",
        right="`do_everything`",
        wrong=("`sell_stamps`", "both of them"),
        why="The catch-all is asked first and says yes to everything, so the new actor is never asked.",
    ),
    Question(
        asks="The sample is sent, and each message goes to the actor that you meant. How many of the four are acked?",
        right="3",
        wrong=("4", "2", "0"),
        why="The right actor is not enough: it must also be able to read the message.",
    ),
    Question(
        asks="The cell of `sell_stamps` runs again, with another function. Which one runs from now on?",
        right="the newest function",
        wrong=("the older function", "first the one, then the other"),
        why="In a notebook a cell that runs again replaces its actors, in their place.",
    ),
)

AT_THE_END = (
    Question(
        asks="You add an actor for one topic to an app with a catch-all. Where does its router go?",
        right="before the catch-all",
        wrong=("after the catch-all", "anywhere, the topic decides"),
        why="After a catch-all an actor is shadowed for every message.",
    ),
    Question(
        asks="A fallback takes what no other actor wants. What does it hide?",
        right="misspelt topics",
        wrong=("slow actors", "lost workers"),
        why="A message with a typing mistake is acked by the fallback, and is not among the dead letters.",
    ),
    Question(
        asks="What does `explain` not tell you?",
        right="whether the actor can read the message",
        wrong=("which actor would get the message", "why another actor would say no", "which actors are shadowed"),
        why="It runs no actor. So send the sample too, in an app that is not the real one.",
    ),
)
