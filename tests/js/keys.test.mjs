// The keys. Run: node --test tests/js
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { keyAction } from "../../repid_nb/widgets/static/keys.mjs";

const plain = { typing: false, sliding: false, onButton: false, scrolling: false, modified: false };

describe("the keys", () => {
  /** @param {string} key @param {Partial<Parameters<typeof keyAction>[0]>} changes */
  const pressed = (key, changes = {}) => ({ ...plain, key, ...changes });
  /** @param {Partial<Parameters<typeof keyAction>[1]>} changes */
  const now = (changes = {}) => ({ held: false, running: false, picking: false, options: [], ...changes });

  test("step, and go on from where a message is held", () => {
    assert.equal(keyAction(pressed("s"), now()), "step");
    assert.equal(keyAction(pressed("I"), now()), "into");
    assert.equal(keyAction(pressed("i"), now({ held: true })), "next");
    assert.equal(keyAction(pressed("r"), now({ running: true })), "stop");
  });

  test("of a clicker step, and go back", () => {
    for (const key of [" ", "PageDown"]) {
      assert.equal(keyAction(pressed(key), now()), "step");
      assert.equal(keyAction(pressed(key), now({ held: true })), "next");
    }
    assert.equal(keyAction(pressed("PageUp"), now()), "back");
    assert.equal(keyAction(pressed(" ", { onButton: true }), now()), null);
    assert.equal(keyAction(pressed("PageDown", { scrolling: true }), now()), null);
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
