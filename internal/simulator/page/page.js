"use strict";

// The page is rendered by the site alone. This fetches it anew every second and takes
// over what changed, so that selections stay, bars move and a screen reader is told of
// changed states only.
const wait = 1000;

function takeOver(here, there) {
  if (here.nodeName !== there.nodeName) {
    here.replaceWith(there);
    return;
  }
  if (here.nodeType !== Node.ELEMENT_NODE) {
    if (here.data !== there.data) here.data = there.data;
    return;
  }
  for (const { name } of [...here.attributes]) {
    if (!there.hasAttribute(name)) here.removeAttribute(name);
  }
  for (const { name, value } of there.attributes) {
    if (here.getAttribute(name) !== value) here.setAttribute(name, value);
  }
  const old = [...here.childNodes];
  const fresh = [...there.childNodes];
  fresh.forEach((child, i) => (i < old.length ? takeOver(old[i], child) : here.append(child)));
  old.slice(fresh.length).forEach((child) => child.remove());
}

async function follow() {
  let lost = false;
  if (!document.hidden) {
    try {
      const answer = await fetch("/", { cache: "no-store", signal: AbortSignal.timeout(10 * wait) });
      if (!answer.ok) throw new Error(answer.statusText);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.title = page.title;
      takeOver(document.querySelector("#site"), page.querySelector("#site"));
    } catch {
      lost = true;
    }
    document.querySelector("#lost").hidden = !lost;
    document.body.classList.toggle("lost", lost);
  }
  setTimeout(follow, wait);
}

setTimeout(follow, wait);
