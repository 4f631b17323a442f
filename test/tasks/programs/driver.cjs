// A program that asks a database by a driver which is installed, and has many async functions between the query and the socket.
const fs = require('node:fs');
const net = require('node:net');
const vm = require('node:vm');

const path = `${process.cwd()}/node_modules/driver/index.js`;
const driver = `(net, once) => {
  const read = async (socket) => await once(socket, 'data');
  async function receive(socket) { return await read(socket); }
  async function send(socket) { return await receive(socket); }
  async function execute(socket) { return await send(socket); }
  async function prepare(socket) { return await execute(socket); }
  async function query(socket) { return await prepare(socket); }
  return query;
}`;
const query = vm.runInThisContext(driver, { filename: path })(net, require('node:events').once);

async function loadOrder(socket, id) {
  return { id, rows: await query(socket) }; // @query
}
async function answer(socket, id) {
  return await loadOrder(socket, id); // @answer
}

const server = net.createServer(() => {}).listen(0, '127.0.0.1', () => {
  const socket = net.connect(server.address().port, '127.0.0.1', () => {
    void answer(socket, 'A-17');
    setImmediate(() => fs.writeSync(3, '.'));
  });
});
