// The pure functions of the workbench's page. Run: node --test tests/js
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";

const source = readFileSync(new URL("../../repid_nb/widgets/static/workbench.js", import.meta.url), "utf8");
const { count, emptyForm, formMessage, formProblem, journey, jsonProblem, keyAction, plan } = await import(
  `data:text/javascript;base64,${Buffer.from(source).toString("base64")}`
);

const message = { id: "m1", name: "m1", topic: "greet", payload: "{}", headers: [], more_headers: 0, size: "2 bytes" };
const verdict = { position: 1, actor: "greet", strategy: "topic", outcome: "match", answer: "✓ match", reason: "", role: "winner" };
const settlement = { action: "acked", tone: "good", word: "✓ acked", where: "done", reason: "", took: null };
const stepped = { number: 1, phase: null, key: "tasks", channel: "tasks", message, winner: "greet", verdicts: [verdict], story: "Step 1.", settlement };

function state(changes = {}) {
  return {
    lanes: { lanes: [{ key: "tasks", channel: "tasks", actors: 1, waiting: 2, next: true, messages: [message], working: [], in_work: 0 }] },
    tray: { dead: 0, letters: [] },
    actors: { channel: "tasks", actors: [{ position: 1, actor: "greet", strategy: "topic" }], more: 0, stale: false },
    step: {},
    history: { at: 0, first: 0, newest: 0, steps: [], replay: false, live: true, done: 0 },
    choices: {},
    prediction: { on: false, right: 0, asked: 0, last: null },
    status: { busy: null, held: false, progress: null, answered: {}, error: "", notice: "" },
    projector: false,
    ...changes,
  };
}
const ui = (changes = {}) => ({ pending: null, silent: false, sure: false, picking: null, keys: false, most: "100", form: emptyForm(), explanation: null, opened: null, gone: false, ...changes });
const busy = (changes = {}) => state({ status: { ...state().status, busy: "step", ...changes } });

describe("the plan", () => {
  test("an empty stage says what to do first", () => {
    const lanes = { lanes: [{ ...state().lanes.lanes[0], waiting: 0, messages: [] }] };
    assert.equal(plan(state({ lanes }), ui()).story, "Nothing is waiting. Send a message, then press Step.");
    assert.equal(plan(state({ lanes: { lanes: [] } }), ui()).story, "No actor listens yet. Declare one in a cell, and send it a message.");
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
    const held = plan({ ...busy({ held: true }), step: { ...stepped, phase: "about to run", settlement: undefined } }, ui());
    assert.equal(held.controls.stop, false);
    assert.equal(held.controls.next, "Run greet");
    assert.equal(held.outcome.word, "… not settled yet");
  });

  test("the track shows how far a message has come", () => {
    const track = (step) => plan({ ...busy({ held: true }), step }, ui()).worker.track.map((one) => one.state);
    assert.deepEqual(track({ ...stepped, phase: "pulled" }), ["done", "open", "open", "open"]);
    assert.deepEqual(track({ ...stepped, phase: "decided" }), ["done", "done", "open", "open"]);
    assert.deepEqual(track({ ...stepped, phase: "ran" }), ["done", "done", "done", "open"]);
    assert.deepEqual(track(stepped), ["done", "done", "done", "done"]);
    assert.deepEqual(track({ ...stepped, winner: null, verdicts: [] }), ["done", "done", "skipped", "done"]);
    assert.deepEqual(track({ ...stepped, settlement: { ...settlement, action: null } }), ["done", "done", "done", "open"]);
  });

  test("actors wait to be asked until there is a verdict", () => {
    assert.deepEqual(plan(state(), ui()).actors.rows.map((row) => row.look), ["waiting"]);
    const shadowed = { ...verdict, position: 2, role: "shadowed" };
    const failed = { ...verdict, position: 3, role: undefined, outcome: "error", asked: true };
    const rows = plan(state({ step: { ...stepped, verdicts: [verdict, shadowed, failed] } }), ui()).actors.rows;
    assert.deepEqual(rows.map((row) => row.look), ["winner", "shadowed", "error"]);
  });

  test("a past moment is announced, and nothing is stepped from it", () => {
    const past = plan(state({ history: { ...state().history, at: 3, newest: 5, live: false } }), ui());
    assert.equal(past.banner.text, "You are looking at step 3 of 5.");
    assert.equal(past.banner.undone, "Going on from here takes steps 4 to 5 back. What the actors did stays done.");
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
    assert.deepEqual(plan(state({ prediction }), ui()).score, { score: "1 of 2 right", verdict: "✗ Not this time.", tone: "bad", answer: "greet gets it." });
  });
});

describe("the journey of a message", () => {
  const legs = (before, after) => journey(before, after).map((one) => (one.to ? `${one.leg} ${one.to}` : one.leg));

  test("a whole step goes from the lane to its end", () => {
    assert.deepEqual(legs({}, stepped), ["pull", "ask", "run", "settle done"]);
  });

  test("without a winner nothing runs", () => {
    const rejected = { ...stepped, winner: null, settlement: { ...settlement, action: "rejected" } };
    assert.deepEqual(legs(null, rejected), ["pull", "ask", "settle tail"]);
    assert.deepEqual(legs(null, { ...rejected, settlement: { ...settlement, action: "nacked" } }), ["pull", "ask", "settle tray"]);
    assert.deepEqual(legs(null, { ...stepped, settlement: { ...settlement, action: null } }).at(-1), "settle worker");
  });

  test("a held step goes on from where it was", () => {
    const at = (phase) => ({ ...stepped, phase, settlement: undefined });
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

describe("mistakes in JSON", () => {
  for (const text of ['{"a": [1, 2.5e3, -0, true, null, "é\\u00e9"]}', " 3 ", "[]", "{}", '"x"']) {
    test(`${text} is JSON`, () => assert.equal(jsonProblem(text), null));
  }

  for (const [text, line, column, said] of [
    ['{"a": 1', 1, 1, "never closed"],
    ['{"a": 1,}', 1, 9, "a comma too many"],
    ['{"a": 1\n "b": 2}', 2, 2, "a comma or }"],
    ["{'a': 1}", 1, 2, "double quotes"],
    ["{a: 1}", 1, 2, "double quotes"],
    ['{"a" 1}', 1, 6, "a colon"],
    ['{"a": True}', 1, 7, "this is true"],
    ['{"a": "x}', 1, 7, "no closing quote"],
    ['{"a":}', 1, 6, "no JSON value"],
    ["[01]", 1, 2, "no JSON value"],
    ["[1] 2", 1, 5, "left over"],
    ['"\\x"', 1, 2, "backslash"],
    ["", 1, 1, "a value is missing"],
  ]) {
    test(`${JSON.stringify(text)} is named where it is`, () => {
      const problem = jsonProblem(text);
      assert.deepEqual([problem?.line, problem?.column], [line, column]);
      assert.ok(problem?.text.includes(said), problem?.text);
    });
  }

  test("agrees with the browser's own reader", () => {
    const pieces = ["{", "}", "[", "]", ",", ":", '"a"', "1", "-", "true", " ", "0.5", "e3", "null", '"', "\\"];
    let seed = 7;
    const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648);
    for (let round = 0; round < 20000; round += 1) {
      const text = Array.from({ length: 1 + (next() % 8) }, () => pieces[next() % pieces.length]).join("");
      let valid = true;
      try {
        JSON.parse(text);
      } catch {
        valid = false;
      }
      assert.equal(jsonProblem(text) === null, valid, text);
    }
  });

  test("nested without end it does not break the page", () => {
    assert.equal(jsonProblem("[".repeat(200000))?.text, "it is nested too deep");
  });
});

describe("the form", () => {
  const form = (changes = {}) => ({ ...emptyForm(), channel: "tasks", ...changes });

  test("is sent as it stands when nothing is wrong", () => {
    assert.equal(formProblem(form({ payload: '{"a": 1}' })), null);
    assert.equal(formProblem(form()), null);
    assert.deepEqual(formMessage(form({ headers: [["__proto__", "x"], ["", ""]] })).headers, [["__proto__", "x"]]);
  });

  test("names what is wrong, and where", () => {
    assert.equal(formProblem(form({ channel: "" }))?.field, "to");
    assert.match(formProblem(form({ payload: "{" }))?.text ?? "", /^Line 1, column 1/);
    assert.equal(formProblem(form({ count: "0" }))?.field, "count");
    assert.equal(formProblem(form({ headers: [["a", "1"], ["a", "2"]] }))?.text, "The header a is there twice.");
    assert.equal(formProblem(form({ headers: [["", "1"]] }))?.field, "headers");
  });

  test("text that is no JSON is fine where none is meant", () => {
    assert.equal(formProblem(form({ payload: "{", content_type: "text/plain" })), null);
  });
});

describe("the keys", () => {
  const pressed = (key, changes = {}) => ({ key, typing: false, sliding: false, modified: false, ...changes });
  const now = (changes = {}) => ({ held: false, running: false, picking: false, options: [], ...changes });

  test("step, and go on from where a message is held", () => {
    assert.equal(keyAction(pressed("s"), now()), "step");
    assert.equal(keyAction(pressed("I"), now()), "into");
    assert.equal(keyAction(pressed("i"), now({ held: true })), "next");
    assert.equal(keyAction(pressed("r"), now({ running: true })), "stop");
  });

  test("are left to who types, slides, or means the browser", () => {
    assert.equal(keyAction(pressed("s", { typing: true }), now()), null);
    assert.equal(keyAction(pressed("ArrowLeft", { sliding: true }), now()), null);
    assert.equal(keyAction(pressed("r", { modified: true }), now()), null);
    assert.equal(keyAction(pressed("Escape", { typing: true }), now()), "escape");
  });

  test("pick an actor while there is a question", () => {
    const asked = now({ picking: true, options: ["1", "2", "back", "tray"] });
    assert.equal(keyAction(pressed("2"), asked), "pick 2");
    assert.equal(keyAction(pressed("0"), asked), "pick back");
    assert.equal(keyAction(pressed("d"), asked), "pick tray");
    assert.equal(keyAction(pressed("3"), asked), null);
    assert.equal(keyAction(pressed("2"), now()), null);
  });
});

test("numbers are counted in words", () => {
  assert.deepEqual([count(1, "message"), count(2000, "message")], ["1 message", "2,000 messages"]);
});
