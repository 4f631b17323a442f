// Promises of clients, pools and queues as libraries have them, which nobody settles. Each function waits at its marker.
const { EventEmitter } = require('node:events');
const fs = require('node:fs');

/** All functions of this file see it: it says nothing about any of them. */
const logger = new (class Logger {
  name = 'shop';
  host = 'log.internal';
})();

/** A command makes its promise itself, and has functions that wrap those of the promise. */
class Command {
  constructor(name, args) {
    this.name = name;
    this.args = args;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = (value) => resolve(this.args.length > 0 ? value : logger);
      this.reject = (error) => reject(error);
    });
  }
}

/** A query has the callback that somebody else made of a promise. */
class Query {
  constructor(sql, done) {
    this.done = done;
    this.sql = sql;
  }
}
const queries = [];
function query(sql) {
  return new Promise((resolve) => {
    const done = (rows) => resolve(rows);
    queries.push(new Query(sql, done));
  });
}

class Pool {
  #waiting = [];
  #byName = new Map();
  options = { host: 'db.internal', port: 5432 };

  acquire() {
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  named(name) {
    return new Promise((resolve) => this.#byName.set(name, { resolve }));
  }
}

class Client extends EventEmitter {
  _url = 'ws://prices.internal:7384/quotes';
}

/** What is talked to is a variable beside the functions that settle. */
function untilReady(pool) {
  return new Promise((resolve) => {
    const onReady = () => resolve(pool);
    queries.push(onReady);
  });
}

const pool = new Pool();
const client = new Client();
const pending = { byId: { 7: {} } };
const command = new Command('get', ['cart:7']);

async function ofCommand() {
  await command.promise; // @command
}
async function ofQuery() {
  await query('SELECT * FROM orders WHERE id = ?'); // @query
}
async function ofLongQuery() {
  await query(`SELECT * FROM users WHERE password = 'hunter2' AND ${'id = ? OR '.repeat(20)}`); // @long-query
}
async function ofPool() {
  await pool.acquire(); // @pool
}
async function ofNamed() {
  await pool.named('orders'); // @named
}
async function ofEvent() {
  await new Promise((resolve) => client.once('message', resolve)); // @event
}
async function ofRemote() {
  await untilReady(pool); // @remote
}
async function ofProxied() {
  await untilReady(new Proxy(pool, {})); // @proxied
}
async function ofNobody() {
  // prettier-ignore
  await new Promise((resolve) => queries.push(() => logger.name === '' && resolve())); // @nobody
}
async function ofTable() {
  await new Promise((resolve) => (pending.byId[7].answer = resolve)); // @table
}

for (const run of [ofCommand, ofQuery, ofLongQuery, ofPool, ofNamed, ofEvent, ofRemote, ofNobody])
  void run();
void ofTable();
void ofProxied();
setInterval(() => {}, 1_000_000);
setImmediate(() => fs.writeSync(3, '.'));
