/**
 * Counts a play for an address and says what is known of it.
 *
 * @typedef {object} Answer
 * @property {boolean | null} esp_status  was the address in the ESP before; null: the ESP did not say
 * @property {boolean} games_status  had the address played before
 * @property {number} games_count  how many plays the address has with this one
 *
 * @typedef {object} PlayOptions
 * @property {AbortSignal} [signal]  gives up; the promise is rejected with the signal's reason
 * @property {string} [key]  the play's own key, from `newKey()`; needed only to send it again later
 * @property {string} [endpoint]  another address of the API
 * @property {string} [language]  of the messages, "en" or "ru"; else the browser's
 * @property {number} [attempts]  how often to try in all, 4 if not given
 */

const ENDPOINT = new URL("/api/verification_mail/", import.meta.url).href;
const TIMEOUT = 15_000; // ms; longer than the server takes to give up on the ESP
const FIRST_PAUSE = 300; // ms
const LONGEST_PAUSE = 10; // s; where the server asks for more, to wait is up to the caller

/**
 * Why a play was not counted, or not yet.
 *
 * `kind` is "invalid": the address is not one, `fields` says why; "refused": it will never be
 * counted as sent; "unavailable": the server cannot now; "unreachable": nothing is known, it may
 * even be counted. The last two are `temporary`: send it again with the same `key`.
 */
export class PlayError extends Error {
  constructor(kind, { key, status = 0, body = {}, retryAfter = 0, cause } = {}) {
    super(typeof body.detail === "string" ? body.detail : kind, { cause });
    this.name = "PlayError";
    this.kind = kind;
    this.key = key;
    this.status = status;
    /** @type {Record<string, string[]>} */
    this.fields = kind === "invalid" ? body : {};
    this.retryAfter = retryAfter;
  }

  get temporary() {
    return this.kind === "unavailable" || this.kind === "unreachable";
  }
}

/** A key for one play. `crypto.randomUUID` exists only where the page came by HTTPS. */
export function newKey() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * Count a play. Tries again, with the same key, while the failure may pass.
 *
 * @param {string} email
 * @param {PlayOptions} [options]
 * @returns {Promise<Answer>}
 * @throws {PlayError}
 */
export async function play(email, options = {}) {
  const { signal, key = newKey(), endpoint = ENDPOINT, language, attempts = 4 } = options;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask(email, { key, endpoint, language, signal });
    } catch (error) {
      signal?.throwIfAborted();
      const last = attempt >= attempts || navigator.onLine === false;
      if (last || !error.temporary || error.retryAfter > LONGEST_PAUSE) throw error;
      await pause(pauseAfter(attempt, error.retryAfter), signal);
    }
  }
}

async function ask(email, { key, endpoint, language, signal }) {
  const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
  if (language) headers["Accept-Language"] = language;
  const limit = timeLimit(signal);
  let response;
  let body;
  try {
    response = await fetch(endpoint, {
      method: "POST",
      headers,
      body: JSON.stringify({ email }),
      credentials: "omit",
      signal: limit.signal,
    });
    body = await response.json().catch((error) => rethrowUnlessSyntax(error));
  } catch (cause) {
    throw new PlayError("unreachable", { key, cause });
  } finally {
    limit.clear();
  }
  if (response.ok && Number.isInteger(body?.games_count)) return body;
  throw failure(response, body, key);
}

function rethrowUnlessSyntax(error) {
  if (!(error instanceof SyntaxError)) throw error;
  return null;
}

function failure(response, body, key) {
  const { status } = response;
  const retryAfter = seconds(response.headers.get("Retry-After"));
  const known = body !== null && typeof body === "object";
  const details = { key, status, retryAfter, body: known ? body : {} };
  if (status >= 500 || [408, 425, 429].includes(status)) return new PlayError("unavailable", details);
  // Not JSON: a hotel's sign-in page, say, not our server.
  if (!known || status < 400) return new PlayError("unreachable", details);
  return new PlayError(status === 400 && body.email ? "invalid" : "refused", details);
}

/** Retry-After in seconds, which HTTP also lets be a date. */
function seconds(header) {
  if (!header) return 0;
  const wait = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isFinite(wait) ? Math.max(0, wait) : 0;
}

/** Milliseconds, doubling, the half of it by chance, so that many browsers do not return at once. */
function pauseAfter(attempt, retryAfter) {
  const longest = Math.min(FIRST_PAUSE * 2 ** attempt, LONGEST_PAUSE * 1000);
  return Math.max(retryAfter * 1000, longest / 2 + (Math.random() * longest) / 2);
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      if (signal?.aborted) reject(signal.reason);
      else resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal?.addEventListener("abort", end);
  });
}

/** A signal that also ends by itself; AbortSignal.any() is too young for some phones. */
function timeLimit(signal) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, TIMEOUT);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort);
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    },
  };
}
