/** What <verification-mail> shows: the form, then the answer or why there is none yet. */
import { suggestionFor, tidy } from "./verification-mail-address.js";
import { Notes } from "./verification-mail-notes.js";
import { make, makeAnswer, makeButton, makeForm } from "./verification-mail-parts.js";
import { Texts } from "./verification-mail-texts.js";

const TYPING_PAUSE = 500; // ms without a key; then the address is looked at

export class View {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #suggested = "";

  busy = false;

  /**
   * @param {HTMLElement} element @param {ShadowRoot} root
   * @param {import("./verification-mail-current.js").CurrentPlay} current @param {() => void} tryAgain
   */
  constructor(element, root, current, tryAgain) {
    this.texts = new Texts(element);
    this.notes = new Notes(this.texts, current);
    this.root = root;
    this.parts = { ...makeForm(element, this.texts), ...makeAnswer() };
    this.face = [...this.parts.submit.childNodes]; // of the button, unless it is busy
    this.retry = makeButton("retry", "", tryAgain);
    this.after = make("div", { part: "after" }, make("slot", { name: "after" }));
    const { form, input, answer } = this.parts;
    answer.append(this.retry);
    input.addEventListener("input", () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.suggest(), TYPING_PAUSE);
    });
    input.addEventListener("change", () => this.tidyField());
    root.append(form, make("div", { role: "status" }, this.notes.view, answer), this.after);
    this.showForm();
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    const { submit } = this.parts;
    this.busy = busy;
    submit.setAttribute("aria-disabled", String(busy));
    submit.replaceChildren(...(busy ? [this.texts.get("sending")] : this.face));
  }

  /** Take off what does not belong to the address, where the visitor sees it; return the address. */
  tidyField() {
    const { input } = this.parts;
    const address = tidy(input.value);
    if (address !== input.value) input.value = address;
    return address;
  }

  /** Look for a suggestion; return whether a new one has appeared. */
  suggest() {
    clearTimeout(this.#timer);
    const { input, suggestion } = this.parts;
    const email = suggestionFor(tidy(input.value));
    if (email === this.#suggested) return false;
    this.#suggested = email;
    const words = this.texts.get("suggestion", { email: isolated(email) });
    const button = makeButton("suggestion-button", words, () => {
      input.value = email;
      this.suggest();
      input.dispatchEvent(new Event("input", { bubbles: true }));
      input.focus();
    });
    suggestion.replaceChildren(...(email ? [button] : []));
    return Boolean(email);
  }

  showForm() {
    this.#show("form");
    this.notes.say("");
  }

  /** Show what is wrong with a field; "" removes it. @param {string} message @param {HTMLElement} [field] */
  showError(message, field = this.parts.input) {
    const { input, box, error } = this.parts;
    error.textContent = message;
    for (const each of [input, box]) each?.removeAttribute("aria-invalid");
    if (!message) return;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  /** @param {import("./verification-mail.js").Answer} answer @param {string} email */
  showAnswer({ games_count: count }, email) {
    const { texts } = this;
    const told = count !== null;
    const number = told ? new Intl.NumberFormat(texts.language).format(count) : "✓";
    const more = texts.get("counted-for", { email: isolated(email) });
    this.#showResult(number, told ? texts.games(count) : "", texts.thanks(count), more);
    this.#show("answer");
  }

  /** @param {string} reason the name of a text @param {string} sentence the server's own @param {boolean} stuck */
  showWaiting(reason, sentence, stuck) {
    const { texts } = this;
    const title = texts.get(stuck ? "unsent-title" : "waiting-title");
    this.#showResult("…", "", title, `${sentence || texts.get(reason)} ${texts.get("waiting")}`.trim());
    this.retry.textContent = texts.get("try-again");
    this.#show("answer", true);
  }

  /** @param {string} sign @param {string} unit @param {string} title @param {string} sentences */
  #showResult(sign, unit, title, sentences) {
    const { number, words, more } = this.parts;
    number.textContent = sign;
    number.dataset.word = unit;
    words.textContent = title;
    more.textContent = sentences;
  }

  /** @param {"form" | "answer"} state @param {boolean} [retry] whether the visitor can try again */
  #show(state, retry = false) {
    const { form, answer, words } = this.parts;
    // Hiding the focused element would move the focus to the top of the page.
    const focused = this.root.activeElement;
    const hides = state === "answer" && (form.contains(focused) || (focused === this.retry && !retry));
    form.hidden = state !== "form";
    answer.hidden = this.after.hidden = state === "form";
    this.retry.hidden = !retry;
    if (hides) words.focus();
  }
}

/** Return the text with its own direction of writing. @param {string} text */
function isolated(text) {
  return `\u2066${text}\u2069`;
}
