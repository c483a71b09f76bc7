// The page: what the server tells is kept here, what a person does goes there. No state survives a reload.
import {$, make, note, show} from "./tree.js";
import {CommandDialog} from "./command.js";
import {Exchanges, gist, outcome} from "./exchanges.js";
import {StationView} from "./station.js";

const MOST_KEPT = 300;
const stations = new Map(), heard = new Map(), configurations = new Map();
const frames = new Exchanges();
let chosen = null, socket, view, dialog;

const say = wish => socket.send(JSON.stringify(wish));
const send = (action, payload) => say({identity: chosen, action, payload});

function take(facts) {
  if (facts.hello) begin(facts.hello);
  for (const station of facts.stations || []) stations.set(station.identity, station);
  if (!stations.has(chosen)) choose([...stations.values()].find(one => one.connected)?.identity ?? stations.keys().next().value ?? null);
  for (const exchange of facts.exchanges || []) keep(exchange, !facts.hello);
  if (facts.hello && chosen) frames.reset([...(heard.get(chosen)?.values() ?? [])]);
  draw();
}

function begin({boot, cards}) {
  for (const known of [stations, heard, configurations]) known.clear();
  [$("boot").value, $("cards").value] = [boot, cards];
}

function keep(exchange, isNews) {
  const {identity, number} = exchange;
  if (!heard.has(identity)) heard.set(identity, new Map());
  const kept = heard.get(identity), before = kept.get(number);
  kept.set(number, exchange);
  if (kept.size > MOST_KEPT) kept.delete(kept.keys().next().value);
  if (exchange.action === "GetConfiguration" && exchange.answer) configured(exchange);
  if (!isNews || identity !== chosen) return;
  frames.put(exchange);
  const word = outcome(exchange);
  if (exchange.ours && word && !(before && outcome(before))) note(`${exchange.action}: ${word}${exchange.ms === null ? "" : `, ${exchange.ms} ms`}`);
  // What a change did is seen by asking again.
  if (exchange.ours && exchange.action === "ChangeConfiguration" && word === "Accepted" && configurations.has(identity)) send("GetConfiguration", {});
}

function configured(exchange) {
  if (exchange.request.key?.length) return;
  configurations.set(exchange.identity, exchange.answer);
  if (exchange.identity === chosen) view.configuration(exchange.answer);
}

function choose(identity) {
  chosen = identity;
  frames.reset([...(heard.get(identity)?.values() ?? [])]);
  view.configuration(configurations.get(identity));
  draw();
}

function draw() {
  $("main").hidden = !stations.size;
  $("nobody").hidden = Boolean(stations.size);
  const list = [...stations.values()];
  show($("stations"), JSON.stringify([chosen, list.map(one => [one.identity, one.connected, one.boot])]), () => list.map(one => make("button",
    make("i", {className: one.connected ? "on" : ""}), make("b", one.identity),
    make("small", one.connected ? [one.boot.chargePointVendor, one.boot.chargePointModel].filter(Boolean).join(" ") || "connected" : "offline"),
    {onclick: () => choose(one.identity), "aria-current": one.identity === chosen, type: "button"})));
  if (stations.has(chosen)) view.show(stations.get(chosen));
}

function pulse(isLive) {
  $("pulse").textContent = isLive ? "live" : "no contact";
  $("pulse").classList.toggle("lost", !isLive);
}

function connect() {
  socket = new WebSocket(`ws://${location.host}/live`);
  socket.onopen = () => pulse(true);
  socket.onmessage = message => take(JSON.parse(message.data));
  socket.onclose = () => { pulse(false); setTimeout(connect, 1000); };
}

function addresses() {
  const address = `ws://${location.host}/ocpp/`;
  $("address").querySelector("code").textContent = address + "<identity>";
  document.querySelector(".nobody code").textContent = address + "<identity>";
  $("address").onclick = async () => {
    try { await navigator.clipboard.writeText(address); note("Copied. A station appends its identity."); } catch { note(address); }
  };
}

function listFrames() {
  $("filter").oninput = () => { frames.wanted = $("filter").value.toLowerCase(); frames.reset([...(heard.get(chosen)?.values() ?? [])]); };
  $("hold").onclick = () => {
    frames.isHeld = !frames.isHeld;
    $("hold").setAttribute("aria-pressed", frames.isHeld);
    if (!frames.isHeld) frames.reset([...(heard.get(chosen)?.values() ?? [])]);
  };
}

/** On a narrow screen one of the two is shown. */
function tabs() {
  const views = {tabstation: "station", tabframes: "frames"};
  for (const id of Object.keys(views)) {
    $(id).onclick = () => {
      $("main").dataset.shown = views[id];
      for (const each of Object.keys(views)) $(each).setAttribute("aria-pressed", each === id);
      scrollTo(0, 0);
    };
  }
}

async function start() {
  const catalogue = await (await fetch("catalogue.json")).json();
  dialog = new CommandDialog(catalogue.commands, send);
  view = new StationView(catalogue.commands, send, (action, place, values) => dialog.open(action, place, values));
  for (const [place, words] of [["boot", catalogue.boots], ["cards", catalogue.cards]]) {
    $(place).append(...words.map(word => new Option(word, word)));
    $(place).onchange = () => say({answers: {boot: $("boot").value, cards: $("cards").value}});
  }
  addresses();
  listFrames();
  tabs();
  connect();
}

start();
