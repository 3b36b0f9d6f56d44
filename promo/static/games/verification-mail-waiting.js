/**
 * Stores plays that could not be sent, and sends them when the server can be reached again.
 *
 * A play keeps its key, so it is counted once even if several tabs send it. A play that is not sent
 * within 7 days stays stored, but waits for the visitor: call `retry()` or `forget()`.
 *
 * @typedef {object} Unsent
 * @property {string} email
 * @property {string} key
 * @property {string} [endpoint]
 * @property {string} [language]  of the server's messages
 * @property {import("./verification-mail.js").Consent} [consent]
 * @property {import("./verification-mail.js").Fields} [fields]
 *
 * @typedef {object} Stored
 * @property {number} since  when the play was stored, in milliseconds
 * @property {number} [retried]  when the visitor last wished to have it sent
 * @property {number} [tries]  how often it was sent in vain
 *
 * @typedef {Unsent & Stored} WaitingPlay
 * @typedef {CustomEvent<Unsent & {answer: import("./verification-mail.js").Answer}>} CountedEvent
 * @typedef {CustomEvent<WaitingPlay & {error: PlayError}>} RefusedEvent
 * @typedef {CustomEvent<WaitingPlay & {error: PlayError}>} FailedEvent
 *
 * @typedef {object} Listens  what EventTarget does, with the types of these events
 * @property {Listen} addEventListener
 * @property {Listen} removeEventListener
 *
 * @typedef {{
 *   (type: "counted", listener: (event: CountedEvent) => void): void,
 *   (type: "refused", listener: (event: RefusedEvent) => void): void,
 *   (type: "failed", listener: (event: FailedEvent) => void): void,
 *   (type: "counted" | "refused" | "failed", listener: (event: CustomEvent) => void): void,
 * }} Listen
 */
import { PlayError, play } from "./verification-mail.js";

const STORE = "verification-mail.waiting";
const LONGEST_WAIT = 7 * 24 * 3600 * 1000; // ms; after that only the visitor sends the play
const MANY_TRIES = 5;
const FIRST_PAUSE = 5; // s
const LONGEST_PAUSE = 300; // s
const LONGEST_WISH = 3600; // s; limits Retry-After, since setTimeout runs at once after too large a delay

/** Dispatches "counted" with the answer, "refused" (never tried again) and "failed" with the error. */
class WaitingPlays extends EventTarget {
  /** @type {WaitingPlay[]} */
  #inMemory = []; // used if localStorage is full or not available
  #sending = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #pause = FIRST_PAUSE;

  constructor() {
    super();
    globalThis.addEventListener?.("online", () => this.send());
    this.send();
  }

  /** All stored plays. @returns {WaitingPlay[]} */
  get plays() {
    try {
      return JSON.parse(localStorage.getItem(STORE) ?? "[]").concat(this.#inMemory);
    } catch {
      return this.#inMemory;
    }
  }

  /** @param {Unsent} unsent @param {number} [wait] seconds */
  add(unsent, wait = 0) {
    this.#put({ ...unsent, since: Date.now() });
    this.#sendIn(wait);
  }

  /** Send a play now because the visitor wishes it. @param {Unsent & Partial<WaitingPlay>} unsent */
  retry(unsent) {
    this.#put({ since: Date.now(), ...unsent, retried: Date.now() });
    return this.send();
  }

  /** Remove a play without sending it. @param {string} key */
  forget(key) {
    this.#write(this.plays.filter((waiting) => waiting.key !== key));
  }

  /** Send the waiting plays, oldest first. Try the rest again later. */
  async send() {
    if (this.#sending) return;
    this.#sending = true;
    clearTimeout(this.#timer);
    let wait = 0;
    try {
      for (const waiting of this.#due()) wait = Math.max(wait, await this.#sendOne(waiting));
    } finally {
      this.#sending = false;
      // This includes plays that were added meanwhile.
      if (this.#due().length) this.#sendIn(wait);
      else this.#pause = FIRST_PAUSE;
    }
  }

  /** @param {WaitingPlay} waiting @returns {Promise<number>} seconds that the server asks to wait */
  async #sendOne(waiting) {
    const { email, key } = waiting;
    try {
      const answer = await play(email, { ...waiting, attempts: 1 });
      this.forget(key);
      this.#tell("counted", { email, key, answer });
      return 0;
    } catch (error) {
      if (!(error instanceof PlayError)) throw error;
      const { temporary, retryAfter } = error;
      const tried = { ...waiting, tries: (waiting.tries ?? 0) + 1 };
      if (!temporary) this.forget(key);
      else if (this.plays.some((each) => each.key === key)) this.#put(tried);
      this.#tell(temporary ? "failed" : "refused", { ...tried, error });
      return retryAfter;
    }
  }

  /** @param {string} type @param {object} detail */
  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** @param {number} wait seconds */
  #sendIn(wait) {
    clearTimeout(this.#timer);
    const pause = Math.min(Math.max(wait, this.#pause), LONGEST_WISH);
    this.#timer = setTimeout(() => this.send(), pause * 1000);
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }

  #due() {
    return this.plays.filter((waiting) => !isExpired(waiting));
  }

  /** Store a play in its place, or at the end. @param {WaitingPlay} play */
  #put(play) {
    const plays = this.plays;
    const place = plays.findIndex((waiting) => waiting.key === play.key);
    plays.splice(place < 0 ? plays.length : place, 1, play);
    this.#write(plays);
  }

  /** Store as many plays as there is room for; the others live as long as the page. @param {WaitingPlay[]} plays */
  #write(plays, room = plays.length) {
    this.#inMemory = plays.slice(room);
    try {
      if (room) localStorage.setItem(STORE, JSON.stringify(plays.slice(0, room)));
      else localStorage.removeItem(STORE);
    } catch {
      if (room) this.#write(plays, room - 1);
    }
  }
}

/** Return whether the play is sent only if the visitor wishes it. @param {Stored} play */
export function isExpired({ since, retried = since }) {
  return retried < Date.now() - LONGEST_WAIT;
}

/** Return whether the visitor should hear that the play is not sent. @param {Partial<Stored>} play */
export function isStuck({ tries = 0, retried }) {
  return tries >= MANY_TRIES || retried !== undefined;
}

export const waitingPlays = /** @type {Listens & WaitingPlays} */ (new WaitingPlays());
