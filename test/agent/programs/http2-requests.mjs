// A server and a client of HTTP/2 in one program, as gRPC has them; it does what its standard input says.
import http2 from 'node:http2';
import net from 'node:net';
import { createInterface } from 'node:readline';

const open = new Set();
const server = http2.createServer();
server.on('stream', (stream, { ':path': path }) => {
  stream.on('error', () => {});
  if (path.startsWith('/quick')) {
    stream.respond({ ':status': 204 });
    return stream.end();
  }
  open.add(stream);
  stream.once('close', () => open.delete(stream));
  if (path.startsWith('/shop.Orders/')) stream.respond({ ':status': 200, 'content-type': 'application/grpc' });
  if (path === '/shop.Orders/Watch') stream.pushStream({ ':path': '/pushed' }, (error, pushed) => open.add(pushed.on('error', () => {})));
  if (path === '/fails') stream.destroy(new Error('no'));
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));

const connect = () => http2.connect(`http://127.0.0.1:${server.address().port}`).on('error', () => {});
let session = connect();
session.on('stream', (pushed) => pushed.on('error', () => {}));
const request = (headers, options) => session.request(headers, options).on('error', () => {}).on('response', () => {});
const closed = (stream) => new Promise((resolve) => stream.resume().once('close', resolve));
let cancelled;

const acts = {
  grpc: () => request({ ':method': 'POST', ':path': '/shop.Orders/PlaceOrder?card=1', 'x-user': 'ann' }).write('order'),
  wait: () => {
    cancelled = request({ ':path': '/slow/7?token=abc', ':authority': 'shop.example' });
  },
  secret: () => request({ ':path': '/slow/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJlLXNpZ25hdHVyZQ' }),
  push: () => request({ ':path': '/shop.Orders/Watch' }),
  cancel: () => cancelled.close(http2.constants.NGHTTP2_CANCEL),
  fails: () => closed(request({ ':path': '/fails' })),
  aborted: () => closed(request({ ':path': '/slow/aborted' }, { signal: AbortSignal.abort() })),
  // Values of the program's own making: nothing of it may run.
  strange: () => {
    const value = { toString: () => (console.log('ran'), '/slow/strange') };
    try {
      request({ ':path': value });
    } catch {
      // Not every version of Node takes it.
    }
  },
  // fetch speaks HTTP/2 to servers that offer it by TLS; here the connection says so without.
  fetch: async () => {
    await fetch('data:,');
    const { port } = server.address();
    const { constructor: Agent } = globalThis[Symbol.for('undici.globalDispatcher.2')] ?? globalThis[Symbol.for('undici.globalDispatcher.1')];
    const connect = (_, callback) => {
      const socket = net.connect(port, '127.0.0.1', () => callback(null, Object.assign(socket, { alpnProtocol: 'h2' })));
    };
    fetch(`http://127.0.0.1:${port}/slow/fetch`, { dispatcher: new Agent({ allowH2: true, connect }) }).catch(() => {});
  },
  quick: async () => {
    for (let i = 0; i < 200; i++) await closed(request({ ':path': `/quick/${i}` }));
  },
  destroy: () => session.destroy(),
  again: () => {
    session = connect();
  },
  answer: async () => {
    await Promise.all([...open].map((stream) => new Promise((done) => stream.headersSent ? stream.end('at last', done) : (stream.respond(), stream.end('at last', done)))));
  },
};

createInterface({ input: process.stdin }).on('line', async (word) => {
  await acts[word]?.();
  console.log(`done ${word}`);
});
console.log('ready');
