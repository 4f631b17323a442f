// Connections in all states of HTTP: between two requests, not answered, answered in part; asked by this process itself, and by others.
import http from 'node:http';

const silent = new Set();

function onRequest(request, response) {
  const [path] = request.url.split('?');
  if (path === '/done') response.end('done');
  else if (path === '/part') response.writeHead(206).write('part');
  else silent.add(path);
  if (silent.size === 2) setImmediate(() => console.log('asked'));
}

const agent = new http.Agent({ keepAlive: true });

function ask(path, options, onResponse) {
  const { port } = server.address();
  http.get({ host: '127.0.0.1', port, path, ...options }, onResponse);
}

const server = http.createServer(onRequest).listen(0, '127.0.0.1', () => {
  ask('/done', { agent }, (response) => {
    response.resume().on('end', () => {
      ask('/part', {}, () => {
        ask('/silent?token=1', {});
        console.log(server.address().port);
      });
    });
  });
});
