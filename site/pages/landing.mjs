// What the landing page says of being kept for when there is no network.

const words = /** @type {HTMLElement} */ (document.getElementById("kept"));

/** @param {number} bytes */
const millions = (bytes) => Math.round(bytes / 1e6);

window.repidSite.addEventListener("kept", (event) => {
  const { done, total } = /** @type {CustomEvent} */ (event).detail;
  words.textContent =
    done < total
      ? `Keeping the course for when there is no network: ${millions(done)} of ${millions(total)} MB`
      : "✓ The whole course works without a network now.";
});

window.repidSite.addEventListener("updated", () => {
  words.textContent = "The course has been updated. Load the page again to see the new one.";
});
