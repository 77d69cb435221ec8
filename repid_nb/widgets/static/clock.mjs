// The clock of an actor that runs. It is not drawn with the page: ten times a second, only its text changes.

const TICK = 100;

/** @param {Element} stage */
export function createClock(stage) {
  /** @type {{step: string, began: number} | null} */
  let run = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  let ticking;

  /** @returns {HTMLElement | null} */
  const face = () => stage.querySelector("[data-clock]");

  function tick() {
    const shown = face();
    if (!shown) {
      stop();
      return;
    }
    const { clock: step = "", elapsed = "0" } = shown.dataset;
    if (run?.step !== step) run = { step, began: performance.now() - Number(elapsed) * 1000 };
    shown.textContent = `${((performance.now() - run.began) / 1000).toFixed(1)} s`;
  }

  function stop() {
    clearInterval(ticking);
    ticking = undefined;
    run = null;
  }

  /** Notice that the stage was drawn. */
  function follow() {
    if (face() && ticking === undefined) ticking = setInterval(tick, TICK);
    tick();
  }

  return { follow, stop };
}
