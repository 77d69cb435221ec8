// What the stage says of the answers of a class.

import assert from "node:assert/strict";
import test from "node:test";
import { classSentence } from "../../repid_nb/widgets/static/class_panel.mjs";

/** @type {import("../../repid_nb/widgets/static/wire.mjs").ClassFields} */
const ASKED = {
  question: "Who gets m7?",
  joined: 20,
  answered: 12,
  tallies: [
    ["ship", 9],
    ["log", 3],
  ],
  truth: null,
};

test("before the step it says how many have answered, and not what", () => {
  assert.equal(classSentence(ASKED), "Who gets m7? 12 of 20 have answered.");
});

test("notebooks that have left stay among those that have answered", () => {
  assert.equal(classSentence({ ...ASKED, joined: 3 }), "Who gets m7? 12 of 12 have answered.");
});

test("after the step it says how many were right", () => {
  assert.equal(classSentence({ ...ASKED, truth: "log" }), "Who gets m7? It was log: 3 of 12 were right.");
  assert.equal(classSentence({ ...ASKED, truth: "gone" }), "Who gets m7? It was gone: 0 of 12 were right.");
});

test("before the first question it says how to ask", () => {
  assert.match(classSentence({ ...ASKED, question: null }), /Press Step: the class is asked first/);
});
