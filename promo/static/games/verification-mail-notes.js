/** What is said of earlier plays: counted at last, refused, or still not sent. */
import { make, makeButton } from "./verification-mail-parts.js";
import { isExpired, isStuck, waitingPlays } from "./verification-mail-waiting.js";

/** @typedef {import("./verification-mail-waiting.js").WaitingPlay} WaitingPlay */

export class Notes {
  #texts;
  #current;
  #note = make("p", { part: "note" });
  #list = make("div");
  view = make("div", {}, this.#note, this.#list);

  /**
   * @param {import("./verification-mail-texts.js").Texts} texts
   * @param {import("./verification-mail-current.js").CurrentPlay} current
   */
  constructor(texts, current) {
    this.#texts = texts;
    this.#current = current;
  }

  /** Show one sentence; "" removes it. @param {string} sentence */
  say(sentence) {
    this.#note.textContent = sentence;
  }

  /** Show the plays that are not sent, but for the current one. */
  update() {
    const { key } = this.#current;
    const unsent = waitingPlays.plays.filter((play) => play.key !== key && (isExpired(play) || isStuck(play)));
    this.#list.replaceChildren(...unsent.map((play) => this.#line(play)));
  }

  /** @param {WaitingPlay} play */
  #line(play) {
    const texts = this.#texts;
    const values = { date: texts.date(play.since), email: play.email };
    const retry = makeButton("retry", texts.get("try-again"), () => {
      retry.textContent = texts.get("sending");
      waitingPlays.retry(play);
    });
    const forget = makeButton("forget", texts.get("forget"), () => {
      waitingPlays.forget(play.key);
      this.update();
    });
    const sentence = make("span", {}, texts.get("earlier-unsent", values));
    return make("p", { part: "unsent" }, sentence, retry, forget);
  }
}
