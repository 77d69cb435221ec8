// The send form. Run: node --test tests/js
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { emptyForm, formMessage, formProblem } from "../../repid_nb/widgets/static/form_rules.mjs";

/** @import { Form } from "../../repid_nb/widgets/static/wire.mjs" */

describe("the form", () => {
  /** @param {Partial<Form>} changes @returns {Form} */
  const form = (changes = {}) => ({ ...emptyForm(), channel: "tasks", ...changes });

  test("is sent as it stands when nothing is wrong", () => {
    assert.equal(formProblem(form({ payload: '{"a": 1}' })), null);
    assert.equal(formProblem(form()), null);
    assert.deepEqual(
      formMessage(
        form({
          headers: [
            ["__proto__", "x"],
            ["", ""],
          ],
        }),
      ).headers,
      [["__proto__", "x"]],
    );
  });

  test("names what is wrong, and where", () => {
    assert.equal(formProblem(form({ channel: "" }))?.field, "to");
    assert.match(formProblem(form({ payload: "{" }))?.text ?? "", /^Line 1, column 1/);
    assert.equal(formProblem(form({ count: "0" }))?.field, "count");
    assert.equal(
      formProblem(
        form({
          headers: [
            ["a", "1"],
            ["a", "2"],
          ],
        }),
      )?.text,
      "The header a is there twice.",
    );
    assert.equal(formProblem(form({ headers: [["", "1"]] }))?.field, "headers");
  });

  test("text that is no JSON is fine where none is meant", () => {
    assert.equal(formProblem(form({ payload: "{", content_type: "text/plain" })), null);
  });
});
