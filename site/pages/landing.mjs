// What the landing page says of being kept for when there is no network.

const words = document.getElementById("kept");
const million = (bytes) => Math.round(bytes / 1e6);

window.repidSite.addEventListener("kept", ({ detail: { done, total } }) => {
  words.textContent =
    done < total
      ? `Keeping the course for when there is no network: ${million(done)} of ${million(total)} MB`
      : "✓ The whole course works without a network now.";
});

window.repidSite.addEventListener("updated", () => {
  words.textContent = "The course has been updated. Load the page again to see the new one.";
});
