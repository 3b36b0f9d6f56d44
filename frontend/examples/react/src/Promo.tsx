import { useRef, useState } from "react";
import "verification-mail/form";
import type { VerificationMail } from "verification-mail/form";
import type {} from "verification-mail/react";

export function Promo() {
  const form = useRef<VerificationMail>(null);
  const [games, setGames] = useState<number | null>(null);
  return (
    <>
      <verification-mail
        ref={form}
        endpoint="https://play.example.com/api/verification_mail/"
        oncounted={({ detail }) => setGames(detail.answer.games_count)}
      >
        <button slot="after" type="button" onClick={() => form.current?.reset()}>
          Play again
        </button>
      </verification-mail>
      {games && <p id="told">Games: {games}</p>}
    </>
  );
}
