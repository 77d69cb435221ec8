// Mistakes in JSON. Run: node --test tests/js
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { jsonProblem } from "../../repid_nb/widgets/static/json_problem.mjs";

describe("mistakes in JSON", () => {
  for (const text of ['{"a": [1, 2.5e3, -0, true, null, "é\\u00e9"]}', " 3 ", "[]", "{}", '"x"']) {
    test(`${text} is JSON`, () => assert.equal(jsonProblem(text), null));
  }

  /** @type {[text: string, line: number, column: number, said: string][]} */
  const mistakes = [
    ['{"a": 1', 1, 1, "never closed"],
    ['{"a": 1,}', 1, 9, "a comma too many"],
    ['{"a": 1\n "b": 2}', 2, 2, "a comma or }"],
    ["{'a': 1}", 1, 2, "double quotes"],
    ["{a: 1}", 1, 2, "double quotes"],
    ['{"a" 1}', 1, 6, "a colon"],
    ['{"a": True}', 1, 7, "this is true"],
    ['{"a": "x}', 1, 7, "no closing quote"],
    ['{"a":}', 1, 6, "no JSON value"],
    ['{"n": 07}', 1, 7, "does not begin with a zero"],
    ['{"n": -NaN}', 1, 7, "no NaN"],
    ["[.5]", 1, 2, "does not begin with a point"],
    ["[+1]", 1, 2, "no plus"],
    ["[1.]", 1, 2, "no number as JSON"],
    ["[1] 2", 1, 5, "left over"],
    ['"\\x"', 1, 2, "backslash"],
    ["", 1, 1, "a value is missing"],
  ];
  for (const [text, line, column, said] of mistakes) {
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
