// Citations are links to the page's picture. A plain click shows it in the panel; a modified one opens it as a link.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.citation");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  trigger("cite", { citation: new URL(link.href).searchParams.get("highlight") });
  if (element.getBoundingClientRect().top > window.innerHeight / 2) element.scrollIntoView({ behavior: "smooth" });
});
// The chat component labels each message with its source, which a screen reader would read out as HTML.
const unlabel = () =>
  document.querySelectorAll("#chat [data-testid][aria-label*='<']").forEach((box) => box.removeAttribute("aria-label"));
new MutationObserver(unlabel).observe(document.body, {
  subtree: true,
  childList: true,
  attributeFilter: ["aria-label"],
});
