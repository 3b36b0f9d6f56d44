/** The element <verification-mail>. Written by hand; the types of the other modules are made from their JSDoc. */
import type { Answer, Fields } from "./verification-mail.js";

export type Counted = CustomEvent<{
  key: string;
  email: string;
  answer: Answer;
  /** Whether this was the play of an earlier visit or form. */
  earlier: boolean;
}>;
export type Waiting = CustomEvent<{ key: string }>;

export interface VerificationMailAttributes {
  lang?: string;
  /** Where the consent line's link leads. */
  "consent-url"?: string;
  /** Show a box that must be ticked. */
  "consent-required"?: boolean | "";
  /** Show a box that may stay empty. */
  "consent-optional"?: boolean | "";
  /** The version of the text beside the box; it is sent with the play. */
  "consent-version"?: string;
  /** The language of that text. */
  "consent-language"?: string;
  /** Names of fields, with spaces between: the page's URL may have them, as in `?utm_source=vk`. */
  "fields-from-url"?: string;
  /** URL of the API, if it is not that of the module's server. */
  endpoint?: string;
  /** The site asks for play keys: fetch one for each play. */
  "play-keys"?: boolean | "";
  /** The page's own words for a text of verification-mail-texts.js. */
  [text: `text-${string}`]: string | undefined;
}

export interface VerificationMailEvents {
  counted: Counted;
  waiting: Waiting;
}

export interface VerificationMail extends HTMLElement {
  /** What goes with the play beside the address, by the names that the site takes. */
  fields: Fields;

  /** Keep a won game in this tab until it is counted. `kept` then returns `won`. */
  keep(won?: object): void;

  /** What the page gave to `keep()`, perhaps before a reload; null if no won game waits. */
  readonly kept: object | null;

  /** Start another play with a new key: show the form again, with the address still in it. */
  reset(): void;

  addEventListener<Name extends keyof VerificationMailEvents>(
    type: Name,
    listener: (event: VerificationMailEvents[Name]) => void,
    options?: boolean | AddEventListenerOptions,
  ): void;
  addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject,
    options?: boolean | AddEventListenerOptions,
  ): void;
}

declare global {
  interface HTMLElementTagNameMap {
    "verification-mail": VerificationMail;
  }
}
