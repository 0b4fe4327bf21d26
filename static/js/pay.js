// @ts-check
// Stripe's form in our page: what Stripe's own page does in the languages it speaks. The card is typed into frames of
// Stripe's; this script never sees it. Its calls are checked against the types of @stripe/stripe-js.
/**
 * @typedef {import("@stripe/stripe-js").Appearance} Appearance
 * @typedef {import("@stripe/stripe-js").StripeCheckoutLoadActionsSuccess} Actions
 * @typedef {import("@stripe/stripe-js").StripeElementLocale} Locale
 * @typedef {import("@stripe/stripe-js").CustomFontSource} Font
 * @typedef {{script: string, key: string, secret: string, locale: Locale, done: string, fonts: Font[]}} Known
 */
const form = /** @type {HTMLFormElement} */ (document.querySelector("[data-payment]"));
/** @type {Known} */
const known = JSON.parse(form.dataset.payment ?? "");
const [place, problem, problemText, wait] = ["place", "problem", "problem-text", "wait"].map(
  (name) => /** @type {HTMLElement} */ (form.querySelector(`[data-${name}]`)),
);
const button = /** @type {HTMLButtonElement} */ (form.querySelector("button"));
const title = document.title;

/** @param {string} text */
function fail(text) {
  problemText.textContent = text;
  problem.hidden = false;
  document.title = `${form.dataset.error} ${title}`;
  problem.focus();
}

/** @param {boolean} busy */
function setBusy(busy) {
  button.disabled = busy;
  wait.hidden = !busy;
  if (!busy) return;
  problem.hidden = true;
  document.title = title;
}

/** @returns {Promise<void>} */
function loadStripe() {
  return new Promise((loaded, failed) => {
    const script = document.createElement("script");
    script.src = known.script;
    script.addEventListener("load", () => loaded());
    script.addEventListener("error", () => failed(new Error(`${known.script} was not loaded`)));
    document.head.append(script);
  });
}

const brush = document.createElement("canvas").getContext("2d", { willReadFrequently: true });

/**
 * A colour of the page as Stripe writes colours: it knows neither roles nor OKLCH.
 * @param {string} role
 */
function colour(role) {
  form.style.color = `var(--${role})`;
  const asked = getComputedStyle(form).color;
  form.style.color = "";
  if (!brush) return asked;
  brush.clearRect(0, 0, 1, 1);
  brush.fillStyle = asked;
  brush.fillRect(0, 0, 1, 1);
  const [red, green, blue] = brush.getImageData(0, 0, 1, 1).data;
  return `rgb(${red}, ${green}, ${blue})`;
}

/** @returns {Appearance} */
function appearance() {
  const { fontFamily, fontSize, lineHeight } = getComputedStyle(form);
  const edge = `1px solid ${colour("edge")}`;
  return {
    theme: "flat",
    labels: "above",
    variables: {
      colorPrimary: colour("action"),
      colorBackground: colour("raised"),
      colorText: colour("ink"),
      colorTextSecondary: colour("quiet"),
      colorTextPlaceholder: colour("quiet"),
      colorDanger: colour("wrong"),
      fontFamily,
      fontSizeBase: fontSize,
      fontLineHeight: String(parseFloat(lineHeight) / parseFloat(fontSize)),
      fontWeightMedium: "600",
      borderRadius: "3px",
      spacingUnit: "5px",
    },
    rules: {
      ".Label": { fontWeight: "600", color: colour("ink") },
      ".Input": { border: edge, borderColor: colour("edge"), boxShadow: "none" },
      ".Input:focus": { borderColor: colour("action"), outline: `3px solid ${colour("action")}` },
      ".Input--invalid": { borderColor: colour("wrong"), boxShadow: "none" },
      ".Tab": { border: edge, boxShadow: "none" },
    },
  };
}

/**
 * Whether the session was paid or has run out, here or elsewhere: the shop knows which, and says it at `done`.
 * @param {Actions} actions
 */
function isOver(actions) {
  return actions.getSession().status.type !== "open";
}

async function begin() {
  form.hidden = false;
  await loadStripe();
  if (!window.Stripe) throw new Error("Stripe's script is not what it was");
  const stripe = window.Stripe(known.key, { locale: known.locale });
  const checkout = stripe.initCheckoutElementsSdk({
    clientSecret: known.secret,
    elementsOptions: { appearance: appearance(), fonts: known.fonts },
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => checkout.changeAppearance(appearance()));
  const loaded = await checkout.loadActions();
  if (loaded.type === "error") throw new Error(loaded.error.message);
  const { actions } = loaded;
  if (isOver(actions)) return location.replace(known.done);

  const element = checkout.createPaymentElement({ layout: "tabs" });
  element.on("ready", () => {
    place.ariaBusy = "false";
    button.disabled = false;
  });
  element.on("loaderror", () => fail(form.dataset.failed ?? ""));
  place.replaceChildren();
  element.mount(place);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.disabled) return;
    setBusy(true);
    const result = await actions.confirm({ redirect: "if_required" });
    if (result.type === "success" || isOver(actions)) return location.assign(known.done);
    setBusy(false);
    fail(result.error.message);
  });
}

// A page that comes back from the browser's memory may be of a payment that is done.
addEventListener("pageshow", (event) => event.persisted && location.reload());
begin().catch((error) => {
  console.warn(error);
  place.replaceChildren();
  place.ariaBusy = "false";
  fail(form.dataset.failed ?? "");
});
