// What the terminal's own script leaves out: where its socket is, whether that still speaks, and what to do when it does not.
"use strict";

const ASK = 5_000; // milliseconds between two questions whether anybody is there
const SILENCE = 20_000; // after which nobody is
const LEFT = 1000; // the closing code of a screen that was left

class Line extends WebSocket {
  constructor(url) {
    super(url);
    let heard = Date.now();
    const asking = setInterval(() => {
      if (Date.now() - heard > SILENCE) this.end();
      else this.send(JSON.stringify(["ping", String(Date.now())]));
    }, ASK);
    this.end = (closed) => {
      clearInterval(asking);
      over(closed);
    };
    this.addEventListener("message", () => (heard = Date.now()));
    this.addEventListener("close", this.end);
  }

  // The terminal speaks of its focus and its size also before and after there is somebody to listen.
  send(data) {
    if (this.readyState === WebSocket.OPEN) super.send(data);
  }
}
window.WebSocket = Line;

// A screen that was left stays so until somebody wants it again; what broke begins anew by itself.
function over(closed) {
  const told = document.getElementById("over");
  const again = told.querySelector("button");
  const wasLeft = closed?.code === LEFT;
  told.querySelector("p").textContent =
    (closed?.reason || told.dataset.lost) + (wasLeft ? "" : " " + told.dataset.trying);
  told.hidden = false;
  again.hidden = !wasLeft;
  again.onclick = () => location.reload();
  again.focus();
  if (!wasLeft) setTimeout(beginAnew, ASK);
}

async function beginAnew() {
  try {
    const answer = await fetch(location.href, { cache: "no-store" });
    if (answer.ok) return location.reload();
  } catch {
    // nobody there yet
  }
  setTimeout(beginAnew, ASK);
}

// Keys are meant for the terminal, as soon as there is one.
window.addEventListener("load", () => setTimeout(() => document.querySelector(".xterm-helper-textarea")?.focus()));

document.addEventListener("DOMContentLoaded", () => {
  const terminal = document.getElementById("terminal");
  const socket = new URL("ws", location.href);
  socket.protocol = socket.protocol.replace("http", "ws");
  socket.search = socket.hash = "";
  terminal.dataset.sessionWebsocketUrl = socket.href;
  const size = Number(new URLSearchParams(location.search).get("fontsize"));
  terminal.dataset.fontSize = size >= 6 && size <= 100 ? size : 16;
});
