// Numbers in words.

/** @param {number} number @param {string} noun */
export function count(number, noun) {
  return `${Number(number).toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;
}
