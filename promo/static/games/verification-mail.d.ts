/**
 * Counts a play of an address and returns what is known of the address.
 *
 * @typedef {object} Answer
 * @property {boolean | null} esp_status  was the address in the ESP before; null: not known yet
 * @property {boolean | null} games_status  had the address played before; null: not told without a play key
 * @property {number | null} games_count  how many plays the address has with this one; null: not told
 *
 * @typedef {object} PlayOptions
 * @property {AbortSignal} [signal]  aborts the play; the promise is rejected with the signal's reason
 * @property {string} [key]  the play's own key, from `newKey()`; needed only to retry the play later
 * @property {string} [endpoint]  URL of the API, if it is not that of this module's server
 * @property {string} [language]  language of error messages, "en" or "ru"; default: the browser's
 * @property {number} [attempts]  maximum number of requests; default: 4
 * @property {Consent} [consent]  what the player has agreed to
 * @property {Fields} [fields]  what else the site takes with a play, by name
 *
 * @typedef {Record<string, string | number | boolean>} Fields
 *
 * @typedef {object} Consent
 * @property {boolean} mailing  the state of the box
 * @property {string} text  the version of the text beside it
 * @property {string} [language]  the language of that text; default: that of the request
 *
 * @typedef {"invalid" | "refused" | "unavailable" | "unreachable"} Kind
 *
 * @typedef {object} Details
 * @property {string} key
 * @property {number} [status]
 * @property {Record<string, any>} [body]
 * @property {number} [retryAfter]
 * @property {unknown} [cause]
 */
export type Answer = {
    /**
     * was the address in the ESP before; null: not known yet
     */
    esp_status: boolean | null;
    /**
     * had the address played before; null: not told without a play key
     */
    games_status: boolean | null;
    /**
     * how many plays the address has with this one; null: not told
     */
    games_count: number | null;
};
export type PlayOptions = {
    /**
     * aborts the play; the promise is rejected with the signal's reason
     */
    signal?: AbortSignal;
    /**
     * the play's own key, from `newKey()`; needed only to retry the play later
     */
    key?: string;
    /**
     * URL of the API, if it is not that of this module's server
     */
    endpoint?: string;
    /**
     * language of error messages, "en" or "ru"; default: the browser's
     */
    language?: string;
    /**
     * maximum number of requests; default: 4
     */
    attempts?: number;
    /**
     * what the player has agreed to
     */
    consent?: Consent;
    /**
     * what else the site takes with a play, by name
     */
    fields?: Fields;
};
export type Fields = Record<string, string | number | boolean>;
export type Consent = {
    /**
     * the state of the box
     */
    mailing: boolean;
    /**
     * the version of the text beside it
     */
    text: string;
    /**
     * the language of that text; default: that of the request
     */
    language?: string;
};
export type Kind = "invalid" | "refused" | "unavailable" | "unreachable";
export type Details = {
    key: string;
    status?: number;
    body?: Record<string, any>;
    retryAfter?: number;
    cause?: unknown;
};
/** URL of the API on this module's server. */
export declare const ENDPOINT: string;
/**
 * Why a play was not counted. `kind` is one of:
 *
 * - "invalid": the address is wrong; `fields` contains the reasons.
 * - "refused": the server refuses the request, and would refuse it again.
 * - "unavailable": the server cannot count the play at the moment.
 * - "unreachable": no valid answer came; the play may have been counted.
 *
 * The last two are `temporary`: send the play again with the same `key`.
 */
export declare class PlayError extends Error {
    kind: Kind;
    /** The play's key, for sending it again. */
    key: string;
    /** The answer's status; 0 if there was none. */
    status: number;
    /** The API's name for the reason, such as "play_key_expired"; "" if it has none. */
    code: string;
    /** @type {Record<string, string[]>} */
    fields: Record<string, string[]>;
    /** Seconds that the server asks to wait; 0 if it does not say. */
    retryAfter: number;
    /** @param {Kind} kind @param {Details} details */
    constructor(kind: Kind, { key, status, body, retryAfter, cause }: Details);
    get temporary(): boolean;
}
/** Return a key for one play. Pages loaded by plain HTTP have no `crypto.randomUUID`. */
export declare function newKey(): string;
/**
 * Count a play. After a temporary failure, try again with the same key.
 *
 * @param {string} email
 * @param {PlayOptions} [options]
 * @returns {Promise<Answer>}
 * @throws {PlayError}
 */
export declare function play(email: string, options?: PlayOptions): Promise<Answer>;
