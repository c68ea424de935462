(function () {
  "use strict";
  var live = document.getElementById("live"), label = live.querySelector("span"), button = live.querySelector("button");
  var pause = false, timer = 0, took = 0, waiting = 0;
  live.hidden = false;

  // key says which element of an earlier page an element continues.
  function key(n) { return n.nodeType === 1 ? (n.id || "") + "<" + n.tagName : "#" + n.nodeType; }

  // morph makes a like b, and keeps what the reader has: the focus, open parts,
  // and forms that are being filled in.
  function morph(a, b) {
    if (a.nodeType !== 1) { if (a.nodeValue !== b.nodeValue) { a.nodeValue = b.nodeValue; } return; }
    if (a.isEqualNode(b)) { return; }
    if (a.tagName === "DETAILS" && a.open && a.querySelector("form")) { return; }
    var i, old = a.attributes, names = b.attributes;
    for (i = old.length - 1; i >= 0; i--) {
      if (old[i].name !== "open" && !b.hasAttribute(old[i].name)) { a.removeAttribute(old[i].name); }
    }
    for (i = 0; i < names.length; i++) {
      if (names[i].name !== "open" && a.getAttribute(names[i].name) !== names[i].value) { a.setAttribute(names[i].name, names[i].value); }
    }
    var at = a.firstChild, next = b.firstChild, found, after;
    while (next) {
      after = next.nextSibling;
      found = at;
      while (found && key(found) !== key(next)) { found = found.nextSibling; }
      if (!found) {
        a.insertBefore(document.importNode(next, true), at);
      } else {
        while (at !== found) { at = drop(a, at); }
        morph(found, next);
        at = found.nextSibling;
      }
      next = after;
    }
    while (at) { at = drop(a, at); }
  }
  function drop(parent, n) { var next = n.nextSibling; parent.removeChild(n); return next; }

  function say(state, text) {
    live.className = "live " + state;
    if (label.textContent !== text) { label.textContent = text; }
    var name = pause ? "Resume" : "Pause";
    if (button.textContent !== name) { button.textContent = name; }
  }

  function show(text, flash) {
    var now = new DOMParser().parseFromString(text, "text/html"), main = now.getElementById("all"), news = now.getElementById("flash");
    if (!main || !news) { throw new Error("another page"); }
    morph(document.getElementById("all"), main);
    if (flash) { morph(document.getElementById("flash"), news); }
  }

  function refresh() {
    clearTimeout(timer);
    if (pause || document.hidden || waiting) { return; }
    var began = Date.now();
    fetch(location.pathname, { headers: { Accept: "text/html" }, cache: "no-store" }).then(function (r) {
      if (!r.ok) { throw new Error("the server responds with " + r.status); }
      return r.text();
    }).then(function (text) {
      if (!waiting && !pause) { show(text, false); say("", "Live"); }
    }).catch(function (e) { if (!pause) { say("lost", "Not up to date: " + e.message); } }).then(function () {
      took = Date.now() - began;
      again();
    });
  }
  function again() { clearTimeout(timer); timer = setTimeout(refresh, Math.max(2000, 10 * took)); }

  button.addEventListener("click", function () {
    pause = !pause;
    say(pause ? "off" : "", pause ? "Paused" : "Live");
    refresh();
  });
  document.addEventListener("visibilitychange", refresh);

  // Forms are sent without leaving the page, so that the reader keeps the place.
  document.addEventListener("submit", function (e) {
    var form = e.target, data = new FormData(form, e.submitter), part = form.closest("details");
    e.preventDefault();
    waiting++;
    fetch(location.pathname, { method: "POST", body: new URLSearchParams(data) }).then(function (r) {
      return r.text().then(function (text) {
        if (r.ok && part) { part.open = false; part.querySelectorAll("form").forEach(function (f) { f.reset(); }); }
        show(text, true);
        document.getElementById("flash").focus();
      });
    }).catch(function (x) { say("lost", "Not sent: " + x.message); }).then(function () { waiting--; again(); });
  });

  document.addEventListener("click", function (e) {
    var copy = e.target.closest("button.copy");
    if (!copy) { return; }
    var text = copy.parentNode.querySelector("pre");
    getSelection().selectAllChildren(text);
    if (navigator.clipboard) { navigator.clipboard.writeText(text.textContent); } else { document.execCommand("copy"); }
    copy.textContent = "Copied";
  });
  document.documentElement.classList.add("js");
  again();
}());
