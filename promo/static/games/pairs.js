/**
 * The game: find the pairs of stamps under the envelopes.
 *
 * The HTML page contains all cards and texts. This module shuffles the cards, opens and compares
 * them. When all pairs are found, it shows the address form instead of the game. The form keeps the
 * won game until it is counted, so the game is also over after a reload or another language.
 */

const LOOK = 900; // ms that two different stamps stay open, or until the next card is opened
const REJOICE = 900; // ms between the last pair and the form

const game = document.getElementById("game");
const board = document.getElementById("board");
const leave = document.getElementById("leave");
const form = leave.querySelector("verification-mail");
const formLoaded = customElements.whenDefined("verification-mail"); // the board does not wait for it
const said = document.getElementById("said");
const cards = [...board.children];
const words = board.dataset;
const plurals = new Intl.PluralRules(document.documentElement.lang);
const calm = matchMedia("(prefers-reduced-motion: reduce)");

let open = [];
let found;
let turns;
let startedAt;
let timer;

function deal() {
  for (let last = cards.length - 1; last > 0; last -= 1) {
    const other = Math.floor(Math.random() * (last + 1));
    [cards[last], cards[other]] = [cards[other], cards[last]];
  }
  open = [];
  found = turns = startedAt = 0;
  board.append(...cards);
  cards.forEach((card) => setState(card, "closed"));
  showScore();
}

function setState(card, state) {
  card.dataset.state = state;
  const place = `${words.envelope} ${cards.indexOf(card) + 1}`;
  card.setAttribute("aria-label", state === "closed" ? place : `${place}: ${card.dataset.name}`);
  card.setAttribute("aria-disabled", String(state !== "closed"));
}

function showScore() {
  document.getElementById("found").textContent = found;
  document.getElementById("turns").textContent = turns;
}

function say(...sentences) {
  said.textContent = sentences.join(". ");
}

function turnOver(card) {
  if (card.dataset.state !== "closed") return;
  if (open.length === 2) closeOpen();
  startedAt ||= performance.now();
  setState(card, "open");
  open.push(card);
  if (open.length === 2) compare();
  else say(card.dataset.name);
}

function compare() {
  const [first, second] = open;
  turns += 1;
  if (first.dataset.stamp === second.dataset.stamp) {
    open.forEach((card) => setState(card, "found"));
    open = [];
    found += 1;
    say(second.dataset.name, `${words.pair} ${found}/${cards.length / 2}`);
    if (found === cards.length / 2) {
      const won = { turns, seconds: Math.max(1, Math.round((performance.now() - startedAt) / 1000)) };
      formLoaded.then(() => form.keep(won));
      setTimeout(finish, calm.matches ? 0 : REJOICE, won);
    }
  } else {
    say(second.dataset.name, words.noPair);
    timer = setTimeout(closeOpen, LOOK);
  }
  showScore();
}

function closeOpen() {
  clearTimeout(timer);
  open.forEach((card) => setState(card, "closed"));
  open = [];
}

function finish(won) {
  count("took-turns", won.turns);
  count("took-seconds", won.seconds);
  show(leave, game);
  leave.querySelector("h1").focus();
}

/** Show a number and, after it, its word in the right plural form. */
function count(id, number) {
  const element = document.getElementById(id);
  const { dataset } = element.nextElementSibling;
  element.textContent = number;
  element.nextElementSibling.textContent = dataset[plurals.select(number)] ?? dataset.many;
}

function show(shown, hidden) {
  hidden.hidden = true;
  shown.hidden = false;
  scrollTo(0, 0);
}

function playAgain() {
  form.reset?.(); // it may not have been loaded
  deal();
  show(game, leave);
  cards[0].focus();
}

/** Move the focus with the arrow keys, whatever the number of columns. */
function moveFocus(event) {
  const columns = getComputedStyle(board).gridTemplateColumns.split(" ").length;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  const from = cards.indexOf(event.target.closest(".card"));
  const to = cards[from + steps[event.key]];
  if (from < 0 || !to) return;
  event.preventDefault();
  to.focus();
}

board.addEventListener("click", (event) => {
  const card = event.target.closest(".card");
  if (card) turnOver(card);
});
board.addEventListener("keydown", moveFocus);
document.getElementById("again").addEventListener("click", playAgain);
deal();
board.hidden = false;
formLoaded.then(() => form.kept && finish(form.kept));
