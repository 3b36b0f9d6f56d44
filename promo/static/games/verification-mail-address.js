/** Help with typing an address. The server alone decides what an address is. */

// Only names of four letters or more: shorter ones have too many neighbours.
const POPULAR = [
  ...["gmail.com", "icloud.com", "outlook.com", "hotmail.com", "yahoo.com"],
  ...["mail.ru", "yandex.ru", "inbox.ru", "list.ru", "rambler.ru"],
  ...["t-online.de", "orange.fr", "free.fr"],
];
// These are near to one of the domains above, and yet no slip.
const ALSO_REAL = /^((xmail|email|rail)\.ru|([ey]?mail|cloud)\.com|(yandex|yahoo|hotmail|outlook)\.[a-z.]+)$/;
const AROUND = String.raw`(?:[\s\p{Cf}<>()[\]",;]|(?!\p{ASCII})[\p{P}\p{S}])`;
const EDGES = new RegExp(`^${AROUND}+|(?:${AROUND}|\\.)+$`, "gu");

/** Return the address without what is often pasted or typed around it, as the API does. @param {string} text */
export function tidy(text) {
  const [, name, rest] = /^(.*)<(.*)$/s.exec(text) ?? ["", "", text];
  const several = name.includes("@") && bare(name) !== bare(rest);
  return bare(several ? text : rest);
}

/** @param {string} text */
function bare(text) {
  const address = strip(text);
  return strip(address.replace(/^(?:mailto:(?:\/\/)?)+([^?]*).*$/i, "$1"));
}

/** @param {string} text */
function strip(text) {
  return text.replace(EDGES, "").replace(/^'(.*)'$/, "$1").replace(EDGES, "");
}

/** Return the name of the text that says what is wrong; "" if nothing is. @param {string} address */
export function complaintOf(address) {
  if (/[＠﹫]/.test(address)) return "wide-at";
  if (/\S\s+\S/.test(address) && address.includes("@")) return "space";
  return /^[^@\s]+@[^@\s]+$/.test(address) ? "" : "not-an-address";
}

/** Return the address that was probably meant; "" if it looks right. @param {string} address */
export function suggestionFor(address) {
  const [, before, typed] = /^([^@\s]+@)([^@\s]+)$/.exec(address) ?? [];
  if (!before || !typed) return "";
  const domain = typed.toLowerCase();
  const meant = nearest(withRightEnding(domain));
  return meant === domain ? "" : before + meant;
}

/** @param {string} domain */
function withRightEnding(domain) {
  const dotted = domain.replaceAll(",", ".");
  return dotted.replace(/\.(con|cpm|vom|xom|comm)$/, ".com").replace(/\.(ry|rru|ruu)$/, ".ru");
}

/** @param {string} domain */
function nearest(domain) {
  if (ALSO_REAL.test(domain) || POPULAR.includes(domain)) return domain;
  if (/^gmail\.\w+$/.test(domain)) return "gmail.com"; // no other one exists
  return POPULAR.find((each) => isSlip(domain, each)) ?? domain;
}

/** Return whether one letter too many, missing or wrong, or two swapped ones, are all. @param {string} typed @param {string} meant */
function isSlip(typed, meant) {
  let same = 0;
  while (typed[same] === meant[same]) same += 1;
  const rest = typed.slice(same);
  const right = meant.slice(same);
  const without = right.slice(1);
  const swapped = right[1] + right[0] + right.slice(2);
  return rest === without || rest === swapped || rest.slice(1) === without || rest.slice(1) === right;
}
