/**
 * The texts of <verification-mail>. A page replaces any of them, and so adds a language, by a child
 * with slot="NAME" or by the attribute text-NAME. Words in braces stand for values.
 */

/** @type {Record<string, string>} */
const en = {
  label: "Your email address",
  placeholder: "name@example.com",
  submit: "Count my game",
  sending: "Sending…",
  consent: "By sending your address you agree to its processing.",
  "consent-box": "I agree to the processing of my address.",
  "consent-missing": "To have your game counted, tick the box.",
  "consent-link": "How your address is used",
  suggestion: "Did you mean {email}?",
  "not-an-address": "Enter an email address, as in name@example.com.",
  space: "The address contains a space. Remove it.",
  "wide-at": "The address has a special “＠”. Type a plain “@”.",
  refused: "The server did not accept this.",
  used: "This game is already counted for another address.",
  limit: "Too many games in a short time.",
  "come-back": "Try again {when}.",
  "waiting-title": "Your game is safe",
  "unsent-title": "Your game could not be sent yet",
  waiting: "The game waits in this browser and is sent as soon as possible.",
  offline: "You are offline.",
  down: "We cannot reach the server.",
  portal: "Your network answered instead of the server. You may have to sign in to it, as in a hotel or café.",
  forbidden: "The server’s protection did not let your game through. Another network may help.",
  setup: "This page is set up wrongly, so it cannot send games now. It is not your fault.",
  "try-again": "Try again",
  thanks: "Welcome! This is your first game.",
  "thanks-again": "Good to see you again! This is your {nth} game.",
  "thanks-untold": "Thank you! Your game has been counted.",
  "counted-for": "Counted for {email}",
  "games-one": "game",
  "games-other": "games",
  earlier: "Your earlier game has now been counted.",
  "earlier-refused": "Your game of {date} was not counted. {reason}",
  "earlier-unsent": "Your game of {date} for {email} could not be sent.",
  forget: "Forget it",
};

/** @type {Record<string, string>} */
const ru = {
  label: "Ваша электронная почта",
  placeholder: "name@example.com",
  submit: "Засчитать игру",
  sending: "Отправляем…",
  consent: "Отправляя адрес, вы соглашаетесь на его обработку.",
  "consent-box": "Даю согласие на обработку моего адреса.",
  "consent-missing": "Чтобы засчитать игру, отметьте согласие.",
  "consent-link": "Как мы используем адрес",
  suggestion: "Вы имели в виду {email}?",
  "not-an-address": "Введите адрес электронной почты, например name@example.com.",
  space: "В адресе есть пробел. Уберите его.",
  "wide-at": "В адресе необычный знак «＠». Введите обычный «@».",
  refused: "Сервер не принял эти данные.",
  used: "Эта игра уже засчитана для другого адреса.",
  limit: "Слишком много игр за короткое время.",
  "come-back": "Попробуйте снова {when}.",
  "waiting-title": "Игра не пропадёт",
  "unsent-title": "Игру пока не удалось отправить",
  waiting: "Игра сохранена в этом браузере и отправится, как только получится.",
  offline: "Нет подключения к интернету.",
  down: "Сервер сейчас недоступен.",
  portal: "Вместо сервера ответила ваша сеть. Возможно, в неё нужно войти, как в гостинице или кафе.",
  forbidden: "Защита сервера не пропустила игру. Попробуйте через другую сеть.",
  setup: "Страница настроена неправильно и сейчас не может отправить игру. Вы тут ни при чём.",
  "try-again": "Отправить снова",
  thanks: "Добро пожаловать! Это ваша первая игра.",
  "thanks-again": "С возвращением! Это ваша {nth} игра.",
  "thanks-untold": "Спасибо! Ваша игра засчитана.",
  "counted-for": "Засчитано для {email}",
  "games-one": "игра",
  "games-few": "игры",
  "games-many": "игр",
  "games-other": "игры",
  earlier: "Ваша прошлая игра засчитана.",
  "earlier-refused": "Ваша игра от {date} не засчитана. {reason}",
  "earlier-unsent": "Игру от {date} для {email} отправить не удалось.",
  forget: "Удалить",
};

/** @type {Record<string, Record<string, string>>} */
const LANGUAGES = { en, ru };
/** @type {Record<string, string>} */
const ENGLISH_ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };

/** The texts of one element, in its language or in the page's own words. */
export class Texts {
  #element;

  /** @param {HTMLElement} element */
  constructor(element) {
    const around = /** @type {HTMLElement | null} */ (element.closest("[lang]"));
    this.#element = element;
    /** The language of numbers, dates and the server's messages. */
    this.language = known(around?.lang || navigator.language);
  }

  /** Return the page's own text with this name, if it has one. @param {string} name */
  own(name) {
    const child = this.#element.querySelector(`:scope > [slot="${name}"]`);
    return child?.textContent?.trim() ?? this.#element.getAttribute(`text-${name}`);
  }

  /** @param {string} name @param {Record<string, string>} [values] for the words in braces */
  get(name, values = {}) {
    const texts = LANGUAGES[this.language.split("-")[0]] ?? en;
    const text = this.own(name) ?? texts[name] ?? "";
    return text.replace(/\{(\w+)\}/g, (braces, word) => values[word] ?? braces);
  }

  /** Return the word after a number of games. @param {number} count */
  games(count) {
    const form = new Intl.PluralRules(this.language).select(count);
    return this.get(`games-${form}`) || this.get("games-other");
  }

  /** Return what is said of the address's play number `count`. @param {number | null} count */
  thanks(count) {
    if (count === null) return this.get("thanks-untold");
    const ordinal = new Intl.PluralRules("en", { type: "ordinal" }).select(count);
    const endings = this.language.startsWith("ru") ? "-я" : ENGLISH_ENDINGS[ordinal] ?? "";
    const values = { count: String(count), nth: `${count}${endings}` };
    return this.get(count > 1 ? "thanks-again" : "thanks", values);
  }

  /** Return why the server did not count a play. @param {import("./verification-mail.js").PlayError} error */
  refusal({ status, kind, message, retryAfter, fields }) {
    if (status === 422) return this.get("used");
    const detail = message === kind ? "" : message;
    if (status !== 429) return this.own(kind) ?? fields.email?.toString() ?? (detail || this.get("refused"));
    const comeBack = retryAfter ? this.get("come-back", { when: this.#in(retryAfter) }) : "";
    return `${this.own("limit") ?? (detail || this.get("limit"))} ${comeBack}`.trim();
  }

  /** @param {number} seconds */
  #in(seconds) {
    const minutes = Math.max(1, Math.ceil(seconds / 60));
    const format = new Intl.RelativeTimeFormat(this.language);
    return minutes < 90 ? format.format(minutes, "minute") : format.format(Math.ceil(minutes / 60), "hour");
  }

  /** @param {number} time in milliseconds */
  date(time) {
    return new Date(time).toLocaleDateString(this.language, { day: "numeric", month: "long" });
  }
}

/** Return the language tag in its usual form; "en" if there is none or a wrong one. @param {string} tag */
function known(tag) {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? "en";
  } catch {
    return "en";
  }
}
