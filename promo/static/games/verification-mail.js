/**
 * Counts a play of an address and returns what is known of the address.
 *
 * @typedef {object} Answer
 * @property {boolean | null} esp_status  was the address in the ESP before; null: not known yet
 * @property {boolean | null} games_status  had the address played before; null: not told without a play key
 * @property {number | null} games_count  how many plays the address has with this one; null: not told
 *
 * @typedef {object} PlayOptions
 * @property {AbortSignal} [signal]  aborts the play; the promise is rejected with the signal's reason
 * @property {string} [key]  the play's own key, from `newKey()`; needed only to retry the play later
 * @property {string} [endpoint]  URL of the API, if it is not that of this module's server
 * @property {string} [language]  language of error messages, "en" or "ru"; default: the browser's
 * @property {number} [attempts]  maximum number of requests; default: 4
 * @property {Consent} [consent]  what the player has agreed to
 * @property {Fields} [fields]  what else the site takes with a play, by name
 *
 * @typedef {Record<string, string | number | boolean>} Fields
 *
 * @typedef {object} Consent
 * @property {boolean} mailing  the state of the box
 * @property {string} text  the version of the text beside it
 * @property {string} [language]  the language of that text; default: that of the request
 *
 * @typedef {"invalid" | "refused" | "unavailable" | "unreachable"} Kind
 *
 * @typedef {object} Details
 * @property {string} key
 * @property {number} [status]
 * @property {Record<string, any>} [body]
 * @property {number} [retryAfter]
 * @property {unknown} [cause]
 */

/** URL of the API on this module's server. */
export const ENDPOINT = new URL(/* @vite-ignore */ "/api/verification_mail/", import.meta.url).href;
const TIMEOUT = 15_000; // ms; longer than the server waits for the ESP
const FIRST_PAUSE = 300; // ms
const LONGEST_PAUSE = 10; // s; if the server demands more, play() throws

/**
 * Why a play was not counted. `kind` is one of:
 *
 * - "invalid": the address is wrong; `fields` contains the reasons.
 * - "refused": the server refuses the request, and would refuse it again.
 * - "unavailable": the server cannot count the play at the moment.
 * - "unreachable": no valid answer came; the play may have been counted.
 *
 * The last two are `temporary`: send the play again with the same `key`.
 */
export class PlayError extends Error {
  /** @param {Kind} kind @param {Details} details */
  constructor(kind, { key, status = 0, body = {}, retryAfter = 0, cause }) {
    super(typeof body.detail === "string" ? body.detail : kind, { cause });
    this.name = "PlayError";
    this.kind = kind;
    /** The play's key, for sending it again. */
    this.key = key;
    /** The answer's status; 0 if there was none. */
    this.status = status;
    /** The API's name for the reason, such as "play_key_expired"; "" if it has none. */
    this.code = typeof body.code === "string" ? body.code : "";
    /** @type {Record<string, string[]>} */
    this.fields = kind === "invalid" ? body : {};
    /** Seconds that the server asks to wait; 0 if it does not say. */
    this.retryAfter = retryAfter;
  }

  get temporary() {
    return this.kind === "unavailable" || this.kind === "unreachable";
  }
}

/** Return a key for one play. Pages loaded by plain HTTP have no `crypto.randomUUID`. */
export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Count a play. After a temporary failure, try again with the same key.
 *
 * @param {string} email
 * @param {PlayOptions} [options]
 * @returns {Promise<Answer>}
 * @throws {PlayError}
 */
export async function play(email, options = {}) {
  const { signal, key = newKey(), endpoint = ENDPOINT, language, attempts = 4 } = options;
  /** @type {Record<string, string>} */
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  if (language) headers["Accept-Language"] = language;
  const body = JSON.stringify({ ...options.fields, email, consent: options.consent });
  const request = { method: "POST", headers, body };
  const end = Date.now() + TIMEOUT; // then no further try begins
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(endpoint, request, key, signal);
    } catch (error) {
      signal?.throwIfAborted();
      if (!(error instanceof PlayError)) throw error;
      const last = attempt >= attempts || navigator.onLine === false || Date.now() >= end;
      if (last || !error.temporary || error.retryAfter > LONGEST_PAUSE) throw error;
      await pause(pauseAfter(attempt, error.retryAfter), signal);
    }
  }
}

/**
 * @param {string} endpoint @param {RequestInit} request @param {string} key @param {AbortSignal} [signal]
 * @returns {Promise<Answer>}
 */
async function ask(endpoint, request, key, signal) {
  let response;
  let text;
  try {
    response = await fetch(endpoint, { ...request, credentials: "omit", signal: withTimeout(signal) });
    text = await response.text();
  } catch (cause) {
    throw new PlayError("unreachable", { key, cause });
  }
  const body = parsed(text);
  if (response.ok && body?.games_count !== undefined) return body;
  throw failure(response, body, key);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** @param {Response} response @param {any} body @param {string} key */
function failure(response, body, key) {
  const { status } = response;
  const retryAfter = seconds(response.headers.get("Retry-After"));
  const known = body !== null && typeof body === "object";
  const details = { key, status, retryAfter, body: known ? body : {} };
  const later = status >= 500 || [408, 425, 429].includes(status) || body?.code === "play_key_early";
  if (later) return new PlayError("unavailable", details);
  // Not the API: for example a firewall, the sign-in page of a hotel's network, or a wrong endpoint.
  const isApi = known && (status === 400 || typeof body.detail === "string");
  if (!isApi || status < 400 || [404, 405].includes(status)) return new PlayError("unreachable", details);
  return new PlayError(status === 400 && body.email ? "invalid" : "refused", details);
}

/** Return Retry-After in seconds. The header may also be a date. @param {string | null} header */
function seconds(header) {
  if (!header) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

/**
 * Return milliseconds: they double, and half of them is random, so that browsers spread out.
 *
 * @param {number} attempt @param {number} retryAfter
 */
function pauseAfter(attempt, retryAfter) {
  const longest = Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE * 1000);
  return Math.max(retryAfter * 1000, longest / 2 + (Math.random() * longest) / 2);
}

/** @param {number} milliseconds @param {AbortSignal} [signal] @returns {Promise<void>} */
function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => reject(signal.reason));
  });
}

/** Return a signal that also aborts after TIMEOUT. Older phones lack AbortSignal.any(). @param {AbortSignal} [signal] */
function withTimeout(signal) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  setTimeout(abort, TIMEOUT);
  return controller.signal;
}
