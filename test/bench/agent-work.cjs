// Work of three kinds, and the end. The last line tells what it took: processor time of this process, milliseconds.
const http = require('node:http');

const work = {
  async requests() {
    const server = http.createServer((request, response) => response.end('hello'));
    await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
    const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
    const ask = () =>
      new Promise((resolve, reject) => {
        http
          .get({ agent, host: '127.0.0.1', port: server.address().port }, (response) => {
            response.resume().on('end', resolve);
          })
          .on('error', reject);
      });
    const lane = async () => {
      for (let i = 0; i < 500; i++) await ask();
    };
    await Promise.all(Array.from({ length: 8 }, lane));
    agent.destroy();
    server.close();
  },
  async promises() {
    const step = async (depth) => (depth === 0 ? 0 : (await step(depth - 1)) + 1);
    for (let i = 0; i < 20_000; i++) await step(10);
  },
  async throws() {
    const fail = (depth) => {
      if (depth === 0) throw new Error('refused');
      return fail(depth - 1) + 1;
    };
    for (let i = 0; i < 60_000; i++) {
      try {
        fail(10);
      } catch (error) {
        if (error.message !== 'refused') throw error;
      }
    }
  },
  async nothing() {},
  // What nearly every program does: it loads a package, and so V8's compiler.
  async service() {
    require('pino')({ level: 'silent' });
  },
  // Once told to.
  async 'abort later'() {
    process.stdout.write('ready\n');
    await new Promise((resolve) => process.stdin.once('data', resolve));
    await work.abort();
  },
  async abort() {
    process.stdout.write(`${Date.now()}\n`);
    process.abort();
  },
};

async function main() {
  const before = process.cpuUsage();
  await work[process.env.WORK]();
  const { user, system } = process.cpuUsage(before);
  const all = process.cpuUsage();
  const figures = [
    (user + system) / 1000,
    (all.user + all.system) / 1000,
    process.memoryUsage.rss() / 2 ** 20,
  ];
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  // An error tracker may have timers and sockets of its own.
  process.exit(0);
}

main();
