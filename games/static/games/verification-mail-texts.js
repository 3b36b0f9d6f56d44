/** What <verification-mail> says, in each language. */

const ENGLISH_ENDINGS = { one: "st", two: "nd", few: "rd", other: "th" };
const englishOrdinals = new Intl.PluralRules("en", { type: "ordinal" });

const en = {
  label: "Your email address",
  placeholder: "name@example.com",
  submit: "Count my game",
  sending: "Sending…",
  consent: "By sending your address you agree to its processing.",
  consentLink: "How your address is used",
  notAnAddress: "Enter an email address, as in name@example.com.",
  refused: "The server did not accept this.",
  waitingTitle: "Your game is safe",
  waiting:
    "We cannot reach the server. The game waits in this browser and is sent as soon as possible.",
  first: "Welcome! This is your first game.",
  again: (count) =>
    `Good to see you again! This is your ${count}${ENGLISH_ENDINGS[englishOrdinals.select(count)]} game.`,
  games: { one: "game", other: "games" },
  earlier: "Your earlier game has now been counted.",
};

const ru = {
  label: "Ваша электронная почта",
  placeholder: "name@example.com",
  submit: "Засчитать игру",
  sending: "Отправляем…",
  consent: "Отправляя адрес, вы соглашаетесь на его обработку.",
  consentLink: "Как мы используем адрес",
  notAnAddress: "Введите адрес электронной почты, например name@example.com.",
  refused: "Сервер не принял эти данные.",
  waitingTitle: "Игра не пропадёт",
  waiting:
    "Сервер сейчас недоступен. Игра сохранена в этом браузере и отправится, как только получится.",
  first: "Добро пожаловать! Это ваша первая игра.",
  again: (count) => `С возвращением! Это ваша ${count}-я игра.`,
  games: { one: "игра", few: "игры", many: "игр", other: "игры" },
  earlier: "Ваша прошлая игра засчитана.",
};

const LANGUAGES = { en, ru };

/** The texts for a language tag such as "ru-RU"; English where there are none. */
export function textsFor(tag) {
  const wanted = tag.toLowerCase().split("-")[0];
  const language = wanted in LANGUAGES ? wanted : "en";
  const plurals = new Intl.PluralRules(language);
  const texts = LANGUAGES[language];
  return { ...texts, language, gamesWord: (count) => texts.games[plurals.select(count)] };
}
