import { ready } from '../../ready.mjs';

function loadDriver(file) {
  const module = { exports: {} };
  process.dlopen(module, file); // @stuck
  return module.exports;
}

ready();
loadDriver(process.env.ZOO_LIBRARY);
