import { ConfigurationReader } from '../config/configurationReader.js';
import { simulatorCredentials } from '../simulator/simulatorOptions.js';

/** `ringtrue notify-secret`: prints the newest secret, either configured or derived from the auth token. */
export function printNotifySecret(): void {
  const r = new ConfigurationReader(process.env);
  const authToken = r.values.TWILIO_AUTH_TOKEN ?? simulatorCredentials.authToken;
  const [newest] = r.done(r.notify([authToken], false)).secrets;
  process.stdout.write(`${newest}\n`);
}
