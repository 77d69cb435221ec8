// The fields of the send form, and their checks. The kernel checks all of it again: form.py.

import { jsonProblem } from "./json_problem.mjs";

/** @import { Form } from "./wire.mjs" */

const JSON_TYPE = "application/json";

/** @returns {Form} */
export function emptyForm() {
  return {
    channel: "",
    operation: "",
    other: false,
    topic: "",
    payload: "",
    content_type: JSON_TYPE,
    priority: "",
    count: "1",
    encoding: "",
    headers: [],
  };
}

/** Return whether nothing was typed yet. @param {Form} form */
export const isEmpty = ({ topic, payload, headers, operation, other }) =>
  !topic && !payload && !headers.length && !operation && !other;

/**
 * Return the first problem that keeps a message from being sent, and its field; null without one.
 * @param {Form} form
 * @returns {{field: string, text: string} | null}
 */
export function formProblem(form) {
  if (!form.channel && !form.operation) return { field: "to", text: "Say where it goes." };
  if (form.encoding === "hex") {
    if (!/^([0-9a-f]{2}\s*)*$/i.test(form.payload.trim())) {
      return { field: "payload", text: "Bytes are typed as pairs of 0 to 9 and a to f: 00 ff 7b." };
    }
  } else if ((form.content_type || JSON_TYPE) === JSON_TYPE && form.payload.trim()) {
    const problem = jsonProblem(form.payload);
    if (problem) {
      return { field: "payload", text: `Line ${problem.line}, column ${problem.column}: ${problem.text}` };
    }
  }
  if (!isWholeNumber(form.count, 1000)) return { field: "count", text: "How many: 1 to 1000." };
  const names = form.headers.map(([name]) => name);
  if (form.headers.some(([name, value]) => !name && value)) return { field: "headers", text: "A header needs a name." };
  const twice = names.find((name, index) => name && names.indexOf(name) !== index);
  if (twice !== undefined) return { field: "headers", text: `The header ${twice} is there twice.` };
  return null;
}

/**
 * Return the message that goes to the kernel.
 * @param {Form} form
 * @returns {Form}
 */
export function formMessage(form) {
  return { ...form, headers: form.headers.filter(([name]) => name) };
}

/**
 * Return the problem with the number of steps of a run; empty without one.
 * @param {string} most
 */
export function mostProblem(most) {
  return isWholeNumber(most, 10000) ? "" : "At most: 1 to 10,000 steps.";
}

/** @param {string} text @param {number} most */
function isWholeNumber(text, most) {
  const number = Number(text);
  return Number.isInteger(number) && number >= 1 && number <= most;
}
