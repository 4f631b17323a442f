import { ready } from '../../ready.mjs';

function loadAddon(file) {
  const module = { exports: {} };
  process.dlopen(module, file); // @stuck
  return module.exports;
}

ready();
loadAddon(process.env.ZOO_LIBRARY);
