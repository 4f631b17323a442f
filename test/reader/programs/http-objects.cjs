// Stands in a function that has both ends of a request in its arguments; tells their descriptors.
'use strict';
const fs = require('node:fs');
const http = require('node:http');
const net = require('node:net');

function handler(request, response) {
  response.statusCode = 202;
  response.write('part');
  ends.request = request;
  ends.response = response;
}
const ends = {};

function look(server, request, response, accepted, asked, answer, made, idle, handler) {
  const fds = [server, accepted, made].map(({ _handle }) => _handle.fd);
  const { port } = server.address();
  console.log(JSON.stringify({ server: fds[0], accepted: fds[1], made: fds[2], port }));
  fs.writeSync(3, '.');
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  return [server, request, response, accepted, asked, answer, made, idle, handler];
}

const server = http.createServer(handler).listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  const asked = http.request({ port, host: '127.0.0.1', path: '/orders/17?x=1', method: 'POST' });
  asked.on('response', (answer) => {
    const { request, response } = ends;
    look(server, request, response, request.socket, asked, answer, asked.socket, new net.Socket(), handler);
  });
  asked.end('body');
});
