/** The parts of <verification-mail>, without their behaviour. */

/** @typedef {import("./verification-mail-texts.js").Texts} Texts */

/**
 * Create an element without parsing HTML, which a page's Trusted Types policy may forbid.
 *
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, string>} [attributes]
 * @param {...(Node | string)} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {string} part @param {string} text @param {() => void} act */
export function makeButton(part, text, act) {
  const button = make("button", { part, type: "button", class: "small" }, text);
  button.addEventListener("click", act);
  return button;
}

/** @param {Texts} texts @param {string} name */
const slot = (texts, name) => make("slot", { name }, texts.get(name));

/** Return the form and its parts. @param {HTMLElement} element @param {Texts} texts */
export function makeForm(element, texts) {
  const input = make("input", {
    id: "email",
    part: "input",
    inputmode: "email", // type="email" would turn an address such as cem@пример.рф into punycode
    autocapitalize: "none",
    spellcheck: "false",
    name: "email",
    dir: "ltr",
    autocomplete: "email",
    maxlength: "500", // tidying a whole pasted page would take long
    placeholder: texts.get("placeholder"),
    "aria-describedby": "error consent",
    required: "",
  });
  const error = make("p", { id: "error", part: "error", role: "alert" });
  const suggestion = make("p", { part: "suggestion", role: "status" });
  const submit = make("button", { part: "button", type: "submit" }, slot(texts, "submit"));
  const { line, box } = makeConsent(element, texts);
  const label = make("label", { part: "label", for: "email" }, slot(texts, "label"));
  const under = box ? [line, submit] : [submit, line];
  const form = make("form", { part: "form", novalidate: "" }, label, input, suggestion, error, ...under);
  return { form, input, error, suggestion, submit, box };
}

/** @param {HTMLElement} element @param {Texts} texts */
function makeConsent(element, texts) {
  const line = make("p", { id: "consent", part: "consent" });
  const href = element.getAttribute("consent-url");
  const link = href ? makeLink(href, texts) : "";
  const isRequired = element.hasAttribute("consent-required");
  if (!isRequired && !element.hasAttribute("consent-optional")) {
    line.append(slot(texts, "consent"), " ", link);
    return { line, box: null };
  }
  const box = make("input", { id: "box", part: "box", type: "checkbox", "aria-describedby": "error" });
  box.required = isRequired;
  const words = make("slot", { name: "consent" }, texts.own("consent") ?? texts.get("consent-box"));
  line.append(box, make("label", { for: "box" }, words), " ", link);
  return { line, box };
}

/** @param {string} href @param {Texts} texts */
function makeLink(href, texts) {
  return make("a", { href, part: "link", target: "_blank", rel: "noopener" }, slot(texts, "consent-link"));
}

/** Return what is shown after sending, and its parts. */
export function makeAnswer() {
  const number = make("strong", { part: "number", "aria-hidden": "true" });
  const words = make("p", { part: "words", tabindex: "-1" });
  const more = make("p", { part: "more" });
  return { answer: make("div", { part: "answer" }, number, words, more), number, words, more };
}
