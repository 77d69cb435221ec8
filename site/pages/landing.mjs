// What the landing page says of being kept for when there is no network.

/** @param {string} id @param {string} words */
function say(id, words) {
  const place = document.getElementById(id);
  if (place) place.textContent = words;
}

if (!("serviceWorker" in navigator))
  say("kept", "This address has no https, so the browser does not keep the course for when there is no network.");

/** @param {number} bytes */
const millions = (bytes) => Math.round(bytes / 1e6);

window.repidSite.addEventListener("kept", (event) => {
  const { done, total } = /** @type {CustomEvent} */ (event).detail;
  const soFar = `Keeping the course for when there is no network: ${millions(done)} of ${millions(total)} MB`;
  say("kept", done < total ? soFar : "✓ The whole course works without a network now.");
});

window.repidSite.addEventListener("updated", () => {
  say("updated", "The course has been updated. Load the page again to see the new one.");
});

/**
 * Make a frame as high as its page has been: nothing scrolls within the page, and what is below does not jump.
 * @param {HTMLIFrameElement} frame
 */
function fit(frame) {
  const page = frame.contentDocument?.body;
  if (!page) return;
  let width = 0;
  let highest = 0;
  new ResizeObserver(() => {
    if (frame.clientWidth !== width) highest = 0;
    width = frame.clientWidth;
    highest = Math.max(highest, page.offsetHeight);
    frame.style.height = `${highest}px`;
  }).observe(page);
}

// The lesson plays as soon as it is seen; the button that starts it also stops it.
const frame = /** @type {HTMLIFrameElement} */ (document.querySelector("iframe"));
const isSeen = new Promise((seen) => {
  new IntersectionObserver(([{ isIntersecting }], observer) => {
    if (!isIntersecting) return;
    observer.disconnect();
    seen(true);
  }).observe(frame);
});
frame.addEventListener("load", async () => {
  fit(frame);
  await isSeen;
  if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const buttons = [...(frame.contentDocument?.querySelectorAll("button") ?? [])];
  buttons.find((button) => button.textContent === "Run")?.click();
});
