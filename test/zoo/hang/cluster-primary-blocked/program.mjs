import cluster from 'node:cluster';
import http from 'node:http';
import { ready } from '../../ready.mjs';

function rebuildIndex(shards) {
  let shard = 0;
  for (;;) shard = (shard + 1) % shards; // @stuck
}

if (cluster.isPrimary) {
  cluster.fork().once('listening', () => {
    ready();
    rebuildIndex(16);
  });
} else {
  http.createServer((request, response) => response.end('hello')).listen(0, '127.0.0.1');
}
