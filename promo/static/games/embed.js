/**
 * Tells the page around the frame how high the game is: {type: "verification-mail:height", height}.
 *
 * The origins that may show the frame are in the page; no other gets a message.
 */

const allowed = document.documentElement.dataset.origins.split(" ");

/** Return the origin around the frame, if the browser tells it; else all that are allowed. */
function targets() {
  const { referrer } = document;
  const around = location.ancestorOrigins?.[0] ?? (referrer && new URL(referrer).origin);
  return allowed.includes(around) ? [around] : allowed;
}

function tell() {
  const height = Math.ceil(document.body.getBoundingClientRect().height);
  for (const origin of targets()) {
    parent.postMessage({ type: "verification-mail:height", height }, origin);
  }
}

new ResizeObserver(tell).observe(document.body);
