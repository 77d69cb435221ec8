// How the choices of a question look: a symbol stands beside each colour.

import assert from "node:assert/strict";
import test from "node:test";
import { symbolOf } from "../../repid_nb/widgets/static/choices.mjs";

test("before the answer is out only the choice that was clicked has a mark", () => {
  assert.equal(symbolOf({ picked: null, right: null, open: true }, 0), "○");
  assert.equal(symbolOf({ picked: 0, right: null, open: true }, 0), "●");
});

test("a wrong choice has a cross, and the right one beside it a tick", () => {
  assert.equal(symbolOf({ picked: 0, right: 1, open: false }, 0), "✗");
  assert.equal(symbolOf({ picked: 0, right: 1, open: false }, 1), "✓");
  assert.equal(symbolOf({ picked: 0, right: 1, open: false }, 2), "○");
});

test("the right choice has no mark as long as one can still be clicked", () => {
  assert.equal(symbolOf({ picked: null, right: 1, open: true }, 1), "○");
  assert.equal(symbolOf({ picked: null, right: 1, open: false }, 1), "✓");
});
