import { createApp } from "vue";
import Promo from "./Promo.vue";

createApp(Promo).mount("#app");
