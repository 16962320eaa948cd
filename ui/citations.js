// Links to a page's picture: a plain click shows it in the panel; a modified one opens it as a link.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a.citation");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  trigger("cite", { address: link.getAttribute("href") });
  if (element.getBoundingClientRect().top > window.innerHeight / 2) element.scrollIntoView({ behavior: "smooth" });
});
// A paper that a question may have meant: the question is asked again about that one.
document.addEventListener("click", (event) => {
  const candidate = event.target.closest("#chat button.candidate");
  if (candidate) trigger("pick", { candidate: candidate.value });
});
// The chat component labels each message with its source, which a screen reader would read out as HTML.
const unlabel = () =>
  document.querySelectorAll("#chat [data-testid][aria-label*='<']").forEach((box) => box.removeAttribute("aria-label"));
new MutationObserver(unlabel).observe(document.body, {
  subtree: true,
  childList: true,
  attributeFilter: ["aria-label"],
});
