#!/usr/bin/env node
// TypeScript is loaded in this very process: with another one in between, signals would go astray.
import { register } from 'tsx/esm/api';

register();
await import('../src/cli.ts');
