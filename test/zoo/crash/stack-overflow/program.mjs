import { ready } from '../../ready.mjs';

function walk(node, depth) {
  return visit(node.next, depth + 1);
}

function visit(node, depth) {
  return walk(node, depth);
}

function countNodes(list) {
  return walk(list, 0);
}

const list = { name: 'ring' };
list.next = list;
ready();
setTimeout(countNodes, 1, list);
