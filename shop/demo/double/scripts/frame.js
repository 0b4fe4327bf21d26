// The card form inside its frame: checks what is typed, calls the API of its own origin, and tells the page the outcome.
const words = JSON.parse(document.body.dataset.messages);
const field = (name) => document.getElementById(name);
let key = "";
let secret = "";

const page = () => secret.split("_secret_")[0];

function digits(text) {
  const folded = text.replace(/[٠-٩۰-۹]/g, (sign) => String(sign.charCodeAt(0) & 0xf));
  return folded.replace(/[\s\u200e\u200f\u2066-\u2069-]/g, "");
}

function passesLuhn(number) {
  const sum = [...number].reverse().reduce((total, sign, place) => {
    const digit = Number(sign) * (place % 2 ? 2 : 1);
    return total + (digit > 9 ? digit - 9 : digit);
  }, 0);
  return sum % 10 === 0;
}

function readExpiry(text) {
  const found = /^(\d{1,2})\/?(?:20)?(\d{2})$/.exec(digits(text));
  if (!found) return null;
  const [month, year] = [Number(found[1]), 2000 + Number(found[2])];
  const now = new Date();
  const over = year < now.getFullYear() || (year === now.getFullYear() && month < now.getMonth() + 1);
  return month >= 1 && month <= 12 && !over ? { month, year } : null;
}

function say(name, problem) {
  field(`${name}-error`).textContent = problem ? words[problem] : "";
  field(name).setAttribute("aria-invalid", String(Boolean(problem)));
}

/** What was typed, or null where something is wrong, which then stands beside its field. */
function read() {
  const number = digits(field("number").value);
  const expiry = readExpiry(field("expiry").value);
  const cvc = digits(field("cvc").value);
  const wrong = {
    number: /^\d{12,19}$/.test(number) && passesLuhn(number) ? "" : "error_number",
    expiry: expiry ? "" : "error_expiry",
    cvc: /^\d{3,4}$/.test(cvc) ? "" : "error_cvc",
  };
  for (const [name, problem] of Object.entries(wrong)) say(name, problem);
  const first = Object.keys(wrong).find((name) => wrong[name]);
  if (!first) return { number, ...expiry, cvc };
  field(first).focus();
  return null;
}

async function call(method, path, values) {
  const form = new URLSearchParams(values);
  const [address, body] = method === "GET" ? [`${path}?${form}`, undefined] : [path, form];
  try {
    const answer = await fetch(address, { method, body, headers: { Authorization: `Bearer ${key}` } });
    return await answer.json();
  } catch {
    return { error: { code: "error_network" } };
  }
}

function failed(error) {
  const code = [error.decline_code, error.code].find((one) => words[one]) ?? "error_closed";
  const known = error.decline_code === "test_mode_live_card" ? "error_unknown" : code;
  const message = words[known];
  if (error.type !== "card_error") return { error: { message, code: null } };
  return { error: { message, code: "paymentFailed", paymentFailed: { declineCode: error.decline_code ?? null } } };
}

function outcome(session) {
  if (session.error) return failed(session.error);
  const intent = session.payment_intent;
  if (session.status === "complete") return {};
  if (intent?.status === "requires_action") return { bank: intent.next_action.redirect_to_url.url };
  return failed(intent?.last_payment_error ?? { code: "error_closed" });
}

async function confirm({ amount }) {
  const card = read();
  if (!card) return { error: { message: words.error_fields, code: null } };
  const method = await call("POST", "/v1/payment_methods", {
    type: "card",
    "card[number]": card.number,
    "card[exp_month]": card.month,
    "card[exp_year]": card.year,
    "card[cvc]": card.cvc,
  });
  if (method.error) return failed(method.error);
  const session = await call("POST", `/v1/payment_pages/${page()}/confirm`, {
    payment_method: method.id,
    expected_amount: amount,
    client_secret: secret,
    "expand[]": "payment_intent",
  });
  return outcome(session);
}

async function finish() {
  const session = await call("GET", `/v1/payment_pages/${page()}`, {
    client_secret: secret,
    "expand[]": "payment_intent",
  });
  const ended = outcome(session);
  // The bank's page was left without an answer: nothing was agreed.
  return ended.bank ? failed({ code: "payment_intent_authentication_failure" }) : ended;
}

function look({ appearance = {}, fonts = [] }) {
  const { variables = {}, rules = {} } = appearance;
  for (const [name, value] of Object.entries(variables)) document.documentElement.style.setProperty(`--${name}`, value);
  const edge = rules[".Input"]?.borderColor;
  if (edge) document.documentElement.style.setProperty("--borderColor", edge);
  for (const { family, src, weight = "400", unicodeRange } of fonts) {
    const face = new FontFace(family, src, { weight, ...(unicodeRange ? { unicodeRange } : {}) });
    document.fonts.add(face);
    face.load().catch(() => {});
  }
}

const ACTS = {
  async start(message) {
    ({ key, secret } = message);
    look(message);
  },
  look,
  confirm,
  finish,
};

addEventListener("message", async ({ source, origin, data }) => {
  const act = source === parent ? ACTS[data?.type] : undefined;
  if (!act) return;
  const value = (await act(data)) ?? null;
  parent.postMessage({ type: "answer", id: data.id, value }, origin);
});

for (const button of document.querySelectorAll("[data-card]")) {
  button.addEventListener("click", () => {
    field("number").value = button.dataset.card;
    field("expiry").value = "12 / 34";
    field("cvc").value = "123";
    for (const name of ["number", "expiry", "cvc"]) say(name, "");
  });
}
field("form").addEventListener("submit", (event) => event.preventDefault());
new ResizeObserver(() => {
  parent.postMessage({ type: "size", height: Math.ceil(document.body.getBoundingClientRect().height) }, "*");
}).observe(document.body);
parent.postMessage({ type: "here" }, "*");
