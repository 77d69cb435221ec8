// A lesson that plays without a kernel. Run: node --test tests/js
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { momentOf } from "../../repid_nb/widgets/static/lesson.mjs";
import { Player } from "../../repid_nb/widgets/static/player.mjs";
import { heldState } from "../../repid_nb/widgets/static/recorded.mjs";

const message = { id: "m1", name: "m1", topic: "greet", payload: "{}" };
const step = {
  number: 3,
  phase: null,
  key: "tasks",
  channel: "tasks",
  message: { ...message, size: "", content_type: "", headers: [], more_headers: 0 },
  winner: "greet",
  verdicts: [{ position: 1, actor: "greet", outcome: "match", role: "winner" }],
  arguments: [["to = 'Ada'", "from the payload"]],
  printed: "hello",
  result: "'hi'",
  story: "Step 3.",
  settlement: { action: "acked", tone: "good" },
};
const unwanted = { ...step, number: 4, winner: null, verdicts: [], settlement: { action: "rejected", tone: "back" } };
const lane = { key: "tasks", channel: "tasks", actors: 1, waiting: 2, messages: [message], working: [], in_work: 0 };

/** Steps 3 and 4 of a session, as Python writes them. @returns {any} */
function lesson() {
  return {
    first: 2,
    traits: {
      lanes: [{ lanes: [lane] }, { lanes: [{ ...lane, waiting: 1, messages: [] }] }],
      tray: [{ dead: 0, letters: [] }],
      actors: [{ channel: "tasks", actors: [], more: 0, stale: false }],
      step: [{}, step, unwanted],
      workers: [{ workers: [] }],
    },
    moments: [
      [0, 0, 0, 0, 0],
      [1, 0, 0, 1, 0],
      [1, 0, 0, 2, 0],
    ],
    trails: {
      m1: [
        { name: "m1", depth: 0, step: 3, text: "tasks: greet got it · ✓ acked", tone: "good" },
        { name: "m1.1", depth: 1, step: 4, text: "tasks: nobody got it · ↩ rejected", tone: "back" },
        { name: "m1.1.1", depth: 2, step: null, text: "tasks: waits", tone: "open" },
      ],
    },
    summaries: [
      { number: 3, message: "m1", winner: "greet", settled: "✓ acked", tone: "good" },
      { number: 4, message: "m1", winner: "nobody", settled: "↩ rejected", tone: "back" },
    ],
    counts: [
      [0, 0],
      [1, 0],
      [1, 1],
    ],
    guesses: [
      { message: "m1", options: [["1", "greet"]], pick: "1", answer: "greet gets it." },
      { message: "m1", options: [["back", "nobody"]], pick: "back", answer: "Nobody gets it." },
    ],
    stories: [{ pulled: "taken", decided: "asked", "about to run": "soon", ran: "ran" }, { pulled: "taken" }],
    texts: { "3/message": "a😀".repeat(3000), "waiting/tasks/m1": "a letter" },
    notes: {},
  };
}

/** Play a lesson; what is due later waits in `due`. */
function played() {
  /** @type {number[]} */
  const moved = [];
  /** @type {(() => void)[]} */
  const due = [];
  /** @type {any} */
  const player = new Player(lesson(), (at) => moved.push(at), { after: (run) => void due.push(run) });
  let number = 0;
  /** @param {any} command */
  const send = (command) => player.send({ ...command, id: ["view", (number += 1)] });
  return { player, send, moved, due };
}

describe("a lesson", () => {
  test("begins before its first step, and a step shows the next moment", () => {
    const { player, send, moved } = played();
    assert.equal(player.get("history").at, 2);
    assert.deepEqual(player.get("step"), {});
    send({ type: "step" });
    assert.equal(player.get("step").number, 3);
    assert.equal(player.get("history").done, 1);
    assert.deepEqual(moved, [3]);
  });

  test("says that it is a lesson, and lets the page step at every moment", () => {
    const { player, send } = played();
    assert.equal(player.get("status").replay, "lesson");
    send({ type: "seek", to: 4 });
    const { live, replay, newest } = player.get("history");
    assert.deepEqual({ live, replay, newest }, { live: true, replay: false, newest: 4 });
  });

  test("ends with a sentence, not with an error", () => {
    const { player, send } = played();
    for (let times = 0; times < 3; times += 1) send({ type: "step" });
    assert.equal(player.get("history").at, 4);
    assert.match(player.get("status").notice, /last step/);
    assert.equal(player.get("status").error, "");
  });

  for (const [to, at] of [
    [3, 3],
    [0, 2],
    [99, 4],
    ["x", 2],
  ]) {
    test(`shows a moment that there is when ${to} is asked for`, () => {
      const { player, send } = played();
      send({ type: "seek", to });
      assert.equal(player.get("history").at, at);
    });
  }

  test("answers every command, as a kernel does", () => {
    const { player, send } = played();
    send({ type: "predict", on: true });
    send({ type: "dismiss" });
    assert.equal(player.get("status").answered.view, 2);
  });

  test("refuses in words what only a kernel can do", () => {
    const { player, send } = played();
    for (const type of ["send", "resend", "constructor", "take"]) {
      send({ type });
      assert.match(player.get("status").error, /plays what was recorded/);
    }
    send({ type: "step" });
    assert.equal(player.get("status").error, "");
  });

  test("tells the page what has changed until the page has gone", () => {
    const { player, send } = played();
    let heard = 0;
    const listen = () => (heard += 1);
    player.on("change:step", listen);
    send({ type: "step" });
    player.off("change:step", listen);
    send({ type: "step" });
    assert.equal(heard, 1);
  });
});

test("a click on a message shows its whole way, and that of what came of it", () => {
  const { player, send } = played();
  /** @type {any[]} */
  const answers = [];
  player.on("msg:custom", (/** @type {any} */ answer) => answers.push(answer));
  send({ type: "trail", step: 3 });
  send({ type: "trail", message: "m1.1" });
  assert.deepEqual(
    answers.map(({ name, rows }) => [name, rows.map((/** @type {any} */ row) => `${row.depth} ${row.name}`)]),
    [
      ["m1", ["0 m1", "1 m1.1", "2 m1.1.1"]],
      ["m1.1", ["0 m1.1", "1 m1.1.1"]],
    ],
  );
});

describe("step into", () => {
  test("stops at each phase, and shows what is known there", () => {
    const { player, send } = played();
    send({ type: "step_into" });
    assert.equal(player.get("step").phase, "pulled");
    assert.deepEqual(player.get("step").verdicts, []);
    assert.equal(player.get("step").settlement, undefined);
    assert.equal(player.get("lanes").lanes[0].waiting, 1);
    assert.equal(player.get("lanes").lanes[0].working[0].id, "m1");
    const phases = [];
    while (player.get("step").phase) {
      send({ type: "next_phase" });
      phases.push(player.get("step").phase);
    }
    assert.deepEqual(phases, ["decided", "about to run", "ran", null]);
    assert.equal(player.get("history").at, 3);
  });

  test("ends after the actors where none of them takes the message", () => {
    const { player, send } = played();
    send({ type: "seek", to: 3 });
    send({ type: "step_into" });
    send({ type: "next_phase" });
    assert.equal(player.get("step").phase, "decided");
    send({ type: "next_phase" });
    assert.equal(player.get("history").at, 4);
  });

  test("shows no result before the actor has run", () => {
    const held = heldState(/** @type {any} */ (step), "about to run", { "about to run": "soon" });
    assert.deepEqual([held.printed, held.result, held.story], ["", null, "soon"]);
    assert.deepEqual(held.arguments, [["to = 'Ada'", "from the payload"]]);
    assert.equal(heldState(/** @type {any} */ (step), "ran", {}).printed, "hello");
  });

  test("is left with the message back in its place", () => {
    const { player, send } = played();
    send({ type: "step_into" });
    send({ type: "stop" });
    assert.equal(player.get("history").at, 2);
    assert.equal(player.get("lanes").lanes[0].waiting, 2);
  });
});

describe("a run", () => {
  test("takes a step at each turn of the clock, to the end", () => {
    const { player, send, due } = played();
    send({ type: "run", max_steps: 100, pace: 1.5 });
    assert.equal(player.get("status").busy, "run");
    assert.equal(player.get("history").at, 3);
    due.shift()?.();
    assert.equal(player.get("history").at, 4);
    assert.equal(player.get("status").busy, null);
    assert.equal(due.length, 0);
  });

  test("ends after as many steps as were asked for", () => {
    const { player, send, due } = played();
    send({ type: "run", max_steps: 1, pace: 0 });
    assert.equal(player.get("status").busy, null);
    assert.equal(due.length, 0);
  });

  test("stops, and a turn that was due does nothing any more", () => {
    const { player, send, due } = played();
    send({ type: "run", max_steps: 100, pace: 0 });
    send({ type: "stop" });
    due.shift()?.();
    assert.equal(player.get("history").at, 3);
  });
});

describe("a guess", () => {
  test("is asked before each step, and counted", () => {
    const { player, send } = played();
    assert.equal(player.get("prediction").options, undefined);
    send({ type: "predict", on: true });
    assert.deepEqual(player.get("prediction").options, [["1", "greet"]]);
    send({ type: "step", pick: "1" });
    send({ type: "step", pick: "tray" });
    const { right, asked, last } = player.get("prediction");
    assert.deepEqual([right, asked, last], [1, 2, { right: false, answer: "Nobody gets it." }]);
  });

  test("is found by a part of its name", () => {
    const { player, send } = played();
    /** @type {any} */
    let answer;
    player.on("msg:custom", (/** @type {any} */ told) => (answer = told));
    send({ type: "find", what: "options", text: "GRE" });
    assert.deepEqual(answer.rows, [["1", "greet"]]);
    send({ type: "find", what: "channels", text: "" });
    assert.deepEqual(answer.rows, []);
  });

  test("is forgotten when the lesson starts again", () => {
    const { player, send } = played();
    send({ type: "step", pick: "1" });
    send({ type: "reset" });
    assert.equal(player.get("prediction").asked, 0);
    assert.equal(player.get("history").at, 2);
  });
});

describe("a text", () => {
  /** @param {any} question */
  const opened = (question) => {
    const { player, send } = played();
    /** @type {any} */
    let answer;
    player.on("msg:custom", (/** @type {any} */ told) => (answer = told));
    send({ type: "open", ...question });
    return answer;
  };

  test("comes in pieces, counted in characters", () => {
    const first = opened({ what: "message", step: 3, from: 0 });
    assert.deepEqual([first.next, first.total, first.id], [4000, 6000, ["view", 1]]);
    const rest = opened({ what: "message", step: 3, from: first.next });
    assert.equal(first.text + rest.text, "a😀".repeat(3000));
  });

  test("of a waiting message is there too; one that is not in the file is missing in words", () => {
    assert.equal(opened({ what: "waiting", channel: "tasks", message: "m1" }).text, "a letter");
    assert.match(opened({ what: "toString", step: "" }).text, /no more/);
  });
});

test("an address names a moment, or none", () => {
  assert.equal(momentOf("#step=7"), 7);
  for (const hash of ["", "#step=", "#step=-1", "#step=7x", "#step=1e3", "#other"]) assert.equal(momentOf(hash), null);
});
