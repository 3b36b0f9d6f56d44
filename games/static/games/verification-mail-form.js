/**
 * <verification-mail>: the form for the address, and the answer, on any page.
 *
 * Attributes: `lang` (else that of the page), `consent-url`, `endpoint`. Slot `after`: shown with
 * the answer. Events: "counted" with detail {key, answer}, "waiting" with detail {key}.
 * `reset()` begins another play. Looks: the parts and custom properties in verification-mail-style.js.
 */
import { PlayError, newKey, play } from "./verification-mail.js";
import { styleSheet } from "./verification-mail-style.js";
import { textsFor } from "./verification-mail-texts.js";
import { waitingPlays } from "./verification-mail-waiting.js";

const LOOKS_LIKE_AN_ADDRESS = /^[^@\s]+@[^@\s]+$/; // the server knows the rest

class VerificationMail extends HTMLElement {
  #key = newKey();
  #sentEmail = null; // the address that the key was sent with

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).adoptedStyleSheets = [styleSheet];
  }

  connectedCallback() {
    if (!this.form) this.#build();
    waitingPlays.addEventListener("counted", this.#onCounted);
    waitingPlays.addEventListener("refused", this.#onRefused);
  }

  disconnectedCallback() {
    waitingPlays.removeEventListener("counted", this.#onCounted);
    waitingPlays.removeEventListener("refused", this.#onRefused);
  }

  /** Begin another play: the empty form, with a key of its own. The address stays. */
  reset() {
    this.#key = newKey();
    this.#sentEmail = null;
    this.#showError("");
    this.#show("form");
  }

  #build() {
    const tag = this.closest("[lang]")?.lang || navigator.language || "en";
    this.texts = textsFor(tag);
    const { texts } = this;
    this.input = make("input", {
      id: "email",
      part: "input",
      type: "email",
      name: "email",
      autocomplete: "email",
      placeholder: texts.placeholder,
      "aria-describedby": "error consent",
      required: "",
    });
    this.error = make("p", { id: "error", part: "error", role: "alert" });
    this.button = make("button", { part: "button", type: "submit" }, texts.submit);
    this.form = make(
      "form",
      { part: "form", novalidate: "" },
      make("label", { part: "label", for: "email" }, texts.label),
      this.input,
      this.error,
      this.button,
      this.#consent(),
    );
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(this.input.value.trim());
    });
    this.number = make("strong", { part: "number", "aria-hidden": "true" });
    this.words = make("p", { part: "words", tabindex: "-1" });
    this.more = make("p", { part: "more" });
    this.answer = make("div", { part: "answer" }, this.number, this.words, this.more);
    this.after = make("div", { part: "after" }, make("slot", { name: "after" }));
    this.note = make("p", { part: "note" });
    const live = make("div", { role: "status" }, this.note, this.answer);
    this.shadowRoot.append(this.form, live, this.after);
    this.#show("form");
  }

  #consent() {
    const line = make("p", { id: "consent", part: "consent" }, this.texts.consent);
    const href = this.getAttribute("consent-url");
    if (href) {
      const link = { href, part: "link", target: "_blank", rel: "noopener" };
      line.append(" ", make("a", link, this.texts.consentLink));
    }
    return line;
  }

  async #submit(email) {
    if (this.button.getAttribute("aria-disabled") === "true") return;
    this.#showError("");
    if (!LOOKS_LIKE_AN_ADDRESS.test(email)) {
      this.#showError(this.texts.notAnAddress);
      return;
    }
    // A key stands for one address: with another one it is another play.
    if (this.#sentEmail !== null && this.#sentEmail !== email) this.#key = newKey();
    this.#sentEmail = email;
    const key = this.#key;
    const endpoint = this.#endpoint;
    this.#setBusy(true);
    try {
      const answer = await play(email, { key, endpoint, language: this.texts.language });
      if (key === this.#key) this.#showAnswer(answer);
    } catch (error) {
      if (!(error instanceof PlayError)) throw error;
      if (error.temporary) this.#wait({ email, key, endpoint }, error.retryAfter);
      else if (key === this.#key) this.#showError(error.fields.email?.join(" ") ?? this.#refusal(error));
    } finally {
      this.#setBusy(false);
    }
  }

  get #endpoint() {
    const endpoint = this.getAttribute("endpoint");
    return endpoint ? new URL(endpoint, this.baseURI).href : undefined;
  }

  #refusal(error) {
    return error.message === error.kind ? this.texts.refused : error.message;
  }

  #wait(waiting, retryAfter) {
    waitingPlays.add(waiting, retryAfter);
    this.#tell("waiting", { key: waiting.key });
    if (waiting.key !== this.#key) return; // another play has begun meanwhile
    this.number.textContent = "…";
    this.number.removeAttribute("data-word");
    this.words.textContent = this.texts.waitingTitle;
    this.more.textContent = this.texts.waiting;
    this.#show("answer");
  }

  #onCounted = ({ detail: { key, answer } }) => {
    if (key === this.#key) {
      this.#showAnswer(answer);
      return;
    }
    this.note.textContent = this.texts.earlier;
    this.#tell("counted", { key, answer });
  };

  #onRefused = ({ detail: { key, error } }) => {
    if (key !== this.#key) return;
    this.#show("form");
    this.#showError(error.fields.email?.join(" ") ?? this.#refusal(error));
  };

  #showAnswer(answer) {
    const { texts } = this;
    const count = answer.games_count;
    this.number.textContent = new Intl.NumberFormat(texts.language).format(count);
    this.number.dataset.word = texts.gamesWord(count);
    this.words.textContent = answer.games_status ? texts.again(count) : texts.first;
    this.more.textContent = "";
    this.#show("answer");
    this.#tell("counted", { key: this.#key, answer });
  }

  #showError(message) {
    this.error.textContent = message;
    this.input.toggleAttribute("aria-invalid", false);
    if (!message) return;
    this.input.setAttribute("aria-invalid", "true");
    this.input.focus();
  }

  #setBusy(busy) {
    this.button.setAttribute("aria-disabled", String(busy));
    this.button.textContent = busy ? this.texts.sending : this.texts.submit;
  }

  #show(state) {
    // The focus goes with what it was on, not to the top of the page.
    const focused = this.shadowRoot.activeElement;
    this.form.hidden = state !== "form";
    this.answer.hidden = this.after.hidden = state === "form";
    if (state === "form") this.note.textContent = "";
    else if (focused) this.words.focus();
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

/** An element made by calls, not from HTML: that works under any page's Trusted Types too. */
function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

customElements.define("verification-mail", VerificationMail);
