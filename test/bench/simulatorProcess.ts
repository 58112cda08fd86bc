import { simulatorCredentials } from '../../src/simulator/simulatorOptions.js';
import { startSimulator } from '../../src/simulator/startSimulator.js';
import { answer } from './helper.js';

// The simulator, faster than life: an ordinary call (0.2 s until it rings, 1 s of ringing, 2 s of talk) takes one second.
answer({
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
