export type Unsent = {
    email: string;
    key: string;
    endpoint?: string;
    /**
     * of the server's messages
     */
    language?: string;
    consent?: import("./verification-mail.js").Consent;
    fields?: import("./verification-mail.js").Fields;
};
export type Stored = {
    /**
     * when the play was stored, in milliseconds
     */
    since: number;
    /**
     * when the visitor last wished to have it sent
     */
    retried?: number;
    /**
     * how often it was sent in vain
     */
    tries?: number;
};
export type WaitingPlay = Unsent & Stored;
export type CountedEvent = CustomEvent<Unsent & {
    answer: import("./verification-mail.js").Answer;
}>;
export type RefusedEvent = CustomEvent<WaitingPlay & {
    error: PlayError;
}>;
export type FailedEvent = CustomEvent<WaitingPlay & {
    error: PlayError;
}>;
export type Listens = {
    addEventListener: Listen;
    removeEventListener: Listen;
};
export type Listen = {
    (type: "counted", listener: (event: CountedEvent) => void): void;
    (type: "refused", listener: (event: RefusedEvent) => void): void;
    (type: "failed", listener: (event: FailedEvent) => void): void;
    (type: "counted" | "refused" | "failed", listener: (event: CustomEvent) => void): void;
};
/**
 * Stores plays that could not be sent, and sends them when the server can be reached again.
 *
 * A play keeps its key, so it is counted once even if several tabs send it. A play that is not sent
 * within 7 days stays stored, but waits for the visitor: call `retry()` or `forget()`.
 *
 * @typedef {object} Unsent
 * @property {string} email
 * @property {string} key
 * @property {string} [endpoint]
 * @property {string} [language]  of the server's messages
 * @property {import("./verification-mail.js").Consent} [consent]
 * @property {import("./verification-mail.js").Fields} [fields]
 *
 * @typedef {object} Stored
 * @property {number} since  when the play was stored, in milliseconds
 * @property {number} [retried]  when the visitor last wished to have it sent
 * @property {number} [tries]  how often it was sent in vain
 *
 * @typedef {Unsent & Stored} WaitingPlay
 * @typedef {CustomEvent<Unsent & {answer: import("./verification-mail.js").Answer}>} CountedEvent
 * @typedef {CustomEvent<WaitingPlay & {error: PlayError}>} RefusedEvent
 * @typedef {CustomEvent<WaitingPlay & {error: PlayError}>} FailedEvent
 *
 * @typedef {object} Listens  what EventTarget does, with the types of these events
 * @property {Listen} addEventListener
 * @property {Listen} removeEventListener
 *
 * @typedef {{
 *   (type: "counted", listener: (event: CountedEvent) => void): void,
 *   (type: "refused", listener: (event: RefusedEvent) => void): void,
 *   (type: "failed", listener: (event: FailedEvent) => void): void,
 *   (type: "counted" | "refused" | "failed", listener: (event: CustomEvent) => void): void,
 * }} Listen
 */
import { PlayError } from "./verification-mail.js";
/** Dispatches "counted" with the answer, "refused" (never tried again) and "failed" with the error. */
declare class WaitingPlays extends EventTarget {
    #private;
    constructor();
    /** All stored plays. @returns {WaitingPlay[]} */
    get plays(): WaitingPlay[];
    /** @param {Unsent} unsent @param {number} [wait] seconds */
    add(unsent: Unsent, wait?: number): void;
    /** Send a play now because the visitor wishes it. @param {Unsent & Partial<WaitingPlay>} unsent */
    retry(unsent: Unsent & Partial<WaitingPlay>): Promise<void>;
    /** Remove a play without sending it. @param {string} key */
    forget(key: string): void;
    /** Send the waiting plays, oldest first. Try the rest again later. */
    send(): Promise<void>;
}
/** Return whether the play is sent only if the visitor wishes it. @param {Stored} play */
export declare function isExpired({ since, retried }: Stored): boolean;
/** Return whether the visitor should hear that the play is not sent. @param {Partial<Stored>} play */
export declare function isStuck({ tries, retried }: Partial<Stored>): boolean;
export declare const waitingPlays: Listens & WaitingPlays;
export {};
