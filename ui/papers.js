element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-retry]");
  if (button) trigger("retry", { paper: button.dataset.retry });
});
// On a phone the library would cover the talk: it waits behind its handle.
if (window.innerWidth < 768) document.querySelector(".sidebar.open .toggle-button")?.click();
