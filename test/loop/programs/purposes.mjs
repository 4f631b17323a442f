// Connections with requests under way, a TLS connection to nobody who speaks it, and a file that is watched by polling.
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { ready } from '../../zoo/ready.mjs';

const kept = [];
const server = http.createServer((request, response) => {
  kept.push(response);
  if (request.method === 'GET') response.write('begun');
});
const quiet = net.createServer((socket) => kept.push(socket));
for (const one of [server, quiet]) {
  one.listen(0, '127.0.0.1');
  await once(one, 'listening');
}
const base = `http://127.0.0.1:${server.address().port}`;
const upload = http.request(`${base}/upload`, { method: 'POST' });
upload.write('part');
await once(server, 'request');
const [answer] = await once(http.get(`${base}/slow`), 'response');
kept.push(upload, answer);
const { port } = quiet.address();
kept.push(tls.connect({ host: '127.0.0.1', port, servername: 'shop.example' }));
await once(quiet, 'connection');
fs.watchFile(process.argv[2], () => {});
ready();
