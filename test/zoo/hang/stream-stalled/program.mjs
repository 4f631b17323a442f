import net from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ready } from '../../ready.mjs';

async function sendExport(rows, socket) {
  const header = `${rows} rows`;
  await pipeline(Readable.from(makeRows(rows)), socket); // @stuck
  return header;
}

function* makeRows(count) {
  for (let i = 0; i < count; i++) yield 'x'.repeat(16_384);
}

const server = net.createServer((socket) => socket.pause());
server.listen(0, '127.0.0.1', () => {
  const socket = net.connect(server.address().port, '127.0.0.1', () => {
    void sendExport(5_000, socket);
    const watch = setInterval(() => {
      if (socket.writableNeedDrain && socket.bytesWritten === watch.seen) {
        clearInterval(watch);
        ready();
      }
      watch.seen = socket.bytesWritten;
    }, 20);
  });
});
