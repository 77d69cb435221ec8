// A step as a story. Run: node --test tests/js
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { plan } from "../../repid_nb/widgets/static/plan.mjs";
import { journey, scenesBetween } from "../../repid_nb/widgets/static/scenes.mjs";
import { lane, message, settlement, state, stepped, ui, verdict } from "./states.mjs";

/** @import { NoStep, State, Step, Verdict } from "../../repid_nb/widgets/static/wire.mjs" */

describe("the journey of a message", () => {
  /** @param {Step | NoStep | null} before @param {Step | NoStep} after */
  const legs = (before, after) => journey(before, after).map((one) => ("to" in one ? `${one.leg} ${one.to}` : one.leg));

  test("a whole step goes from the lane to its end", () => {
    assert.deepEqual(legs({}, stepped), ["pull", "ask", "run", "settle done"]);
  });

  test("without a winner nothing runs", () => {
    /** @type {Step} */
    const rejected = { ...stepped, winner: null, settlement: { ...settlement, action: "rejected" } };
    assert.deepEqual(legs(null, rejected), ["pull", "ask", "settle back"]);
    const dead = { ...rejected, settlement: { ...settlement, action: /** @type {const} */ ("nacked") } };
    assert.deepEqual(legs(null, dead), ["pull", "ask", "settle tray"]);
    assert.deepEqual(legs(null, { ...stepped, settlement: { ...settlement, action: null } }).at(-1), "settle open");
  });

  test("a held step goes on from where it was", () => {
    const at = (/** @type {Step["phase"]} */ phase) => ({ ...stepped, phase, settlement: undefined });
    assert.deepEqual(legs({}, at("pulled")), ["pull"]);
    assert.deepEqual(legs(at("pulled"), at("decided")), ["ask"]);
    assert.deepEqual(legs(at("decided"), at("about to run")), ["run"]);
    assert.deepEqual(legs(at("about to run"), at("running")), []);
    assert.deepEqual(legs(at("ran"), stepped), ["settle done"]);
    assert.deepEqual(legs(at("pulled"), at("pulled")), []);
  });

  test("what has not changed does not move, and nothing moves backwards", () => {
    assert.deepEqual(legs(stepped, stepped), []);
    assert.deepEqual(legs(stepped, {}), []);
  });
});

describe("the story of a step", () => {
  /** @type {Verdict} */
  const no = { ...verdict, position: 1, actor: "part", role: undefined, outcome: "no match", answer: "✗ no match" };
  const verdicts = [no, { ...verdict, position: 2 }, { ...no, position: 3, asked: false }];
  const child = { ...message, id: "m1.1", name: "m1.1", from: "m1" };
  const before = state();
  /** @type {State} */
  const after = state({
    lanes: { lanes: [{ ...lane, messages: [child], waiting: 1 }] },
    step: { ...stepped, verdicts, sent: 1, published: ["tasks"] },
    history: { ...state().history, at: 1, newest: 1, done: 1 },
  });
  const scenes = scenesBetween(before, after);
  const told = scenes.map(({ shown }) => plan({ ...after, ...shown }, ui()));

  test("the message leaves the queue, visits each actor that is asked, is worked on, and only then is it done", () => {
    assert.deepEqual(
      told.map(({ headline }) => headline.big.map((part) => (typeof part === "string" ? part : part.name)).join("")),
      [
        "The worker takes m1",
        "The worker holds m1",
        "The worker holds m1",
        "The worker holds m1",
        "greet gets m1",
        "greet works on m1",
        "greet returned for m1",
        "greet got m1",
      ],
    );
    const spots = scenes.map(({ to }) =>
      to === null ? "" : "position" in to ? `${to.place} ${to.position}` : to.place,
    );
    assert.deepEqual(spots, ["", "worker", "actor 1", "actor 2", "", "winner", "", "done"]);
  });

  test("counters and dots change when the message has arrived, not before", () => {
    assert.deepEqual(
      told.map(({ outcome }) => outcome.done),
      [...Array(7).fill("0"), "1"],
    );
    assert.deepEqual(
      told.map(({ track }) => Object.values(track ?? {}).filter((one) => one === "done").length),
      [0, 1, 1, 1, 2, 2, 3, 4],
    );
  });

  test("the actors answer one after the other", () => {
    assert.deepEqual(
      told.slice(1, 5).map(({ actors }) => actors.rows.map((row) => ("look" in row ? row.look : ""))),
      [["waiting"], ["no", "waiting", "waiting"], ["no", "winner", "waiting"], ["no", "winner", "unasked"]],
    );
  });

  test("what the actor sent is on its lane when the actor has returned", () => {
    assert.deepEqual(
      told.map(({ lanes }) => lanes[0].messages.map(({ name }) => name).join(" ")),
      ["", "", "", "", "", "", "m1.1", "m1.1"],
    );
    assert.equal(told[0].lanes[0].waiting, 1);
  });

  test("the end is the new state itself", () => {
    assert.equal(scenes.at(-1)?.shown, after);
  });

  test("many steps at once, and steps that were taken back, are not told", () => {
    const many = { ...after, history: { ...after.history, newest: 9 } };
    assert.deepEqual(scenesBetween(before, many), []);
    assert.deepEqual(scenesBetween({ ...before, history: { ...before.history, newest: 4 } }, after), []);
    assert.deepEqual(scenesBetween(after, after), []);
  });

  test("a step that the page comes back to after a crash is not told again", () => {
    const running = { ...stepped, number: 2, phase: /** @type {const} */ ("running"), settlement: undefined };
    assert.deepEqual(scenesBetween({ ...after, step: running }, after), []);
  });

  test("however many actors are asked, the visits take no longer", () => {
    const crowd = Array.from({ length: 60 }, (_, place) => ({ ...no, position: place + 1 }));
    const step = { ...stepped, verdicts: crowd, winner: null };
    const visits = scenesBetween(before, { ...after, step }).filter(({ to }) => to?.place === "actor");
    const time = visits.reduce((sum, { travel, hold }) => sum + travel + hold, 0);
    assert.equal(visits.length, 60);
    assert.ok(time <= 1900, String(time));
  });
});
