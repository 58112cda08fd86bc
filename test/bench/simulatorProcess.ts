import { startSimulator } from '../../src/simulator/api/startSimulator.js';
import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { serveWork } from './childProcess.js';

// The simulator at 3.2 times real speed: an ordinary call (0.2 s until it rings, 1 s of ringing, 2 s of talk)
// takes one second.
serveWork({
  start: async () => {
    const { url } = await startSimulator({
      ...simulatorCredentials,
      speed: 3.2,
      callsPerSecond: 100_000,
      rememberedCalls: 100_000,
    });
    return url;
  },
});
