import { createHash } from 'node:crypto';
import type { ApiToken } from '../../../config/apiTokens.js';
import type { ApiTools } from '../../http/apiDependencies.js';
import { sessionCookie } from '../session/sessionCookie.js';

/** What a viewer gets: the page as it is now; or that it cannot be shown now. */
export type LiveEvent = { event: 'view'; html: string } | { event: 'trouble' };

export interface Viewer {
  /** Path and query of the page. */
  target: string;
  client: ApiToken | null;
  zone: string;
  onEvent: (event: LiveEvent) => void;
}

const looksAgainAfterMs = 2_000;
/** A page that takes long is rendered less often: rendering takes at most a tenth of the time. */
const restFactor = 9;
/** All pages together, so that many viewers do not delay the recording of calls. */
const rendersAtOnce = 2;

interface LiveView {
  viewers: Set<Viewer>;
  /** Those that have got nothing yet. What was rendered before they came may be older than what they show. */
  newcomers: Set<Viewer>;
}

/**
 * Renders the pages that somebody has in front of them again and again, and tells their viewers when one has
 * changed. Viewers of the same page share it. Every process looks into the store for itself, so it does not
 * matter which one a viewer is connected to, nor which one changed something.
 */
export class LiveViews {
  readonly #tools: ApiTools;
  readonly #views = new Map<string, LiveView>();
  readonly #waiting: (() => void)[] = [];
  #rendering = 0;

  constructor(tools: ApiTools) {
    this.#tools = tools;
  }

  /** Returns what ends it. */
  add(viewer: Viewer): () => void {
    const { target, client, zone } = viewer;
    const key = JSON.stringify([target, client?.name, client?.role, zone]);
    const known = this.#views.get(key);
    const view: LiveView = known ?? { viewers: new Set(), newcomers: new Set() };
    view.viewers.add(viewer);
    view.newcomers.add(viewer);
    if (known === undefined) {
      this.#views.set(key, view);
      void this.#follow(key, view, viewer);
    }
    return () => {
      view.viewers.delete(viewer);
      view.newcomers.delete(viewer);
    };
  }

  async #follow(key: string, view: LiveView, { target, client, zone }: Viewer): Promise<void> {
    let lastHash = '';
    while (view.viewers.size > 0) {
      const startedAt = performance.now();
      const newcomers = view.newcomers;
      view.newcomers = new Set();
      const event = await this.#rendered(target, client, zone);
      const hash = event.event === 'view' ? hashOf(event.html) : event.event;
      for (const viewer of view.viewers) {
        const isTooNew = view.newcomers.has(viewer);
        if (!isTooNew && (hash !== lastHash || newcomers.has(viewer))) viewer.onEvent(event);
      }
      lastHash = hash;
      const tookMs = performance.now() - startedAt;
      await pause(Math.max(looksAgainAfterMs, tookMs * restFactor), this.#tools.stopping);
      if (this.#tools.stopping?.aborted) break;
    }
    this.#views.delete(key);
  }

  async #rendered(target: string, client: ApiToken | null, zone: string): Promise<LiveEvent> {
    if (this.#rendering >= rendersAtOnce) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    this.#rendering++;
    try {
      const response = await this.#tools.inner(
        new Request(`http://localhost${target}`, { headers: { Cookie: sessionCookie(client, zone) } }),
      );
      const html = await response.text();
      return response.ok ? { event: 'view', html } : { event: 'trouble' };
    } catch {
      return { event: 'trouble' };
    } finally {
      this.#rendering--;
      this.#waiting.shift()?.();
    }
  }
}

function hashOf(html: string): string {
  return createHash('sha256').update(html).digest('base64');
}

function pause(ms: number, stopping: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stopping?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    timer.unref();
    stopping?.addEventListener('abort', end);
  });
}
