/**
 * How <verification-mail> looks. A constructed sheet: no Content-Security-Policy stops it.
 *
 * A page sets the custom properties on the element, or styles the parts `form`, `label`, `input`,
 * `error`, `button`, `consent`, `link`, `answer`, `number`, `words`, `more`, `note`, `after`.
 */
export const styleSheet = new CSSStyleSheet();

styleSheet.replaceSync(`
:host {
  --accent: var(--vm-accent, #1d4e89);
  --accent-text: var(--vm-accent-text, #fff);
  --text: var(--vm-text, inherit);
  --field: var(--vm-field, #fff);
  --field-text: var(--vm-field-text, #14213d);
  --border: var(--vm-border, #6b7a90);
  --error: var(--vm-error, #b3152b);
  --radius: var(--vm-radius, 10px);
  display: block;
  color: var(--text);
  font: inherit;
  line-height: 1.45;
}
[hidden] { display: none !important; }
p { margin: 0; }
form { display: grid; gap: 8px; }
label { font-weight: 600; }
input, button { box-sizing: border-box; inline-size: 100%; min-block-size: 50px; font: inherit;
  border-radius: var(--radius); }
input { padding: 0 14px; font-size: max(1em, 16px); color: var(--field-text);
  background: var(--field); border: 1.5px solid var(--border); }
input::placeholder { color: var(--field-text); opacity: 0.62; }
input[aria-invalid] { border-color: var(--error); box-shadow: 0 0 0 1px var(--error); }
button { margin-block-start: 4px; padding: 0 20px; font-weight: 700; cursor: pointer;
  color: var(--accent-text); background: var(--accent); border: 0; }
button:hover { filter: brightness(1.1); }
button[aria-disabled="true"] { cursor: progress; opacity: 0.75; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#error { color: var(--error); font-size: 0.9375em; font-weight: 600; }
#error:empty, [part="more"]:empty, [part="note"]:empty { display: none; }
#consent { font-size: 0.875em; opacity: 0.86; }
a { color: inherit; text-underline-offset: 2px; }
[part="note"] { margin-block-end: 10px; font-size: 0.9375em; }
[part="answer"] { display: grid; grid-template-columns: auto 1fr; gap: 4px 18px; align-items: center; }
[part="number"] { grid-row: 1 / span 2; align-self: start; display: grid; place-content: center; justify-items: center;
  inline-size: 92px; block-size: 92px; border-radius: 50%; font-size: 34px; line-height: 1;
  color: var(--accent); border: 3px double currentColor; transform: rotate(-8deg); }
[part="number"]::after { content: attr(data-word); margin-block-start: 4px; font-size: 13px;
  font-weight: 600; letter-spacing: 0.03em; }
[part="words"] { min-block-size: 92px; display: grid; align-content: center; font-size: 1.2em; font-weight: 700; outline: 0; text-wrap: balance; }
[part="words"]:not(:has(+ :empty)) { min-block-size: 0; }
[part="after"] { margin-block-start: 20px; }
@media (prefers-reduced-motion: no-preference) {
  [part="number"] { animation: stamp 0.35s cubic-bezier(0.2, 1.4, 0.4, 1) backwards; }
  @keyframes stamp { from { transform: rotate(10deg) scale(1.9); opacity: 0; } }
}
`);
