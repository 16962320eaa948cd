// Opening, renaming and deleting conversations; exports are plain links.
element.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-conversation]");
  if (!button) return;
  const { conversation, act, title } = button.dataset;
  if (act === "choose") trigger("choose", { conversation });
  if (act === "remove" && window.confirm(`Delete “${title}” for good?`)) trigger("remove", { conversation });
  if (act === "retitle") {
    const given = window.prompt("Title of the conversation", title);
    if (given?.trim()) trigger("retitle", { conversation, title: given.trim().slice(0, 200) });
  }
});
