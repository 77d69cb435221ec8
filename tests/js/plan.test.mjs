// What the page shows. Run: node --test tests/js
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { count, journey, plan } from "../../repid_nb/widgets/static/plan.mjs";
import { emptyUi } from "../../repid_nb/widgets/static/ui.mjs";

/**
 * @import { State, Step, Verdict } from "../../repid_nb/widgets/static/wire.mjs"
 * @import { Ui } from "../../repid_nb/widgets/static/ui.mjs"
 */

const message = {
  id: "m1",
  name: "m1",
  topic: "greet",
  payload: "{}",
  headers: [],
  more_headers: 0,
  size: "2 bytes",
  content_type: "application/json",
};
/** @type {Verdict} */
const verdict = {
  position: 1,
  actor: "greet",
  strategy: "topic",
  outcome: "match",
  answer: "✓ match",
  reason: "",
  role: "winner",
};
/** @type {NonNullable<Step["settlement"]>} */
const settlement = { action: "acked", tone: "good", word: "✓ acked", where: "done", reason: "", took: null };
/** @type {Step} */
const stepped = {
  number: 1,
  phase: null,
  key: "tasks",
  channel: "tasks",
  message,
  winner: "greet",
  verdicts: [verdict],
  story: "Step 1.",
  settlement,
};
const lane = {
  key: "tasks",
  channel: "tasks",
  actors: 1,
  waiting: 2,
  next: true,
  messages: [message],
  working: [],
  in_work: 0,
};

/** @param {Partial<State>} changes @returns {State} */
function state(changes = {}) {
  return {
    lanes: { lanes: [lane] },
    tray: { dead: 0, letters: [] },
    actors: {
      channel: "tasks",
      actors: [{ position: 1, actor: "greet", strategy: "topic" }],
      more: 0,
      stale: false,
    },
    step: {},
    history: { at: 0, first: 0, newest: 0, steps: [], replay: false, live: true, done: 0 },
    choices: { channels: [], operations: [], topics: [] },
    prediction: { on: false, right: 0, asked: 0, last: null },
    status: { busy: null, held: false, progress: null, answered: {}, error: "", notice: "" },
    projector: false,
    ...changes,
  };
}
/** @param {Partial<Ui>} changes @returns {Ui} */
const ui = (changes = {}) => ({ ...emptyUi(), ...changes });
/** @param {Partial<State["status"]>} changes @returns {State} */
const busy = (changes = {}) => state({ status: { ...state().status, busy: "step", ...changes } });

describe("the plan", () => {
  test("an empty stage says what to do first", () => {
    const lanes = { lanes: [{ ...lane, waiting: 0, messages: [] }] };
    assert.equal(plan(state({ lanes }), ui()).story, "Nothing is waiting. Send a message, then press Step.");
    assert.equal(
      plan(state({ lanes: { lanes: [] } }), ui()).story,
      "No actor listens yet. Declare one in a cell, and send it a message.",
    );
    assert.match(plan(state(), ui()).story, /^2 messages wait\. Press Step/);
  });

  test("nothing can be pressed twice", () => {
    assert.equal(plan(state(), ui()).controls.step, true);
    assert.equal(plan(state(), ui({ pending: 3 })).controls.step, false);
    assert.equal(plan(busy(), ui()).controls.step, false);
  });

  test("a run that may take no step, or too many, is off with the reason", () => {
    assert.deepEqual([plan(state(), ui()).controls.run, plan(state(), ui()).controls.most], [true, ""]);
    for (const most of ["0", "-1", "10001", "1.5", "", "x"]) {
      const { controls } = plan(state(), ui({ most }));
      assert.deepEqual([controls.run, controls.most], [false, "At most: 1 to 10,000 steps."]);
    }
  });

  test("what runs can be stopped, what is held can go on", () => {
    assert.equal(plan(busy(), ui()).controls.stop, true);
    const held = plan(
      { ...busy({ held: true }), step: { ...stepped, phase: "about to run", settlement: undefined } },
      ui(),
    );
    assert.equal(held.controls.stop, false);
    assert.equal(held.controls.next, "Run greet");
    assert.equal(held.outcome?.word, "… not settled yet");
  });

  test("the track shows how far a message has come", () => {
    const track = (/** @type {Step} */ step) =>
      plan({ ...busy({ held: true }), step }, ui()).worker.track.map((one) => one.state);
    assert.deepEqual(track({ ...stepped, phase: "pulled" }), ["done", "open", "open", "open"]);
    assert.deepEqual(track({ ...stepped, phase: "decided" }), ["done", "done", "open", "open"]);
    assert.deepEqual(track({ ...stepped, phase: "ran" }), ["done", "done", "done", "open"]);
    assert.deepEqual(track(stepped), ["done", "done", "done", "done"]);
    assert.deepEqual(track({ ...stepped, winner: null, verdicts: [] }), ["done", "done", "skipped", "done"]);
    assert.deepEqual(track({ ...stepped, settlement: { ...settlement, action: null } }), [
      "done",
      "done",
      "done",
      "open",
    ]);
  });

  test("actors wait to be asked until there is a verdict", () => {
    assert.deepEqual(
      plan(state(), ui()).actors.rows.map((row) => row.look),
      ["waiting"],
    );
    /** @type {Verdict} */
    const shadowed = { ...verdict, position: 2, role: "shadowed" };
    /** @type {Verdict} */
    const failed = { ...verdict, position: 3, role: undefined, outcome: "error", asked: true };
    const rows = plan(state({ step: { ...stepped, verdicts: [verdict, shadowed, failed] } }), ui()).actors.rows;
    assert.deepEqual(
      rows.map((row) => row.look),
      ["winner", "shadowed", "error"],
    );
  });

  test("a past moment is announced, and nothing is stepped from it", () => {
    const past = plan(state({ history: { ...state().history, at: 3, newest: 5, live: false } }), ui());
    assert.equal(past.banner?.text, "You are looking at step 3 of 5.");
    assert.equal(past.banner?.undone, "Going on from here takes steps 4 to 5 back. What the actors did stays done.");
    assert.equal(past.controls.step, false);
    assert.equal(past.controls.forward, true);
  });

  test("a kernel that does not answer is said in words", () => {
    assert.match(plan(state(), ui({ silent: true })).errors[0], /has not answered/);
    assert.match(plan(state(), ui({ gone: true })).errors[0], /kernel is gone/);
  });

  test("the score counts only guesses", () => {
    assert.equal(plan(state(), ui()).score, null);
    const prediction = { on: true, right: 1, asked: 2, last: { right: false, answer: "greet gets it." } };
    assert.deepEqual(plan(state({ prediction }), ui()).score, {
      score: "1 of 2 right",
      verdict: "✗ Not this time.",
      tone: "bad",
      answer: "greet gets it.",
    });
  });
});

describe("the journey of a message", () => {
  /** @param {Step | {} | null} before @param {Step | {}} after */
  const legs = (before, after) => journey(before, after).map((one) => ("to" in one ? `${one.leg} ${one.to}` : one.leg));

  test("a whole step goes from the lane to its end", () => {
    assert.deepEqual(legs({}, stepped), ["pull", "ask", "run", "settle done"]);
  });

  test("without a winner nothing runs", () => {
    /** @type {Step} */
    const rejected = { ...stepped, winner: null, settlement: { ...settlement, action: "rejected" } };
    assert.deepEqual(legs(null, rejected), ["pull", "ask", "settle tail"]);
    assert.deepEqual(legs(null, { ...rejected, settlement: { ...settlement, action: "nacked" } }), [
      "pull",
      "ask",
      "settle tray",
    ]);
    assert.deepEqual(legs(null, { ...stepped, settlement: { ...settlement, action: null } }).at(-1), "settle worker");
  });

  test("a held step goes on from where it was", () => {
    const at = (/** @type {Step["phase"]} */ phase) => ({ ...stepped, phase, settlement: undefined });
    assert.deepEqual(legs({}, at("pulled")), ["pull"]);
    assert.deepEqual(legs(at("pulled"), at("decided")), ["ask"]);
    assert.deepEqual(legs(at("decided"), at("about to run")), ["run"]);
    assert.deepEqual(legs(at("ran"), stepped), ["settle done"]);
    assert.deepEqual(legs(at("pulled"), at("pulled")), []);
  });

  test("what has not changed does not move, and nothing moves backwards", () => {
    assert.deepEqual(legs(stepped, stepped), []);
    assert.deepEqual(legs(stepped, {}), []);
  });
});

test("numbers are counted in words", () => {
  assert.deepEqual([count(1, "message"), count(2000, "message")], ["1 message", "2,000 messages"]);
});
