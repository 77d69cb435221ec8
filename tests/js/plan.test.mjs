// What the page shows. Run: node --test tests/js
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { count } from "../../repid_nb/widgets/static/amounts.mjs";
import { chipsOf, rememberSamples } from "../../repid_nb/widgets/static/chips.mjs";
import { hueOf } from "../../repid_nb/widgets/static/colours.mjs";
import { plan } from "../../repid_nb/widgets/static/plan.mjs";
import { busy, lane, message, settlement, state, stepped, ui, verdict } from "./states.mjs";

/**
 * @import { ActorRow, FoldedRows } from "../../repid_nb/widgets/static/stage_plan.mjs"
 * @import { State, Step, Verdict } from "../../repid_nb/widgets/static/wire.mjs"
 */

/** @param {State} shown */
const headline = (shown) => {
  const { big, became, why } = plan(shown, ui()).headline;
  return [big.map((part) => (typeof part === "string" ? part : part.name)).join(""), became, why];
};
/** @param {(ActorRow | FoldedRows)[]} rows */
const looks = (rows) => rows.map((row) => ("folded" in row ? `${row.folded} folded` : row.look));

describe("the plan", () => {
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
    /** @type {Step} */
    const step = { ...stepped, phase: "about to run", settlement: undefined };
    const held = plan({ ...busy({ held: true }), step }, ui());
    assert.equal(held.controls.stop, false);
    assert.equal(held.controls.next, "Run greet");
    assert.equal(held.outcome.hit, null);
  });

  test("the track shows how far a message has come", () => {
    const track = (/** @type {Step} */ step) =>
      Object.values(plan({ ...busy({ held: true }), step }, ui()).track ?? {}).join(" ");
    assert.equal(track({ ...stepped, phase: "leaving" }), "open open open open");
    assert.equal(track({ ...stepped, phase: "pulled" }), "done open open open");
    assert.equal(track({ ...stepped, phase: "decided" }), "done done open open");
    assert.equal(track({ ...stepped, phase: "running" }), "done done open open");
    assert.equal(track({ ...stepped, phase: "ran" }), "done done done open");
    assert.equal(track(stepped), "done done done done");
    assert.equal(track({ ...stepped, winner: null, verdicts: [] }), "done done skipped done");
    assert.equal(track({ ...stepped, settlement: { ...settlement, action: null } }), "done done done open");
  });

  test("a past moment is announced, and nothing is stepped from it", () => {
    const past = plan(state({ history: { ...state().history, at: 3, newest: 5, live: false } }), ui());
    assert.equal(past.banner?.text, "You are looking at step 3 of 5.");
    assert.equal(past.banner?.undone, "Going on from here takes steps 4 to 5 back. What the actors did stays done.");
    assert.equal(past.controls.step, false);
    assert.equal(past.controls.forward, true);
  });

  test("a server that knows no way back says so", () => {
    const history = { ...state().history, at: 1, newest: 2, live: false, no_way_back: "no way back on Redis" };
    const past = plan(state({ history }), ui());
    assert.deepEqual([past.banner?.goOn, past.banner?.undone], [false, "no way back on Redis"]);
    assert.equal(past.controls.reset, false);
  });

  test("nothing is sent to loaded steps, or to a kernel that is gone", () => {
    const loaded = { ...state().history, replay: true, live: false };
    assert.equal(plan(state(), ui()).controls.send, true);
    assert.equal(plan(state({ history: loaded }), ui()).controls.send, false);
    assert.equal(plan(state(), ui({ gone: true })).controls.send, false);
    assert.equal(plan(state(), ui({ gone: true })).controls.step, false);
    assert.doesNotMatch(headline(state({ history: loaded })).join(" "), /Press Step/);
  });

  test("what was undone last can be brought back, but not while something runs, nor among loaded steps", () => {
    const undo = "Undo reset";
    const { history, status } = state({ status: { ...state().status, undo } });
    assert.equal(plan(state({ status }), ui()).controls.undo, undo);
    assert.equal(plan(busy({ undo }), ui()).controls.undo, "");
    assert.equal(plan(state({ status, history: { ...history, replay: true, live: false } }), ui()).controls.undo, "");
  });

  test("a worker can crash while it steps or is held, and not while something else is done", () => {
    const crash = (/** @type {string} */ kind) => plan(busy({ busy: kind }), ui()).controls.crash;
    assert.deepEqual([crash("step"), crash("run"), crash("send")], [true, true, false]);
    assert.equal(plan(busy({ busy: "step_into", held: true }), ui()).controls.crash, true);
    assert.equal(plan(state(), ui()).controls.crash, false);
  });

  test("a kernel that does not answer is said in words", () => {
    assert.match(plan(state(), ui({ silent: true })).errors[0], /has not answered/);
    assert.match(plan(state(), ui({ gone: true })).errors[0], /kernel is gone/);
  });

  test("the score counts only guesses, and what is said of one goes away with its step", () => {
    assert.equal(plan(state(), ui()).score, null);
    const prediction = { on: true, right: 1, asked: 2, last: { right: false, answer: "greet gets it." } };
    const scored = { guess: "", step: 1 };
    assert.deepEqual(plan(state({ prediction, step: stepped }), ui({ scored })).score, {
      score: "1 of 2 right",
      verdict: "✗ Not this time.",
      tone: "bad",
      answer: "greet gets it.",
    });
    const later = plan(state({ prediction, step: { ...stepped, number: 2 } }), ui({ scored })).score;
    assert.deepEqual([later?.verdict, later?.answer, later?.score], ["", "", "1 of 2 right"]);
    const history = { ...state().history, at: 1, newest: 3, live: false };
    assert.equal(plan(state({ prediction, step: stepped, history }), ui({ scored })).score?.verdict, "");
    const off = { ...prediction, on: false };
    assert.equal(plan(state({ prediction: off, step: stepped }), ui({ scored })).score, null);
  });
});

describe("the headline", () => {
  test("an empty stage says what to do first", () => {
    const lanes = { lanes: [{ ...lane, waiting: 0, messages: [] }] };
    assert.deepEqual(headline(state({ lanes })), ["Nothing is waiting", "", "Send a message, then press Step."]);
    assert.equal(headline(state({ lanes: { lanes: [] } }))[0], "No actor listens yet");
    assert.equal(headline(state())[0], "2 messages wait");
  });

  test("of a broker that does not say what waits, nothing else is said", () => {
    const lanes = { lanes: [{ ...lane, waiting: null, messages: [] }] };
    assert.deepEqual(headline(state({ lanes })), [
      "What waits is not known",
      "",
      "Press Step: the worker asks for the next message.",
    ]);
  });

  test("while a guess is asked for, it is said to pick and not to press Step", () => {
    assert.equal(headline(state())[2], "Press Step: the worker takes the next one.");
    const { headline: asked } = plan(state(), ui({ picking: "step" }));
    assert.equal(asked.why, "Pick who will get it: then the worker takes it.");
  });

  test("who got it and what became of it in big, why in small", () => {
    assert.deepEqual(headline(state({ step: stepped })), [
      "greet got m1",
      "✓ acked",
      "the only actor, and it said yes",
    ]);
    const sent = { ...stepped, sent: 1, published: ["mails"], children: [{ ...message, ...lane, name: "m1.1" }] };
    assert.match(headline(state({ step: sent }))[2], /it sent 1 more message: m1\.1$/);
  });

  test("a message that no actor takes says how many said no", () => {
    /** @type {Step} */
    const rejected = {
      ...stepped,
      winner: null,
      verdicts: [{ ...verdict, role: undefined, outcome: "no match" }],
      sighting: "2 of 10",
      settlement: { ...settlement, action: "rejected", tone: "back", word: "↩ rejected", where: "back at the tail" },
    };
    assert.deepEqual(headline(state({ step: rejected })), [
      "Nobody got m1",
      "↩ rejected",
      "1 actor said no · seen 2 of 10 times · back at the tail",
    ]);
    assert.equal(
      headline(state({ step: { ...rejected, sighting: "1" } }))[2],
      "1 actor said no · seen once · back at the tail",
    );
  });

  test("an actor that runs works, also where nothing says that it has begun", () => {
    /** @type {Step} */
    const step = { ...stepped, phase: "about to run", settlement: undefined };
    assert.equal(headline({ ...busy(), step })[0], "greet works on m1");
    assert.equal(headline({ ...busy({ held: true }), step })[0], "greet is about to run for m1");
    const [row] = plan({ ...busy(), step }, ui()).actors.rows;
    assert.equal("run" in row && row.run?.running, true);
  });

  test("a dead letter that was sent again is none any more", () => {
    /** @type {Step} */
    const dead = { ...stepped, settlement: { ...settlement, action: "nacked", tone: "bad", word: "✗ nacked" } };
    const tray = { dead: 1, letters: [{ ...message, key: "tasks", reason: "" }] };
    assert.equal(headline(state({ step: dead, tray }))[1], "✗ nacked");
    assert.equal(headline(state({ step: dead }))[1], "↩ sent again");
  });
});

describe("the actors", () => {
  /** @type {Verdict} */
  const no = {
    ...verdict,
    position: 2,
    role: undefined,
    outcome: "no match",
    answer: "✗ no match",
    reason: "no topic",
  };

  test("wait to be asked until there is a verdict", () => {
    assert.deepEqual(looks(plan(state(), ui()).actors.rows), ["waiting"]);
    /** @type {Verdict[]} */
    const verdicts = [
      verdict,
      { ...verdict, position: 2, role: "shadowed" },
      { ...no, position: 3, outcome: "error", asked: true },
    ];
    const rows = plan(state({ step: { ...stepped, verdicts } }), ui()).actors.rows;
    assert.deepEqual(looks(rows), ["winner", "shadowed", "error"]);
  });

  test("one that was not asked says so once, and what it would have said on demand", () => {
    const step = { ...stepped, verdicts: [verdict, { ...no, asked: false }] };
    const [, row] = plan(state({ step }), ui()).actors.rows;
    assert.ok("says" in row);
    assert.deepEqual([row.look, row.lamp, row.says], ["unasked", "2", "not asked"]);
    assert.equal(row.details[0], "It would have said: ✗ no match, no topic");
  });

  test("one that raised is no winner to look at", () => {
    const raised = { type: "KeyError", message: "x", fields: [], traceback: false, hint: "" };
    assert.deepEqual(looks(plan(state({ step: { ...stepped, raised } }), ui()).actors.rows), ["raised"]);
  });

  test("many leave room for the one that gets the message", () => {
    const many = (/** @type {number} */ from, /** @type {number} */ to, /** @type {Verdict} */ like) =>
      Array.from({ length: to - from }, (_, place) => ({ ...like, position: from + place }));
    const verdicts = [...many(1, 46, no), { ...verdict, position: 46 }, ...many(47, 61, { ...no, asked: false })];
    const step = { ...stepped, verdicts };
    const rows = plan(state({ step }), ui()).actors.rows;
    assert.deepEqual(looks(rows), ["no", "no", "43 folded", "winner", "unasked", "unasked", "12 folded"]);
    assert.equal(plan(state({ step }), ui({ everyActor: true })).actors.rows.length, 60);
  });
});

describe("the prepared messages", () => {
  /** @type {State["choices"]} */
  const choices = {
    channels: [],
    operations: [],
    topics: [
      ["tasks", "greet"],
      ["other", "part"],
    ],
  };

  test("are samples of the actors, as far as they are known, or topics alone", () => {
    const samples = new Map();
    const chips = () =>
      chipsOf(state({ choices }), samples).map(({ form, sends }) => [form.topic, form.payload, sends]);
    assert.deepEqual(chips(), [
      ["greet", "", false],
      ["part", "", false],
    ]);
    const sample = { topic: "greet", payload: '{"to": "ada"}' };
    rememberSamples(samples, { ...state().actors, actors: [{ ...state().actors.actors[0], sample }] });
    rememberSamples(samples, { ...state().actors, channel: "other", actors: [] });
    assert.deepEqual(chips()[0], ["greet", '{"to": "ada"}', true]);
  });

  test("are those of the teacher where there are any", () => {
    /** @type {[string, {}][]} */
    const prepared = [["to nobody", { topic: "x" }]];
    const [chip, ...others] = chipsOf(state({ choices: { ...choices, prepared } }), new Map());
    assert.deepEqual([chip.label, chip.sends, others], ["to nobody", true, []]);
  });
});

test("a message has the hue of its root", () => {
  const hues = ["m1", "m1.2", "m8", "m9", "m2.1.1", "7f3b0c1e"].map((name) => hueOf({ name }));
  assert.deepEqual(hues, [0, 0, 7, 0, 1, 7]);
  assert.equal(hueOf({ name: "m1", hue: 4 }), 4);
});

test("sightings are dots where they can be counted at a glance", () => {
  const dots = (/** @type {[seen: number, most: number]} */ sightings) =>
    plan(state({ step: { ...stepped, sighting: sightings.join(" of "), sightings } }), ui()).worker.step?.dots;
  assert.deepEqual(dots([3, 10]), [3, 10]);
  assert.equal(dots([3, 50]), null);
});

test("numbers are counted in words", () => {
  assert.deepEqual([count(1, "message"), count(2000, "message")], ["1 message", "2,000 messages"]);
});
