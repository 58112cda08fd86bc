import { isPortTaken } from '../process/freePort.js';
import { CannotListen } from '../process/httpServer.js';
import { type RunningSimulator, startSimulator } from '../simulator/api/startSimulator.js';

/**
 * Starts the simulator. Throws `CannotListen`, which names the variable of the port, if the port is in use.
 */
export async function startSimulatorAt(
  options: Parameters<typeof startSimulator>[0],
): Promise<RunningSimulator> {
  try {
    return await startSimulator(options);
  } catch (error) {
    if (!isPortTaken((error as Error).cause)) throw error;
    throw new CannotListen(
      `Port ${options.port} is in use, so the Twilio simulator cannot listen there: stop what listens on it, or set RINGTRUE_SIMULATOR_PORT to another port.`,
    );
  }
}
