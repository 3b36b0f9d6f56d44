/** Why a play could not be sent: words for the visitor, and the remedy for the page's developer. */

/** @type {Set<string>} */
const told = new Set();

/**
 * Return the name of the text for the visitor. Write the remedy to the console, once.
 *
 * @param {number | undefined} status of the answer; 0 if there was none; undefined: not sent again yet
 * @param {string} endpoint
 */
export async function reasonOf(status, endpoint) {
  if (navigator.onLine === false) return "offline";
  if (status === undefined) return "down";
  if (status === 0) return (await isBlocked(endpoint)) ? "setup" : "down";
  if (status === 404 || status === 405) {
    tell(`${endpoint} answered ${status}. Set "endpoint" to the API's address: https://…/api/verification_mail/`);
    return "setup";
  }
  if (status >= 400 && status < 500 && ![408, 425, 429].includes(status)) {
    tell(`${endpoint} answered ${status}, but not as the API does. Let the firewall or proxy before it pass the request.`);
    return "forbidden";
  }
  if (status < 400 || status === 511) {
    tell(`${endpoint} answered ${status}, but not as the API does: a network's sign-in page, or a wrong "endpoint".`);
    return "portal";
  }
  return "down";
}

/**
 * Return whether the server is up, but does not let this page read its answers. Any page may read the
 * modules; the sign-in page of a network, or a proxy without its server, answers otherwise.
 *
 * @param {string} endpoint
 */
async function isBlocked(endpoint) {
  const { origin } = new URL(endpoint);
  if (origin === location.origin) return false;
  try {
    const { ok } = await fetch(`${origin}/verification-mail.js`, { cache: "no-store", credentials: "omit" });
    if (!ok) return false;
  } catch {
    return false;
  }
  tell(`${origin} does not let this page count games: add ${location.origin} to CORS_ALLOWED_ORIGINS there, or open its firewall.`);
  return true;
}

/** @param {string} remedy */
function tell(remedy) {
  if (told.has(remedy)) return;
  told.add(remedy);
  console.error(`<verification-mail>: ${remedy}`);
}
