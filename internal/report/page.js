"use strict";
// Chooses the language, keeps what was opened, and loads the page again as long as the
// apply writes it.
{
  const root = document.documentElement;
  const kept = (() => {
    try {
      return window.localStorage;
    } catch {
      return null;
    }
  })();
  const keep = (name, value) => {
    try {
      kept?.setItem(`timago-report-${name}`, value);
    } catch {
      // a full or forbidden store costs no more than the memory
    }
  };
  const recall = (name) => kept?.getItem(`timago-report-${name}`);
  const speak = (language) => {
    root.lang = language;
    for (const button of document.querySelectorAll("[data-lang]")) {
      button.setAttribute("aria-pressed", String(button.dataset.lang === language));
    }
  };
  const language = () => recall("language") ?? (navigator.language.toLowerCase().startsWith("de") ? "de" : "en");

  const again = 5000;
  const alive = () => Date.now() - Number(root.dataset.written) < Number(root.dataset.silence);
  const follow = () => {
    document.querySelector("#stale").hidden = alive();
    const reading = document.hidden || !document.getSelection().isCollapsed;
    if (reading) setTimeout(follow, again);
    else location.reload();
  };

  root.lang = language();
  document.addEventListener("DOMContentLoaded", () => {
    speak(root.lang);
    for (const button of document.querySelectorAll("[data-lang]")) {
      button.addEventListener("click", () => {
        keep("language", button.dataset.lang);
        speak(button.dataset.lang);
      });
    }
    document.querySelector("#print").addEventListener("click", () => window.print());
    for (const details of document.querySelectorAll("details[data-keep]")) {
      const open = recall(details.dataset.keep);
      if (open) details.open = open === "true";
      details.addEventListener("toggle", () => keep(details.dataset.keep, String(details.open)));
    }
    if (root.dataset.report !== "running") return;
    document.querySelector("#stale").hidden = alive();
    setTimeout(follow, again);
  });
}
