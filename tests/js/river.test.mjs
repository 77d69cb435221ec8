// The river as plain data. Run: node --test tests/js
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { stepsOf } from "../../repid_nb/widgets/static/ends.mjs";
import {
  GUTTER,
  momentAt,
  numberAt,
  placeOf,
  riverPlan,
  toldMoment,
} from "../../repid_nb/widgets/static/river_plan.mjs";

/** @import { Marks, River, Visit } from "../../repid_nb/widgets/static/wire.mjs" */

/** @param {Visit[]} visits @param {Partial<River>} [more] @returns {River} */
function river(visits, more = {}) {
  const end = Math.max(0, ...visits.map(([, , since, taken]) => (taken ?? since) + 1));
  return { unit: "step", begin: 0, end, channels: ["orders", "emails"], workers: ["worker"], visits, ...more };
}

/** @type {Visit[]} */
const pipeline = [
  ["m1", 0, 0, 0, "a"],
  ["m2", 0, 0, 1, "r"],
  ["m1.1", 1, 1, 2, "a"],
  ["m2", 0, 2, 3, "n"],
  ["m3", 0, 2, null],
];
const room = { width: 800, at: 2 };

describe("a river", () => {
  test("has a lane for each channel, and below them one for each worker", () => {
    const { lanes, height } = riverPlan(river(pipeline), room);
    assert.deepEqual(
      lanes.map(({ name, kind }) => [name, kind]),
      [
        ["orders", "channel"],
        ["emails", "channel"],
        ["worker", "worker"],
      ],
    );
    for (const [place, lane] of lanes.slice(1).entries()) assert.ok(lane.y > lanes[place].y + lanes[place].height);
    assert.ok(height > lanes[2].y + lanes[2].height);
  });

  test("draws what waits as long as it waited", () => {
    const { waits, left, scale } = riverPlan(river(pipeline), room);
    const second = waits.find((one) => one.name === "m2");
    assert.equal(second?.x1, left);
    assert.equal(second?.x2, left + scale);
    assert.deepEqual(
      waits.filter((one) => one.isOpen).map((one) => one.name),
      ["m3"],
    );
  });

  test("lets no two waiting messages of a lane lie on each other", () => {
    const { waits } = riverPlan(river(pipeline.slice(0, 2)), room);
    assert.notEqual(waits[0].y, waits[1].y);
  });

  test("draws each time in work in its own step, with its end", () => {
    const { works, left, scale } = riverPlan(river(pipeline), room);
    assert.deepEqual(
      works.map(({ name, end, done }) => [name, end, done]),
      [
        ["m1", "a", 1],
        ["m2", "r", 2],
        ["m1.1", "a", 3],
        ["m2", "n", 4],
      ],
    );
    for (const { x1, x2, done } of works) assert.ok(x1 >= left + (done - 1) * scale && x2 <= left + done * scale);
  });

  test("leads a message that was sent back to its lane again, and a child from its parent", () => {
    const { links } = riverPlan(river(pipeline), room);
    assert.deepEqual(
      links.filter((one) => one.kind !== "pull").map(({ name, kind }) => [name, kind]),
      [
        ["m1.1", "child"],
        ["m2", "back"],
      ],
    );
  });

  test("keeps the moment that is shown in sight, however many steps there are", () => {
    /** @type {Visit[]} */
    const many = Array.from({ length: 60 }, (_, step) => [`m${step + 1}`, 0, step, step, "a"]);
    for (const at of [0, 1, 30, 60]) {
      const { from, to, works, width } = riverPlan(river(many), { width: 400, at });
      assert.ok(from <= at && at <= to, `${from} <= ${at} <= ${to}`);
      assert.ok(works.every(({ x1, x2 }) => x1 >= GUTTER - 1 && x2 <= width));
      assert.ok(works.length < 20);
    }
  });

  test("without a message has a plan too", () => {
    assert.deepEqual(riverPlan(river([]), room).works, []);
    assert.deepEqual(riverPlan(river([], { channels: [], workers: [] }), { width: 0, at: 0 }).lanes, []);
  });
});

describe("a river of a simulated run", () => {
  /** @type {Visit[]} */
  const visits = Array.from({ length: 5000 }, (_, place) => {
    const since = place * 0.1;
    return [`m${place + 1}`, place % 2, since, since + 2, "a", since + 2.5, place % 3];
  });
  const run = river(visits, { unit: "second", end: 510, workers: ["a", "b", "c"] });

  test("of thousands of messages is bundled: how many wait, how many are in work", () => {
    const { bands, waits, works } = riverPlan(run, { width: 800, at: 0 });
    assert.deepEqual([waits.length, works.length, bands.length], [0, 0, 5]);
    // Ten messages a second on two channels, each of which waits for two seconds.
    assert.ok(Math.abs(bands[0].most - 10) <= 1, String(bands[0].most));
    assert.ok(JSON.stringify(bands).length < 40_000);
  });

  test("of few messages shows each of them, in a slot of its worker", () => {
    const { works, lanes } = riverPlan({ ...run, visits: visits.slice(0, 6), end: 4 }, { width: 800, at: 0 });
    assert.deepEqual(
      works.slice(0, 4).map((one) => one.y - lanes[2].y),
      [12, lanes[3].y - lanes[2].y + 12, lanes[4].y - lanes[2].y + 12, 36],
    );
  });

  test("gives a worker that holds several at once a row for each", () => {
    /** @type {Visit[]} */
    const held = [
      ["m1", 0, 0, 0, "a", 5, 0],
      ["m2", 0, 0, 1, "a", 2, 0],
      ["m3", 0, 0, 3, "a", 4, 0],
    ];
    const { works } = riverPlan({ ...run, visits: held, end: 5, workers: ["a"] }, { width: 800, at: 0 });
    assert.ok(works[1].y > works[0].y);
    assert.equal(works[2].y, works[1].y);
  });

  test("is told by its clock", () => {
    assert.equal(toldMoment(run, 1.05), "1.1 s: 11 waiting");
  });
});

describe("the river of a run", () => {
  test("says how many there were at most, however short the peak, and none where there was none", () => {
    /** @type {Visit[]} */
    const many = Array.from({ length: 100 }, (_, place) => [`m${place}`, 0, 50, 50 + place / 1000, "a", 50.2, 0]);
    const busy = river(many, { unit: "second", begin: 0, end: 1000, workers: ["first", "idle"] });
    assert.deepEqual(
      riverPlan(busy, room).bands.map(({ most }) => most),
      [99, 0, 100, 0],
    );
  });

  /** @type {Visit[]} */
  const pulls = [
    ["m1", 0, 1, 1, "a", 4, 0],
    ["m1.1", 1, 2.5, 4, "a", 5, 0],
  ];
  const run = river(pulls, { unit: "second", begin: 0, end: 5, times: [0, 1, 4] });

  test("has its moments at their times, whatever the numbers of its pulls", () => {
    assert.deepEqual(
      [40, 41, 42].map((number) => placeOf(run, 40, number)),
      [0, 1, 4],
    );
    assert.equal(placeOf(river(pipeline), 0, 3), 3);
  });

  test("is dragged to the moment that is nearest", () => {
    assert.deepEqual(
      [0.2, 1.4, 3, 99].map((second) => numberAt(run, 40, second)),
      [40, 41, 42, 42],
    );
    assert.equal(numberAt(river(pipeline), 0, 3), 3);
  });

  test("leads a child from the bar in which its parent's actor sent it", () => {
    const { links, left, scale } = riverPlan(run, room);
    const [child] = links.filter((one) => one.kind === "child");
    assert.equal(child.name, "m1.1");
    assert.ok(child.d.startsWith(`M${left + 2.5 * scale} `));
  });
});

describe("a moment", () => {
  test("is found under the pointer", () => {
    const plan = riverPlan(river(pipeline), room);
    const x = (/** @type {number} */ moment) => plan.left + moment * plan.scale;
    assert.equal(momentAt(plan, "step", x(1.5)), 2);
    assert.equal(momentAt(plan, "step", 0), 0);
    assert.equal(momentAt(plan, "step", 10_000), 4);
  });

  test("is told in a sentence", () => {
    assert.equal(toldMoment(river(pipeline), 0), "Before the first step");
    assert.equal(toldMoment(river(pipeline), 2), "Step 2: m2 of orders, ↩ rejected, after 1 step of waiting");
  });
});

test("the columns of the wire are the steps of the history", () => {
  const marks = {
    numbers: [
      [3, 4],
      [9, 9],
    ],
    names: ["m1", "m2", "m1"],
    ends: "ron",
    who: [0, 1, 0],
    winners: ["nobody", "ship"],
  };
  assert.deepEqual(stepsOf(/** @type {Marks} */ (marks)), [
    { number: 3, message: "m1", winner: "nobody", settled: "↩ rejected", tone: "back" },
    { number: 4, message: "m2", winner: "ship", settled: "⚠ not settled", tone: "open" },
    { number: 9, message: "m1", winner: "nobody", settled: "✗ nacked", tone: "bad" },
  ]);
});
