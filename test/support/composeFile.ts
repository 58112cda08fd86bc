import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { parse } from 'yaml';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

export interface ComposeService {
  image?: string;
  build?: string;
  command?: string[];
  container_name?: string;
  depends_on?: Record<string, { condition: string }>;
  environment?: Record<string, string>;
  healthcheck?: { test: string[] };
  ports?: string[];
  profiles?: string[];
  restart?: string;
  stop_grace_period?: string;
  volumes?: string[];
}

export interface ComposeFile {
  services: Record<string, ComposeService>;
  volumes?: Record<string, unknown>;
}

export function readText(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function readComposeFile(): ComposeFile {
  return parse(readText('docker-compose.yml'), { merge: true });
}

export function readEnvFile(path: string): NodeJS.ProcessEnv {
  return parseEnv(readText(path)) as NodeJS.ProcessEnv;
}

/**
 * Replaces `$$`, `${NAME}`, `${NAME:-otherwise}` and `${NAME:?message}` in a value as Compose does. Throws
 * the message of a missing variable.
 */
export function interpolate(value: string, env: NodeJS.ProcessEnv): string {
  return value.replace(
    /\$\$|\$\{([A-Z_]+)(?::([-?])([^}]*))?\}/g,
    (all, name?: string, operator?: string, text = '') => {
      if (name === undefined) return all.slice(1);
      const set = env[name];
      if (set) return set;
      if (operator === '?') throw new Error(`${name} ${text}`);
      return operator === '-' ? text : '';
    },
  );
}

/** Names of the variables that Compose requires. */
export function requiredVariables(text: string): string[] {
  return [...new Set([...text.matchAll(/\$\{([A-Z_]+):\?/g)].map(([, name]) => name as string))].sort();
}

/** The environment of a service's container, with variables taken from `env`. */
export function environmentOf(service: ComposeService, env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const entries = Object.entries(service.environment ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, interpolate(value, env)]));
}
