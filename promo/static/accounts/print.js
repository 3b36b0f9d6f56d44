const button = document.querySelector("#print");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
