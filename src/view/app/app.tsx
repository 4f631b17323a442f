/** Which of the three: one report, two side by side, or the archive. */
import type { ComponentChildren, JSX } from 'preact';
import { Component } from 'preact';
import { useState } from 'preact/hooks';
import type { Payload } from '../model/payload.ts';
import { ArchiveView } from './archive.tsx';
import { CompareView } from './compare.tsx';
import { Help, useKeyboard } from './keyboard.tsx';
import { ReportView } from './report-view.tsx';
import { useRoute } from './route.ts';

export function App({ payload }: { readonly payload: Payload }): JSX.Element {
  const route = useRoute();
  const [isHelpOpen, setHelpOpen] = useState(false);
  useKeyboard({
    openHelp: () => {
      setHelpOpen(true);
    },
    toggleTheme,
  });
  return (
    <>
      <a class="skip" href="#main" onClick={skipToMain}>
        skip to the content
      </a>
      <Guard key={route.slice(0, 2).join('/')}>
        <Content payload={payload} route={route} />
      </Guard>
      <footer class="page-foot">
        <button
          type="button"
          class="quiet"
          onClick={() => {
            setHelpOpen(true);
          }}
        >
          keys: ?
        </button>
        <button type="button" class="quiet" onClick={toggleTheme}>
          dark or light: t
        </button>
      </footer>
      {isHelpOpen && (
        <Help
          onClose={() => {
            setHelpOpen(false);
          }}
        />
      )}
    </>
  );
}

function skipToMain(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

function Content({
  payload,
  route,
}: {
  readonly payload: Payload;
  readonly route: readonly string[];
}): JSX.Element {
  switch (payload.kind) {
    case 'report':
      return (
        <ReportView
          report={payload.report}
          tasksToCome={payload.tasksToCome ?? 0}
          base={[]}
          route={route}
        />
      );
    case 'compare':
      return <CompareView before={payload.before} after={payload.after} />;
    case 'archive':
      return <ArchiveView directory={payload.directory} route={route} />;
  }
}

/** At once, and from what is shown now: a second key may come before the next drawing. */
function toggleTheme(): void {
  const { dataset } = document.documentElement;
  const shown =
    dataset['theme'] ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light');
  dataset['theme'] = shown === 'dark' ? 'light' : 'dark';
}

/** A report of which one place cannot be shown still shows the others. */
class Guard extends Component<{ children: ComponentChildren }, { problem: string | null }> {
  override state = { problem: null as string | null };

  static override getDerivedStateFromError(error: unknown): { problem: string } {
    return { problem: error instanceof Error ? error.message : String(error) };
  }

  override render(): ComponentChildren {
    const { problem } = this.state;
    return problem === null ? (
      this.props.children
    ) : (
      <p class="empty" role="alert">
        This place cannot be shown: {problem}
      </p>
    );
  }
}
