/**
 * The style of <verification-mail>: a constructed sheet, allowed by any Content-Security-Policy.
 *
 * A page sets the custom properties on the element, or styles the parts `form`, `label`, `input`,
 * `suggestion`, `suggestion-button`, `error`, `button`, `consent`, `box`, `link`, `answer`, `number`,
 * `words`, `more`, `retry`, `note`, `unsent`, `forget`, `after`.
 */
export const styleSheet = new CSSStyleSheet();

styleSheet.replaceSync(`
:host {
  --accent: var(--vm-accent, #1d4e89);
  --field-text: var(--vm-field-text, #14213d);
  --border: var(--vm-border, #6b7a90);
  --error: var(--vm-error, #b3152b);
  display: block;
  color: var(--vm-text, inherit);
  line-height: 1.45;
}
[hidden] { display: none !important; }
p { margin: 0; }
form { display: grid; gap: 8px; }
label { font-weight: 600; }
input, button { box-sizing: border-box; inline-size: 100%; min-block-size: 50px; font: inherit;
  border-radius: var(--vm-radius, 10px); }
#email { padding: 0 14px; font-size: max(1em, 16px); color: var(--field-text);
  background: var(--vm-field, #fff); border: 1.5px solid var(--border); }
input::placeholder { color: var(--field-text); opacity: 0.62; }
input[aria-invalid] { border-color: var(--error); box-shadow: 0 0 0 1px var(--error); }
button { margin-block-start: 4px; padding: 0 20px; font-weight: 700; cursor: pointer;
  color: var(--vm-accent-text, #fff); background: var(--accent); border: 2px solid transparent; }
.small { inline-size: auto; min-block-size: 44px; margin: 0; padding: 5px 14px; font-weight: 600; line-height: 1.3;
  text-align: start; overflow-wrap: anywhere; color: inherit; background: none; border-color: currentColor; }
button:hover { filter: brightness(1.1); }
button[aria-disabled=true] { cursor: progress; opacity: 0.75; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
#error { color: var(--error); font-size: 0.9375em; font-weight: 600; }
p:empty { display: none; }
[part=consent]:has(#box) { display: flex; flex-wrap: wrap; gap: 4px 10px; align-items: center; }
[part=consent] label { flex: 1; font-weight: inherit; padding-block: 8px; }
#box { flex: none; inline-size: 26px; min-block-size: 26px; margin: 0; accent-color: var(--accent); }
#consent { font-size: 0.875em; }
a { color: inherit; text-underline-offset: 2px; }
[part=note], [part=unsent] { margin-block: 14px; font-size: 0.9375em; overflow-wrap: anywhere; }
[part=unsent] { display: flex; flex-wrap: wrap; gap: 8px; padding-block-start: 14px; border-block-start: 1px solid var(--border); }
[part=unsent] span { flex: 1 0 100%; }
[part=answer] .small { grid-column: 2; justify-self: start; margin-block-start: 6px; }
[part=answer] { display: grid; grid-template-columns: auto 1fr; gap: 4px 18px; align-items: center; }
[part=number] { grid-row: 1 / span 2; align-self: start; display: grid; place-content: center; justify-items: center;
  inline-size: 92px; block-size: 92px; border-radius: 50%; font-size: 34px; line-height: 1;
  color: var(--accent); border: 3px double currentColor; transform: rotate(-8deg); }
[part=number]::after { content: attr(data-word); margin-block-start: 4px; font-size: 13px;
  font-weight: 600; }
[part=words] { display: grid; align-content: center; font-size: 1.2em; font-weight: 700; outline: 0; text-wrap: balance; }
[part=more] { align-self: start; overflow-wrap: anywhere; }
[role=status] { container-type: inline-size; }
@container (width < 17em) {
  [part=answer] { display: block; }
  [part=words] { margin-block: 8px; }
}
[part=after] { margin-block-start: 20px; }
@media (prefers-reduced-motion: no-preference) {
  [part=number] { animation: stamp 0.35s cubic-bezier(0.2, 1.4, 0.4, 1) backwards; }
  @keyframes stamp { from { transform: rotate(10deg) scale(1.9); opacity: 0; } }
}
`);
