/**
 * Play keys, for a site whose bot shield is on: ask for one when the game starts, and send it as the
 * play's key.
 *
 * @typedef {object} PlayKeyOptions
 * @property {AbortSignal} [signal]  aborts; the promise is rejected with the signal's reason
 */

const ENDPOINT = new URL(/* @vite-ignore */ "/api/play_keys/", import.meta.url).href;
const TIMEOUT = 15_000; // ms for each request; the work may take longer
const SLICE = 200; // hashes at once; between slices the page can draw
const BREATH = 50; // ms after which the page's timers run: a hidden page waits a second for each

/**
 * Return a key for one play; undefined if the site does not ask for keys.
 *
 * @param {string} [endpoint]  URL of the play keys, if it is not that of this module's server
 * @param {PlayKeyOptions} [options]
 * @returns {Promise<string | undefined>}
 * @throws {Error} if there is no key at the moment
 */
export async function fetchPlayKey(endpoint = ENDPOINT, { signal } = {}) {
  const challenge = await ask(endpoint, { signal });
  if (challenge === undefined) return undefined;
  const solution = challenge ? { altcha: await solve(challenge, signal) } : {};
  const answer = await ask(endpoint, { method: "POST", body: JSON.stringify(solution), signal });
  return answer?.key;
}

/**
 * Return the answer's JSON: undefined if no keys are asked for, null if a key costs no work.
 * The browser sends a body as text/plain, which needs no preflight.
 *
 * @param {string} endpoint @param {RequestInit} options
 */
async function ask(endpoint, { signal, ...options }) {
  signal?.throwIfAborted();
  const limit = new AbortController();
  signal?.addEventListener("abort", () => limit.abort(signal.reason));
  setTimeout(() => limit.abort(), TIMEOUT);
  const response = await fetch(endpoint, {
    ...options,
    credentials: "omit",
    cache: "no-store",
    signal: limit.signal,
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`no play key: ${response.status}`);
  return response.status === 204 ? null : response.json();
}

/**
 * Return the solved challenge in Base64: the number whose hash, after the salt, is the challenge.
 *
 * @param {{challenge: string, salt: string, maxNumber: number}} challenge @param {AbortSignal} [signal]
 */
async function solve(challenge, signal) {
  if (!crypto.subtle) throw new Error("no play key: its work needs HTTPS");
  let breathed = performance.now();
  for (let first = 0; first <= challenge.maxNumber; first += SLICE) {
    if (performance.now() - breathed > BREATH) {
      await new Promise((resolve) => setTimeout(resolve)); // hashes alone let no timer run
      breathed = performance.now();
    }
    signal?.throwIfAborted();
    const numbers = Array.from({ length: SLICE }, (_, index) => first + index);
    const hashes = await Promise.all(numbers.map((number) => hash(challenge.salt + number)));
    const found = hashes.indexOf(challenge.challenge);
    if (found >= 0) return btoa(JSON.stringify({ ...challenge, number: first + found }));
  }
  throw new Error("no play key: the challenge has no solution");
}

/** Browsers have `crypto.subtle` only on HTTPS and localhost. @param {string} text */
async function hash(text) {
  const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
