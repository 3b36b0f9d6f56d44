/**
 * Plays that could not be sent: they wait in the browser and are sent when the server can be reached.
 *
 * Each keeps its key, so however often it is sent, by however many tabs, it is counted once.
 *
 * @typedef {{email: string, key: string, endpoint?: string, since: number}} WaitingPlay
 */
import { play } from "./verification-mail.js";

const STORE = "verification-mail.waiting";
const LONGEST_WAIT = 7 * 24 * 3600 * 1000; // ms; an address is not kept in a browser for ever
const FIRST_PAUSE = 5; // s
const LONGEST_PAUSE = 300; // s
const LONGEST_WISH = 3600; // s that a server may ask for; setTimeout takes a month for no time at all

/**
 * Dispatches "counted" with detail {key, answer}, and "refused" with detail {key, error}.
 */
class WaitingPlays extends EventTarget {
  #inMemory = []; // where the browser lets a page store nothing
  #sending = false;
  #timer = 0;
  #pause = FIRST_PAUSE;

  constructor() {
    super();
    globalThis.addEventListener?.("online", () => this.send());
    this.send();
  }

  /** @param {{email: string, key: string, endpoint?: string}} play @param {number} [wait] seconds */
  add({ email, key, endpoint }, wait = 0) {
    this.#write([...this.#read(), { email, key, endpoint, since: Date.now() }]);
    this.#sendIn(wait);
  }

  /** Send what waits, the oldest first; try again later with what still cannot be sent. */
  async send() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    let wait = 0;
    try {
      for (const waiting of this.#read()) wait = Math.max(wait, await this.#sendOne(waiting));
    } finally {
      this.#sending = false;
      // Also what came while this was under way.
      if (this.#read().length) this.#sendIn(wait);
      else this.#pause = FIRST_PAUSE;
    }
  }

  /** @returns {Promise<number>} how many seconds the server wants to be left alone */
  async #sendOne({ email, key, endpoint }) {
    let outcome;
    try {
      outcome = ["counted", { key, answer: await play(email, { key, endpoint, attempts: 1 }) }];
    } catch (error) {
      if (error.temporary) return error.retryAfter ?? 0;
      outcome = ["refused", { key, error }];
    }
    this.#write(this.#read().filter((waiting) => waiting.key !== key));
    this.dispatchEvent(new CustomEvent(outcome[0], { detail: outcome[1] }));
    return 0;
  }

  #sendIn(wait = 0) {
    clearTimeout(this.#timer);
    const pause = Math.min(Math.max(wait, this.#pause), LONGEST_WISH);
    this.#timer = setTimeout(() => this.send(), pause * 1000);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  /** @returns {WaitingPlay[]} */
  #read() {
    const oldest = Date.now() - LONGEST_WAIT;
    return this.#stored().filter((waiting) => waiting.since > oldest);
  }

  #stored() {
    try {
      return JSON.parse(localStorage.getItem(STORE) ?? "[]").concat(this.#inMemory);
    } catch {
      return this.#inMemory;
    }
  }

  #write(plays) {
    this.#inMemory = [];
    try {
      if (plays.length) localStorage.setItem(STORE, JSON.stringify(plays));
      else localStorage.removeItem(STORE);
    } catch {
      this.#inMemory = plays;
    }
  }
}

export const waitingPlays = new WaitingPlays();
