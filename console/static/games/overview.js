// Refreshes the overview once a minute while it is seen. Only what differs is changed in the page,
// so that focus, places of scrolling, opened parts and typed dates stay.

const EVERY = 60_000; // ms
const LOOK_EVERY = 1_000; // ms; a sleeping computer's timers stand still
let readAt = Date.now();
let isReading = false;

async function refresh() {
  if (document.hidden || isReading || Date.now() - readAt < EVERY) return;
  isReading = true;
  readAt = Date.now();
  try {
    const response = await fetch(location.href, { redirect: "manual" });
    if (response.status >= 500) return; // it is tried again
    const page = response.ok ? await response.text() : "";
    const fresh = new DOMParser().parseFromString(page, "text/html").getElementById("overview");
    if (fresh) update(document.getElementById("overview"), fresh);
    else stop();
  } catch {
    // No network: it is tried again. The time on the page says how old the figures are.
  } finally {
    isReading = false;
  }
}

function stop() {
  clearInterval(timer);
  document.removeEventListener("visibilitychange", refresh);
  const place = document.getElementById("overview-stopped");
  place.textContent = place.dataset.text;
  place.className = "console-state console-warn";
}

function update(old, fresh) {
  if (old.nodeName !== fresh.nodeName) {
    old.replaceWith(document.importNode(fresh, true));
  } else if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== fresh.data) old.data = fresh.data;
  } else {
    updateAttributes(old, fresh);
    while (old.childNodes.length > fresh.childNodes.length) old.lastChild.remove();
    [...fresh.childNodes].forEach((child, n) => {
      if (n < old.childNodes.length) update(old.childNodes[n], child);
      else old.append(document.importNode(child, true));
    });
  }
}

function updateAttributes(old, fresh) {
  for (const { name, value } of fresh.attributes) {
    if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  }
  for (const { name } of [...old.attributes]) {
    if (name !== "open" && !fresh.hasAttribute(name)) old.removeAttribute(name);
  }
}

const timer = setInterval(refresh, LOOK_EVERY);
document.addEventListener("visibilitychange", refresh);
