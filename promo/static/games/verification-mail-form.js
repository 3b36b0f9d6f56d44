/**
 * <verification-mail>: an element for any page. It shows the address form, then the answer.
 * Attributes, slots, events and parts are in docs/frontend.md.
 */
import { PlayError, play } from "./verification-mail.js";
import { complaintOf } from "./verification-mail-address.js";
import { CurrentPlay } from "./verification-mail-current.js";
import { reasonOf } from "./verification-mail-reasons.js";
import { styleSheet } from "./verification-mail-style.js";
import { View } from "./verification-mail-view.js";
import { isStuck, waitingPlays } from "./verification-mail-waiting.js";

/**
 * @typedef {import("./verification-mail-waiting.js").Unsent} Unsent
 * @typedef {import("./verification-mail-waiting.js").WaitingPlay} WaitingPlay
 * @typedef {import("./verification-mail.js").Answer} Answer
 * @typedef {import("./verification-mail.js").Fields} Fields
 */

const OUTCOMES = /** @type {const} */ (["counted", "refused", "failed"]);

class VerificationMail extends HTMLElement {
  /** @type {CurrentPlay} */
  // @ts-expect-error -- made when the element is connected, with its attributes and children
  #play;
  /** @type {View} */
  // @ts-expect-error -- likewise
  #view;
  /** @type {Unsent | null} */
  #sent = null;
  /** @type {Fields} */
  #fields = {};
  #root = this.attachShadow({ mode: "open" });

  connectedCallback() {
    if (!this.#view) this.#build();
    for (const type of OUTCOMES) waitingPlays.addEventListener(type, this.#onOutcome);
    this.#view.notes.update();
  }

  disconnectedCallback() {
    for (const type of OUTCOMES) waitingPlays.removeEventListener(type, this.#onOutcome);
  }

  /** What the page gave to `keep()`, perhaps before a reload; null if no won game waits to be counted. */
  get kept() {
    return this.#play?.won ?? null;
  }

  /** Keep a won game in this tab until it is counted. @param {object} won what `kept` then returns */
  keep(won = {}) {
    this.#play.won = won;
    this.#play.save();
  }

  /** What goes with the play beside the address, by the names that the site takes. */
  get fields() {
    return this.#fields;
  }

  set fields(fields) {
    this.#fields = fields;
  }

  /** Start another play with a new key: show the form again, with the address still in it. */
  reset() {
    this.#play.start();
    this.#play.save();
    this.#view.showError("");
    this.#view.showForm();
    this.#view.notes.update();
  }

  #build() {
    this.#root.adoptedStyleSheets = [styleSheet];
    this.#play = new CurrentPlay(this);
    this.#view = new View(this, this.#root, this.#play, () => {
      this.#view.retry.textContent = this.#view.texts.get("sending");
      if (this.#sent) waitingPlays.retry(this.#sent);
    });
    const { form, input } = this.#view.parts;
    input.value = this.#play.typed;
    input.addEventListener("input", () => this.#play.save(input.value));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    const waiting = waitingPlays.plays.find((each) => each.key === this.#play.key);
    if (waiting) this.#showWaiting(waiting);
  }

  async #submit() {
    const view = this.#view;
    if (view.busy) return;
    const { box } = view.parts;
    const email = view.tidyField();
    const complaint = complaintOf(email);
    view.showError(view.texts.get(complaint));
    if (view.suggest() || complaint) return;
    if (box?.validity.valueMissing) return view.showError(view.texts.get("consent-missing"), box);
    this.#play.save(email);
    view.setBusy(true);
    try {
      if (await this.#hasKey()) await this.#send(this.#unsent(email));
    } finally {
      view.setBusy(false);
    }
  }

  /** Return whether the play has the key that the server needs; tell the visitor if not. */
  async #hasKey() {
    try {
      await this.#play.ready();
      return true;
    } catch (error) {
      console.error(error);
      this.#view.showError(this.#view.texts.get(await reasonOf(0, this.#play.endpoint)));
      return false;
    }
  }

  /** @param {string} email @returns {Unsent} */
  #unsent(email) {
    const { key, endpoint } = this.#play;
    const { box } = this.#view.parts;
    const text = this.getAttribute("consent-version");
    const language = this.getAttribute("consent-language") ?? undefined;
    const consent = box && text !== null ? { mailing: box.checked, text, language } : undefined;
    const fields = { ...this.#fieldsOfURL(), ...this.fields };
    return { email, key, endpoint, language: this.#view.texts.language, consent, fields };
  }

  /** Return the fields that the page's URL has, as in `?utm_source=vk`. @returns {Fields} */
  #fieldsOfURL() {
    const names = (this.getAttribute("fields-from-url") ?? "").split(/\s+/).filter(Boolean);
    const parameters = [...new URLSearchParams(location.search)];
    return Object.fromEntries(parameters.filter(([name]) => names.includes(name)));
  }

  /** @param {Unsent} unsent @param {boolean} [renewed] whether the key is the second one */
  async #send(unsent, renewed = false) {
    try {
      this.#settle({ ...unsent, answer: await play(unsent.email, unsent) });
    } catch (error) {
      if (!(error instanceof PlayError)) throw error;
      const wantsKey = /^play_key_(missing|invalid|origin)$/.test(error.code);
      if (wantsKey && !renewed && unsent.key === this.#play.key) {
        this.#play.renewKey(true); // the page did not know of the bot shield
        if (await this.#hasKey()) await this.#send({ ...unsent, key: this.#play.key }, true);
      } else if (error.temporary && error.status !== 429) {
        waitingPlays.add(unsent, error.retryAfter);
        this.#tell("waiting", { key: unsent.key });
        this.#onOutcome({ type: "failed", detail: { ...unsent, error } });
      } else {
        // A limit is no failure: the visitor decides when to try again.
        this.#refuse({ ...unsent, error, since: Date.now() });
      }
    }
  }

  /** @param {{type: string, detail: any}} event of the waiting plays */
  #onOutcome = ({ type, detail }) => {
    if (type === "counted") this.#settle(detail);
    else if (type === "refused") this.#refuse(detail);
    else if (detail.key === this.#play.key) this.#showWaiting(detail);
    else this.#view.notes.update();
  };

  /** @param {Unsent & {answer: Answer}} counted */
  #settle({ key, email, answer }) {
    const earlier = key !== this.#play.key;
    if (earlier) this.#view.notes.say(this.#view.texts.get("earlier"));
    else {
      this.#sent = null;
      this.#play.end();
      this.#view.showAnswer(answer, email);
    }
    this.#view.notes.update();
    this.#tell("counted", { key, email, answer, earlier });
  }

  /** @param {Unsent & {error: PlayError, since: number}} refused */
  #refuse({ key, error, since }) {
    const { texts, notes } = this.#view;
    const reason = texts.refusal(error);
    if (key !== this.#play.key) notes.say(texts.get("earlier-refused", { date: texts.date(since), reason }));
    else {
      this.#sent = null;
      if (error.code.startsWith("play_key_")) this.#play.renewKey(true);
      this.#view.showForm();
      this.#view.showError(reason);
      if (error.status === 422) {
        this.#play.end(); // a copy of this tab has sent it
        this.#view.after.hidden = false;
      }
    }
    notes.update();
  }

  /** @param {Unsent & Partial<WaitingPlay> & {error?: PlayError}} waiting */
  async #showWaiting(waiting) {
    const { error, endpoint = this.#play.endpoint } = waiting;
    const own = error?.status === 429 ? this.#view.texts.refusal(error) : "";
    this.#sent = waiting;
    const show = (/** @type {string} */ reason) => this.#view.showWaiting(reason, own, isStuck(waiting));
    show("down");
    const reason = error?.code ? "" : await reasonOf(error?.status, endpoint);
    if (this.#sent === waiting && waiting.key === this.#play.key) show(reason);
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }));
  }
}

customElements.define("verification-mail", VerificationMail);
