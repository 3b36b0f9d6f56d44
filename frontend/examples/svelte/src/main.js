import { mount } from "svelte";
import Promo from "./Promo.svelte";

mount(Promo, { target: document.querySelector("#app") });
