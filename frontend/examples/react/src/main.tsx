import { createRoot } from "react-dom/client";
import { Promo } from "./Promo";

createRoot(document.querySelector("#app")!).render(<Promo />);
