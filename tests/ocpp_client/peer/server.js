// A central system over the package ocpp-rpc in strict mode. One JSON object a line: orders on stdin, facts on stdout.
//
// Facts: {listening}, {connected}, {disconnected}, {call, payload, answered} (of the station), {answer, payload | error} (to an
// order), {wrong} (a bad frame, or one that breaks its schema, whoever sent it).
// Orders: {call, payload, number}, {cards}, {shut: status | 0}, {cut: true}, {report: true}.
'use strict';

const http = require('http');
const readline = require('readline');
const { RPCServer } = require('ocpp-rpc');

const PROTOCOL = 'ocpp1.6';
const say = (fact) => process.stdout.write(JSON.stringify(fact) + '\n');

const report = { frames: 0, strictValidationFailures: 0, badMessages: 0, errorsOfStation: 0, secondCalls: 0 };
let cards = {}; // idTag -> idTagInfo
let shut = 0; // HTTP status for whoever knocks
let station = null;
let nextTransaction = 5001;

const now = () => new Date().toISOString();
const judged = (idTag) => cards[idTag] || { status: 'Accepted' };
const answers = {
  BootNotification: () => ({ status: 'Accepted', currentTime: now(), interval: 300 }),
  Heartbeat: () => ({ currentTime: now() }),
  Authorize: ({ idTag }) => ({ idTagInfo: judged(idTag) }),
  StartTransaction: ({ idTag }) => ({ transactionId: nextTransaction++, idTagInfo: judged(idTag) }),
  StopTransaction: ({ idTag }) => (idTag === undefined ? {} : { idTagInfo: judged(idTag) }),
  DataTransfer: () => ({ status: 'UnknownVendorId' }),
  SignCertificate: () => ({ status: 'Accepted' }),
};

function wrong(counter, what) {
  report[counter] += 1;
  say({ wrong: counter, what: String(what) });
}

const server = new RPCServer({
  protocols: [PROTOCOL],
  strictMode: [PROTOCOL],
  callTimeoutMs: 10_000,
  wssOptions: { perMessageDeflate: false },
});
server.auth((accept, reject) => (shut ? reject(shut) : accept({}, PROTOCOL)));
server.on('client', (client) => {
  let open = 0; // CALLs of the station that have no answer yet
  station = client;
  client.on('message', () => { report.frames += 1; });
  client.on('badMessage', ({ buffer }) => wrong('badMessages', buffer));
  client.on('strictValidationFailure', ({ method, params, result, error }) =>
    wrong('strictValidationFailures', `${method} ${JSON.stringify(result || params)}: ${error.message} ${JSON.stringify(error.details)}`));
  client.on('response', ({ outbound, payload }) => {
    if (outbound) open -= 1;
    if (!outbound && payload[0] === 4) report.errorsOfStation += 1;
  });
  client.on('call', ({ outbound, payload }) => {
    if (outbound) return;
    open += 1;
    if (open > 1) wrong('secondCalls', JSON.stringify(payload));
  });
  client.handle(async ({ method, params }) => {
    const answer = (answers[method] || (() => ({})))(params);
    await new Promise(setImmediate); // a second CALL would be seen before the answer to the first one leaves
    say({ call: method, payload: params, answered: answer });
    return answer;
  });
  client.on('close', () => say({ disconnected: true }));
  say({ connected: true });
});

const orders = {
  call: ({ call, payload, number }) =>
    station.call(call, payload).then(
      (answered) => say({ answer: number, payload: answered }),
      (error) => say({ answer: number, error: error.rpcErrorCode || String(error) })),
  cards: (order) => { cards = order.cards; },
  shut: (order) => { shut = order.shut; },
  cut: () => station.close({ force: true }),
  report: () => say({ report }),
};
readline.createInterface({ input: process.stdin })
  .on('line', (line) => {
    const order = JSON.parse(line);
    orders[Object.keys(orders).find((name) => name in order)](order);
  })
  .on('close', () => process.exit(0));

const web = http.createServer();
web.on('upgrade', server.handleUpgrade);
web.listen(0, '127.0.0.1', () => say({ listening: web.address().port }));
