/** <verification-mail> in JSX, for React 19: `import type {} from "verification-mail/react"`. */
import type { DetailedHTMLProps, HTMLAttributes } from "react";
import type {
  Counted,
  VerificationMail,
  VerificationMailAttributes,
  Waiting,
} from "./dist/verification-mail-form.js";

type Props = DetailedHTMLProps<HTMLAttributes<VerificationMail>, VerificationMail> &
  VerificationMailAttributes & {
    /** React takes what follows "on" as the event's name. */
    oncounted?: (event: Counted) => void;
    onwaiting?: (event: Waiting) => void;
  };

declare module "react" {
  namespace JSX {
    interface IntrinsicElements {
      "verification-mail": Props;
    }
  }
}
