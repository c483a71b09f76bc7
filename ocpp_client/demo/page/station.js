// One station: its head, its connectors with their buttons, its transactions, its configuration.
import {$, kilowattHours, kilowatts, make, minute, pill, show} from "./tree.js";
import {ask, filled} from "./command.js";

const LIMIT_A = 16;

export class StationView {
  /** `send(action, payload)` sends at once, `open(action, place, values)` shows the form first. */
  constructor(catalogue, send, open) {
    this.catalogue = catalogue;
    this.send = send;
    this.open = open;
    this.keys = [];
    $("keyfilter").oninput = () => this.showKeys();
  }

  show(station) {
    $("identity").textContent = station.identity;
    const boot = station.boot;
    show($("about"), JSON.stringify([boot, station.registration, station.connected]), () => [
      station.connected ? pill(station.registration || "not registered") : make("span", "offline", {className: "pill"}),
      ...[[boot.chargePointVendor, boot.chargePointModel].filter(Boolean).join(" "), boot.firmwareVersion && "firmware " + boot.firmwareVersion, boot.chargePointSerialNumber && "serial " + boot.chargePointSerialNumber].filter(Boolean).map(words => make("span", words)),
    ]);
    show($("asks"), station.identity + station.connected, () => this.asks(station));
    show($("connectors"), JSON.stringify([station.connectors, station.transactions.slice(0, 9), station.connected]), () => this.connectors(station));
    show($("transactions"), JSON.stringify(station.transactions), () => [transactions(station.transactions)]);
  }

  asks(station) {
    const buttons = [
      ask("Configuration", () => this.send("GetConfiguration", {})),
      ask("Trigger…", () => this.open("TriggerMessage", {})),
      ask("Reset…", () => this.open("Reset", {})),
      ask("All commands…", () => this.open("RemoteStartTransaction", {}), "main"),
    ];
    for (const button of buttons) button.disabled = !station.connected;
    return buttons;
  }

  connectors(station) {
    const told = station.connectors.filter(one => one.id > 0);
    if (!told.length) return [make("p", "The station has not told of its connectors yet. Trigger a StatusNotification.", {className: "faint"})];
    return told.map(one => this.connector(station, one));
  }

  connector(station, one) {
    const running = station.transactions.find(each => each.id === one.transaction), place = {connector: one.id, transaction: one.transaction};
    const {power_w: power, current_a: current, soc_percent: soc} = one.readings;
    const limit = filled(this.catalogue.SetChargingProfile.values, place);
    const isFree = ["Available", "Preparing", "Finishing", "Reserved"].includes(one.status);
    const buttons = [
      running ? ask("Stop", () => this.send("RemoteStopTransaction", {transactionId: running.id}), "halt") : ask("Start…", () => this.open("RemoteStartTransaction", place), isFree ? "main" : ""),
      ask("Unlock", () => this.send("UnlockConnector", {connectorId: one.id})),
      ask(`Limit ${LIMIT_A} A`, () => this.send("SetChargingProfile", limit)),
      ask("No limit", () => this.send("ClearChargingProfile", {connectorId: one.id})),
      one.status === "Unavailable"
        ? ask("Into service", () => this.send("ChangeAvailability", {connectorId: one.id, type: "Operative"}))
        : ask("Out of service", () => this.send("ChangeAvailability", {connectorId: one.id, type: "Inoperative"})),
    ];
    for (const button of buttons) button.disabled = !station.connected;
    const facts = [current !== undefined && current.toFixed(1) + " A", running && kilowattHours(running.energy_wh)].filter(Boolean);
    return make("article",
      make("div", make("span", String(one.id), {className: "number"}), make("span", running ? running.id_tag || "unknown card" : "", {className: "faint"}), pill(one.status || "Unknown")),
      running || power !== undefined ? make("div", make("b", power === undefined ? "–" : kilowatts(power)), make("span", "kW"), make("em", facts.join(" · ")), {className: "power"}) : null,
      soc === undefined ? null : make("div", make("progress", {max: 100, value: soc}), make("span", soc.toFixed(0) + " %"), {className: "soc"}),
      one.error && one.error !== "NoError" ? make("p", [one.error, one.note].filter(Boolean).join(" · "), {className: "trouble"}) : one.note ? make("p", one.note, {className: "faint"}) : null,
      make("div", ...buttons, {className: "row pads"}), {className: "connector"});
  }

  /** The answer to GetConfiguration, as a table whose values can be changed. */
  configuration(answer) {
    this.keys = answer?.configurationKey || [];
    $("configuration").hidden = !this.keys.length;
    $("keycount").textContent = this.keys.length + " keys";
    this.showKeys();
  }

  showKeys() {
    const wanted = $("keyfilter").value.toLowerCase();
    const rows = this.keys.filter(each => (each.key + (each.value ?? "")).toLowerCase().includes(wanted)).map(each =>
      make("tr", make("td", each.key), make("td", each.value ?? ""),
        make("td", each.readonly ? make("span", "read only", {className: "faint"}) : ask("Change…", () => this.open("ChangeConfiguration", {}, {key: each.key, value: each.value ?? ""})))));
    $("keys").replaceChildren(make("table", ...rows));
  }
}

function transactions(list) {
  if (!list.length) return make("p", "None since this program was started.", {className: "faint"});
  const rows = list.map(each => make("tr",
    make("td", String(each.id)), make("td", String(each.connector)), make("td", each.id_tag || "unknown"),
    make("td", minute(each.started_at) || "earlier"),
    make("td", each.stopped_at ? make("span", minute(each.stopped_at) + " ", make("span", each.reason, {className: "faint"})) : pill("Charging")),
    make("td", make("b", kilowattHours(each.energy_wh)))));
  const head = make("tr", ...["Id", "No.", "Card", "Start", "End", "Energy"].map(word => make("th", word)));
  return make("div", make("table", head, ...rows, {className: "transactions"}), {className: "scroll"});
}
