// SPDX-License-Identifier: MIT
// The page of http_live.
#pragma once

constexpr const char* kPage = R"(<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>live</title>
<link rel="icon" href="data:,">
<style>
:root { color-scheme: light dark; --line: #d5dae3; --card: #fff; --back: #f3f5f9; --text: #1b2333; --dim: #667085;
        --mark: #2f6fed; --good: #16845b; --bad: #b54708 }
@media (prefers-color-scheme: dark) { :root { --line: #2c3547; --card: #171e2b; --back: #0e131c; --text: #e6eaf2;
        --dim: #93a0b8; --mark: #6c9cff; --good: #4ecb98; --bad: #f2a65a } }
* { box-sizing: border-box }
body { margin: 0; background: var(--back); color: var(--text); font: 16px/1.45 system-ui, "DejaVu Sans", sans-serif }
main { max-width: 60rem; margin: 0 auto; padding: 2.5rem 1.25rem }
h1 { margin: 0; font-size: 1.7rem } header p { margin: .2rem 0 1.5rem; color: var(--dim) }
form { display: flex; gap: .6rem; margin-bottom: 1.25rem }
input, button { font: inherit; padding: .6rem .9rem; border-radius: .5rem; border: 1px solid var(--line) }
input { flex: 1; min-width: 0; background: var(--card); color: inherit }
button { background: var(--mark); border-color: var(--mark); color: var(--card); font-weight: 600; cursor: pointer }
input:focus, button:focus-visible { outline: 2px solid var(--mark); outline-offset: 2px }
.both { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: 1.25rem }
section { background: var(--card); border: 1px solid var(--line); border-radius: .75rem; overflow: hidden }
h2 { display: flex; justify-content: space-between; align-items: baseline; gap: .5rem; margin: 0; font-size: 1rem;
     padding: .8rem 1rem; border-bottom: 1px solid var(--line) }
.state { font-weight: 400; font-size: .85rem; color: var(--bad) } .state.on { color: var(--good) }
.state::before { content: "\25CF  " }
ol { list-style: none; margin: 0; padding: .5rem 0; height: 17rem; overflow-y: auto }
li { padding: .3rem 1rem; overflow-wrap: anywhere } li:nth-child(even) { background: var(--back) }
ol:empty::after { content: "nothing yet"; padding: .3rem 1rem; color: var(--dim) }
footer { padding: .55rem 1rem; border-top: 1px solid var(--line); color: var(--dim); font-size: .85rem }
</style>
<main>
<header><h1>live</h1><p>What one visitor says, all hear: twice, over a WebSocket and as server-sent events.</p></header>
<form id="form"><input id="say" placeholder="say something" aria-label="say something" autocomplete="off" autofocus>
<button>Send</button></form>
<div class="both">
<section><h2>WebSocket <span class="state" id="socket">connecting</span></h2><ol id="said"></ol>
<footer><span id="count">0</span> messages<span id="how"></span></footer></section>
<section><h2>Server-sent events <span class="state" id="stream">connecting</span></h2><ol id="heard"></ol>
<footer><span id="seen">0</span> events</footer></section>
</div></main>
<script>
const by = id => document.getElementById(id);
const state = (id, on) => { by(id).textContent = on ? "connected" : "connecting"; by(id).classList.toggle("on", on); };
function add(list, counter, text) {
  const line = document.createElement("li");
  line.textContent = text;
  by(list).append(line);
  if (by(list).childElementCount > 500) by(list).firstChild.remove();
  by(list).scrollTop = by(list).scrollHeight;
  ++by(counter).textContent;
}
let ws;
function connect() {
  ws = new WebSocket(location.protocol.replace("http", "ws") + "//" + location.host + "/ws");
  ws.onopen = () => { state("socket", true); by("how").textContent = ws.extensions ? ", compressed" : ""; };
  ws.onmessage = event => add("said", "count", event.data);
  ws.onclose = () => { state("socket", false); setTimeout(connect, 1000); };
}
connect();
const events = new EventSource("/events");
events.onopen = () => state("stream", true);
events.onerror = () => state("stream", false);
events.onmessage = event => add("heard", "seen", event.data);
by("form").onsubmit = event => {
  event.preventDefault();
  if (by("say").value && ws.readyState === WebSocket.OPEN) { ws.send(by("say").value); by("say").value = ""; }
};
</script>
</html>
)";
