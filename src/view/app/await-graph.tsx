/** Who waits for whom, drawn from left to right; circles stand out by colour, dashes and words. */
import type { JSX } from 'preact';
import type { AwaitGraph, GraphEdge, GraphNode } from '../model/await-graph.ts';
import { goTo, hrefOf } from './route.ts';
import { clean } from './text.ts';

const width = 250;
const height = 48;
const gapX = 70;
const gapY = 18;
const margin = 16;
const maxTitle = 30;
/** A wide graph is drawn smaller before it scrolls. */
const minScale = 0.7;

interface GraphProps {
  readonly graph: AwaitGraph;
  readonly base: readonly string[];
}

export function AwaitGraphView({ graph, base }: GraphProps): JSX.Element {
  const { nodes, edges, layers, cut } = graph;
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const slots = Math.max(1, ...nodes.map(({ slot }) => slot + 1));
  const w = 2 * margin + layers * width + Math.max(0, layers - 1) * gapX + 60;
  const h = 2 * margin + slots * (height + gapY);
  const cycles = edges.filter(({ isInCycle }) => isInCycle).length;
  return (
    <figure class="graph">
      <div class="graph-scroll" tabIndex={0} role="group" aria-label="graph of awaits">
        <svg
          viewBox={`0 0 ${w} ${h}`}
          role="list"
          style={{ width: '100%', maxWidth: `${w}px`, minWidth: `${w * minScale}px` }}
        >
          <defs>
            <Arrow id="arrow" />
            <Arrow id="arrow-cycle" />
          </defs>
          {edges.map((edge) => (
            <EdgeView key={`${edge.from}\n${edge.to}`} edge={edge} byKey={byKey} />
          ))}
          {nodes.map((node) => (
            <NodeView key={node.key} node={node} base={base} />
          ))}
        </svg>
      </div>
      <figcaption>
        An arrow leads from what waits to what it waits for.
        {cycles > 0 && ' Dashed red: they wait for each other, none can go on.'}
        {cut > 0 && ` ${cut} more are not drawn; the tree has them.`}
      </figcaption>
    </figure>
  );
}

function Arrow({ id }: { readonly id: string }): JSX.Element {
  return (
    <marker
      id={id}
      viewBox="0 0 8 8"
      refX="7"
      refY="4"
      markerWidth="7"
      markerHeight="7"
      orient="auto"
    >
      <path d="M0 0 L8 4 L0 8 Z" class={id} />
    </marker>
  );
}

const xOf = ({ layer }: GraphNode): number => margin + layer * (width + gapX);
const yOf = ({ slot }: GraphNode): number => margin + slot * (height + gapY);

interface EdgeProps {
  readonly edge: GraphEdge;
  readonly byKey: ReadonlyMap<string, GraphNode>;
}

function EdgeView({ edge, byKey }: EdgeProps): JSX.Element | null {
  const from = byKey.get(edge.from);
  const to = byKey.get(edge.to);
  if (from === undefined || to === undefined) return null;
  const kind = edge.isInCycle ? 'edge cycle' : 'edge';
  const marker = `url(#${edge.isInCycle ? 'arrow-cycle' : 'arrow'})`;
  const y1 = yOf(from) + height / 2;
  const y2 = yOf(to) + height / 2;
  const x1 = xOf(from) + width;
  if (from.layer < to.layer) {
    const x2 = xOf(to);
    const bend = Math.max(30, (x2 - x1) / 2);
    const d = `M${x1} ${y1} C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    return <path class={kind} d={d} marker-end={marker} />;
  }
  // Back, or within a layer: around the right side.
  const x2 = xOf(to) + width;
  const bow = Math.max(x1, x2) + 34 + Math.min(20, Math.abs(y1 - y2) / 12);
  const shift = from.slot < to.slot ? -6 : 6;
  const d = `M${x1} ${y1 + shift} C${bow} ${y1 + shift} ${bow} ${y2 + shift} ${x2 + 2} ${y2 + shift}`;
  return <path class={kind} d={d} marker-end={marker} />;
}

interface NodeProps {
  readonly node: GraphNode;
  readonly base: readonly string[];
}

function NodeView({ node, base }: NodeProps): JSX.Element {
  const { title, place, count, kind, isInCycle, task } = node;
  const words = `${count > 1 ? `${count}× ` : ''}${clean(title, 200)}`;
  const classes = `node ${kind}${isInCycle ? ' cycle' : ''}`;
  const shape = (
    <>
      <rect width={width} height={height} rx={kind === 'end' ? 24 : 6} />
      <text x={14} y={place === '' ? 29 : 20} class="node-title">
        {shorten(words, maxTitle)}
      </text>
      {place !== '' && (
        <text x={14} y={37} class="node-place">
          {shorten(clean(place, 200), 36, true)}
        </text>
      )}
      <title>{place === '' ? words : `${words}\n${clean(place, 400)}`}</title>
    </>
  );
  const at = `translate(${xOf(node)} ${yOf(node)})`;
  if (task === undefined)
    return (
      <g transform={at} class={classes} role="listitem" aria-label={words}>
        {shape}
      </g>
    );
  return (
    <g transform={at} class={classes} role="listitem">
      <a
        href={hrefOf(...base, 'tasks', task.id)}
        aria-label={words}
        onClick={(event: MouseEvent) => {
          event.preventDefault();
          goTo(...base, 'tasks', task.id);
        }}
      >
        {shape}
      </a>
    </g>
  );
}

/** Keeps the end of a path and the beginning of everything else. */
function shorten(text: string, max: number, keepEnd = false): string {
  if (text.length <= max) return text;
  return keepEnd ? `…${text.slice(text.length - max + 1)}` : `${text.slice(0, max - 1)}…`;
}
