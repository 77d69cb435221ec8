// What a student's ballot says below its buttons.

import assert from "node:assert/strict";
import test from "node:test";
import { verdictOf } from "../../repid_nb/widgets/static/ballot.mjs";

const QUESTION = {
  id: "1",
  text: "Who gets m7?",
  choices: ["ship", "log"],
  about: "topic ship",
  truth: /** @type {string | null} */ (null),
};

/** @param {Partial<import("../../repid_nb/widgets/static/ballot.mjs").Ballot>} fields */
const said = (fields) =>
  verdictOf({ name: "ada", joined: true, question: QUESTION, picked: null, busy: false, error: "", ...fields }).join(
    "",
  );

/** @param {string} truth */
const told = (truth) => ({ question: { ...QUESTION, truth } });

test("before an answer nothing is said", () => {
  assert.equal(said({}), "");
  assert.equal(said({ question: null }), "");
});

test("an answer may be changed until the truth is told", () => {
  assert.equal(said({ picked: 1 }), "Answered. You may still change it.");
});

test("the truth stands beside the answer, in words", () => {
  assert.equal(said({ ...told("log"), picked: 1 }), "✓ Right: log");
  assert.equal(said({ ...told("log"), picked: 0 }), "✗ It was log, and you said ship");
  assert.equal(said({ ...told("log") }), "It was log");
});
