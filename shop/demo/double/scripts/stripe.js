// Stands in for https://js.stripe.com/dahlia/stripe.js: what the shop uses of it, and nothing else. It mounts frames of
// its own origin; the card is typed there and never known here.
(() => {
  const origin = new URL(document.currentScript.src).origin;

  /** Talks to one frame of ours: `ask(type, values)` resolves with what the frame answers. */
  function open(frame, hear) {
    let asked = 0;
    const waiting = new Map();
    addEventListener("message", ({ origin: from, source, data }) => {
      if (from !== origin || source !== frame.contentWindow || typeof data?.type !== "string") return;
      if (data.type === "answer") {
        waiting.get(data.id)?.(data.value);
        waiting.delete(data.id);
      } else {
        hear(data);
      }
    });
    return (type, values) =>
      new Promise((answer) => {
        waiting.set((asked += 1), answer);
        frame.contentWindow.postMessage({ type, id: asked, ...values }, origin);
      });
  }

  function makeFrame(path, locale, title) {
    const frame = document.createElement("iframe");
    const address = new URL(path, origin);
    address.searchParams.set("locale", locale);
    frame.src = address.href;
    frame.title = title;
    frame.style.cssText = "display: block; inline-size: 100%; border: 0; color-scheme: light dark;";
    return frame;
  }

  /** The bank's question over the page, until it is answered. */
  function askBank(path, locale) {
    return new Promise((answered) => {
      const dialog = document.createElement("dialog");
      dialog.style.cssText = "inline-size: min(28rem, 92vi); margin: auto; padding: 0; border: 0;";
      const frame = makeFrame(path, locale, "3-D Secure");
      frame.style.blockSize = "24rem";
      dialog.append(frame);
      dialog.addEventListener("cancel", (event) => event.preventDefault());
      document.body.append(dialog);
      open(frame, ({ type }) => {
        if (type !== "answered") return;
        dialog.remove();
        answered();
      });
      dialog.showModal();
    });
  }

  class PaymentElement {
    #heard = new Map();

    constructor(checkout) {
      this.checkout = checkout;
    }

    on(name, act) {
      this.#heard.set(name, [...(this.#heard.get(name) ?? []), act]);
      return this;
    }

    mount(place) {
      const { locale, secret, key, look } = this.checkout;
      const frame = makeFrame("/elements/payment", locale, "Stripe");
      this.ask = open(frame, (message) => {
        if (message.type === "size") frame.style.blockSize = `${message.height}px`;
        if (message.type === "here") {
          this.ask("start", { key, secret, ...look }).then(() => this.#tell("ready"));
        }
      });
      frame.addEventListener("error", () => this.#tell("loaderror"));
      (typeof place === "string" ? document.querySelector(place) : place).replaceChildren(frame);
    }

    #tell(name) {
      for (const act of this.#heard.get(name) ?? []) act({ elementType: "payment" });
    }
  }

  class Checkout {
    #element = null;

    constructor(key, locale, { clientSecret, elementsOptions = {} }) {
      this.key = key;
      this.locale = locale;
      this.given = Promise.resolve(clientSecret);
      this.look = { appearance: elementsOptions.appearance ?? {}, fonts: elementsOptions.fonts ?? [] };
    }

    async loadActions() {
      this.secret = await this.given;
      this.session = await this.#fetch();
      if (!this.session) return { type: "error", error: { message: "There is no such session.", code: null } };
      return { type: "success", actions: { confirm: (how) => this.#confirm(how), getSession: () => this.#shown() } };
    }

    createPaymentElement() {
      this.#element = new PaymentElement(this);
      return this.#element;
    }

    getPaymentElement() {
      return this.#element;
    }

    changeAppearance(appearance) {
      this.look.appearance = appearance;
      this.#element?.ask?.("look", this.look);
    }

    async #fetch() {
      const [id] = this.secret.split("_secret_");
      const address = new URL(`/v1/payment_pages/${id}`, origin);
      address.search = new URLSearchParams({ key: this.key, client_secret: this.secret });
      const answer = await fetch(address).catch(() => null);
      return answer?.ok ? answer.json() : null;
    }

    #shown() {
      const { id, currency, status, payment_status: paymentStatus, amount_total: minorUnitsAmount } = this.session;
      const total = { minorUnitsAmount, amount: String(minorUnitsAmount) };
      return { id, currency, canConfirm: status === "open", status: { type: status, paymentStatus }, total: { total } };
    }

    async #confirm({ redirect = "always", returnUrl } = {}) {
      let ended = await this.#element.ask("confirm", { amount: this.session.amount_total });
      if (ended.bank) {
        await askBank(ended.bank, this.locale);
        ended = await this.#element.ask("finish", {});
      }
      this.session = (await this.#fetch()) ?? this.session;
      if (ended.error) return { type: "error", error: ended.error };
      if (redirect === "always") {
        location.assign(returnUrl ?? this.session.return_url.replace("{CHECKOUT_SESSION_ID}", this.session.id));
        return new Promise(() => {});
      }
      return { type: "success", session: this.#shown() };
    }
  }

  window.Stripe = (key, { locale = "auto" } = {}) => ({
    initCheckoutElementsSdk: (options) => new Checkout(key, locale, options),
  });
  window.Stripe.version = "dahlia";
})();
