/**
 * Play keys, for a site whose bot shield is on: ask for one when the game starts, and send it as the
 * play's key.
 *
 * @typedef {object} PlayKeyOptions
 * @property {AbortSignal} [signal]  aborts; the promise is rejected with the signal's reason
 */
export type PlayKeyOptions = {
    /**
     * aborts; the promise is rejected with the signal's reason
     */
    signal?: AbortSignal;
};
/**
 * Return a key for one play; undefined if the site does not ask for keys.
 *
 * @param {string} [endpoint]  URL of the play keys, if it is not that of this module's server
 * @param {PlayKeyOptions} [options]
 * @returns {Promise<string | undefined>}
 * @throws {Error} if there is no key at the moment
 */
export declare function fetchPlayKey(endpoint?: string, { signal }?: PlayKeyOptions): Promise<string | undefined>;
