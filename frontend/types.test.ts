/** Uses of the modules that must pass `tsc --strict`, and, below @ts-expect-error, some that must not. */
import { type Answer, PlayError, newKey, play } from "verification-mail";
import "verification-mail/form";
import { fetchPlayKey } from "verification-mail/keys";
import { waitingPlays } from "verification-mail/waiting";
// The modules of a site, with its .d.ts files in a folder that "paths" names.
import { play as playThere } from "https://play.example.com/verification-mail.js";

const answer: Answer = await play("cem@test.ru", { key: newKey(), attempts: 1 });
const known: boolean | null = answer.esp_status;
const count: number | null = (await playThere("cem@test.ru", { key: (await fetchPlayKey()) ?? newKey() })).games_count;

await play("cem@test.ru", { fields: { utm_source: "vk", adult: true } });

try {
  await play("cem@test.ru", { signal: AbortSignal.timeout(1000), language: "ru" });
} catch (error) {
  if (!(error instanceof PlayError)) throw error;
  if (error.kind === "invalid") console.log(error.fields["email"]?.join(" "));
  else if (error.temporary) waitingPlays.add({ email: "cem@test.ru", key: error.key }, error.retryAfter);
}
waitingPlays.addEventListener("counted", ({ detail }) => console.log(detail.answer.games_count));
waitingPlays.addEventListener("refused", ({ detail }) => console.log(detail.error.message));

const element = document.createElement("verification-mail");
element.addEventListener("counted", ({ detail }) => console.log(detail.key, detail.answer.games_status));
element.addEventListener("click", (event) => event.preventDefault());
element.fields = { score: 42, name: "Zoë" };
element.reset();

// @ts-expect-error An address is a string.
await play(1);
// @ts-expect-error There is no such option.
await play("cem@test.ru", { tries: 1 });
// @ts-expect-error A field is one value.
element.fields = { score: [42] };
// @ts-expect-error A play that waits has no answer yet.
element.addEventListener("waiting", ({ detail }) => console.log(detail.answer));
// @ts-expect-error It may be null.
const certain: boolean = answer.esp_status;

export { certain, count, known };
