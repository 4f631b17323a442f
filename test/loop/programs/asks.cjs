// Asks a server that does not answer.
const fs = require('node:fs');
const http = require('node:http');

function ask(port) {
  const request = http.get(`http://127.0.0.1:${port}/orders/7`);
  const giveUp = () => request.destroy();
  setTimeout(giveUp, 30_000);
  request.on('socket', (socket) => socket.once('connect', () => fs.writeSync(3, '.')));
}
ask(Number(process.argv[2]));
