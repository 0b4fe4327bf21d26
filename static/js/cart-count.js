// The number beside the cart is the visitor's own, and the page is everybody's: it arrives separately.
const place = document.querySelector("[data-cart-count]");
const address = place?.dataset.cartCount;

async function show() {
  try {
    const answer = await fetch(address, { headers: { Accept: "application/json" }, credentials: "same-origin" });
    if (!answer.ok) return;
    const { count } = await answer.json();
    place.textContent = count > 0 ? new Intl.NumberFormat("en").format(count) : "";
  } catch {
    // Without the number the link still leads to the cart.
  }
}

if (address) {
  show();
  addEventListener("pageshow", (event) => event.persisted && show());
}
