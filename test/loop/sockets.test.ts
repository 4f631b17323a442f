/** Tables of /proc/PID/net, as the kernel prints them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import net, { type AddressInfo } from 'node:net';
import { test } from 'node:test';
import { parseEndpoint, parseSocketTable, readSockets, socketInode } from '#dist/probe/sockets.js';

const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000003 00:00000000 00000000     0        0 281620 1 0000000000000000 100 0 0 10 0
   1: 0100007F:D672 0100007F:1F90 01 00200000:00000000 01:00000014 00000000     0        0 281621 2 0000000000000000 20 4 30 10 -1
   2: 0100007F:1F90 0100007F:D672 08 00000000:0001FBE5 00:00000000 00000000     0        0 281622 1 0000000000000000 20 4 30 10 -1
  torn line
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 900 1 0000000000000000 100 0 0 10 0
   1: 0000000000000000FFFF00000100007F:0050 0000000000000000FFFF00000200007F:C001 01 00000000:00000000 00:00000000 00000000     0        0 901 1 0000000000000000 20 4 30 10 -1
`;
const unix = `Num       RefCount Protocol Flags    Type St Inode Path
0000000000000000: 00000002 00000000 00010000 0001 01 500 /run/my app.sock
0000000000000000: 00000003 00000000 00000000 0001 03 501
0000000000000000: 00000003 00000000 00000000 0001 03 502 @abstract
`;

test('TCP: ends, states, what was not read; a backlog is no data', () => {
  assert.deepEqual(Object.fromEntries(parseSocketTable('tcp', tcp)), {
    281620: { address: '127.0.0.1:8080', state: 'listening' },
    281621: { address: '127.0.0.1:54898', peer: '127.0.0.1:8080', state: 'connected' },
    281622: {
      address: '127.0.0.1:8080',
      peer: '127.0.0.1:54898',
      state: 'close-wait',
      unreadBytes: 0x1fbe5,
    },
  });
});

test('TCP over IPv6: any address, and IPv4 mapped into it', () => {
  assert.deepEqual(Object.fromEntries(parseSocketTable('tcp6', tcp6)), {
    900: { address: '[::]:80', state: 'listening' },
    901: { address: '[::ffff:127.0.0.1]:80', peer: '[::ffff:127.0.0.2]:49153', state: 'connected' },
  });
});

test('UDP has no states', () => {
  const text = tcp.replace(' 0A ', ' 07 ');
  assert.deepEqual(parseSocketTable('udp', text).get('281620'), {
    address: '127.0.0.1:8080',
    unreadBytes: 3,
  });
});

test('Unix sockets: paths with spaces, abstract names, unnamed ends', () => {
  assert.deepEqual(Object.fromEntries(parseSocketTable('unix', unix)), {
    500: { address: '/run/my app.sock', state: 'listening' },
    501: { state: 'connected' },
    502: { address: '@abstract', state: 'connected' },
  });
});

test('endpoints are numbers, shortened as people write them', () => {
  assert.equal(parseEndpoint('0100007F:0050'), '127.0.0.1:80');
  assert.equal(parseEndpoint('00000000000000000000000001000000:0050'), '[::1]:80');
  assert.equal(
    parseEndpoint('B80D01200000000067452301EFCDAB89:01BB'),
    '[2001:db8::123:4567:89ab:cdef]:443',
  );
  assert.equal(
    parseEndpoint('B80D0120010000000200000003000000:01BB'),
    '[2001:db8:0:1:0:2:0:3]:443',
  );
  assert.equal(parseEndpoint('garbage'), null);
});

test('those that are wanted are found in whatever table they are, and nothing when none is', async (t) => {
  const servers = ['::1', '127.0.0.1'].map((host) => net.createServer().listen(0, host));
  t.after(() => {
    for (const server of servers) server.close();
  });
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const all = readSockets(process.pid);
  const own = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return socketInode(readlinkSync(`/proc/self/fd/${fd}`)) ?? [];
    } catch {
      return [];
    }
  });
  for (const server of servers) {
    const { port } = server.address() as AddressInfo;
    const inode = own.find((one) => all.get(one)?.address?.endsWith(`:${port}`) === true) ?? '';
    assert.deepEqual(readSockets(process.pid, [inode]).get(inode), all.get(inode));
    assert.equal(all.get(inode)?.state, 'listening');
  }
  assert.equal(readSockets(process.pid, []).size, 0);
});
