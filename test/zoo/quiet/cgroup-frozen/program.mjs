import http from 'node:http';
import { ready } from '../../ready.mjs';

const server = http.createServer((request, response) => response.end('hello'));
server.listen(0, '127.0.0.1', () => ready());
