// Test frameworks whose tests do not end: an installed one that hands the test on, one that calls it as a method, and Node's own.
const { EventEmitter, once } = require('node:events');
const fs = require('node:fs');
const vm = require('node:vm');

const framework = `(() => {
  class Test {
    constructor(title, body) { this.title = title; this.body = body; }
    run() { this.body(); }
    callBack() { const self = this; setTimeout(() => { self.failed = true; }, 600_000); this.body(() => {}); }
  }
  class Context { constructor(test) { this.test = test; } }
  const call = async (body) => await body();
  const runTest = async (test, attempts) => await call(test.fn);
  const runSuite = async (suite) => { for (const test of suite.tests) await runTest(test, 1); };
  const runFile = async (file, suite) => await runSuite(suite);
  return {
    run: (file, name, fn) => runFile(file, { type: 'suite', name, tests: [{ type: 'test', fn, name: 'reserves stock' }] }),
    busy: (body) => new Test('parses lists', body).run(),
    wait: (body) => new Test('sends the mail', body).callBack(),
    callBack: (body, done) => body.call(new Context(new Test('reserves stock', body))).then(() => done(), done),
  };
})()`;
const { run, busy, wait, callBack } = vm.runInThisContext(framework, {
  filename: `${process.cwd()}/node_modules/framework/index.js`,
});

const bus = new EventEmitter();
async function reserve(sku) {
  await once(bus, `reserved:${sku}`); // @reserve
}
async function body() {
  await reserve('bolt');
}
const ready = () => setImmediate(() => fs.writeSync(3, '.'));
setInterval(() => {}, 60_000);

switch (process.argv[2]) {
  case 'handed':
    void run('orders.test.js', 'orders', body);
    ready();
    break;
  case 'method':
    callBack(body, () => {});
    ready();
    break;
  case 'callback':
    // Nothing but the timer of the framework knows of it.
    wait((done) => bus.once('sent', done));
    ready();
    break;
  case 'busy':
    fs.writeSync(3, '.');
    busy(() => {
      for (let i = 0; ; i++) globalThis.last = i;
    });
    break;
  case 'driver':
    // Nothing of the program is left: its function is no async one.
    void run('orders.test.js', 'orders', () => new Promise((resolve) => bus.once('done', resolve)));
    ready();
    break;
  case 'collected':
    require('node:test')('never resolves', async () => {
      setImmediate(() => {
        globalThis.gc();
        fs.writeSync(3, '.');
      });
      await new Promise(() => {});
    });
}
