import dgram from 'node:dgram';
import dns from 'node:dns/promises';
import { ready } from '../../ready.mjs';

async function connectDatabase(config) {
  const { address } = await dns.lookup(config.host); // @stuck
  return address;
}

// The name server of this program's resolv.conf: it listens, and never answers.
const server = dgram.createSocket('udp4');
server.once('message', () => ready());
server.bind(53, '127.0.0.153', () => {
  void connectDatabase({ host: 'orders-db.internal', port: 5432 });
});
