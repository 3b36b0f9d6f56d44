/**
 * The play that is not counted yet. A won one is kept for the tab, so that it outlives a reload or a
 * crash, with its key, so that it is counted once.
 */
import { ENDPOINT, newKey } from "./verification-mail.js";

export class CurrentPlay {
  key = "";
  /** What the page gave to `keep()`. @type {object | null} */
  won = null;
  #element;
  #store;
  /** @type {Promise<void> | null} */
  #fetching = null; // a key of the server, if the page needs one

  /** @param {Element} element */
  constructor(element) {
    const place = [...document.querySelectorAll(element.localName)].indexOf(element);
    this.#element = element;
    this.#store = `verification-mail.play ${location.pathname} ${place}`;
    const { email = "", key = "", won = null } = this.#read();
    this.typed = email;
    if (won) Object.assign(this, { key, won });
    if (!this.key) this.renewKey();
  }

  get endpoint() {
    return new URL(this.#element.getAttribute("endpoint") ?? ENDPOINT, this.#element.baseURI).href;
  }

  /** Start another play. */
  start() {
    this.won = null;
    this.renewKey();
  }

  /** @param {string} [email] as typed so far */
  save(email = this.typed) {
    const key = this.#fetching ? "" : this.key;
    this.typed = email;
    this.#write(JSON.stringify(this.won ? { email, key, won: this.won } : { email }));
  }

  /** Forget the play: it is counted. */
  end() {
    this.won = null;
    this.#write(null);
  }

  /** Wait for a key that the server takes; throw if there is none at the moment. */
  async ready() {
    await this.#fetching?.catch(() => this.#fetchKey());
  }

  /** @param {boolean} [fetches] whether the key comes from the server */
  renewKey(fetches = this.#element.hasAttribute("play-keys")) {
    this.key = newKey();
    this.#fetching = fetches ? this.#fetchKey() : null;
    this.#fetching?.catch(() => {}); // ready() fetches it again
  }

  async #fetchKey() {
    const own = this.key;
    const { fetchPlayKey } = await import("./verification-mail-keys.js");
    const key = await fetchPlayKey(new URL("/api/play_keys/", this.endpoint).href);
    if (this.key !== own) return; // another play has started meanwhile
    this.key = key ?? own;
    this.#fetching = null;
    if (this.won) this.save();
  }

  /** @returns {{email?: string, key?: string, won?: object}} */
  #read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#store) ?? "{}");
    } catch {
      return {};
    }
  }

  /** @param {string | null} text */
  #write(text) {
    try {
      if (text) sessionStorage.setItem(this.#store, text);
      else sessionStorage.removeItem(this.#store);
    } catch {
      // Nothing may be stored: the play lives as long as the page.
    }
  }
}
